#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every cause that `wimcast-receiver log` can name: a log of it, with noise before and after, and
# what the program says: finding, HRESULT, exit code, evidence.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"

make_work_dir
cd "$work_dir"
cases=0
bad=0
minute=0

complain() {
    bad=$((bad + 1))
    printf 'BAD: %s\n' "$*"
    sed 's/^/  | /' out err
}

# entry MESSAGE: as ConfigMgr's client writes it, a minute after the one before.
entry() {
    printf '<![LOG[%s]LOG]!><time="%02d:%02d:00.000-60" date="04-15-2016" component="OSDApplyOS" ' \
        "$1" $((8 + minute / 60)) $((minute % 60))
    printf 'context="" type="0" thread="2340" file="x.cpp:1">\r\n'
    minute=$((minute + 1))
}

noise() {
    entry 'GetTsRegValue() is unsuccessful. 0x80070002.'
    entry 'Found network adapter "Intel(R) PRO/1000" with IP Address 10.0.0.117.'
    entry 'Process completed with exit code 0'
}

# client MESSAGE...: a client's log, with noise around.
client() {
    local message
    minute=0
    noise
    for message; do entry "$message"; done
    noise
}

# names FILE FINDING HRESULT EXIT EVIDENCE: an HRESULT of "-": none.
names() {
    local rc=0 found
    cases=$((cases + 1))
    timeout -k 1 20 "$RECEIVER" log --json "$1" </dev/null >out 2>err || rc=$?
    [[ $rc == "$4" ]] || complain "$2: exit code $rc, expected $4"
    found=$(jq -cR --arg id "$2" 'fromjson? | select(.event == "finding" and .id == $id)' out)
    [[ -n $found ]] || complain "$2 is not named"
    [[ $(jq -r '.hresult // "-"' <<<"$found") == "$3" ]] || complain "$2: another code than $3"
    grep -q -F -e "$5" <<<"$found" || complain "$2: no '$5' in its evidence"
    [[ $(jq -r '.fix | length' <<<"$found") -gt 20 ]] || complain "$2 has no fix"
}

# refused FINDING HRESULT EXIT MESSAGE: what the distribution point answers to the request for a
# key; the last line of the client is but an echo.
refused() {
    client 'Send: URL: dp01:443  CCM_POST /SMS_MCS/.sms_mcs?op=keyinfo' "$4" \
        'Failed to get MCS key (Code 0x80004005)' \
        'Multicast OpenSessionRequest failed (0x80004005).' >one.log
    names one.log "$@"
}

download=(
    'Using LocalPath:   C:\_SMSTaskSequence\Packages\LAB00012'
    'Download: Server=dp01 Namespace=//dp01/SMSPKGD$/LAB00012 RemoteObject=x'
)
done_with=(
    'Progress: extract 100/100'
    'Download done setting progress bar to 100'
    'Succesfully performed multicast download from mcs://dp01.lab/SMS_MCS/.sms_mcs?packageID=X'
)
# hash DIGEST: what came has this one.
hash() {
    say "Hash could not be matched for the downloded content. Original ContentHash = 1111, \
Downloaded ContentHash = $1"
}
nothing=DA39A3EE5E6B4B0D3255BFEF95601890AFD80709
hole='File not processed completely. Partial results may exist.'

# --- clients of ConfigMgr ------------------------------------------------------------------------
client 'Send: URL: dp01.lab:443  CCM_POST /SMS_MCS_AltAuth/.sms_mcs?op=keyinfo' \
    'pNext != NULL, HRESULT=80004005 (x:\libsmsmessaging.cpp,2054)' \
    'Failed to get MCS key (Code 0x80004005)' \
    'Multicast OpenSessionRequest failed (0x80004005).' >key.log
names key.log log.key-not-signed 0x80004005 78 'key.log:5: \"pNext'

refused log.unauthorised 0x80190191 77 'SendResourceRequest() failed. 80190191'
refused log.unauthorised 0x8007052E 77 'ERROR_LOGON_FAILURE 0x8007052e'
refused log.access-denied 0x80190193 77 'HTTP/1.1 403 Forbidden'
refused log.access-denied 0x80070005 77 'Send failed, HRESULT=80070005'
refused log.http-error 0x801901F4 69 'SendResourceRequest() failed. 801901F4'
refused log.unreachable 0x80072EE7 69 'WinHttpSendRequest failed 80072ee7'
refused log.certificate 0x80072F8F 78 'WinHttpSendRequest failed 80072f8f'

client 'Send: URL: dp01:443  CCM_POST /SMS_MCS/.sms_mcs?op=opensession' \
    'Multicast OpenSessionRequest failed (0x80070002).' >open.log
names open.log log.session-failed 0x80070002 66 'open.log:5: \"Multicast'
client "${download[@]}" 'WdsTransport session failed: 0xC1210105' >wds.log
names wds.log log.wds-refused 0xC1210105 69 0xC1210105
client "${download[@]}" "${done_with[@]}" "$(hash $nothing)" >empty.log
names empty.log log.empty-download 0x800705B4 75 $nothing
client "${download[@]}" 'Found sparse part of the file: 5236588544 8192' "$hole" \
    "${done_with[@]}" "$(hash 2222)" >sparse.log
names sparse.log log.sparse-skipped 0x80091007 74 '5236588544 8192'
client "${download[@]}" "$hole" "${done_with[@]}" "$(hash 2222)" >part.log
names part.log log.incomplete-download 0x80091007 74 'not processed completely'
client "${download[@]}" "${done_with[@]}" "$(hash 2222)" >hash.log
names hash.log log.hash-mismatch 0x80091007 74 'ContentHash = 2222'
client "${download[@]}" >half.log
names half.log log.unfinished - 0 'half.log:'

tries=()
for _ in {1..20}; do
    tries+=('Send: URL: dp02.lab:443  CCM_POST /SMS_MCS/.sms_mcs?op=keyinfo'
        'WinHttpSendRequest failed 80072efd'
        'Multicast OpenSessionRequest failed (0x80072efd).')
done
client "${tries[@]}" >same.log
names same.log log.same-distribution-point 0x800705B4 69 'same.log:6:'
names same.log log.unreachable 0x80072EFD 69 'same.log:5:'

client "${download[@]}" "${done_with[@]}" >good.log
cases=$((cases + 1))
"$RECEIVER" log --json good.log >out 2>err || complain 'a good session is an error'
has_event out finding && complain 'a good session has a finding'

# --- wimcast's own -------------------------------------------------------------------------------
cat >own.log <<'EOF'
package install: 1 file, 2 MiB, from 239.1.2.3:9468 on eth0 to /mnt/install.wim
error: 0x800705B4: empty download: no multicast from 10.0.0.1 reached eth0
EOF
names own.log log.wimcast-error 0x800705B4 75 'own.log:2:'
cat >unicast.log <<'EOF'
warning: empty download: no multicast
going on by unicast: allowed
verified: 2 MiB in /x, 1 s, 9 Mbit/s; 0 symbols lost, 0 repaired
EOF
names unicast.log log.went-by-unicast 0x800705B4 75 'unicast.log:1:'
cat >sender.log <<'EOF'
receivers join with:  wimcast-receiver fetch 'wimcast://10.0.0.1:9467/i#key=sha256:ab'
warning: receiver pc-17 (10.0.0.117:5) lost: 10.0.0.117:5 no longer answers
warning: failed: 1 of 2 receivers have all of 2 MiB, 0.5 s
EOF
names sender.log log.receivers-failed 0x80072EFE 75 'sender.log:2:'

say "$cases cases, $bad wrong"
((bad == 0))
