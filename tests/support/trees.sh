# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What came out of an image: directories and NTFS volumes, compared. Source it behind
# tests/net/lib.sh.

# All there is to see of a tree: types, modes, sizes, times, links, and what is in the files.
tree_hash() {
    (
        cd "$1" || exit
        find . -printf '%P|%y|%m|%n|%T@|%l|' \( -type d -printf '\n' -o -printf '%s\n' \) | sort
        find . -type f -print0 | sort -z | xargs -0r sha256sum
    ) | sha256sum
}

# volume FILE [SIZE]: an empty NTFS volume.
volume() {
    rm -f "$1"
    truncate -s "${2:-48M}" "$1"
    mkntfs -F -Q -q "$1" >mkntfs.log 2>&1 || fail "mkntfs $1: $(tail -n 3 mkntfs.log)"
}

# The same as tree_hash of a volume, as libwim finds it there: attributes, security, short names,
# streams. Where data lies in the captured WIM, and by which number links are known, is not of the
# volume.
volume_list() {
    rm -f seen.wim
    wimlib-imagex capture "$1" seen.wim seen --compress=none >seen.log 2>&1 ||
        fail "capture of $1: $(tail -n 3 seen.log)"
    wimlib-imagex dir seen.wim 1 --detailed |
        grep -v -E '^(Offset in WIM|Compressed size|Link Group ID|Last Access Time)'
}
