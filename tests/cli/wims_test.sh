#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `publish` and `send` of WIMs: what is said of each kind, and what is refused because it is called
# a WIM and is none, or is damaged or cut off.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"
command -v wimlib-imagex >/dev/null || skip "wimlib-imagex is not installed"

make_work_dir
export HOME=$work_dir/home WIMCAST_STATE_DIR=$work_dir/state LC_ALL=C.UTF-8
unset WIMCAST_SITE_DIR XDG_STATE_HOME
mkdir -p "$HOME"
cd "$work_dir"
bad=0
cases=0

# expect EXIT_CODE PATTERN COMMAND...: stdout and stderr together match.
expect() {
    local code=$1 pattern=$2 rc=0 problem=
    shift 2
    cases=$((cases + 1))
    timeout -k 1 20 "$@" </dev/null >out 2>&1 || rc=$?
    [[ $rc == "$code" ]] || problem="exit code $rc, expected $code"
    grep -q -E -e "$pattern" out || problem+="${problem:+; }output does not match: $pattern"
    [[ -n $problem ]] || return 0
    bad=$((bad + 1))
    printf 'BAD: %s\n  %s\n' "$(printf '%q ' "${@##*/}")" "$problem"
    sed 's/^/  | /' out
}

publish() { expect "$1" "$2" "$SENDER" publish --id X "${@:3}"; }

# refused FILE PATTERN: by `publish` and by `send`, in the same words, with the finding.
refused() {
    local words="error: 0x80091007: .*$2.*rename it"
    publish 65 "$words" "$1"
    expect 65 "$words" "$SENDER" send --interface lo "$1"
    expect 65 '"0x80091007","finding":"content.damaged-wim","sentence":".*"exit_code":65' \
        "$SENDER" publish --json --id X "$1"
    expect 66 'no package X' "$SENDER" packages show X
}

le8() { od -An -tu8 -j "$2" -N 8 --endian=little "$1" | tr -d ' '; }

mkdir -p one/folder two good
random_file one/random 3000000 wims
seq 20000 >one/folder/numbers
ln one/folder/numbers one/hardlink
: >one/empty
cp one/random two/copy
echo two >two/only

# capture NAME OPTION...: 3 and 2 files with data.
capture() {
    wim capture one "$1" one --threads=2 "${@:2}"
    wim append two "$1" two --threads=2
}
capture good/none.wim --compress=none
capture good/xpress.wim --compress=XPRESS --check
capture good/lzx.wim --compress=LZX
capture good/lzms.wim --compress=LZMS
capture good/solid.esd --solid
capture good/pipe.wim --compress=XPRESS --pipable
cp good/lzx.wim good/without-a-name

# --- refused; nothing is published yet -----------------------------------------------------------
printf 'not a WIM\n' >text.wim
: >empty.SWM
head -c 5000 /dev/zero >zeros.esd
refused text.wim 'text.wim is no WIM: it has 10 bytes'
refused zeros.esd 'zeros.esd is no WIM: '
publish 65 'empty.SWM is no WIM: it is empty' empty.SWM text.wim
for kind in xpress.wim lzx.wim solid.esd pipe.wim; do
    bytes=$(stat -c %s "good/$kind")
    head -c $((bytes / 2)) "good/$kind" >"cut-$kind"
    refused "cut-$kind" "cut-$kind is a damaged WIM: .* cut off"
    head -c $((bytes - 1)) "good/$kind" >"cut-$kind"
    refused "cut-$kind" "cut-$kind is a damaged WIM: .* cut off"
done
table=$(le8 good/lzx.wim 56)
cp good/lzx.wim entry.wim
xml=$(le8 good/lzx.wim 80) # right after the lookup table, whose last entry is of a blob
flip entry.wim $((xml - 50 + 14))
refused entry.wim 'entry.wim is a damaged WIM: data at byte [0-9]+: it lies outside of the file'
cp good/lzx.wim metadata.wim
flip metadata.wim $((table - 20))
refused metadata.wim \
    'metadata.wim is a damaged WIM: the metadata of image 2 at byte [0-9]+: '
cp good/lzx.wim header.wim
flip header.wim 16
refused header.wim 'header.wim is '

# Under another name it is just a file.
cp cut-lzx.wim cut.old
publish 0 'warning: .*cut.old is a damaged WIM: .*; it is sent as it is' cut.old
publish 0 'published X, version 2: 1 file' cut.old
cp text.wim text
publish 0 'published X, version 3: 1 file' text
if grep -q -E '^warning|images' out; then
    bad=$((bad + 1))
    echo "BAD: an ordinary file is taken for a WIM"
fi

# --- what is said of good ones -------------------------------------------------------------------
said() { publish 0 "^$1: 2 images, 5 files, $2\$" "good/$1"; }
said none.wim 'not compressed'
said xpress.wim XPRESS
said lzx.wim LZX
said lzms.wim LZMS
said solid.esd LZMS
said pipe.wim XPRESS
said without-a-name LZX
publish 0 '^good/pipe.wim: 2 images, 5 files, XPRESS$' good
expect 0 '^WIM +good/lzms.wim: 2 images, 5 files, LZMS$' "$SENDER" packages show X
expect 0 '^WIM +good/without-a-name: 2 images, 5 files, LZX$' "$SENDER" packages show X
event='"event":"wim","v":1,"package":"X","path":"good/solid.esd","images":2,"files":5,'
event+='"compression":"LZMS","parts":1}'
expect 0 "$event" "$SENDER" packages show --json X
expect 0 "$event" "$SENDER" publish --json --id X good
mv good/solid.esd kept # what the manifest says is known without it
expect 66 '"path":"good/solid.esd","images":2,"files":5,"compression":null}' \
    "$SENDER" packages show --json X
mv kept good/solid.esd

# --- split ---------------------------------------------------------------------------------------
mkdir split lone
wim split good/lzx.wim split/s.swm 1
parts=$(find split -name '*.swm' | wc -l)
((parts >= 2)) || fail "the WIM was not split"
publish 0 "^split/s.swm: 2 images, 5 files, $parts parts, LZX\$" split
publish 0 "warning: .*s.swm is part 1 of $parts of a split WIM, and the package lacks part 2" \
    split/s.swm
cp split/s2.swm lone/
publish 0 "warning: .*s2.swm is part 2 of $parts of a split WIM, and the package lacks part 1" lone
publish 0 'published X, version [0-9]+: 2 files' lone
expect 0 '"event":"warning".*"sentence":".*s2.swm is part 2' "$SENDER" publish --json --id X lone
cp -r split mixed
cp good/lzx.wim mixed/s2.swm
publish 65 's2.swm is a damaged WIM: part 2 of [0-9]+: it is a part of another image' mixed
head -c 3000 split/s2.swm >mixed/s2.swm
publish 65 's2.swm is a damaged WIM: .*cut off' mixed

say "$cases cases, $bad bad"
((bad == 0))
