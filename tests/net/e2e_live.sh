#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Files inside of WIMs, counted while they come in: XPRESS, LZX, LZMS, solid, pipable, split and
# uncompressed ones, two images each, with names of all kinds, hard links and empty files. Then
# fetch --deep, of good ones and of ones that were damaged before they were published.
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
export LC_ALL=C.UTF-8
mkdir "$work_dir/make"
cd "$work_dir/make"
# shellcheck source=../support/wims.sh
source "$WC_ROOT/tests/support/wims.sh"
make_trees
capture_all
mkdir "$work_dir/package"
mv ./*.wim ./*.esd ./*.swm "$work_dir/package"
random_file "$work_dir/package/other" 70000 live
: >"$work_dir/package/empty"

# Names with data: files that are not empty, and a link, which is stored as data. Seven images
# hold them, and one file is no image.
name_count=$(find one two \( -type f -size +0 \) -o -type l | wc -l)
total=$((7 * name_count + 1))

# --- live ----------------------------------------------------------------------------------------

# counts FILE: what its progress events say, in their order.
counts() {
    jq -rR 'fromjson? | select(.event == "progress" and .files_total) |
        "\(.files_verified) \(.files_total)"' "$1"
}

# rises NAME: never down, never above the total, the total always the same, and in between seen.
rises() {
    counts "$work_dir/$1.json" | awk -v total="$total" '
        $1 < last || $1 > $2 || $2 != total { print "after " last ": " $0; bad = 1 }
        { last = $1 }
        $1 > 0 && $1 < $2 { between++ }
        END { if (!between) print "never seen under way"; exit bad || !between }' ||
        fail "$1: the counts of files"
}

# all_files NAME...: of the summary.
all_files() {
    local name
    for name in "$@"; do
        number "$name" .files_verified "$total" "$total"
        number "$name" .files_total "$total" "$total"
    done
}

start_sender --min-receivers 2 --max-wait 60 --max-bitrate 40m "$work_dir/package"
fetch_into r1
fetch_into r2 --deep
end_of_receiver r1 100 0
end_of_receiver r2 100 0
end_of_sender 30 0
same "$work_dir/package" "$work_dir/r1/package"
same "$work_dir/package" "$work_dir/r2/package"
for name in r1 r2 sender; do rises "$name"; done
all_files r1 r2 sender
number r2 .files_checked $((total - 1)) $((total - 1))
[[ $(json_get "$work_dir/r2.json" summary '.damaged | length') == 0 ]] || fail "r2: damage"
[[ -z $(json_get "$work_dir/r1.json" summary .files_checked) ]] || fail "r1 looked into files"
! says r1 '"event":"warning"' || fail "r1 warns"
! says r2 '"event":"warning"' || fail "r2 warns"
must_say sender "receiver r1 .* done: files [0-9,]+/[0-9,]+ verified"
must_say sender '"files":\[\{"name":"r'
say "ok: $total files, counted live on both sides, and looked into"

# An earlier run's blocks count as soon as the maps are made: within the second of an event.
start_sender --min-receivers 1 --max-wait 60 --max-bitrate 40m "$work_dir/package"
fetch_into r3
has_third() {
    counts "$work_dir/r3.json" | awk -v total="$total" '3 * $1 >= total { f = 1 } END { exit !f }'
}
wait_for 60 has_third || fail "r3 does not get a third of it"
before=$(counts "$work_dir/r3.json" | tail -n 1 | cut -d ' ' -f 1)
kill -INT "${receiver_pid[r3]}"
end_of_receiver r3 15 75
end_of_sender 30 75
start_sender --min-receivers 1 --max-wait 60 --max-bitrate 10m "$work_dir/package"
start_receiver r3-again "$url" --output "$work_dir/r3/"
end_of_receiver r3-again 100 0
end_of_sender 30 0
first=$(counts "$work_dir/r3-again.json" | sed -n '2s/ .*//p')
((first >= before)) || fail "resumed with $first files, $before were verified"
all_files r3-again
same "$work_dir/package" "$work_dir/r3/package"
say "ok: resumed with $first files of $before"

# --- published damaged ---------------------------------------------------------------------------

named() {
    jq -rR 'fromjson? | select(.event == "summary") | .damaged[]? | "\(.image) \(.path)"' \
        "$work_dir/$1.json" | sort -u
}
warned() {
    jq -rR 'fromjson? | select(.event == "warning" and .finding == "damage.file") | .paths[] |
        "\(.image) \(.path)"' "$work_dir/$1.json" | sort -u
}

# published_damaged IMAGE OFFSET: delivered as it is; with --deep the files are named, and no more.
published_damaged() {
    local image=$1 bad=$work_dir/make/bad-$1 run=$1-$2
    cp "$work_dir/package/$image" "$bad"
    flip "$bad" "$2"
    wimlib_bad "$bad" >expected
    start_sender --min-receivers 2 --max-wait 60 "$bad"
    fetch_into "plain-$run"
    fetch_into "deep-$run" --deep
    end_of_receiver "plain-$run" 100 0
    end_of_receiver "deep-$run" 100 65
    end_of_sender 30 75
    cmp "$bad" "$work_dir/plain-$run/bad-$image" || fail "$run: not as it was published"
    nothing_final "deep-$run"
    cmp "$bad" "$work_dir/deep-$run/bad-$image.part" || fail "$run: the .part"
    named "deep-$run" >found
    wimlib_refuses "$bad" expected found | sort -u - expected >all
    diff all found || fail "$run: other paths than wimlib's (<)"
    [[ -s found ]] || fail "$run: no path"
    warned "deep-$run" >told
    diff found told || fail "$run: told at once (>) are others than at the end (<)"
    [[ $(json_get "$work_dir/deep-$run.json" error .finding) == damage.file ]] || fail "$run: id"
    [[ $(json_get "$work_dir/deep-$run.json" error .hresult) == 0x80091007 ]] || fail "$run: code"
    must_say "deep-$run" "bad-$image was published damaged"
    must_say "deep-$run" "$(head -n 1 found | cut -d ' ' -f 2- | sed 's/[][().*+]/./g')"
    must_say sender 'receiver deep-.* failed: .* was published damaged'
    say "ok: $image, byte $2: $(wc -l <found) files named"
}

# delivered_after_all IMAGE OFFSET: the same without --deep takes what is kept.
delivered_after_all() {
    local image=$1 bad=$work_dir/make/bad-$1 run=$1-$2
    start_sender --min-receivers 1 --max-wait 60 "$bad"
    start_receiver "deep-$run-again" "$url" --output "$work_dir/deep-$run/"
    end_of_receiver "deep-$run-again" 60 0
    end_of_sender 30 0
    number "deep-$run-again" .resumed_bytes "$(stat -c %s "$bad")" "$(stat -c %s "$bad")"
    cmp "$bad" "$work_dir/deep-$run/bad-$image" || fail "$run: not as it was published"
    say "ok: $image: delivered as it is"
    rm -rf "$bad" "$work_dir/deep-$run" "$work_dir/plain-$run"
}

cd "$work_dir/make"
for image in xpress.wim lzx.wim none.wim; do
    end=$(data_end "$work_dir/package/$image")
    published_damaged "$image" $((208 + (end - 208) * 3 / 7))
done
published_damaged solid.esd $((208 + $(data_end "$work_dir/package/solid.esd") / 3))
delivered_after_all solid.esd $((208 + $(data_end "$work_dir/package/solid.esd") / 3))

# What this machine cannot read twice alike is no damage of the image, but no file is believed.
badram=$WC_BUILD_DIR/tests/badram.so
[[ -e $badram ]] || fail "not built: $badram"
start_sender --min-receivers 1 --max-wait 60 --max-bitrate 40m "$work_dir/package/none.wim"
wrapper=(env ASAN_OPTIONS=verify_asan_link_order=0 "LD_PRELOAD=$badram"
    BADRAM_THREAD=wimcast-deep BADRAM_EVERY=5 BADRAM_COUNT=1)
fetch_into ram --deep
wrapper=()
end_of_receiver ram 60 65
end_of_sender 30 75
[[ $(json_get "$work_dir/ram.json" error .finding) == damage.memory ]] || fail "ram: the finding"
must_say ram 'could not be read twice alike: memory or disk of this machine are at fault'
nothing_final ram
say "ok: bad memory"

# Nothing in it to look into.
start_sender --min-receivers 1 --max-wait 60 "$work_dir/package/other"
fetch_into r4 --deep
end_of_receiver r4 60 0
end_of_sender 30 0
must_say r4 'names no WIM, so there is nothing to look into'
cmp "$work_dir/package/other" "$work_dir/r4/other" || fail "r4: other bytes"
rc=0
"$RECEIVER" fetch --deep --output - "$url" >out 2>err || rc=$?
[[ $rc == 64 ]] || fail "--deep --output -: exit code $rc"
say "ok: nothing to look into"
