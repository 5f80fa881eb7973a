#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Faults of keys and sessions that no command of ours makes: clocks that are wrong, senders that
# answer falsely, receivers that fall silent. Each made for real, over loopback, and told by its
# finding, HRESULT and exit code where the person stands.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

# A loopback of our own where that is allowed.
# shellcheck disable=SC2016
if [[ -z ${WC_LOCAL_NETWORK:-} ]] && unshare -n true 2>/dev/null; then
    export WC_LOCAL_NETWORK=1
    exec unshare -n bash -c 'ip link set lo up && exec "$0"' "${BASH_SOURCE[0]}"
fi

command -v faketime openssl xxd >/dev/null || skip "needs faketime, openssl and xxd"
prepare_transfer
local_mode=1
interface=lo
random_file "$work_dir/image.wim" $((2 << 20)) faults
unset WIMCAST_SITE_DIR
export DONT_FAKE_MONOTONIC=1
port=19567

key() { "$SENDER" key "$@" >>"$work_dir/key.err" 2>&1 || fail "key $*"; }
send_it() { start_sender --port $port --min-receivers 1 --max-wait 60 "$@" "$work_dir/image.wim"; }
end_early() {
    kill -INT "$sender_pid"
    wait_end 15 "$sender_pid" || fail "the sender does not end on SIGINT"
}

# told NAME FINDING HRESULT: in its last error event.
told() {
    local found
    found=$(json_get "$work_dir/$1.json" error '"\(.finding) \(.hresult)"')
    [[ $found == "$2 $3" ]] || fail "$1: '$found' instead of '$2 $3'"
    say "ok: $2 $3: $(json_get "$work_dir/$1.json" error .sentence | cut -c 1-120)"
}

# refused NAME EXIT FINDING HRESULT
refused() {
    end_of_receiver "$1" 30 "$2"
    told "$1" "$3" "$4"
    nothing_final "$1"
}

# does_not_start NAME FINDING COMMAND...: a sender that refuses by itself, for a fault of its key.
does_not_start() {
    local name=$1 rc=0
    "${@:3}" send --json --interface lo "$work_dir/image.wim" \
        </dev/null >"$work_dir/$name.json" 2>"$work_dir/$name.err" || rc=$?
    ((rc == 78)) || fail "$name ended with $rc, expected 78"
    told "$name" "$2" 0x80004005
}

# --- clocks --------------------------------------------------------------------------------------

key site-init
key export --output "$work_dir/site.pem"
key reset --days 30
does_not_start s1 key.expired faketime -f +60d "$SENDER"
does_not_start s2 key.not-yet-valid faketime -f -9d "$SENDER"

send_it
wrapper=(faketime -f +60d)
start_receiver r1 "$url" --output "$work_dir/r1/"
refused r1 77 key.expired 0x80004005
wrapper=(faketime -f -9d)
start_receiver r2 "$url" --output "$work_dir/r2/"
refused r2 77 key.not-yet-valid 0x80004005
must_say r2 'differ by [78] days' # it holds from a day before it was made
wrapper=()

# --- another key, another name, another package --------------------------------------------------

zeros=$(printf '0%.0s' {1..64})
start_receiver r3 "${url%#*}#key=sha256:$zeros" --output "$work_dir/r3/"
refused r3 77 key.other-site 0x80004005
start_receiver r4 "${url/127.0.0.1/127.0.0.2}" --output "$work_dir/r4/"
refused r4 77 key.wrong-name 0x80004005
other=${url/\/image/\/other}
[[ $other != "$url" ]] || fail "no package in $url"
start_receiver r5 "$other" --output "$work_dir/r5/"
refused r5 66 session.other-package 0x80070002

# --- a receiver that falls silent ----------------------------------------------------------------

end_early

send_it --min-receivers 2
start_receiver r6 "$url" --output "$work_dir/r6/"
wait_ready r6
kill -STOP "${receiver_pid[r6]}"
wait_for 40 says sender 'silent' || fail "the sender does not notice that r6 is silent"
kill -CONT "${receiver_pid[r6]}"
wait_end 30 "${receiver_pid[r6]}" || fail "r6 has not ended"
told r6 session.silent 0x800705B4
((ended_rc == 75)) || fail "r6 ended with $ended_rc"
end_early

# A sender without a site, and a URL of the key that it had before.
send_it --state-dir "$work_dir/alone"
start_receiver r10 "${url%#*}#key=sha256:$zeros" --output "$work_dir/r10/"
refused r10 77 key.other-key 0x80004005
end_early

# --- false replies -------------------------------------------------------------------------------

# answered NAME COUNT EXIT FINDING: what a receiver says to a server that has the sender's key, but
# sends only COUNT bytes of a session descriptor.
answered() {
    local vector=${BASH_SOURCE[0]%/*}/../vectors/msg_welcome_v4.hex
    port=$((port + 1))
    { sleep 2; sed 's/#.*//' "$vector" | xxd -r -p | head -c "$2"; sleep 1; } |
        openssl s_server -quiet -naccept 1 -tls1_3 -accept 127.0.0.1:$port \
            -key "$WIMCAST_STATE_DIR/SerializedMCSKey" \
            -cert "$WIMCAST_STATE_DIR/SignedSerializedMCSKey" >"$work_dir/server.err" 2>&1 &
    at_exit kill_quietly $!
    wait_for 10 is_listening || fail "openssl s_server does not listen"
    start_receiver "$1" wimcast://127.0.0.1:$port/XYZ00012 --site-key "$work_dir/site.pem" \
        --output "$work_dir/$1/"
    refused "$1" "$3" "$4" 0x80004005
}
is_listening() { ss -Hltn "sport = :$port" | grep -q .; }

answered r7 0 69 key.reply-empty
answered r8 100 76 key.reply-malformed
answered r9 100000 75 key.reply-part
