#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Receivers that come late, die, vanish from the network, or come back: the others do not notice.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

bytes=$((48 << 20)) # 4 s at 100 Mbit/s

prepare_transfer
require_lab --receivers 5 --rate 100mbit
random_file "$work_dir/image.img" "$bytes" members

# begin COUNT: a sender and that many receivers, and half of the file is through.
begin() {
    local i
    rm -rf "$work_dir"/r?
    mark_wire
    start_sender --min-receivers "$1" --max-wait 30 "$work_dir/image.img"
    for ((i = 1; i <= $1; i++)); do
        fetch_into "r$i"
    done
    wait_wire $((bytes / 2))
}

# complete NAME...: they end well, with the file.
complete() {
    local name
    for name in "$@"; do
        end_of_receiver "$name" 60 0
        same "$work_dir/image.img" "$work_dir/$name/image.img"
    done
}

late_join() {
    begin 4
    fetch_into r5
    complete r1 r2 r3 r4 r5
    end_of_sender 20 0
    number sender .completed 5 5
    say "ok: r5 joined at half time and has every byte"
}

# dies HOW: r3 does at half time; within 15 s the sender has said so.
dies() {
    local how=$1 start_ms
    begin 5
    start_ms=$(now_ms)
    if [[ $how == killed ]]; then
        kill_quietly "${receiver_pid[r3]}"
    else
        lab_link_down r3
    fi
    wait_for 15 says sender 'r3 \(10\.99\.0\.103:[0-9]+\) (lost|silent): ' ||
        fail "$how: 15 s later the sender has not said that r3 (10.99.0.103) is lost"
    say "the sender said it after $(($(now_ms) - start_ms)) ms"
    complete r1 r2 r4 r5
    end_of_sender 30 75
    number sender .completed 4 4
    number sender .failed 1 1
    nothing_final r3
    kill_quietly "${receiver_pid[r3]}"
    lab_link_up r3
    say "ok: r3 $how at half time, the other four have every byte"
}

# The part that r3 had verified is not received again.
comes_back() {
    begin 2
    kill_quietly "${receiver_pid[r2]}"
    nothing_final r2
    [[ -n $(find "$work_dir/r2" -name '*.part.journal') ]] || fail "r2 left no journal"
    start_receiver r2-again "$url" --output "$work_dir/r2/"
    end_of_receiver r2-again 60 0
    same "$work_dir/image.img" "$work_dir/r2/image.img"
    [[ -z $(find "$work_dir/r2" -name '*.part*') ]] || fail "r2: a .part file is left"
    complete r1
    wait_end 30 "$sender_pid" || fail "the sender has not ended"
    say "ok: r2 was killed at half time, came back and has every byte"
}

late_join
dies killed
dies unplugged
comes_back
