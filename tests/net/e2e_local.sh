#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Both programs on one host, over loopback: needs no lab, so every build with a sanitizer runs it.
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
mkdir "$work_dir/package"
random_file "$work_dir/package/image.img" $((6 << 20)) local
random_file "$work_dir/package/small" 5000 small
: >"$work_dir/package/empty"

start_sender --min-receivers 2 --max-wait 60 --log-file "$work_dir/sender.log" "$work_dir/package"
fetch_into r1 --log-file "$work_dir/r1.log"
fetch_into r2
end_of_receiver r1 100 0
end_of_receiver r2 100 0
end_of_sender 30 0
same "$work_dir/package" "$work_dir/r1/package"
same "$work_dir/package" "$work_dir/r2/package"
for name in r1 r2 sender; do
    number "$name" .files_verified 2 2 # the empty one has nothing to be verified
    number "$name" .files_total 2 2
done
say "ok: two receivers over loopback"

# What the log files say.
for name in r1 sender; do
    "$RECEIVER" log -v "$work_dir/$name.log" >"$work_dir/log.out" || fail "log $name.log: $?"
    grep -q '1 multicast session, 1 without trouble' "$work_dir/log.out" || fail "$name.log"
done
grep -q 'LOG\[receiver r1 .* ready\]LOG' "$work_dir/sender.log" || fail "no receiver in sender.log"
grep -q 'LOG\[session is streaming\]LOG' "$work_dir/sender.log" || fail "no phase in sender.log"
say "ok: log files"

# The kernel knows none of the things that make it fast.
wrapper=("$WC_BUILD_DIR/tests/without" udp-segment udp-gro rxq-ovfl rcvbufforce sndbufforce --)
start_sender --min-receivers 1 --max-wait 60 "$work_dir/package"
fetch_into r4
end_of_receiver r4 100 0
end_of_sender 30 0
same "$work_dir/package" "$work_dir/r4/package"
wrapper=()
say "ok: on a kernel without offload"

# Stopped by its operator: everybody says so and ends.
random_file "$work_dir/image.img" $((20 << 20)) stop
start_sender --min-receivers 1 --max-bitrate 20m "$work_dir/image.img"
fetch_into r3
wait_for 30 has_event "$work_dir/sender.json" phase
kill -INT "$sender_pid"
end_of_sender 15 75
end_of_receiver r3 15 75
nothing_final r3
say "ok: stopped by SIGINT"
