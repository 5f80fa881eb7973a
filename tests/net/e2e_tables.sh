#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The tables of a WIM travel first: a receiver that is killed in the middle of each kind of WIM has
# them, so that wimlib lists all files of an image whose data is still a hole; and it can go on.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"
command -v wimlib-imagex >/dev/null || skip "wimlib-imagex is not installed"

# A loopback of our own where that is allowed.
# shellcheck disable=SC2016
if [[ -z ${WC_LOCAL_NETWORK:-} ]] && unshare -n true 2>/dev/null; then
    export WC_LOCAL_NETWORK=1
    exec unshare -n bash -c 'ip link set lo up && exec "$0"' "${BASH_SOURCE[0]}"
fi

prepare_transfer
export LC_ALL=C.UTF-8
local_mode=1
interface=lo
cd "$work_dir"

# Two images: files that compress, files that do not.
make_trees() {
    local i
    mkdir -p one/random two
    for i in 1 2 3 4 5 6; do random_file "one/random/$i" $((1 << 20)) "tables $i"; done
    for i in {1..300}; do seq "$i" "$((i + 200))" >"one/text-$i"; done
    cp one/random/3 two/again
    echo 'only in two' >two/only
}

# capture NAME OPTION...
capture() {
    wim capture one "$1" one --threads=2 "${@:2}"
    wim append two "$1" two --threads=2
}

# How many bytes of a file are on the disk.
stored_bytes() { echo $(($(stat -c '%b * %B' "$1" 2>/dev/null || echo 0))); }

# has_stored FILE BYTES
has_stored() { (($(stored_bytes "$1") >= $2)); }

le8() { od -An -tu8 -j "$2" -N 8 --endian=little "$1" | tr -d ' '; }

# same_bytes ONE OTHER FROM COUNT
same_bytes() { cmp -s -i "$3" -n "$4" "$1" "$2"; }

# Files and folders of an image, as wimlib lists them.
list() { wimlib-imagex dir "$1" "$2" --lookup 2>/dev/null || wimlib-imagex dir "$1" "$2"; }

# tables_are_there FILE: of a part, from its lookup table to its end; and its header.
tables_are_there() {
    local file=$1 copy=r1/$1.part bytes table
    bytes=$(stat -c %s "$file")
    table=$(le8 "$file" 56)
    if [[ $(head -c 5 "$file") == WLPWM ]]; then # the header that counts is at its end
        table=$(le8 "$file" $((bytes - 208 + 56)))
    fi
    ((table > 208 && table < bytes)) || fail "$file: its lookup table is at $table"
    same_bytes "$file" "$copy" 0 208 || fail "$file: no header"
    same_bytes "$file" "$copy" "$table" $((bytes - table)) || fail "$file: no lookup table, or XML"
}

# killed_early FIRST FILE...: a receiver dies when a third is stored, and begins again.
killed_early() {
    local first=$1 file image bytes=0 holes=0
    rm -rf r1 && mkdir r1
    for file; do bytes=$((bytes + $(stat -c %s "$file"))); done
    start_sender --min-receivers 1 --max-wait 60 --max-bitrate 30m "$@"
    fetch_into r1
    wait_for 60 has_stored "r1/${*: -1}.part" 1 || fail "the last file's tables do not come"
    wait_for 60 has_stored "r1/$first.part" $(($(stat -c %s "$first") / 5)) || fail "nothing comes"
    kill_quietly "${receiver_pid[r1]}"
    kill_quietly "$sender_pid"
    [[ ! -e r1/$first ]] || fail "$first: received before the receiver was killed"
    for file; do
        tables_are_there "$file"
        cmp -s "$file" "r1/$file.part" || holes=$((holes + 1))
    done
    ((holes)) || fail "$first: all of it is there already"
    cp "r1/$first.part" early.wim
    for image in 1 2; do
        list "$first" $image >want || fail "$first: wimlib does not list it"
        list early.wim $image >got 2>&1 || fail "$first, killed early: $(tail -n 2 got)"
        cmp -s want got || fail "$first, killed early: image $image has other files"
    done
    start_sender --min-receivers 1 --max-wait 60 "$@"
    fetch_into r1
    end_of_receiver r1 60 0
    end_of_sender 30 0
    for file; do same "$file" "r1/$file"; done
    say "ok: $first, killed with $(stored_bytes early.wim) of $bytes bytes, has its tables"
}

make_trees
capture lzx.wim --compress=LZX
capture xpress.wim --compress=XPRESS --check
capture solid.esd --solid --solid-chunk-size=1M
capture pipe.wim --compress=XPRESS --pipable
wim split lzx.wim split.swm 3

killed_early lzx.wim
killed_early xpress.wim
killed_early solid.esd
killed_early pipe.wim
killed_early split.swm split2.swm split3.swm
