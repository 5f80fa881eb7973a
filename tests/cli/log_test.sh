#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `wimcast-receiver log`: findings, exit codes, --json, --code, what is no log; and the log file
# that both programs keep, read back.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"

make_work_dir
export HOME=$work_dir/home WIMCAST_STATE_DIR=$work_dir/home/state
mkdir -p "$HOME"
cd "$work_dir"
cases=0
bad=0

complain() {
    bad=$((bad + 1))
    printf 'BAD: %s\n' "$*"
    sed 's/^/  | /' out err
}

# expect EXIT_CODE PATTERN COMMAND...: stdout or stderr matches.
expect() {
    local code=$1 pattern=$2 rc=0
    shift 2
    cases=$((cases + 1))
    timeout -k 1 20 "$@" </dev/null >out 2>err || rc=$?
    [[ $rc == "$code" ]] || complain "exit code $rc, expected $code: ${*##*/}"
    grep -q -E -e "$pattern" out err || complain "no '$pattern': ${*##*/}"
}

log() { expect "$1" "$2" "$RECEIVER" log "${@:3}"; }

# entry TIME MESSAGE: as ConfigMgr's client writes it.
entry() {
    printf '<![LOG[%s]LOG]!><time="%s.000-60" date="04-15-2016" component="OSDApplyOS" ' "$2" "$1"
    printf 'context="" type="0" thread="2340" file="x.cpp:1">\r\n'
}

key_log() {
    entry 10:00:01 'Send: URL: dp01.lab:443  CCM_POST /SMS_MCS_AltAuth/.sms_mcs?op=keyinfo'
    entry 10:00:02 'Request was successful.'
    entry 10:00:03 'pNext != NULL, HRESULT=80004005 (x:\libsmsmessaging.cpp,2054)'
    entry 10:00:04 'reply has no message header marker'
    entry 10:00:05 'Failed to get MCS key (Code 0x80004005)'
    entry 10:00:06 'Multicast OpenSessionRequest failed (0x80004005).'
}

empty_log() {
    entry 11:00:00 'Download: Server=dp01 Namespace=//dp01/SMSPKGD$/LAB00012 RemoteObject=x'
    entry 11:00:05 "Hash could not be matched for the downloded content. Original \
ContentHash = 1111, Downloaded ContentHash = DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"
}

key_log >key.log
empty_log >empty.log
head -n 3 key.log >first.log
tail -n 3 key.log >second.log

# --- findings ------------------------------------------------------------------------------------
log 78 '^error: 0x80004005: .*MCS key.*dp01\.lab' key.log
log 78 'key.log:3: "pNext != NULL' key.log
log 78 'wimcast-sender key sign' -q key.log
log 78 'log\.key-not-signed, exit code 78' -v key.log
log 75 '^error: 0x800705B4: empty download' empty.log
log 75 'Downloaded ContentHash = DA39A3EE' empty.log
log 78 'second.log:2: ' second.log first.log
log 78 '12 entries|8 entries' key.log empty.log
grep -q '0x800705B4: empty download' out || complain 'the second session is missing'
# shellcheck disable=SC2016 # for the inner shell
expect 78 '^error: 0x80004005' bash -c '"$0" log - <key.log' "$RECEIVER"
for encoding in UTF-16LE UTF-16BE UTF-16; do
    iconv -f UTF-8 -t $encoding key.log >wide.log
    log 78 'wide.log:3: "pNext' wide.log
done
printf '\357\273\277' | cat - empty.log >bom.log
log 75 'bom.log:2' bom.log

# --- events --------------------------------------------------------------------------------------
log 78 '"event":"finding"' --json key.log
[[ $(json_get out finding .id) == log.key-not-signed ]] || complain 'no id in the event'
[[ $(json_get out finding .hresult) == 0x80004005 ]] || complain 'no hresult in the event'
[[ $(json_get out summary .exit_code) == 78 && $(json_get out summary .sessions) == 1 ]] ||
    complain 'a wrong summary'

# --- codes ---------------------------------------------------------------------------------------
for code in 0x800705b4 800705B4 2147943860 -2147023436 1460; do
    log 0 '^0x800705B4 ERROR_TIMEOUT: ' --code "$code"
done
log 0 'E_FAIL' --code 8004005
log 0 'facility 7 .Win32., code 2457' --code 0x80070999
log 0 'as an exit code of wimcast: try again' --code 75
log 0 'as an HTTP status: 0x80190193' --code 403
log 0 '"symbol":"WDSMCS_E_NAMESPACE_NOT_FOUND"' --json --code C1210105
for code in '' x 0x 0x123456789 '8 0'; do
    log 64 'code' --code "$code"
done

# --- what is no log, and wrong usage -------------------------------------------------------------
: >nothing.log
head -c 20000 /bin/bash >program.log
seq 100 >numbers.log
entry 10:00:00 'Failed to run the installer, HRESULT=80070005' >other.log
log 65 'no log: nothing.log: it is empty' nothing.log
log 65 'no log: program.log: it is no text' program.log
log 65 'no multicast session in numbers.log \(100 entries\)' numbers.log
log 65 'no multicast session in other.log.*0x80070005 E_ACCESSDENIED' other.log
log 65 'no-session' --json other.log
log 66 'no-such-file' no-such-file
log 66 'no-such-file' key.log no-such-file
log 66 'directory' .
log 64 'FILE' --quiet
log 64 'once' - -
log 64 'code' --code 5 key.log
log 64 'no-such-option' --no-such-option key.log

# --- the log file of both programs ---------------------------------------------------------------
expect 69 'refused' "$RECEIVER" fetch --log-file fetch.log --interface lo \
    "wimcast://127.0.0.1:9/X#key=sha256:$(printf 'ab%.0s' {1..32})"
grep -q '^<!\[LOG\[0x80072EFE: .* type="3" ' fetch.log || complain "no error in fetch.log"
log 69 '^error: 0x80072EFE: .*refused' fetch.log
expect 66 'no-such-file' "$SENDER" send --log-file send.log --interface lo no-such-file
log 66 '^error: 0x80070002: .*no-such-file' send.log
expect 73 'no-such-folder' "$RECEIVER" fetch --log-file no-such-folder/x.log --interface lo \
    wimcast://127.0.0.1:9/X
for value in 0 1 x 2G; do
    expect 64 'log-size' "$RECEIVER" fetch --log-size "$value"
    expect 64 'log-size' "$SENDER" send --log-size "$value" key.log
done

say "$cases cases, $bad wrong"
((bad == 0))
