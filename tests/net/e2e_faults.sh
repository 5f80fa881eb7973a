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
random_file "$work_dir/image.img" $((2 << 20)) faults
unset WIMCAST_SITE_DIR
export DONT_FAKE_MONOTONIC=1
port=19567

key() { "$SENDER" key "$@" >>"$work_dir/key.err" 2>&1 || fail "key $*"; }
send_it() { start_sender --port $port --min-receivers 1 --max-wait 60 "$@" "$work_dir/image.img"; }
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

# does_not_start NAME FINDING EXIT HRESULT COMMAND...: a sender that refuses by itself, for a fault
# of its key.
does_not_start() {
    local name=$1 rc=0
    "${@:5}" send --json --interface lo "$work_dir/image.img" \
        </dev/null >"$work_dir/$name.json" 2>"$work_dir/$name.err" || rc=$?
    ((rc == $3)) || fail "$name ended with $rc, expected $3"
    told "$name" "$2" "$4"
}

# --- clocks --------------------------------------------------------------------------------------

key site-init
key export --output "$work_dir/site.pem"
key reset --days 30
does_not_start s1 key.expired 78 0x80004005 faketime -f +60d "$SENDER"
does_not_start s2 key.not-yet-valid 78 0x80004005 faketime -f -9d "$SENDER"

send_it
wrapper=(faketime -f +60d)
start_receiver r1 "$url" --output "$work_dir/r1/"
refused r1 77 key.expired 0x80004005
wrapper=(faketime -f -9d)
start_receiver r2 "$url" --output "$work_dir/r2/"
refused r2 77 key.not-yet-valid 0x80004005
must_say r2 'differ by [78] days' # it holds from a day before it was made
wrapper=()

# --- keys that cannot be read, that are changed, that end soon --------------------------------

if ((EUID == 0)); then
    chmod 755 "$work_dir" "$HOME"
    cp -r "$WIMCAST_STATE_DIR" "$work_dir/roots"
    chmod 755 "$work_dir/roots"
    does_not_start s3 key.unreadable 77 0x80070005 \
        env WIMCAST_STATE_DIR="$work_dir/roots" \
        setpriv --reuid 65533 --regid 65533 --clear-groups "$SENDER"
fi

# The same certificate, but for the last byte of its signature; the site's follows it.
cp -r "$WIMCAST_STATE_DIR" "$work_dir/changed"
own=$work_dir/changed/SignedSerializedMCSKey
openssl x509 -in "$own" -outform DER -out "$work_dir/own.der"
last=$(tail -c 1 "$work_dir/own.der" | xxd -p)
head -c -1 "$work_dir/own.der" >"$work_dir/own.new"
printf '%02x' $((0x$last ^ 1)) | xxd -r -p >>"$work_dir/own.new"
{
    openssl x509 -inform DER -in "$work_dir/own.new"
    sed '1,/END CERTIFICATE/d' "$WIMCAST_STATE_DIR/SignedSerializedMCSKey"
} >"$own"
does_not_start s4 key.false-signature 78 0x80004005 \
    env WIMCAST_STATE_DIR="$work_dir/changed" "$SENDER"

key init --state-dir "$work_dir/soon"
key sign --state-dir "$work_dir/soon" \
    --site-dir "$WIMCAST_STATE_DIR/site" --days 20
"$SENDER" key verify --json --state-dir "$work_dir/soon" \
    >"$work_dir/s5.json" 2>"$work_dir/s5.err" ||
    fail "a key that ends soon does not verify"
[[ $(json_get "$work_dir/s5.json" finding .id) == key.expires-soon ]] || fail "no key.expires-soon"
say "ok: key.expires-soon"

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

# --- receivers that are none ---------------------------------------------------------------------

crowd() { "$WC_BUILD_DIR/tests/crowd" 127.0.0.1 $port "$@"; }

# dismissed WISH FINDING HRESULT SENTENCE
dismissed() {
    local said
    said=$(crowd "$1" 2>&1) || fail "crowd $1: $said"
    [[ $said == "$2 $3 "*$4* ]] || fail "crowd $1: '$said' instead of $2 $3"
    say "ok: $2 $3: $4"
}

send_it --only-multicast --min-receivers 2
dismissed version session.protocol 0xA0570002 'protocol version 1, you speak 2'
dismissed ready session.protocol 0xA0570002 'must be HELLO'
dismissed unicast session.multicast-only 0x800705B4 'only via multicast'
end_early
send_it --min-receivers 2
dismissed fetch session.protocol 0xA0570002 'blocks that do not exist'
end_early

send_it --min-receivers 1024
mkfifo "$work_dir/stay"
crowd 1024 <"$work_dir/stay" >"$work_dir/crowd.out" 2>"$work_dir/crowd.err" &
crowd_pid=$!
at_exit kill_quietly $crowd_pid
exec 9>"$work_dir/stay"
has_joined() { grep -q joined "$work_dir/crowd.out" || ! is_alive $crowd_pid; }
wait_for 60 has_joined || fail "1024 receivers do not join"
grep -q joined "$work_dir/crowd.out" || fail "1024 receivers do not join"
start_receiver r11 "$url" --output "$work_dir/r11/"
refused r11 75 session.full 0xA0570001
must_say r11 'use another distribution point'
exec 9>&-
wait $crowd_pid || fail "crowd: $?"
end_early

# --- false replies -------------------------------------------------------------------------------

# answered NAME COUNT EXIT FINDING: what a receiver says to a server that has the sender's key, but
# sends only COUNT bytes of a session descriptor.
answered() {
    local vector=${BASH_SOURCE[0]%/*}/../vectors/msg_welcome_v4.hex
    port=$((port + 1))
    { sleep 2; sed 's/#.*//' "$vector" | xxd -r -p | head -c "$2"; sleep 1; } |
        openssl s_server -quiet -naccept 1 -tls1_3 -accept 127.0.0.1:$port \
            -key "$server_dir/SerializedMCSKey" \
            -cert "$server_dir/SignedSerializedMCSKey" >"$work_dir/server.err" 2>&1 &
    at_exit kill_quietly $!
    asked "$1" "$3" "$4" 0x80004005
}
# asked NAME EXIT FINDING HRESULT: what the receiver says to whoever listens there.
asked() {
    wait_for 10 is_listening || fail "nobody listens on port $port"
    start_receiver "$1" wimcast://127.0.0.1:$port/XYZ00012 --site-key "$work_dir/site.pem" \
        --output "$work_dir/$1/"
    refused "$1" "${@:2}"
}
is_listening() { ss -Hltn "sport = :$port" | grep -q .; }
server_dir=$WIMCAST_STATE_DIR

answered r7 0 69 key.reply-empty
answered r8 100 76 key.reply-malformed
answered r9 100000 75 key.reply-part
server_dir=$work_dir/changed
answered r12 0 77 key.false-signature

# --- a sender with the right key, and another manifest than the key signed ---------------------

# An older version, to be played back, and another package.
publish() { "$SENDER" publish "$@" >>"$work_dir/publish.err" 2>&1 || fail "publish $*"; }
random_file "$work_dir/other.img" 300000 other
publish "$work_dir/image.img" --id XYZ00012
publish "$work_dir/other.img" --id OTHER001
folder=$WIMCAST_STATE_DIR/packages
good=$folder/XYZ00012/manifest.1
other=$folder/OTHER001/manifest.1
[[ -s $good && -s $other ]] || fail "no manifests: $(find "$folder")"

# poses NAME EXIT FINDING HRESULT VERSION PACKAGE DESCRIBED SIGNATURE SENT
poses() {
    port=$((port + 1))
    "$WC_BUILD_DIR/tests/impostor" "$WIMCAST_STATE_DIR" $port "${@:5}" 2>"$work_dir/impostor.err" &
    local pid=$!
    at_exit kill_quietly $pid
    asked "${@:1:4}"
    kill_quietly $pid
}

poses r13 76 key.manifest-swapped 0x80004005 1 XYZ00012 "$good" "$good.sig" "$other"
poses r14 76 key.manifest-swapped 0x80004005 1 XYZ00012 "$other" "$other.sig" "$other"
poses r15 76 key.manifest-other-key 0x80004005 1 XYZ00012 "$other" "$good.sig" "$other"
poses r16 76 key.manifest-unsigned 0x80004005 1 XYZ00012 "$good" '' "$good"
poses r17 76 session.protocol 0xA0570002 2 XYZ00012 "$good" "$good.sig" "$good"
must_say r17 'another version of the protocol'

# The same on the disk of a sender: somebody may write to its folder, but has not its key.
cp "$other" "$good"
rc=0
"$SENDER" send --json --interface lo XYZ00012 \
    </dev/null >"$work_dir/s6.json" 2>"$work_dir/s6.err" || rc=$?
((rc == 65)) || fail "a swapped manifest is sent: $rc"
told s6 package.damaged 0x80091007
