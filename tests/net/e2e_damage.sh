#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Blocks that come authentic, and wrong: because the source was overwritten after it was published,
# because a member of the group forges, because the receiver's memory is bad. Each is told apart,
# on the side that can mend it.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

bytes=$((8 << 20))
insider=$WC_BUILD_DIR/tests/insider
insider_pid=
badram=$WC_BUILD_DIR/tests/badram.so

prepare_transfer
[[ -x $insider && -e $badram ]] || fail "not built: $insider, $badram"
require_lab --receivers 3 --rate 200mbit
random_file "$work_dir/image.img" "$bytes" damage
cp -p "$work_dir/image.img" "$work_dir/published"

begin() {
    rm -rf "$work_dir"/r?* "$work_dir"/*.json "$work_dir"/*.err
    mark_wire
    start_sender "$@" "$work_dir/image.img"
}

# found NAME EVENT ID
found() {
    local id code
    id=$(json_get "$work_dir/$1.json" "$2" .finding)
    code=$(json_get "$work_dir/$1.json" "$2" .hresult)
    [[ $id == "$3" && $code == 0x80091007 ]] || fail "$1: $2 '$id' $code, expected $3 0x80091007"
    say "ok: $1: $3: $(json_get "$work_dir/$1.json" "$2" .sentence | cut -c 1-150)"
}

# 16 bytes in the middle, the same size, the same times: nothing but the bytes tells.
source_is_overwritten() {
    local at=$((bytes / 2 + 12345))
    begin --min-receivers 2
    fetch_into r1
    wait_ready r1
    printf 'not what it was!' |
        dd of="$work_dir/image.img" bs=1 seek="$at" conv=notrunc status=none
    touch -r "$work_dir/published" "$work_dir/image.img"
    fetch_into r2
    end_of_receiver r1 40 65
    end_of_receiver r2 40 65
    end_of_sender 20 65
    found sender error damage.source
    found r1 error damage.source
    found r2 error damage.source
    must_say sender 'image\.img is no longer what was published.*bytes [0-9]+ to [0-9]+'
    nothing_final r1
    cp -p "$work_dir/published" "$work_dir/image.img"
}

forged_is() { (($(grep -c '^forged' "$work_dir/insider.out") >= $1)); }

# A member that forges a symbol of block 5 each time that the block is sent. It uses packet numbers
# from before the receivers came.
start_insider() {
    wait_wire 60000
    lab_bg insider_pid r3 "$insider" "$url" eth0 5 >"$work_dir/insider.out" \
        2>"$work_dir/insider.err"
    wait_for 20 grep -q ready "$work_dir/insider.out" || fail "the insider does not get in"
}

insider_forges() {
    begin --min-receivers 2 --max-bitrate 60m
    start_insider
    fetch_into r1
    fetch_into r2
    local name
    for name in r1 r2; do
        end_of_receiver "$name" 60 0
        same "$work_dir/image.img" "$work_dir/$name/image.img"
        found "$name" warning damage.forged
        number "$name" .void_blocks 2 4
    done
    forged_is 2 || fail "the insider forged nothing"
    found sender warning damage.forged
    kill_quietly "$insider_pid"
    end_of_sender 30 75 # the insider never got done
}

# Only via multicast nobody can be asked but the group: the receiver gives up, and says why.
insider_wins() {
    begin --min-receivers 1 --max-bitrate 60m --only-multicast
    start_insider
    fetch_into r1
    end_of_receiver r1 60 65
    found r1 error damage.forged
    must_say r1 'image\.img \(bytes [0-9]+ to [0-9]+\)'
    nothing_final r1
    found sender warning damage.forged
    kill_quietly "$insider_pid"
    end_of_sender 30 75
}

# with_bad_memory EVERY COUNT: r1 and its digests.
with_bad_memory() {
    begin --min-receivers 1
    wrapper=(env ASAN_OPTIONS=verify_asan_link_order=0 "LD_PRELOAD=$badram"
        BADRAM_THREAD=wimcast-store "BADRAM_EVERY=$1" "BADRAM_COUNT=$2")
    fetch_into r1
    wrapper=()
}

memory_is_bad_once() {
    with_bad_memory 1 1
    end_of_receiver r1 60 0
    same "$work_dir/image.img" "$work_dir/r1/image.img"
    found r1 warning damage.memory
    end_of_sender 20 0
    found sender warning damage.memory
}

memory_is_bad() {
    with_bad_memory 7 1000
    end_of_receiver r1 60 65
    found r1 error damage.memory
    nothing_final r1
    end_of_sender 20 75
}

source_is_overwritten
insider_forges
insider_wins
memory_is_bad_once
memory_is_bad
