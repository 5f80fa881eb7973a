#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Published once, sent as often as wanted, over loopback: what arrives is what was published. Then
# every fault of the content and of the key between publishing and sending, each refused with its
# cause before a receiver can join, and mended by what the message says.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

# A loopback of our own where that is allowed.
# shellcheck disable=SC2016
if [[ -z ${WC_LOCAL_NETWORK:-} ]] && unshare -n true 2>/dev/null; then
    export WC_LOCAL_NETWORK=1
    exec unshare -n bash -c 'ip link set lo up && exec "$0"' "${BASH_SOURCE[0]}"
fi

prepare_transfer
local_mode=1
interface=lo
unset WIMCAST_SITE_DIR
cd "$work_dir"
mkdir -p images/drivers/net
random_file images/install.img $((3 << 20)) packages
random_file images/drivers/net/e1000.sys 70000 driver
: >images/drivers/readme

sender_does() {
    "$SENDER" "$@" >>"$work_dir/commands.err" 2>&1 || fail "$*: $(tail -n 3 commands.err)"
}
publish() { sender_does publish "$@"; }

# transferred ID RECEIVER PUBLISHED...: sent, received, and the same.
transferred() {
    local path
    start_sender --min-receivers 1 --max-wait 60 "$1"
    fetch_into "$2"
    end_of_receiver "$2" 60 0
    end_of_sender 30 0
    for path in "${@:3}"; do same "$path" "$work_dir/$2/${path##*/}"; done
}

# refused CODE HRESULT FINDING PATTERN ID: before it opens a session.
refused() {
    local rc=0
    timeout -k 1 20 "${wrapper[@]}" "$SENDER" send --json --interface lo "$5" \
        </dev/null >sender.json 2>sender.err || rc=$?
    [[ $rc == "$1" ]] || fail "$3: exit code $rc, expected $1"
    [[ $(json_get sender.json error .hresult) == "$2" ]] || fail "$3: the code"
    [[ $(json_get sender.json error .finding) == "$3" ]] || fail "the finding is not $3"
    must_say sender "$4"
    ! has_event sender.json session || fail "$3: a session was opened"
    say "ok: $(grep -h -m 1 "$2" sender.err | cut -c 1-200)"
}

publish images/install.img --id XYZ00012
publish images/drivers images/install.img --id lab --only-multicast
transferred XYZ00012 r1 images/install.img
[[ $(json_get sender.json session .version) == 1 ]] || fail "the session's version"
transferred XYZ00012 r2 images/install.img
transferred lab r3 images/drivers images/install.img
say "ok: published once, sent three times"

# A new version: the URL of the package stays, what arrives is new.
random_file images/install.img $((2 << 20)) 'another month'
refused 65 0x80091007 content.changed 'install.img: published were 3145728 bytes' XYZ00012
publish images/install.img --id XYZ00012
transferred XYZ00012 r4 images/install.img
[[ $(json_get sender.json session .version) == 2 ]] || fail "the session's version"
say "ok: changed, published again"

# A session that waits for receivers has read no byte of the image.
start_sender --min-receivers 2 XYZ00012
read_bytes=$(sed -n 's/^rchar: //p' "/proc/$sender_pid/io")
((read_bytes < 1 << 20)) || fail "the sender has read $read_bytes bytes before it sends"
kill -INT "$sender_pid"
wait_end 15 "$sender_pid" || fail "the sender does not end on SIGINT"
say "ok: at once ($read_bytes bytes read)"

# What happens to files.
mv images/install.img kept.img
refused 66 0x80070002 content.missing 'install.img: No such file' XYZ00012
: >images/install.img
refused 65 0x800705B4 content.empty 'receivers would see an empty download' XYZ00012
mv kept.img images/install.img
transferred XYZ00012 r5 images/install.img

# The service runs as a user of its own, who may not read the image.
if ((EUID == 0)); then
    chmod 0755 "$work_dir" "$HOME"
    chmod 0600 images/install.img
    chown -R nobody "$WIMCAST_STATE_DIR"
    wrapper=(setpriv --reuid nobody --regid nogroup --clear-groups)
    refused 77 0x80070005 content.unreadable 'for the user nobody' XYZ00012
    wrapper=()
    chown -R root "$WIMCAST_STATE_DIR"
    chmod 0644 images/install.img
fi

# A new key: one command signs the package with it, and the files are not read again.
sender_does key reset --self-signed
refused 78 0x80004005 key.manifest-other-key 'wimcast-sender packages sign XYZ00012' XYZ00012
sender_does packages sign XYZ00012
transferred XYZ00012 r6 images/install.img
say "ok: a new key"

# Published for jumbo frames, and the interface has none.
if [[ -n ${WC_LOCAL_NETWORK:-} ]]; then
    publish images/install.img --id jumbo --symbol-size 8928
    transferred jumbo r7 images/install.img
    ip link set lo mtu 1500
    timeout 20 "$SENDER" send --interface lo jumbo </dev/null >jumbo.json 2>jumbo.err &&
        fail "jumbo frames through an MTU of 1500"
    must_say jumbo 'do not fit the MTU of lo \(1500\); publish it again with --symbol-size 1440'
    say "ok: an MTU that is too small"
fi

refused 66 0x80070002 package.unknown 'no package XYZ00013' XYZ00013
sender_does packages remove XYZ00012
refused 66 0x80070002 package.unknown 'no package XYZ00012' XYZ00012
