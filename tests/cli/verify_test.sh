#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `wimcast-receiver verify` on real WIMs of every kind, each with one byte wrong in many places: the
# paths that are named are those whose data wimlib cannot extract any more, all of them and no
# others; and what is no WIM at all.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"
# shellcheck source=../support/wims.sh
source "$WC_ROOT/tests/support/wims.sh"

make_work_dir
export HOME=$work_dir/home LC_ALL=C.UTF-8
mkdir -p "$HOME" "$work_dir/x"
cd "$work_dir"
cases=0
bad=0

complain() {
    bad=$((bad + 1))
    printf 'BAD: %s\n' "$*"
    head -n 20 out err | cut -c 1-300 | sed 's/^/  | /'
}

# expect EXIT_CODE PATTERN COMMAND...: stdout or stderr matches.
expect() {
    local code=$1 pattern=$2 rc=0
    shift 2
    cases=$((cases + 1))
    timeout -k 1 60 "$@" </dev/null >out 2>err || rc=$?
    [[ $rc == "$code" ]] || complain "exit code $rc, expected $code: ${*##*/}"
    grep -q -E -e "$pattern" out err || complain "no '$pattern': ${*##*/}"
}

verify() { expect "$1" "$2" "$RECEIVER" verify "${@:3}"; }

# --- two trees of real files, and images of them -------------------------------------------------

make_trees
capture_all
images=(xpress.wim lzx.wim lzms.wim none.wim pipe.wim solid.esd split.swm)

# --- intact --------------------------------------------------------------------------------------

# What wimlib calls the files of both images.
wimlib_names() {
    local image
    for image in 1 2; do
        wimlib-imagex dir "$1" $image --detailed 2>/dev/null |
            awk -v image=$image '/^Full Path/ { sub(/^[^"]*"/, ""); sub(/"$/, ""); path = $0 }
                /^Attributes/ { if (and(strtonum($3), 16) == 0) print image " " path }'
    done | sort
}

file_count=$(($(find one two -type f -o -type l | wc -l)))
for image in "${images[@]}"; do
    verify 0 "^$file_count files verified, 0 damaged" --deep "$image"
    verify 0 "^$file_count files in 2 images" "$image"
    verify 0 'notice: the data of .* was not verified' "$image"
    verify 0 '"result":"ok"' --json --deep "$image"
    [[ $(json_get out summary .files) == "$file_count" ]] || complain "$image: other files"
done
verify 0 '^ok: nothing is wrong with the structure' xpress.wim
verify 0 '^1 files verified' --deep --path '/BASH' lzx.wim
verify 0 '^3 files verified' --deep --path '*h*d*l*k' --path '*/b*sh' --path 'deep/*' lzx.wim
verify 66 "no file in lzx.wim is like 'nothing'" --deep --path nothing lzx.wim
verify 64 'add --deep' --path bash lzx.wim

# --- one byte wrong ------------------------------------------------------------------------------

our_bad() {
    jq -rR 'fromjson? | select(.event == "finding") | .paths[]? | "\(.image) \(.path)"' out |
        sort -u
}

# damage IMAGE OFFSET: in a copy; deep verification names what wimlib finds.
damage() {
    local rc=0
    cases=$((cases + 1))
    cp "$1" "bad-$1"
    flip "bad-$1" "$2"
    timeout -k 1 60 "$RECEIVER" verify --json --deep "bad-$1" >out 2>err </dev/null || rc=$?
    wimlib_bad "bad-$1" >expected
    our_bad >found
    wimlib_refuses "bad-$1" expected found | sort -u - expected >all
    mv all expected
    if ! diff expected found >difference; then
        complain "$1, byte $2: other paths than wimlib's (<)"
        cat difference
    fi
    if [[ -s expected ]]; then
        [[ $rc == 65 && $(json_get out finding .id) == damage.file ]] ||
            complain "$1, byte $2: code $rc"
    fi
    rm -f "bad-$1"
}

for image in xpress.wim lzx.wim lzms.wim none.wim; do
    end=$(data_end "$image")
    for i in 1 2 3 4 5; do
        damage "$image" $((208 + (end - 208) * i / 7))
    done
done
for i in 1 2 3; do
    damage solid.esd $((208 + $(data_end solid.esd) * i / 6))
done

# Other bytes: what is named, and the exit code. `place`: of the header's place at offset $2.
# broken IMAGE OFFSET PATTERN [OPTION...]
broken() {
    cp "$1" "bad-$1"
    flip "bad-$1" "$2"
    verify 65 "$3" "${@:4}" "bad-$1"
    rm -f "bad-$1"
}
# The metadata of each image, by the lookup table.
metadata_offsets() {
    local table bytes at
    table=$(le "$1" 56 8)
    bytes=$(le7 "$1" 48)
    for ((at = table; at < table + bytes; at += 50)); do
        (($(le "$1" $((at + 7)) 1) & 2)) && le "$1" $((at + 8)) 8
    done
}
for image in xpress.wim lzx.wim lzms.wim none.wim solid.esd; do
    table=$(data_end "$image")
    number=0
    while read -r offset; do
        number=$((number + 1))
        broken "$image" $((offset + 40)) "the metadata of image $number of bad-$image is damaged"
    done < <(metadata_offsets "$image")
    [[ $number == 2 ]] || complain "$image: $number metadata resources"
    broken "$image" $((table + 35)) 'damage\.table' --deep # a SHA-1
done
xml=$(le xpress.wim 80 8)
broken xpress.wim "$xml" 'the XML data of bad-xpress.wim is damaged'
broken xpress.wim 48 'damage.(table|size)' --deep       # the lookup table's size
broken xpress.wim 61 'damage.size' --deep               # and its place
broken xpress.wim $((208 + 20)) 'damage.file' --deep
integrity=$(le xpress.wim 132 8)
broken xpress.wim $((integrity + 20)) 'differs from its integrity table' --deep
broken xpress.wim $((integrity + 1)) 'the integrity table of .* is damaged'
broken pipe.wim 30 'the header of bad-pipe.wim is damaged'
broken pipe.wim $(($(stat -c %s pipe.wim) - 200)) 'the header at its end is not there'

# The first entry of data in the lookup table of $1, which is at $2 and has $3 bytes.
data_entry() {
    local at
    for ((at = $2; at < $2 + $3; at += 50)); do
        (($(le "$1" $((at + 7)) 1) & 2)) || { echo $at; return; }
    done
}

# In a SHA-1 of the lookup table: the table is to blame, and the path is known all the same.
entry=$(data_entry lzx.wim "$(data_end lzx.wim)" "$(le7 lzx.wim 48)")
broken lzx.wim $((entry + 30)) 'the lookup table of bad-lzx.wim is damaged' --deep
grep -q -E '^  path: /' out || complain 'no path'

# A pipable WIM: what only readers of a pipe go by.
tail=$(($(stat -c %s pipe.wim) - 208))
entry=$(data_entry pipe.wim "$(le pipe.wim $((tail + 56)) 8)" "$(le7 pipe.wim $((tail + 48)))")
offset=$(le pipe.wim $((entry + 8)) 8)
broken pipe.wim $((offset - 20)) 'cannot be applied from a pipe' --deep
broken pipe.wim $((offset + 10)) 'damage.file' --deep

# --- against a manifest --------------------------------------------------------------------------
manifest() { "$WC_BUILD_DIR/tests/makemanifest" "$@"; }

manifest lzx.wim >lzx.manifest
verify 0 'blocks verified, 0 damaged' --manifest lzx.manifest lzx.wim
verify 0 'files verified, 0 damaged' --manifest lzx.manifest --deep lzx.wim
verify 0 "^$((($(stat -c %s lzx.wim) + 184319) / 184320)) blocks" --manifest lzx.manifest lzx.wim
for i in 1 2 3 4; do
    cp lzx.wim bad.wim
    flip bad.wim $((208 + ($(data_end lzx.wim) - 208) * i / 5))
    expect 65 '"id":"damage.block"' "$RECEIVER" verify --json --manifest lzx.manifest bad.wim
    our_bad >by_block
    expect 65 '"id":"damage.file"' "$RECEIVER" verify --json --deep bad.wim
    our_bad >by_file
    [[ -s by_file && -z $(comm -13 by_block by_file) ]] || complain "block: not all paths ($i)"
done
mv lzx.wim renamed.wim
verify 0 'blocks verified, 0 damaged' --manifest lzx.manifest renamed.wim
flip renamed.wim 3
verify 65 'block 0 of renamed.wim differs from the manifest' --manifest lzx.manifest renamed.wim
grep -q 'the structure of renamed.wim is damaged' out || complain 'no word of the header'
flip renamed.wim 3
mv renamed.wim lzx.wim
cp lzx.wim cut.wim
truncate -s -5000 cut.wim
verify 65 'it has [0-9]+ bytes, the manifest says' --manifest lzx.manifest cut.wim
manifest lzms.wim lzx.wim none.wim >three.manifest
verify 0 'blocks verified, 0 damaged' --manifest three.manifest lzx.wim
cp lzx.wim keep.wim
flip lzx.wim $(($(stat -c %s lzx.wim) - 3))
verify 65 'first or last bytes' --manifest three.manifest lzx.wim
mv keep.wim lzx.wim
verify 65 'names no file pipe.wim' --manifest three.manifest pipe.wim
manifest split.swm split2.swm >split.manifest
verify 0 'blocks verified, 0 damaged' --manifest split.manifest split.swm

# --- memory and disk at fault ---------------------------------------------------------------------
flaky=$WC_BUILD_DIR/tests/flaky_disk.so
if [[ -e $flaky ]]; then
    entry=$(data_entry lzx.wim "$(data_end lzx.wim)" "$(le7 lzx.wim 48)")
    at=$(($(le lzx.wim $((entry + 8)) 8) + 5))
    run=(env "LD_PRELOAD=$flaky" FLAKY_FILE=/lzx.wim "FLAKY_AT=$at")
    for how in --deep --manifest=lzx.manifest; do
        expect 65 'damage.memory' "${run[@]}" FLAKY_COUNT=1 "$RECEIVER" verify "$how" lzx.wim
        expect 65 'read a second time it is right' "${run[@]}" FLAKY_COUNT=1 \
            "$RECEIVER" verify "$how" lzx.wim
        expect 65 'damage.memory' "${run[@]}" FLAKY_COUNT=2 "$RECEIVER" verify "$how" lzx.wim
        expect 66 '0x8007001E: .*damage.unreadable' "${run[@]}" FLAKY_ERROR=1 \
            "$RECEIVER" verify "$how" lzx.wim
    done
fi

# --- split ---------------------------------------------------------------------------------------
verify 65 'part 2 of [0-9]+ of a split WIM' split2.swm
mv split2.swm gone.swm
verify 65 'a part of the split image split.swm is missing' --deep split.swm
grep -q 'damage.missing' out || complain 'no word of the files in the missing part'
mv gone.swm split2.swm
cp split2.swm keep.swm
flip split2.swm 1000
verify 65 'of split2\.swm.*; SHA-1 expected' --deep split.swm
mv keep.swm split2.swm

# --- no WIM, and wrong usage ---------------------------------------------------------------------
: >empty.wim
head -c 100 xpress.wim >short.wim
head -c 200000 xpress.wim >cut.wim
head -c 200000 pipe.wim >cut-pipe.wim
head -c 5000 /bin/bash >program.wim
cp xpress.wim magic.wim
flip magic.wim 2
cp xpress.wim compression.wim
flip compression.wim 18
verify 65 'is no WIM: it is empty' empty.wim
verify 65 'is no WIM: it has 100 bytes' short.wim
verify 65 'cut\.wim has not the right size' cut.wim
verify 65 'the file was cut off' --deep cut-pipe.wim
verify 65 'is no WIM: it does not begin with MSWIM' program.wim
verify 65 'is no WIM: it does not begin with MSWIM' magic.wim
verify 65 'its compression is unknown' compression.wim
verify 66 'is a directory' one
verify 66 'cannot open no-such.wim' no-such.wim
verify 64 'no image to verify' --deep
verify 64 'one too many' a.wim b.wim
verify 64 'no-such-option' --no-such-option a.wim
verify 66 'no-such-manifest' --manifest no-such-manifest lzx.wim
verify 65 'is no manifest of a package' --manifest /bin/bash lzx.wim

say "$cases cases, $bad wrong"
((bad == 0))
