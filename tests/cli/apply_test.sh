#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `wimcast-receiver apply` on real WIMs of every kind, into directories and NTFS volumes: what comes
# out is what wimlib-imagex makes of the same image; targets that are refused, and why; damage,
# which is named by path; and ends that nobody wished for.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"
# shellcheck source=../support/trees.sh
source "$WC_ROOT/tests/support/trees.sh"
command -v wimlib-imagex >/dev/null || skip "wimlib-imagex is not installed"
command -v mkntfs >/dev/null || skip "mkntfs is not installed (package ntfs-3g)"

# Each apply ends with a sync of the whole file system, which others keep busy; memory is not.
shm_kib=$(df -P /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
((${shm_kib:-0} < 500000)) || export TMPDIR=/dev/shm
make_work_dir
export HOME=$work_dir/home LC_ALL=C.UTF-8
mkdir -p "$HOME"
cd "$work_dir"
mark=WIMCAST-INCOMPLETE.txt
cases=0
bad=0

complain() {
    bad=$((bad + 1))
    printf 'BAD: %s\n' "$*"
    head -n 20 out err | cut -c 1-700 | sed 's/^/  | /'
}

# expect EXIT_CODE PATTERN COMMAND...: stdout or stderr matches.
expect() {
    local code=$1 pattern=$2 rc=0
    shift 2
    cases=$((cases + 1))
    timeout -k 1 120 "$@" </dev/null >out 2>err || rc=$?
    [[ $rc == "$code" ]] || complain "exit code $rc, expected $code: ${*##*/}"
    grep -q -E -e "$pattern" out err || complain "no '$pattern': ${*##*/}"
}

apply() { expect "$1" "$2" "$RECEIVER" apply "${@:3}"; }

as=() # whom

# refused FINDING EXIT_CODE PATTERN ARGUMENTS...: it fails, and for this reason.
refused() {
    expect "$2" "$3" "${as[@]}" "$RECEIVER" apply --json "${@:4}"
    local found
    found=$(json_get out error .finding)
    [[ $found == "$1" ]] || complain "finding '$found' instead of $1: ${*:4}"
}
bears_mark() { [[ $(ntfsls "$1") == *"$mark"* ]]; }

# --- what is compared ----------------------------------------------------------------------------

# theirs WIM IMAGE_NUMBER TARGET: what wimlib-imagex makes of it.
theirs() {
    local others=()
    [[ $1 != *.swm ]] || others=(--ref="${1%.swm}*.swm")
    wim apply "$1" "$2" "$3" "${others[@]}"
}

# same_dir WIM IMAGE_NUMBER [IMAGE_NAME]
same_dir() {
    rm -rf ours theirs
    theirs "$1" "$2" theirs
    apply 0 '^applied image' "$1" --image "${3:-$2}" --target ours
    [[ ! -e ours/$mark ]] || complain "$1 $2: the mark is still there"
    [[ $(tree_hash ours) == "$(tree_hash theirs)" ]] || complain "$1 image $2: not the same tree"
}

# same_volume WIM IMAGE_NUMBER
same_volume() {
    volume ours.ntfs
    volume theirs.ntfs
    theirs "$1" "$2" theirs.ntfs
    apply 0 '^applied image' "$1" --image "$2" --target ours.ntfs
    volume_list ours.ntfs >ours.list
    volume_list theirs.ntfs >theirs.list
    grep -q 'Full Path' ours.list || complain "$1 image $2: nothing on the volume"
    diff theirs.list ours.list >diff.log || complain "$1 image $2: $(head -n 5 diff.log)"
}

# --- real files, and images of them --------------------------------------------------------------

make_trees() {
    local i=0 file
    mkdir -p one/docs one/deep/er/and/deeper one/nothing two/docs many huge
    while IFS= read -r file && ((i < 40)); do
        cp -p "$file" "one/docs/$i-${file##*/}"
        i=$((i + 1))
    done < <(find /usr/share/doc /usr/share/common-licenses -type f -size +2k -size -60k | sort |
        awk 'NR % 7 == 0')
    ((i > 20)) || skip "no files in /usr/share/doc to make a WIM of"
    cp /bin/bash one/bash
    head -c 5000 /bin/bash >'one/docs/Grüße und 你好.txt'
    printf 'euro €\n' >'one/€uro 😀'
    ln one/bash one/deep/er/hardlink
    cp one/bash one/deep/er/and/deeper/copy
    : >one/empty
    ln -s ../bash one/deep/link
    random_file one/random 300000 7
    cp -r one/docs/. two/docs/
    cp one/random two/other-name
    random_file two/large 3500000 8
    echo 'only in two' >two/only
    for ((i = 0; i < 6000; i++)); do
        echo $i >many/$i
    done
    for ((i = 0; i < 800; i++)); do # one blob of more files than libwim has open at once
        echo 'the same' >many/same-$i
    done
}

# capture NAME OPTION...: both trees as images.
capture() {
    local name=$1
    shift
    wim capture one "$name" 'First One' --threads=2 "$@"
    wim append two "$name" 'Second' --threads=2
}

# What only a Windows writes: streams, attributes, short names, security.
make_windows() {
    volume windows.ntfs
    wim apply xpress.wim 1 windows.ntfs
    echo 'a stream' >stream
    ntfscp -q -N secret windows.ntfs stream empty
    ntfscp -q -N folder windows.ntfs stream docs
    ntfscp -q -N large windows.ntfs one/random random
    ntfscp -q windows.ntfs stream 'a long name.text'
    "$WC_BUILD_DIR/tests/ntfsdress" windows.ntfs 'a long name.text' 0x20 ALONGN~1.TEX
    "$WC_BUILD_DIR/tests/ntfsdress" windows.ntfs random 0x27
    wim capture windows.ntfs windows.wim 'Windows' --compress=LZX
    wim capture windows.ntfs windows.esd 'Windows' --solid --solid-chunk-size=131072
    wimlib-imagex dir windows.wim 1 --detailed >dir.log
    local seen
    for seen in 'ALONGN~1.TEX' 'stream "secret"' '= 0x00000027'; do
        grep -q "$seen" dir.log || fail "the Windows image has no $seen"
    done
}

make_trees
capture xpress.wim --compress=XPRESS --check
capture lzx.wim --compress=LZX
capture lzms.wim --compress=LZMS
capture none.wim --compress=none
capture pipe.wim --compress=XPRESS --pipable
capture chunks.wim --compress=XPRESS --chunk-size=8192
wim capture one solid.esd 'First One' --solid --threads=2 --solid-chunk-size=131072
wim append two solid.esd 'Second' --threads=2 --solid
wim split xpress.wim split.swm 1
[[ -e split2.swm ]] || fail "no second part"
wim capture many many.wim 'Many' --compress=XPRESS
make_windows
images=(xpress.wim lzx.wim lzms.wim none.wim pipe.wim chunks.wim solid.esd split.swm)

# --- the same as wimlib's ------------------------------------------------------------------------

for image in "${images[@]}"; do
    same_dir "$image" 1 'first one'
    same_dir "$image" 2
    same_volume "$image" 1
    same_volume "$image" 2
done
same_volume windows.wim 1
same_volume windows.esd 1
same_dir windows.wim 1
rm -rf new
apply 0 'libwim: .WARNING. Ignoring DOS names' -v windows.wim --target new
LC_ALL=C same_dir lzx.wim 1
rm -rf new
apply 0 '"event":"progress"' --json xpress.wim --image 2 --target new
[[ $(json_get out summary .result) == ok && $(json_get out summary .files) == $(json_get out \
    apply .files) && $(json_get out apply .name) == Second ]] || complain 'other events'
cmp -s two/large new/large || complain 'a large file differs'

# --- while it grows, out of order ----------------------------------------------------------------

# grow WIM IMAGE BLOCK_BYTES SEED
grow() {
    rm -rf ours theirs grown
    mkdir grown
    cp "${1%.*}"*".${1##*.}" grown/
    theirs "$1" "$2" theirs
    expect 0 '^applied' "$WC_BUILD_DIR/tests/growapply" "grown/$1" "$2" ours "$3" "$4"
    [[ $(tree_hash ours) == "$(tree_hash theirs)" ]] || complain "$1 image $2: not the same tree"
}

random_file huge/file 17500000 9
wim capture huge huge.wim 'Huge' --compress=XPRESS
wim capture huge huge.esd 'Huge' --solid --solid-chunk-size=1M
seed=0
for image in "${images[@]}"; do
    grow "$image" 1 65536 $((++seed))
    grow "$image" 2 9000 $((++seed))
done
grow many.wim 1 1440 $((++seed))
grow huge.wim 1 184320 $((++seed))
grow huge.esd 1 184320 $((++seed))

# --- which image ---------------------------------------------------------------------------------

rm -rf new
apply 64 "xpress.wim has 2 images.*its images are 1 'First One', 2 'Second'" xpress.wim --target new
refused apply.no-such-image 64 "0x80070002: xpress.wim has no image '3'" \
    xpress.wim --image 3 --target new
refused apply.no-such-image 64 "has no image '0'" xpress.wim --image 0 --target new
apply 64 "has no image 'Third'" xpress.wim --image Third --target new
apply 64 '--target takes a directory' xpress.wim --image 1
apply 66 'cannot open nothing.wim' nothing.wim --target new
apply 65 'is no WIM' one/bash --target new
[[ ! -e new ]] || complain 'something was made for nothing'
apply 0 '"result":"ok"' many.wim --target new -q --json
[[ ! -s err ]] || complain '--quiet says something'

# --- which target --------------------------------------------------------------------------------

refused apply.target-not-empty 73 '0x8007001D: new is not empty: it holds .*--force' \
    many.wim --target new
apply 73 'cannot make no/such' many.wim --target no/such
apply 73 'is neither a directory nor an NTFS volume: it is a character' many.wim --target /dev/null
refused apply.target-not-ntfs 73 'one/bash holds no NTFS volume.*mkntfs' many.wim --target one/bash
apply 0 '^applied' many.wim --target new --force
rm -rf theirs
theirs many.wim 1 theirs
[[ $(tree_hash new) == "$(tree_hash theirs)" ]] || complain '--force: another tree'
echo other >new/17
apply 0 '^applied' many.wim --target new --force
[[ $(cat new/17) == 17 ]] || complain '--force: an old file stays'

volume small.ntfs 5M
small=$(sha256 small.ntfs)
refused apply.target-small 73 \
    '0x80070070: small.ntfs is too small for the image: the image needs 4[0-9]+ bytes, and' \
    xpress.wim --image 2 --target small.ntfs
[[ $(sha256 small.ntfs) == "$small" ]] || complain 'a refused volume was written to'
volume dirty.ntfs
ntfsfix dirty.ntfs >wim.log 2>&1 || true
refused apply.target-unclean 73 'dirty.ntfs was not unmounted cleanly.*ntfsfix --clear-dirty' \
    many.wim --target dirty.ntfs
ntfsfix --clear-dirty dirty.ntfs >wim.log 2>&1 || true
apply 0 '^applied' many.wim --target dirty.ntfs
refused apply.target-not-empty 73 'dirty.ntfs is not empty.*format it with mkntfs' \
    many.wim --target dirty.ntfs
apply 74 'holds files of these names already.*mkntfs' many.wim --target dirty.ntfs --force
bears_mark dirty.ntfs || complain 'a failed apply to a volume left no mark'
refused apply.target-marked 73 'holds an image that was not applied to its end.*mkntfs' \
    many.wim --target dirty.ntfs
volume asleep.ntfs
{ printf hibr && head -c 8188 /dev/zero; } >hiberfil.sys
ntfscp -q asleep.ntfs hiberfil.sys hiberfil.sys
asleep=$(sha256 asleep.ntfs)
refused apply.target-unclean 73 'asleep.ntfs is hibernated' many.wim --target asleep.ntfs
[[ $(sha256 asleep.ntfs) == "$asleep" ]] || complain 'a hibernated volume was written to'

if ((EUID == 0)); then
    chmod 755 "$work_dir"
    mkdir roots
    as=(setpriv --reuid 65533 --regid 65533 --clear-groups)
    refused apply.target-read-only 73 '0x80070005: .*roots cannot be written to' \
        many.wim --target roots
    as=()
fi

# Each file is small, and all of them take more of the volume than it has.
volume full.ntfs 4M
refused apply.target-full 74 '0x80070070: full.ntfs is full: .*No space left' \
    many.wim --target full.ntfs

# --- damage --------------------------------------------------------------------------------------

# expect_damage WIM PATTERN: image 1 names a damaged path, the same as verify does.
expect_damage() {
    rm -rf x
    refused apply.damaged 65 "0x80091007: $2 and 2 other paths are damaged" "$1" --image 1 \
        --target x
    [[ -e x/$mark ]] || complain "$1: no mark"
    grep -q 'SHA-1 expected [0-9a-f]{40}' -E err || complain "$1: no digest"
    grep -q 'bytes at offset [0-9]+ of' -E err || complain "$1: no place"
    refused apply.target-marked 73 'was not applied to its end: it bears the mark' "$1" --image 1 \
        --target x
}

for image in xpress.wim lzx.wim lzms.wim none.wim chunks.wim pipe.wim; do
    cp "$image" hurt.wim
    place=$(wimlib-imagex dir "$image" 1 --path=/bash --detailed | awk '
        /^Compressed size/ { size = $4 } /^Offset in WIM/ && !done++ { print $5 + int(size / 2) }')
    flip hurt.wim "$place"
    expect_damage hurt.wim '/(bash|deep/er/hardlink|deep/er/and/deeper/copy)'
done
# Data that the image does not need may be as wrong as it likes.
place=$(wimlib-imagex dir xpress.wim 2 --path=/large --detailed | awk '
    /^Compressed size/ { size = $4 } /^Offset in WIM/ && !done++ { print $5 + int(size / 2) }')
cp xpress.wim hurt.wim
flip hurt.wim "$place"
same_dir hurt.wim 1
rm -rf x
apply 65 '0x80091007: /large is damaged: ' hurt.wim --image 2 --target x
volume x.ntfs
apply 65 '0x80091007: /large is damaged: ' hurt.wim --image 2 --target x.ntfs
bears_mark x.ntfs || complain 'no mark on the volume'
# A solid one: the path is one of those whose data verify finds damaged.
cp solid.esd hurt.esd
flip hurt.esd 150000
"$RECEIVER" verify --deep --json hurt.esd >verify.log || true
rm -rf x
apply 65 '0x80091007: /.* damaged: ' hurt.esd --image 1 --target x
path=$(sed -E -n 's/^error: 0x80091007: (.*) (is|and [0-9]+ other paths? are) damaged.*/\1/p' err)
jq -rR 'fromjson? | select(.event == "finding") | .paths[]?.path' verify.log >paths.log
grep -q -x -F -e "$path" paths.log || complain "solid: '$path' is not damaged"
# Metadata, a part that is not there, the end.
place=$(wimlib-imagex info xpress.wim --blobs | awk '/^Compressed size/ { size = $4 }
    /^Offset in WIM/ { at = $5 } /RESHDR_FLAG_METADATA/ && !done++ { print at + int(size / 2) }')
cp xpress.wim hurt.wim
flip hurt.wim "$place"
rm -rf x
apply 65 '0x80091007: the metadata of image 1 of hurt.wim is damaged' hurt.wim --image 1 --target x
[[ ! -e x ]] || complain 'a target was made for damaged metadata'
same_dir hurt.wim 2
mkdir -p lone
cp split.swm lone/
apply 65 'part 2 of split.swm is missing|has no data in' lone/split.swm --image 2 --target x
[[ ! -e x ]] || complain 'a target was made although a part is missing'

# --- ends that nobody wished for -----------------------------------------------------------------

child_of() { pgrep -P "$1" >child.pid; }

# begin: an apply that takes a while, with its child at work; its pid is in $pid.
begin() {
    rm -rf x
    "$RECEIVER" apply --json many.wim --target x >out 2>err &
    pid=$!
    wait_for 20 child_of "$pid" || fail 'no child'
    wait_for 20 test -e x/100 || fail 'nothing is extracted'
    child=$(cat child.pid)
}

# ended EXIT_CODE PATTERN
ended() {
    local rc=0
    cases=$((cases + 1))
    wait "$pid" || rc=$?
    [[ $rc == "$1" ]] || complain "exit code $rc, expected $1"
    [[ -z $2 ]] || grep -q -E -e "$2" out err || complain "no '$2'"
    [[ -e x/$mark ]] || complain 'no mark'
    wait_for 10 test ! -e "/proc/$child" || complain 'the child is still there'
}

begin
kill -ABRT "$child"
ended 70 '0x80004005: the process that extracts was ended by signal 6'
[[ $(json_get out error .finding) == apply.failed ]] || complain 'no apply.failed'
begin
kill -TERM "$pid"
ended 75 'error: 0x800704C7: cancelled'
begin
kill -KILL "$pid"
ended 137 ''
expect 64 'use wimcast-receiver apply' "$RECEIVER" apply-child
expect 0 'commands|Commands' "$RECEIVER" --help
! grep -q apply-child out || complain 'the internal command is offered'
rm -rf x
# shellcheck disable=SC2016 # for the inner shell
expect 74 '0x8007001D: x did not take the image: .*File too large' \
    bash -c 'ulimit -f 100; exec "$@"' - "$RECEIVER" apply --json xpress.wim --image 1 --target x
[[ $(json_get out error .finding) == apply.target-failed ]] || complain 'no apply.target-failed'

say "$cases cases, $bad bad"
((bad == 0))
