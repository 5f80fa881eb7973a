# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two trees of real files, WIMs of every kind of them, and what wimlib says of a damaged one. Source
# it behind tests/net/lib.sh, in an empty folder.
command -v wimlib-imagex >/dev/null || skip "wimlib-imagex is not installed"

# le FILE OFFSET BYTES: a little-endian number.
le() { od -An -tu"$3" -j "$2" -N "$3" --endian=little "$1" | tr -d ' '; }
le7() { echo $(($(le "$1" "$2" 4) + ($(le "$1" $(($2 + 4)) 4) & 0xffffff) * 4294967296)); }

make_trees() {
    local i=0 file
    mkdir -p one/docs one/locale one/deep/er/and/deeper two/docs
    while IFS= read -r file && ((i < 60)); do
        cp "$file" "one/docs/$i-${file##*/}"
        i=$((i + 1))
    done < <(find /usr/share/doc /usr/share/common-licenses -type f -size +2k -size -60k | sort |
        awk 'NR % 7 == 0')
    ((i > 20)) || skip "no files in /usr/share/doc to make a WIM of"
    cp /bin/bash one/bash
    head -c 5000 /bin/bash >'one/locale/Grüße und 你好.txt'
    printf 'euro €\n' >'one/locale/€uro 😀'
    ln one/bash one/deep/er/hardlink
    cp one/bash one/deep/er/and/deeper/copy
    : >one/empty
    ln -s ../bash one/deep/link
    random_file one/random 300000 7
    cp -r one/docs/. two/docs/
    cp one/random two/other-name
    echo 'only in two' >two/only
}

# capture NAME OPTION...: both trees as images.
capture() {
    local name=$1
    shift
    wim capture one "$name" one --threads=2 "$@"
    wim append two "$name" two --threads=2
}

# Paths that wimlib cannot extract from $1 as they were: "IMAGE PATH".
wimlib_bad() {
    local image tree
    for image in 1 2; do
        rm -rf x
        mkdir x
        wimlib-imagex apply "$1" $image x --recover-data >/dev/null 2>&1 || echo "$image ?"
        tree=one
        ((image == 1)) || tree=two
        while IFS= read -r path; do
            cmp -s "$tree$path" "x$path" || echo "$image $path"
        done < <(find $tree -type f | sed "s,^$tree,,")
    done | sort
}

# What we found and it did not: right by chance, where it went on although a chunk could not be
# decompressed. Without --recover-data it refuses these, too.
wimlib_refuses() {
    local image path
    while read -r image path; do
        wimlib-imagex extract "$1" "$image" "$path" --to-stdout >/dev/null 2>&1 ||
            echo "$image $path"
    done < <(comm -13 "$2" "$3")
}

# Where data lies: everything between header and lookup table, of these without metadata.
data_end() { le "$1" 56 8; }
# Both trees in xpress.wim, lzx.wim, lzms.wim, none.wim, pipe.wim, solid.esd and split.swm.
capture_all() {
    capture xpress.wim --compress=XPRESS --check
    capture lzx.wim --compress=LZX
    capture lzms.wim --compress=LZMS
    capture none.wim --compress=none
    capture pipe.wim --compress=XPRESS --pipable
    wim capture one solid.esd one --solid --threads=2 --solid-chunk-size=131072
    wim append two solid.esd two --threads=2 --solid
    wim split xpress.wim split.swm 1
    [[ -e split2.swm ]] || fail "no second part"
}
