#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Bad input gets a clear error that names the thing, and the exit code of sysexits.h. No network is
# needed here; what goes wrong between two hosts is in tests/net.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"

make_work_dir
export HOME=$work_dir/home WIMCAST_STATE_DIR=$work_dir/home/state
mkdir -p "$HOME"
cd "$work_dir"
cases=0
bad=0

# expect EXIT_CODE PATTERN COMMAND...: ends by itself, at once; stderr matches; stdout stays empty.
expect() {
    local code=$1 pattern=$2 rc=0 problem=
    shift 2
    cases=$((cases + 1))
    timeout -k 1 10 "$@" </dev/null >out 2>err || rc=$?
    [[ $rc == "$code" ]] || problem="exit code $rc, expected $code"
    grep -q -i -E -e "$pattern" err || problem+="${problem:+; }message does not match: $pattern"
    [[ ! -s out ]] || problem+="${problem:+; }something on stdout"
    [[ -n $problem ]] || return 0
    bad=$((bad + 1))
    printf 'BAD: %s\n  %s\n' "$(printf '%q ' "${@##*/}")" "$problem"
    sed 's/^/  | /' err
}

send() { expect "$1" "$2" "$SENDER" send "${@:3}"; }
fetch() { expect "$1" "$2" "$RECEIVER" fetch "${@:3}"; }

key=sha256:$(printf 'ab%.0s' {1..32})
echo data >good
: >empty
mkdir -p empty_folder folder_of_empty one two
: >folder_of_empty/a
echo 1 >one/same
echo 2 >two/same
mkfifo fifo

# --- both: commands and options ------------------------------------------------------------------
for program in "$SENDER" "$RECEIVER"; do
    expect 64 'usage|command' "$program"
    expect 64 'no-such-command' "$program" no-such-command
done
send 64 'no-such-option' --no-such-option good
fetch 64 'no-such-option' --no-such-option
send 64 'path|file' --interface lo
for option in ttl min-receivers max-wait max-bitrate id interface mcast-data-address; do
    send 64 "$option" good "--$option"
done
fetch 64 'output' --output

# --- sender: numbers and addresses ---------------------------------------------------------------
for value in 0 256 -1 x 1x '' 99999999999999999999; do
    send 64 'ttl' --interface lo --ttl "$value" good
done
for value in -1 x 99999999999999999999; do
    send 64 'min-receivers' --interface lo --min-receivers "$value" good
    send 64 'max-wait' --interface lo --max-wait "$value" good
done
for value in 0 -1 x 10x 99999999999999999999g; do
    send 64 'max-bitrate' --interface lo --max-bitrate "$value" good
done
for value in 10.0.0.1 239.0.0.5 239.128.0.1 224.0.0.9 239.1.2.3:0 239.1.2.3:70000 fe80::1 x; do
    send 64 'mcast-data-address|group|port' --interface lo --mcast-data-address "$value" good
done
send 64 'no-such-if' --interface no-such-if good
for value in '' 'a b' a/b .. "$(printf 'x%.0s' {1..65})"; do
    send 64 'id' --interface lo --id "$value" good
done

# --- sender: what to send ------------------------------------------------------------------------
send 66 'no-such-file' --interface lo no-such-file
send 66 'no-such-file' --interface lo good no-such-file
send 65 'empty' --interface lo empty
send 66 'no file' --interface lo empty_folder
send 65 'empty' --interface lo folder_of_empty
send 66 'fifo' --interface lo fifo
send 64 'one/same and two/same' --interface lo one/same two/same
if ((EUID == 0)); then
    chmod 0755 "$work_dir"
    chmod 0600 one/same
    mkdir -m 0777 nobody
    expect 77 'one/same: permission' \
        env WIMCAST_STATE_DIR="$work_dir/nobody/state" \
        setpriv --reuid 65534 --regid 65534 --clear-groups "$SENDER" send --interface lo one/same
fi

# --- receiver ------------------------------------------------------------------------------------
for value in http://h/x wimcast:// wimcast://h:x/p wimcast://h:99999/p 'wimcast://h/a b' \
    'wimcast://h/p#key=sha256:12' 'wimcast://h/p#key=md5:00' wimcast://; do
    fetch 64 'url|wimcast:' "$value"
done
fetch 64 'no-such-if' --interface no-such-if "wimcast://127.0.0.1:9/X#key=$key"
fetch 68 'no-such-host.invalid' "wimcast://no-such-host.invalid:9/X#key=$key"
fetch 69 '127.0.0.1.*refused|refused.*127.0.0.1' --interface lo "wimcast://127.0.0.1:9/X#key=$key"

say "$cases cases, $bad wrong"
((bad == 0))
