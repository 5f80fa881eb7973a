#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One byte wrong at a random place of a WIM: the paths that are named are the right ones, all of
# them, and it can be mended. What is right is what wimlib says: of the image as it was, where the
# data of each path lies; of the damaged one, which files it extracts wrong or not at all.
#
#   WC_FLIPS=200 e2e_flips.sh     so many places in all; each is mended by a session of its own
#   WC_FLIPS_SEED=N               other places
#   WC_FLIPS_ONLY=tail            or header, or data: only there
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

# A loopback of our own where that is allowed.
# shellcheck disable=SC2016
if [[ -z ${WC_LOCAL_NETWORK:-} ]] && unshare -n true 2>/dev/null; then
    export WC_LOCAL_NETWORK=1
    exec unshare -n bash -c 'ip link set lo up && exec "$0"' "${BASH_SOURCE[0]}"
fi
command -v wimlib-imagex >/dev/null || skip "wimlib-imagex is not installed"

prepare_transfer
local_mode=1
interface=lo
export LC_ALL=C.UTF-8
cd "$work_dir"
flips=${WC_FLIPS:-24}
mend_each=${WC_FLIPS:+1}
mend_each=${mend_each:-4}
seed=${WC_FLIPS_SEED:-20261}
RANDOM=$seed
only=${WC_FLIPS_ONLY:-} # a part of the image: header, data, tail
block_max=184320
bad=0
mended=0
named=0
say "seed $seed: WC_FLIPS_SEED=$seed WC_FLIPS=$flips $0"

complain() {
    bad=$((bad + 1))
    printf 'BAD: %s\n' "$*"
}

# below N: a random number, into `drawn`. Not in a subshell, where bash draws others each time.
below() { drawn=$((((RANDOM << 30) + (RANDOM << 15) + RANDOM) % $1)); }

# --- two trees, and an image of each kind -----------------------------------------------------

make_trees() {
    local i=0 file
    mkdir -p one/docs one/bin/deeper two/docs
    while IFS= read -r file && ((i < 80)); do
        cp "$file" "one/docs/$i-${file##*/}"
        i=$((i + 1))
    done < <(find /usr/share/doc /usr/share/common-licenses /usr/share/perl* -type f -size +1k \
        -size -80k 2>/dev/null | sort | awk 'NR % 11 == 0')
    ((i > 20)) || skip "not enough files in /usr/share to make a WIM of"
    cp /bin/bash "$(command -v openssl)" /lib/x86_64-linux-gnu/libc.so.6 one/bin/ 2>/dev/null ||
        cp /bin/bash one/bin/
    head -c 900000 /bin/bash >'one/bin/Grüße und 你好'
    ln one/bin/bash one/bin/deeper/hardlink
    : >one/empty
    random_file one/random 1500000 "$seed"
    cp one/docs/1* two/docs/
    cp one/random two/other-name
    echo 'only in two' >two/only
}

make_trees
wim capture one xpress.wim one --compress=XPRESS --check
wim capture one lzx.wim one --compress=LZX
wim capture one solid.esd one --solid --solid-chunk-size=262144
wim capture one pipe.wim one --compress=XPRESS --pipable
kinds=(xpress.wim lzx.wim solid.esd pipe.wim)
for kind in "${kinds[@]}"; do
    case $kind in
        solid.esd) wim append two "$kind" two --solid --solid-chunk-size=262144 ;;
        *) wim append two "$kind" two ;;
    esac
    "$SENDER" publish --id "${kind%.*}" "$kind" >/dev/null 2>publish.err || fail "publish $kind"
done

# --- what wimlib says of the image as it was --------------------------------------------------

# IMAGE PATH OFFSET BYTES, tab-separated: where the data of each path is stored; in a solid image
# that is the whole resource.
places() {
    local image
    for image in 1 2; do
        wimlib-imagex dir "$1" $image --detailed 2>/dev/null | awk -v image=$image -v OFS='\t' '
            /^Full Path/ { sub(/^[^"]*"/, ""); sub(/"$/, ""); path = $0 }
            /^Compressed size/ { bytes = $4 }
            /^Offset in WIM/ && bytes > 0 { print image, path, $5, bytes }
            /^Solid resource/ { print image, path, $NF, $6 }'
    done | sort -u
}

# --- what it says of the damaged one ----------------------------------------------------------

# Paths of $1 that are not extracted as they were: "IMAGE PATH"; "IMAGE ?": it complains.
wimlib_bad() {
    local image tree
    for image in 1 2; do
        tree=one
        ((image == 1)) || tree=two
        rm -rf x
        mkdir x
        timeout 60 wimlib-imagex apply "$1" $image x --recover-data >/dev/null 2>&1 ||
            echo "$image ?"
        { diff -rq $tree x 2>/dev/null || true; } |
            sed -n -E "s,^Files $tree(/.*) and x/.* differ\$,$image \1,p
                s,^Only in $tree: (.*)\$,$image /\1,p
                s,^Only in $tree(/.*): (.*)\$,$image \1/\2,p" |
            while read -r _ path; do
                [[ -d $tree$path ]] && find "$tree$path" -type f | sed "s,^$tree,$image ,"
                [[ -d $tree$path ]] || echo "$image $path"
            done
    done | sort -u
}

# Of the lines "IMAGE PATH" on stdin those that it extracts wrong, or not at all, when asked for it
# alone: an image as a whole may end at the first fault.
really_bad() {
    local image path tree
    while read -r image path; do
        tree=one
        ((image == 1)) || tree=two
        timeout 60 wimlib-imagex extract "$1" "$image" "$path" --to-stdout 2>/dev/null |
            cmp -s - "$tree$path" || echo "$image $path"
    done
}

# without_innocent FILE EXPECTED FOUND: what was not found must be bad by itself.
without_innocent() {
    { comm -12 "$2" "$3"; comm -23 "$2" "$3" | really_bad "$1"; } | sort -u >more.txt
    mv more.txt "$2"
}

# Of the lines "IMAGE PATH" on stdin those that it does not extract without being told to go on.
wimlib_refuses() {
    local image path
    while read -r image path; do
        timeout 60 wimlib-imagex extract "$1" "$image" "$path" --to-stdout >/dev/null 2>&1 ||
            echo "$image $path"
    done
}

# Is the byte at $2 of pipable $1 in what only readers of a pipe see, and do they fail?
pipe_refuses() {
    local image
    for image in 1 2; do
        rm -rf x
        mkdir x
        timeout 60 wimlib-imagex apply - $image x <"$1" >/dev/null 2>&1 || return 0
    done
    return 1
}

# --- what we say ------------------------------------------------------------------------------

our_paths() {
    jq -r 'select(.event == "finding") | .paths[]? | "\(.image) \(.path)"' "$1" | sort -u
}

# verify_into FILE OPTION...: sets rc.
verify_into() {
    rc=0
    timeout -k 1 60 "$RECEIVER" verify --json "${@:2}" >"$1" 2>err </dev/null || rc=$?
}

differ() {
    ! diff "$1" "$2" >difference || return 0
    complain "$3 (<: by wimlib, >: by us)"
    head -n 10 difference
}

# Paths with data in bytes [$2, $3) of $1, by `places`; $4 more before each.
paths_on() {
    awk -F '\t' -v from="$2" -v to="$3" -v lead="${4:-0}" \
        '$3 - lead < to && $3 + $4 > from { print $1 " " $2 }' "$1.places" | sort -u
}

is_data() { awk -F '\t' -v x="$2" '$3 <= x && x < $3 + $4 { f = 1 } END { exit !f }' "$1.places"; }

# In a solid image: what is wrong if all data in [$2, $3) is lost: into `expected`. A resource that
# begins there is lost as a whole, with the table of its chunks; libwim refuses all others then,
# too.
lost_with_block() {
    local kind=$1 from to
    cp "$kind" trashed
    while read -r from to; do
        ((to < $3)) || to=$3
        head -c $((to - $2)) /dev/zero | tr '\0' '\252' |
            dd of=trashed bs=65536 oflag=seek_bytes seek="$2" conv=notrunc status=none
    done < <(awk -F '\t' -v at="$2" '$3 < at && $3 + $4 > at { print $3, $3 + $4 }' \
        "$kind.places" | sort -u)
    wimlib_bad trashed | grep -v -F '?' >expected || true
    without_innocent trashed expected raw
    awk -F '\t' -v from="$2" -v to="$3" '$3 >= from && $3 < to { print $1 " " $2 }' \
        "$kind.places" | sort -u - expected >more.txt
    mv more.txt expected
}

# --- raw damage: by the manifest --------------------------------------------------------------

check_manifest() {
    local kind=$1 at=$2 from to
    verify_into raw.json --manifest "$WIMCAST_STATE_DIR/packages/${kind%.*}" bad.wim
    [[ $rc == 65 ]] || complain "$kind, byte $at: code $rc with --manifest"
    read -r from to < <(jq -r 'select(.event == "finding" and .id == "damage.block")
        | "\(.offset) \(.offset + .bytes)"' raw.json) || true
    if [[ -z $from ]] || ((at < from || at >= to)); then
        complain "$kind, byte $at: another block is named: $from to $to"
        return
    fi
    our_paths raw.json >raw
    if ! is_data "$kind" "$at"; then
        grep -q '"area":"' raw.json || [[ -s raw ]] ||
            complain "$kind, byte $at: neither a path nor a table is named"
        return
    fi
    case $kind in
        solid.esd) lost_with_block "$kind" "$from" "$to" ;;
        *) paths_on "$kind" "$from" "$to" >expected ;;
    esac
    if [[ $kind == pipe.wim ]]; then # what stands before its data for a pipe is of a path, too
        paths_on "$kind" "$from" "$to" 64 | comm -12 - raw | sort -u - expected >more.txt
        mv more.txt expected
    fi
    [[ -s expected ]] || complain "$kind, byte $at: nobody uses this data"
    named=$((named + $(wc -l <expected)))
    differ expected raw "$kind, byte $at: other paths by --manifest"
}

# --- what changes content: by --deep ----------------------------------------------------------

check_deep() {
    local kind=$1 at=$2 is_bad
    verify_into deep.json --deep bad.wim
    wimlib_bad bad.wim >wrong
    our_paths deep.json >deep
    is_bad=$(head -n 1 wrong)
    if ! is_data "$kind" "$at"; then
        [[ -z $is_bad || $rc == 65 ]] ||
            complain "$kind, byte $at: wimlib fails, and nothing is found by --deep: $is_bad"
        return
    fi
    grep -v -F '?' wrong >expected || true
    without_innocent bad.wim expected deep
    if [[ $kind == pipe.wim ]] && [[ -n $(comm -13 expected deep) ]] && pipe_refuses bad.wim; then
        paths_on "$kind" "$at" $((at + 1)) 64 | comm -12 - deep | sort -u - expected >more.txt
        mv more.txt expected
    fi
    comm -13 expected deep | wimlib_refuses bad.wim | sort -u - expected >more.txt
    differ more.txt deep "$kind, byte $at: other paths by --deep"
    [[ ! -s more.txt || $rc == 65 ]] || complain "$kind, byte $at: code $rc with --deep"
}

# --- mending ----------------------------------------------------------------------------------

# mend FILE KIND BYTES_MAX
mend() {
    local rc=0
    start_sender --min-receivers 1 --max-wait 60 "${2%.*}"
    cp "$1" "$2.mended"
    mkdir -p m
    mv "$2.mended" "m/$2"
    timeout -k 1 60 "$RECEIVER" verify --json "m/$2" --repair "$url" -i lo --force \
        >mend.json 2>mend.err </dev/null || rc=$?
    end_of_sender 30 0
    [[ $rc == 0 ]] || complain "$2: mending ended with $rc: $(tail -n 1 mend.err)"
    [[ $(sha256 "m/$2") == "$(sha256 "$2")" ]] || complain "$2: not as before, though mended"
    (($(json_get mend.json summary .bytes_moved) <= $3)) ||
        complain "$2: $(json_get mend.json summary .bytes_moved) bytes for $3"
    mended=$((mended + 1))
}

# --- all of it --------------------------------------------------------------------------------

# Each tenth place is in the header, two are in the tail: tables, XML, metadata.
place_in() { # NUMBER BYTES TAIL: into `at`
    local from=208 to=$3
    case $only$(($1 % 10)) in
        0 | header*) from=0 to=208 ;;
        3 | 7 | tail*) from=$3 to=$2 ;;
    esac
    below $((to - from))
    at=$((from + drawn))
}

for kind in "${kinds[@]}"; do
    places "$kind" >"$kind.places"
    bytes=$(stat -c %s "$kind")
    tail=$(wimlib-imagex info "$kind" --header | awk '/^Blob Table Offset/ { print $NF }')
    ((tail -= 3000))
    cp "$kind" all.wim
    for ((i = 0; i < flips / ${#kinds[@]}; i++)); do
        place_in $i "$bytes" $tail
        below 255
        change=$((drawn + 1))
        cp "$kind" bad.wim
        flip bad.wim "$at" $change
        flip all.wim "$at" $change
        check_manifest "$kind" "$at"
        check_deep "$kind" "$at"
        ((i % mend_each)) || mend bad.wim "$kind" $((block_max + 40000))
    done
    mend all.wim "$kind" $((bytes * 11 / 10 + 40000))
    say "$kind: $bytes bytes, $i places"
done
say "$flips places, $named paths named by blocks, $mended times mended, $bad wrong"
[[ -z ${WC_KEEP:-} ]] || cp -r . "$WC_KEEP"
((bad == 0))
