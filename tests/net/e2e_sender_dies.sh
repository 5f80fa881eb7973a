#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The sender is killed, or its cable is pulled, at half time: each receiver ends within 15 s with a
# clear error, and nothing is there under the final name.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

bytes=$((48 << 20))

prepare_transfer
require_lab --receivers 3 --rate 100mbit
random_file "$work_dir/image.img" "$bytes" sender

dies() {
    local how=$1 i start_ms
    rm -rf "$work_dir"/r?
    mark_wire
    start_sender --min-receivers 3 --max-wait 30 "$work_dir/image.img"
    for i in 1 2 3; do
        fetch_into "r$i"
    done
    wait_wire $((bytes / 2))
    start_ms=$(now_ms)
    if [[ $how == killed ]]; then
        kill_quietly "$sender_pid"
    else
        lab_link_down sender
    fi
    for i in 1 2 3; do
        wait_end 15 "${receiver_pid[r$i]}" || fail "$how: r$i has not ended after 15 s"
        [[ $ended_rc == 75 ]] || fail "r$i ended with $ended_rc"
        must_say "r$i" 'lost the sender: .*10\.99\.0\.10'
        nothing_final "r$i"
    done
    say "ok: sender $how: all ended after $(($(now_ms) - start_ms)) ms: $(tail -n 1 \
        "$work_dir/r1.err")"
    kill_quietly "$sender_pid"
    lab_link_up sender
}

dies killed
dies unplugged
