#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `wimcast-receiver verify --repair`: files with bytes that are wrong, missing or too many become
# what the sender published, from a session over loopback, and little more than these blocks moves.
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
cd "$work_dir"
block=184320
image_bytes=$((170 * block))
random_file image.bin $image_bytes repair
# A block of nothing but zeros never travels.
dd if=/dev/zero of=image.bin bs=$block seek=100 count=1 conv=notrunc status=none

# flip_all FILE OFFSET...
flip_all() {
    local offset
    for offset in "${@:2}"; do
        flip "$1" "$offset"
    done
}

unmount_quietly() { umount -l "$1" 2>/dev/null || true; }

# mend FILE EXIT_CODE [OPTION...]: from a session of its own; its events are in mend.json.
package=(image.bin)
sending=()
mend() {
    local rc=0
    start_sender --min-receivers 1 --max-wait 60 "${sending[@]}" "${package[@]}"
    timeout -k 1 60 "$RECEIVER" verify "$1" --repair "$url" --json --interface "$interface" \
        "${@:3}" >mend.json 2>mend.err </dev/null || rc=$?
    [[ $rc == "$2" ]] || fail "mending $1 ended with $rc, expected $2"
    if [[ $rc == 0 ]]; then
        end_of_sender 30 0
    else
        kill -INT "$sender_pid" 2>/dev/null || true
        wait_end 30 "$sender_pid" || fail "the sender does not end"
    fi
}

# mended BLOCKS BYTES_MAX: as many blocks, and not more bytes.
mended() {
    [[ $(json_get mend.json summary .blocks_mended) == "$1" ]] ||
        fail "not $1 blocks mended: $(tail -n 1 mend.json)"
    number mend .bytes_moved 0 "$2"
}

one_percent=$((image_bytes / 100))

cp image.bin f.bin
mend f.bin 0
mended 0 20000
same image.bin f.bin
say "ok: nothing is damaged"

flip f.bin 12345678
mend f.bin 0
mended 1 $one_percent
same image.bin f.bin
[[ $(json_get mend.json finding .block) == $((12345678 / block)) ]] || fail "another block is named"
say "ok: one byte is wrong, $(json_get mend.json summary .bytes_moved) of $image_bytes bytes moved"

flip_all f.bin 0 $((image_bytes - 1)) $((5 * block)) $((6 * block - 1)) $((100 * block + 7)) 9999999
mend f.bin 0
mended 5 $((5 * one_percent))
same image.bin f.bin
say "ok: many bytes are wrong, at both ends, and where zeros belong"

truncate -s $((image_bytes - 3 * block)) f.bin
mend f.bin 0
mended 3 $((3 * one_percent))
same image.bin f.bin
printf 'too long' >>f.bin
mend f.bin 0
mended 0 20000
grep -q '"id":"damage.size"' mend.json || fail "it was cut without a word"
same image.bin f.bin
say "ok: too short, too long"

# The inode stays, and so do mode and other names.
chmod 0600 f.bin
ln f.bin other-name.bin
flip f.bin 1
mend other-name.bin 0
same image.bin f.bin
[[ $(stat -c %a f.bin) == 600 ]] || fail "the mode has changed"
say "ok: in place"

random_file other.bin $image_bytes another
cp other.bin f.bin
mend f.bin 65
same other.bin f.bin
must_say mend 'differs from version 1 of package image in 1[67][0-9] of 170 blocks'
must_say mend 'repair\.other'
mend f.bin 0 --force
same image.bin f.bin
say "ok: another version is left alone without --force"

# Interrupted in the middle: what is mended stays, and the next one goes on.
truncate -s $((80 * block)) f.bin
truncate -s $image_bytes f.bin
cp f.bin holes.bin
start_sender --min-receivers 1 --max-wait 60 --max-bitrate 20m image.bin
run_bg mend_pid lo "$RECEIVER" verify f.bin --repair "$url" --json --force -i lo >k.json 2>k.err
half_mended() { (($(cmp -l f.bin holes.bin 2>/dev/null | head -n 2000000 | wc -l) >= 2000000)); }
wait_for 30 half_mended || fail "nothing is mended"
# shellcheck disable=SC2154
kill -KILL "$mend_pid"
wait_end 10 "$mend_pid" || fail "SIGKILL does not end it"
kill -INT "$sender_pid" 2>/dev/null || true
wait_end 30 "$sender_pid" || fail "the sender does not end"
# Every byte is wrong as before, or right: blocks under way have some of both.
odd_blocks=0
for ((i = 0; i < image_bytes; i += block)); do
    here=(-i "$i" -n "$block")
    cmp -s "${here[@]}" f.bin image.bin || cmp -s "${here[@]}" f.bin holes.bin || {
        odd_blocks=$((odd_blocks + 1))
        both=$(comm -12 <(cmp -l "${here[@]}" f.bin image.bin | awk '{ print $1 }' | sort) \
            <(cmp -l "${here[@]}" f.bin holes.bin | awk '{ print $1 }' | sort) | head -n 1)
        [[ -z $both ]] || fail "what was interrupted left a byte that is neither old nor new"
    }
done
((odd_blocks <= 2)) || fail "$odd_blocks blocks are half mended"
mend f.bin 0
(($(json_get mend.json summary .blocks_mended) < 85)) || fail "what was mended came again"
same image.bin f.bin
say "ok: killed in the middle, and gone on"

# --- errors --------------------------------------------------------------------------------------
mend missing.bin 66
must_say mend 'cannot open missing.bin: No such file'
mkdir -p empty
mend empty 66
must_say mend 'cannot open empty/image.bin: No such file'
mkfifo fifo
mend fifo 66
must_say mend 'no regular file'
if [[ $EUID == 0 ]] && mkdir -p full && mount -t tmpfs -o size=20m tmpfs full 2>/dev/null; then
    at_exit unmount_quietly "$work_dir/full"
    head -c $((90 * block)) image.bin >full/image.bin
    mend full/image.bin 73
    must_say mend 'No space left on device; free some space'
    mount -o remount,size=60m full
    mend full/image.bin 0
    same image.bin full/image.bin
    flip full/image.bin 5
    mount -o remount,ro full
    mend full/image.bin 73
    must_say mend 'Read-only file system; make its file system writable'
    umount full
    say "ok: a full disk, and one that is read-only"
fi
if [[ $EUID == 0 ]] && setpriv --reuid 65534 --clear-groups true 2>/dev/null; then
    flip f.bin 77
    cp f.bin before.bin
    chmod 0644 f.bin
    chmod 0755 "$work_dir"
    start_sender --min-receivers 1 --max-wait 60 image.bin
    rc=0
    setpriv --reuid 65534 --clear-groups "$RECEIVER" verify f.bin --repair "$url" -i lo \
        >mend.json 2>mend.err || rc=$?
    [[ $rc == 77 ]] || fail "without permission: $rc"
    must_say mend 'cannot mend f.bin: Permission denied; run as a user who may write it'
    same before.bin f.bin
    kill -INT "$sender_pid"
    wait_end 30 "$sender_pid" || fail "the sender does not end"
fi
say "ok: errors"

# --- several files -------------------------------------------------------------------------------
mkdir -p pack/sub
random_file pack/a.bin $((40 * block + 77)) a
random_file pack/b.bin $((60 * block + 5)) b
random_file pack/sub/c.bin 5000 c
: >pack/sub/empty
package=(pack)
cp -r pack copy
mkdir whole
mv copy whole/pack
flip_all whole/pack/a.bin 100 $((20 * block))
flip whole/pack/b.bin $((60 * block))
flip whole/pack/sub/c.bin 4999
mend whole 0
same pack whole/pack
say "ok: a folder"
cp pack/b.bin b.bin
flip_all b.bin 7 $((30 * block)) $((60 * block + 4))
mend b.bin 0
same pack/b.bin b.bin
cp pack/b.bin c.bin
mend c.bin 65
same pack/b.bin c.bin
cp pack/b.bin d.bin
mend d.bin 65
must_say mend 'package pack has no file d.bin'
say "ok: one file of several"

# --- WIMs, also in parts: by path ---------------------------------------------------------------
if command -v wimlib-imagex >/dev/null; then
    mkdir -p tree split
    random_file tree/big 3000000 big
    random_file tree/other 1500000 other
    wimlib-imagex capture tree all.wim one --compress=none >/dev/null 2>&1 || fail "no WIM"
    wimlib-imagex split all.wim split/all.swm 2 >/dev/null 2>&1 || fail "no parts"
    [[ -e split/all2.swm ]] || fail "no second part"
    package=(split)
    mkdir parts
    cp -r split parts/
    flip parts/split/all2.swm 700000
    flip parts/split/all3.swm 900000
    mend parts 0
    same split parts/split
    [[ $(jq -r 'select(.event == "finding") | .paths[].path' mend.json | sort -u) == \
        $'/big\n/other' ]] || fail "other paths are named"
    say "ok: a WIM in parts"
fi

# --- without multicast ---------------------------------------------------------------------------
package=(image.bin)
if ip link add quiet type veth peer name other 2>/dev/null &&
    ip address add 10.98.0.1/24 dev quiet && ip link set quiet up && ip link set other up; then
    cp image.bin f.bin
    flip_all f.bin 777 8000000
    sending=(--interface lo)
    mend f.bin 0 --interface quiet --beacon-timeout 0.5
    mended 2 $((2 * one_percent))
    same image.bin f.bin
    [[ -n $(json_get mend.json unicast .reason) ]] || fail "it came by multicast"
    say "ok: by unicast"
fi
