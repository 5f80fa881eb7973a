#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Datagrams that nobody should believe: forged on the same group and port, with flipped bits, twice.
# Not one byte changes, and the receiver has counted them.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

bytes=$((24 << 20))
group=239.195.9.9

prepare_transfer
require_lab --receivers 3 --rate 200mbit
random_file "$work_dir/image.img" "$bytes" hostile

# On the way to r1: 2 % of the datagrams get other bits, in the payload or in the header. On the way
# to r2: 2 % come twice.
damage() {
    lab_exec switch nft -f - <<'EOF'
table netdev hostile {
    chain flip {
        type filter hook egress device "p1" priority 0;
        meta l4proto udp numgen random mod 100 < 1 @th,480,8 set 0x5a udp checksum set 0
        meta l4proto udp numgen random mod 100 < 1 @th,80,8 set 0x5a udp checksum set 0
    }
    chain twice {
        type filter hook egress device "p2" priority 0;
        meta l4proto udp numgen random mod 100 < 2 dup to "p2"
    }
}
EOF
}

both_complete() {
    local i
    for i in 1 2; do
        end_of_receiver "r$i" 90 0
        same "$work_dir/image.img" "$work_dir/r$i/image.img"
    done
    end_of_sender 20 0
}

# The forger sends what looks like data, as much as 20 Mbit/s.
forged_damaged_replayed() {
    local forger=
    damage
    lab_rate r3 20mbit
    start_sender --min-receivers 2 --max-wait 30 --mcast-data-address "$group:7788" \
        "$work_dir/image.img"
    lab_bg forger r3 "$MCPROBE" send "$group" 7788 eth0 100000 1472
    fetch_into r1
    fetch_into r2
    both_complete
    kill_quietly "$forger"
    number r1 .foreign_datagrams 100 1000000
    number r2 .foreign_datagrams 100 1000000
    number r1 .unopened_datagrams 50 100000
    number r2 .replayed_datagrams 50 100000
    say "ok: forged, damaged and replayed datagrams: counted, no byte is wrong"
    lab_exec switch nft delete table netdev hostile
}

# Two senders on one group and port: everybody gets what is his.
two_sessions() {
    rm -rf "$work_dir"/r?
    random_file "$work_dir/other.img" $((bytes / 4)) other
    lab_rate r3 200mbit
    local first first_url
    start_sender --min-receivers 2 --max-wait 30 --mcast-data-address "$group:7788" \
        --max-bitrate 100m "$work_dir/image.img"
    first=$sender_pid first_url=$url
    sender_name=other WIMCAST_STATE_DIR=$work_dir/home/other run_sender r3 --min-receivers 1 \
        --mcast-data-address "$group:7788" --max-bitrate 40m "$work_dir/other.img" \
        2>"$work_dir/other.err"
    fetch_into r3
    url=$first_url
    fetch_into r1
    fetch_into r2
    end_of_receiver r3 60 0
    same "$work_dir/other.img" "$work_dir/r3/other.img"
    end_of_sender 20 0
    sender_pid=$first
    both_complete
    number r1 .foreign_datagrams 100 1000000
    say "ok: two sessions on one group"
}

forged_damaged_replayed
two_sessions
