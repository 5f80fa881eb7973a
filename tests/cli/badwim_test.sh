#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `wimcast-receiver verify` on WIMs that are cut off, that lie about sizes, counts and places, or
# that claim to be enormous: it ends in good time with 65, the file and a reason, and never takes
# more memory than a good image of this kind may need.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"
command -v wimlib-imagex >/dev/null || skip "wimlib-imagex is not installed"

make_work_dir
export HOME=$work_dir/home LC_ALL=C.UTF-8
mkdir -p "$HOME" "$work_dir/tree/sub"
cd "$work_dir"
cases=0
bad=0
peak=0
# A sanitizer's own memory is not ours.
kib_max=$((96 << 10))
grep -q -a -F __asan_init "$RECEIVER" && kib_max=$((2 << 20))

# verify NAME PATTERN FILE [OPTION...]: with and without --deep it is 65, and says this.
verify() {
    local name=$1 pattern=$2 file=$3 rc how kib
    shift 3
    for how in '' --deep; do
        cases=$((cases + 1))
        rc=0
        timeout -k 1 20 "$WC_BUILD_DIR/tests/peak" kib "$RECEIVER" verify ${how:+"$how"} "$@" \
            "$file" >out 2>err </dev/null || rc=$?
        kib=$(<kib)
        ((kib <= peak)) || peak=$kib
        if [[ $rc == 65 ]] && grep -q -E -e "$pattern" out err && grep -q -F "$file" out err &&
            ((kib <= kib_max)); then
            continue
        fi
        bad=$((bad + 1))
        say "BAD: $name $how: code $rc, $kib KiB, no '$pattern' or no '$file'"
        head -n 6 out err | cut -c 1-200
    done
}

# le BYTES NUMBER: little-endian, as an argument of printf %b.
le() {
    local i value=$2 text=
    for ((i = 0; i < $1; i++)); do
        text+=$(printf '\\x%02x' $((value & 255)))
        value=$((value >> 8))
    done
    echo "$text"
}

# put FILE OFFSET BYTES NUMBER; get FILE OFFSET BYTES
put() { printf '%b' "$(le "$3" "$4")" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
get() { od -An -tu"$3" -j "$2" -N "$3" --endian=little "$1" | tr -d ' '; }

# lie NAME PATTERN IMAGE OFFSET BYTES NUMBER [OFFSET BYTES NUMBER]: in a copy.
lie() {
    local name=$1 pattern=$2 image=$3
    shift 3
    cp "$image" lie.wim
    while (($#)); do
        put lie.wim "$1" "$2" "$3"
        shift 3
    done
    verify "$name" "$pattern" lie.wim
}

find /usr/share/common-licenses -type f -exec cp {} tree/ \;
cp /bin/bash tree/sub/
random_file tree/random 200000 bad
wim capture tree xpress.wim one --compress=XPRESS --check
wim capture tree lzx.wim one --compress=LZX
wim capture tree lzms.wim one --compress=LZMS
wim capture tree none.wim one --compress=none
wim capture tree pipe.wim one --compress=LZX --pipable
wim capture tree solid.esd one --solid --solid-chunk-size=131072

# --- cut off -------------------------------------------------------------------------------------
for image in xpress.wim lzx.wim lzms.wim none.wim pipe.wim solid.esd; do
    bytes=$(stat -c %s $image)
    table=$(get $image 56 8)
    for length in 1 4 7 8 100 207 208 209 300 $((bytes / 4)) $((bytes / 2)) $((bytes * 3 / 4)) \
        $((bytes - 5000)) $((bytes - 1000)) $((bytes - 209)) $((bytes - 208)) $((bytes - 1)) \
        $((table > 0 && table < bytes ? table : bytes / 3)); do
        head -c "$length" $image >cut.wim
        verify "$image, $length bytes" 'WIM|size|damaged|cut off|missing|not there' cut.wim
    done
    head -c $((bytes / 2)) $image >cut.wim # and its end: sizes as before, zeros in the middle
    truncate -s $((bytes - 20000)) cut.wim
    tail -c 20000 $image >>cut.wim
    rc=0
    "$RECEIVER" verify --deep cut.wim >out 2>err || rc=$?
    [[ $rc == 65 ]] || { bad=$((bad + 1)); say "BAD: $image with a hole: $rc"; }
done

# --- a header that lies --------------------------------------------------------------------------
for image in xpress.wim solid.esd; do
    huge=$((1 << 62))
    size7=$(((1 << 55) - 1)) # with the flags of the resource in the eighth byte
    flags=$((2 << 56))
    lie "$image: magic" 'does not begin with MSWIM' $image 0 4 1
    lie "$image: header size" 'header' $image 8 4 4096
    lie "$image: version" 'version' $image 12 4 77
    lie "$image: flags" 'compression' $image 16 4 0xffffffff
    lie "$image: chunk size 0" 'chunk|compress|damaged' $image 20 4 0
    lie "$image: chunk size 3" 'chunk|metadata' $image 20 4 3
    lie "$image: chunk size 2^31" 'chunk|metadata' $image 20 4 0x80000000
    lie "$image: part 0" 'part' $image 40 2 0
    lie "$image: 65535 parts" 'part' $image 42 2 65535
    lie "$image: images" 'image' $image 44 4 0xffffffff
    lie "$image: a million images" 'image' $image 44 4 1000000
    lie "$image: no image" 'image|header counts' $image 44 4 0
    lie "$image: table's size" 'lookup table|right size' $image 48 8 $((size7 | flags))
    lie "$image: table's place" 'lookup table|right size' $image 56 8 "$huge"
    lie "$image: table's place wraps" 'lookup table|right size' $image 56 8 -4
    lie "$image: table's plain size" 'lookup table' $image 64 8 "$huge"
    lie "$image: XML size" 'XML|right size' $image 72 8 $((size7 | flags))
    lie "$image: XML place" 'XML|right size' $image 80 8 "$huge"
    lie "$image: XML over the header" 'XML' $image 80 8 0
    lie "$image: integrity table" 'integrity|right size' $image 124 8 $((size7 | flags)) 132 8 300
    lie "$image: boot image" 'boot' $image 120 4 7
done

# --- a lookup table that lies --------------------------------------------------------------------
# Its entries: 24 bytes place (8 size and flags, 8 offset, 8 plain size), part, references, SHA-1.
entries() { # IMAGE WANTED_FLAGS FORBIDDEN_FLAGS: the offset of the first such entry
    local at end flag
    at=$(get "$1" 56 8)
    end=$((at + ($(get "$1" 48 4))))
    for ((; at < end; at += 50)); do
        flag=$(get "$1" $((at + 7)) 1)
        (((flag & $2) == $2 && !(flag & $3))) && { echo "$at"; return; }
    done
    fail "$1 has no entry with flags $2"
}

for image in xpress.wim lzms.wim none.wim; do
    data=$(entries $image 0 2)
    meta=$(entries $image 2 0)
    flag=$(get $image $((data + 7)) 1)
    lie "$image: data of 2^55 bytes" 'size|damaged' $image "$data" 8 $((size7 | flag << 56))
    lie "$image: data elsewhere" 'damaged|size' $image $((data + 8)) 8 "$huge"
    lie "$image: data of 2^62 plain bytes" 'damaged|size' $image $((data + 16)) 8 "$huge"
    lie "$image: a terabyte of data" 'damaged|size' $image $((data + 16)) 8 $((1 << 40))
    lie "$image: part 9" 'part|damaged|missing' $image $((data + 24)) 2 9
    lie "$image: metadata of 2^40 bytes" 'metadata' $image $((meta + 16)) 8 $((1 << 40))
    lie "$image: metadata of 2^30 bytes" 'metadata' $image $((meta + 16)) 8 $((1 << 30))
    lie "$image: metadata of part 9" 'lookup table' $image $((meta + 24)) 2 9
    lie "$image: metadata elsewhere" 'metadata|size' $image $((meta + 8)) 8 "$huge"
done

# --- bombs ---------------------------------------------------------------------------------------
# A solid resource: 16 bytes before its data: plain size, chunk size, compression.
solid=$(entries solid.esd 16 0)
at=$(get solid.esd $((solid + 8)) 8)
# The next entry is of a blob in it.
lie "solid: part 9" 'is of another part' solid.esd $((solid + 50 + 24)) 2 9
lie "solid: behind its end" 'lies in no solid resource' solid.esd $((solid + 50 + 8)) 8 "$huge"
lie "solid: 2^62 plain bytes" 'damaged|size' solid.esd "$at" 8 "$huge"
lie "solid: a terabyte" 'damaged|size' solid.esd "$at" 8 $((1 << 40))
lie "solid: chunks of 2^31" 'damaged|chunk' solid.esd $((at + 8)) 4 0x80000000
lie "solid: chunks of 1 GiB" 'damaged|chunk' solid.esd $((at + 8)) 4 0x40000000
lie "solid: chunks of 1 byte" 'damaged|chunk' solid.esd $((at + 8)) 4 1
lie "solid: compression 9" 'damaged|compress' solid.esd $((at + 12)) 4 9
# Tiny, and all of it claims: a terabyte in one solid resource of 100 bytes.
head -c $((at + 100)) solid.esd >bomb.wim
table=$(stat -c %s bomb.wim)
tail -c +$(($(get solid.esd 56 8) + 1)) solid.esd >>bomb.wim
put bomb.wim 56 8 "$table"
put bomb.wim 80 8 $((table + $(get solid.esd 80 8) - $(get solid.esd 56 8)))
put bomb.wim "$at" 8 $((1 << 40))
verify "bomb" 'damaged|size' bomb.wim

# --- in the metadata: folders that hold themselves, names without end ----------------------------
meta=$(entries none.wim 2 0)
where=$(get none.wim $((meta + 8)) 8)
length=$(get none.wim "$meta" 4)
# With the right SHA-1, so that only its sense is wrong: 4 bytes at OFFSET of the metadata.
tree() { # NAME OFFSET BYTES NUMBER
    local digest
    cp none.wim lie.wim
    put lie.wim $((where + $2)) "$3" "$4"
    digest=$(tail -c +$((where + 1)) lie.wim | head -c "$length" | sha1sum | cut -d' ' -f1)
    printf '%b' "$(fold -w 2 <<<"$digest" | awk '{ printf "\\x%s", $0 }')" |
        dd of=lie.wim bs=1 seek=$((meta + 30)) conv=notrunc status=none
    verify "tree: $1" 'metadata|damaged|missing' lie.wim
}
security=$(get none.wim "$where" 4)
root=$(((security + 7) / 8 * 8))
((security > 0)) || root=8
cp none.wim lie.wim
at=$(get lie.wim $((where + root + 16)) 8) # its children; one is a folder
while (($(get lie.wim $((where + at + 8)) 4) != 16)); do
    at=$((at + $(get lie.wim $((where + at)) 8)))
    ((at < length)) || fail "no folder in the metadata"
done
sub=$at
tree "security data of 2^31 bytes" 0 4 0x7fffffff
tree "2^32 security descriptors" 4 4 0xffffffff
tree "a root of 2^60 bytes" $root 8 $((1 << 60))
tree "folders that hold themselves" $((sub + 16)) 8 "$(get lie.wim $((where + root + 16)) 8)"
tree "children elsewhere" $((root + 16)) 8 "$huge"

say "$cases cases, $bad wrong, at most $peak KiB"
((bad == 0))
