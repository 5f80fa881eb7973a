#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# WIMs of every kind, over loopback: each streamed to a receiver that keeps it, which is verified
# then against the signed manifest and by decompressing it, and to two that apply one of its images
# meanwhile, to a directory and to an NTFS volume: what comes out is what wimlib-imagex makes of the
# source. With WC_BIG=1 also 100,000 small files, and a file of more than 4 GiB.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

# A loopback of our own where that is allowed.
# shellcheck disable=SC2016
if [[ -z ${WC_LOCAL_NETWORK:-} ]] && unshare -n true 2>/dev/null; then
    export WC_LOCAL_NETWORK=1
    exec unshare -n bash -c 'ip link set lo up && exec "$0"' "${BASH_SOURCE[0]}"
fi
command -v mkntfs >/dev/null || skip "mkntfs is not installed (package ntfs-3g)"

# Each extraction ends with a sync of its file system, which others keep busy; memory is not.
shm_kib=$(df -P /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
[[ -n ${WC_BIG:-} ]] || ((${shm_kib:-0} < 500000)) || export TMPDIR=/dev/shm
prepare_transfer
local_mode=1
interface=lo
export LC_ALL=C.UTF-8
mkdir "$work_dir/make"
cd "$work_dir/make"
# shellcheck source=../support/wims.sh
source "$WC_ROOT/tests/support/wims.sh"
# shellcheck source=../support/trees.sh
source "$WC_ROOT/tests/support/trees.sh"

# apply_into NAME TARGET IMAGE [ARGUMENTS...]
apply_into() {
    local name=$1 pid
    run_bg pid "$name" "$RECEIVER" apply --json --interface lo --name "$name" "$url" \
        --target "$2" --image "$3" "${@:4}" \
        </dev/null >"$work_dir/$name.json" 2>"$work_dir/$name.err"
    receiver_pid[$name]=$pid
}

verify() {
    "$RECEIVER" verify --json "$@" >verify.json 2>verify.err ||
        fail "verify $*: $(tail -n 2 verify.err)"
    [[ $(json_get verify.json summary .result) == ok ]] || fail "verify $*"
}

# kind NAME IMAGE VOLUME_SIZE FILE...: the last FILEs are all parts of the first.
kind() {
    local name=$1 image=$2 size=$3 wim=$4 refs=() seconds=${WC_BIG:+1500}
    rm -rf "$work_dir"/{package,keep,dir.out} theirs ours.ntfs theirs.ntfs
    mkdir "$work_dir/package"
    cp "${@:4}" "$work_dir/package"
    (($# == 4)) || refs=(--ref="${wim%.*}*.${wim##*.}")
    wim apply "$wim" "$image" theirs "${refs[@]}"
    volume theirs.ntfs "$size"
    volume ours.ntfs "$size"
    wim apply "$wim" "$image" theirs.ntfs "${refs[@]}"
    "$SENDER" publish "$work_dir/package" --id KIND >publish.log 2>&1 ||
        fail "publish $name: $(tail -n 2 publish.log)"
    start_sender --min-receivers 3 --max-wait 60 KIND
    start_receiver keep "$url" --output "$work_dir/keep/"
    apply_into dir "$work_dir/dir.out" "$image"
    apply_into ntfs "$work_dir/make/ours.ntfs" "$image"
    for receiver in keep dir ntfs; do
        end_of_receiver $receiver "${seconds:-120}" 0
    done
    end_of_sender 60 0
    same "$work_dir/package" "$work_dir/keep/package"
    verify "$work_dir/keep/package/$wim" --manifest "$WIMCAST_STATE_DIR/packages/KIND"
    verify "$work_dir/keep/package/$wim" --deep
    [[ $(tree_hash "$work_dir/dir.out") == "$(tree_hash theirs)" ]] || fail "$name: another tree"
    volume_list ours.ntfs >ours.list
    volume_list theirs.ntfs >theirs.list
    grep -q 'Full Path' ours.list || fail "$name: nothing on the volume"
    diff theirs.list ours.list >diff.log || fail "$name: another volume: $(head -n 5 diff.log)"
    say "ok: $name, image $image: kept, verified, applied to a directory and a volume"
}

make_trees
capture_all
image=1
for wim in xpress.wim lzx.wim lzms.wim none.wim pipe.wim solid.esd; do
    kind "$wim" $image 48M "$wim"
    image=$((3 - image))
done
kind split.swm 2 48M split*.swm

if [[ -n ${WC_BIG:-} ]]; then
    mkdir -p small huge
    for ((i = 0; i < 100000; i++)); do
        printf '%s\n' "$i" >"small/$i.txt"
    done
    wim capture small small.wim small --compress=XPRESS --threads=2
    kind "100,000 small files" 1 1G small.wim
    rm -rf small small.wim theirs
    head -c $((4500 << 20)) /dev/urandom >huge/file
    wim capture huge huge.wim huge --compress=none
    rm -rf huge
    kind "a file of 4.4 GiB" 1 5G huge.wim
fi
