#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What is sent and where it goes: a folder, an empty file inside a package, a sparse file of more
# than 4 GiB, standard output, a file of another name.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

prepare_transfer
require_lab --receivers 2 --rate 1gbit --offload

package() {
    local folder=$work_dir/package
    mkdir -p "$folder/boot/x64" "$folder/sources"
    random_file "$folder/sources/install.img" $((12 << 20)) install
    random_file "$folder/boot/x64/odd name.bin" 184321 odd
    random_file "$folder/boot/one" 1 one
    : >"$folder/boot/empty"
    truncate -s 3000000 "$folder/boot/zeros"
}

# send_to_two SOURCE...: two receivers take it into their folders.
send_to_two() {
    rm -rf "$work_dir"/r?
    start_sender --min-receivers 2 --max-wait 30 "$@"
    fetch_into r1
    fetch_into r2
    end_of_receiver r1 120 0
    end_of_receiver r2 120 0
    end_of_sender 20 0
}

a_folder() {
    package
    send_to_two "$work_dir/package"
    same "$work_dir/package" "$work_dir/r1/package"
    same "$work_dir/package" "$work_dir/r2/package"
    say "ok: a folder with an empty file, a file of 1 byte and one of zeros"
}

several_files() {
    random_file "$work_dir/a.bin" 1000000 a
    random_file "$work_dir/b.bin" 2000000 b
    send_to_two "$work_dir/a.bin" "$work_dir/b.bin"
    same "$work_dir/a.bin" "$work_dir/r1/a.bin"
    same "$work_dir/b.bin" "$work_dir/r2/b.bin"
    say "ok: two files"
}

# Islands of data in nothing: at the start, across the line of 4 GiB, at the end. What is a hole in
# the copy is zero, so only the islands need to be compared.
over_4_gib() {
    local file=$work_dir/big.img copy=$work_dir/r1/big.img at seconds
    local bytes=$(((4 << 30) + (64 << 20))) island_bytes=$((3 << 20))
    truncate -s "$bytes" "$file"
    random_file "$work_dir/island" "$island_bytes" island
    local places=(0 $(((4 << 30) - (1 << 20))) $((bytes - island_bytes)))
    for at in "${places[@]}"; do
        dd if="$work_dir/island" of="$file" bs=1M seek="$at" oflag=seek_bytes conv=notrunc \
            status=none
    done
    send_to_two "$file"
    [[ $(stat -c %s "$copy") == "$bytes" ]] || fail "r1: another size"
    for at in "${places[@]}"; do
        cmp -n "$island_bytes" -i "$at:0" "$copy" "$work_dir/island" ||
            fail "r1: other bytes from $at on"
    done
    (($(du -m "$copy" | cut -f1) <= 16)) || fail "r1: the holes take $(du -m "$copy") MiB"
    number r1 .bytes "$bytes" "$bytes"
    seconds=$(json_get "$work_dir/r1.json" summary .seconds)
    say "ok: over 4 GiB with holes, $(du -m "$copy" | cut -f1) MiB on disk, $seconds s"
    rm -rf "$file" "$work_dir/r1" "$work_dir/r2"
}

# r1 writes to a pipe, in order; r2 to a file of another name.
to_stdout() {
    local file=$work_dir/image.img pid
    random_file "$file" $((20 << 20)) stdout
    rm -rf "$work_dir"/r?
    mkdir -p "$work_dir/r2"
    lab_loss r1 2
    start_sender --min-receivers 2 --max-wait 30 "$file"
    # shellcheck disable=SC2016
    run_bg pid r1 bash -c 'set -o pipefail; "$0" fetch --interface eth0 "$1" --output - |
        sha256sum >"$2"' "$RECEIVER" "$url" "$work_dir/r1.sha" </dev/null 2>"$work_dir/r1.err"
    start_receiver r2 "$url" --output "$work_dir/r2/other.name"
    wait_end 60 "$pid" || fail "r1 has not ended"
    [[ $ended_rc == 0 ]] || fail "r1 ended with $ended_rc"
    end_of_receiver r2 60 0
    end_of_sender 20 0
    [[ $(cut -d' ' -f1 "$work_dir/r1.sha") == "$(sha256 "$file")" ]] || fail "r1: other bytes"
    same "$file" "$work_dir/r2/other.name"
    lab_loss r1 0
    say "ok: to standard output, and to a file of another name"
}

a_folder
several_files
to_stdout
over_4_gib
