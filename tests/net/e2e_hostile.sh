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
random_file "$work_dir/image.wim" "$bytes" hostile

# On the way to r1: 2 % of the datagrams get other bits somewhere behind the header. On the way to
# r2: 2 % come twice.
lab_exec switch nft -f - <<'EOF'
table netdev hostile {
    chain flip {
        type filter hook egress device "p1" priority 0;
        meta l4proto udp numgen random mod 100 < 1 @th,480,8 set 0x5a counter
        meta l4proto udp numgen random mod 100 < 1 @th,80,8 set 0x5a counter
    }
    chain twice {
        type filter hook egress device "p2" priority 0;
        meta l4proto udp numgen random mod 100 < 2 counter dup to "p2"
    }
}
EOF

start_sender --min-receivers 2 --max-wait 30 --mcast-data-address "$group:7788" \
    "$work_dir/image.wim"
forger=
lab_bg forger r3 "$MCPROBE" send "$group" 7788 eth0 200000 1472
fetch_into r1
fetch_into r2
for i in 1 2; do
    end_of_receiver "r$i" 90 0
    same "$work_dir/image.wim" "$work_dir/r$i/image.wim"
done
end_of_sender 20 0
kill_quietly "$forger"
jq -c 'select(.event == "summary")' "$work_dir/r1.json" "$work_dir/r2.json"
