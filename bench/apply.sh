#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Receiving an image and applying it: each alone, and one behind the other while it still comes.
# Prints a table and writes results/apply.json; what is measured is in bench/README.md.
#
# usage: bench/apply.sh [--quick] [--rounds N] [--link LINK] [--bytes N]
#   --quick    one round with a small image: shows that it works, not how fast
#   --bytes    of the files in the image, before compression
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/../tests/net source=tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

ways=(fetch apply wimlib stream udpcast-pipe)
rounds=3
link=1gbit-offload
bytes=1000000000
deadline=300

while (($#)); do
    case $1 in
        --quick) rounds=1 bytes=60000000; shift ;;
        --rounds) rounds=$2; shift 2 ;;
        --link) link=$2; shift 2 ;;
        --bytes) bytes=$2; shift 2 ;;
        *)
            sed -n 's/^# \{0,1\}//; /^usage:/,/^  --bytes/p' "${BASH_SOURCE[0]}" >&2
            exit 64
            ;;
    esac
done

# Small files and huge pages do not go together: trees have a tmpfs of their own.
make_room_for_trees() {
    mkdir "$work_dir/trees"
    mount -t tmpfs -o mode=700,size=$((bytes * 12)) bench "$work_dir/trees" ||
        fail "cannot mount a tmpfs on $work_dir/trees"
    at_exit umount -l "$work_dir/trees"
}

# --- the image -----------------------------------------------------------------------------------

# One line for each file: its path here and in the image. Names that would need quotes stay out.
pick_files() {
    find /usr -xdev -type f -readable -size +0 -printf '%s %p\n' 2>/dev/null |
        LC_ALL=C awk -v limit="$bytes" '
            NF == 2 && $2 !~ /[\042\047\\]/ && sum < limit { sum += $1; print $2, $2 }'
}

make_images() {
    local kind
    say "making two images of $((bytes / 1000000)) MB of /usr" >&2
    pick_files >"$work_dir/list"
    for kind in normal pipable; do
        quietly "make the image" wimlib-imagex capture "$work_dir/list" "$work_dir/$kind.wim" \
            bench --source-list --no-acls --compress=XPRESS --"${kind/normal/not-pipable}"
    done
    source_file=$work_dir/normal.wim
}

# --- the ways ------------------------------------------------------------------------------------

# Each starts its commands as r1, r2 .. (and `sender`), and prints when it began.
start_fetch() {
    start_wimcast || return 1
    wait_for 60 has_said sender '"phase": ?"streaming"' || return 1
}
begin_fetch() { wimcast_begin; }

start_stream() {
    local session
    start_sender_of "$source_file"
    session=$(sed -n 's/^[^ ]* //p' "$work_dir/sender.log" |
        jq -rR 'fromjson? | select(.event == "session").url' | head -n 1)
    each_receiver start_stream_receiver "$session"
    wait_for 60 has_said sender '"phase": ?"streaming"' || return 1
}
start_sender_of() {
    export HOME=$work_dir/home WIMCAST_STATE_DIR=$work_dir/home/state
    mkdir -p "$HOME"
    run_measured sender sender "$SENDER" send --json --interface eth0 --no-announce \
        --min-receivers "$receivers" --max-wait 30 "$1"
    wait_for 60 has_said sender '"event": ?"session"'
}
start_stream_receiver() {
    run_measured "$2" "$2" "$RECEIVER" apply --json --interface eth0 --name "$2" "$1" --image 1 \
        --target "$work_dir/trees/$2" --spool-dir "$work_dir/$2"
}
begin_stream() { wimcast_begin; }

start_apply() { each_receiver start_apply_one; }
start_apply_one() {
    run_measured "$1" "$1" "$RECEIVER" apply --json "$source_file" --image 1 \
        --target "$work_dir/trees/$1"
}
begin_apply() { jq -s 'map(.started) | min' "$work_dir"/r?.result; }

start_wimlib() { each_receiver start_wimlib_one; }
start_wimlib_one() {
    run_measured "$1" "$1" wimlib-imagex apply "$source_file" 1 "$work_dir/trees/$1"
}
begin_wimlib() { begin_apply; }

start_udpcast-pipe() {
    run_measured sender sender "${udpcast_env[@]}" udp-sender --file "$work_dir/pipable.wim" \
        --interface eth0 --nokbd --no-progress --full-duplex --min-receivers "$receivers" \
        --max-wait 30 --min-wait 3 --rexmit-hello-interval 250
    wait_for 10 has_said sender 'Broadcasting control' || return 1
    each_receiver start_udpcast_pipe
}
start_udpcast_pipe() {
    # wimlib-imagex ends before the stream does, and udp-receiver with SIGPIPE then.
    # shellcheck disable=SC2016 # for the inner shell
    run_measured "$1" "$1" bash -c '"${@:2}" | wimlib-imagex apply - 1 "$1"' pipe \
        "$work_dir/trees/$1" "${udpcast_env[@]}" udp-receiver --interface eth0 --nokbd --no-progress
}
begin_udpcast-pipe() { udpcast_begin; }

# --- a run ---------------------------------------------------------------------------------------

clean_receiver() {
    rm -rf "${work_dir:?}/$1" "$work_dir/trees/$1" "$work_dir/$1.result" "$work_dir/$1.log"
    mkdir -p "$work_dir/$1"
}

have_ended() { each_receiver one_has_ended; }

files_of() { find "$work_dir/trees/$1" -type f -size +0 2>/dev/null | wc -l; }

count_complete() {
    [[ $(result_of "$1" .exit) == 0 ]] || return 0
    [[ $way == fetch || $(files_of "$1") == "$file_count" ]] || return 0
    complete=$((complete + 1))
}

# run_one WAY ROUND: one JSON object.
run_one() {
    local began=null complete=0 end=$((SECONDS + deadline))
    way=$1
    each_receiver clean_receiver
    rm -f "$work_dir/sender.result" "$work_dir/sender.log"
    if "start_$way"; then
        until have_ended || ((SECONDS >= end)); do sleep 0.2; done
    fi
    each_receiver end_late
    end_late sender
    each_receiver count_complete
    began=$("begin_$way") || began=null
    jq -n -c --arg way "$way" --argjson round "$2" --argjson receivers "$receivers" \
        --argjson complete "$complete" --argjson began "${began:-null}" \
        --slurpfile results <(cat "$work_dir"/r?.result) \
        '{$way, $round, $receivers, $complete,
            seconds: (if $began and $complete == $receivers
                then ($results | map(.ended) | max) - $began else null end),
            cpu_s: ($results | map(.user_s + .system_s) | add),
            max_rss_bytes: ($results | map(.max_rss_bytes) | max)}'
}

end_late() {
    [[ -n ${run_pid[$1]:-} ]] || return 0
    is_alive "${run_pid[$1]}" || return 0
    end_measured "$1"
}

# --- the table -----------------------------------------------------------------------------------

summary() {
    jq -s --argjson machine "$(machine_json)" --argjson rounds "$rounds" --arg link "$link" \
        --argjson image_bytes "$(stat -c %s "$source_file")" --argjson files "$file_count" '
        def median: sort | if length % 2 == 1 then .[length / 2 | floor]
            else (.[length / 2 - 1] + .[length / 2]) / 2 end;
        {$machine, $rounds, $link, $image_bytes, $files,
            cells: (group_by([.receivers, .way]) | map(map(select(.seconds)) as $good
                | {way: .[0].way, receivers: .[0].receivers, runs: length, ok: ($good | length)}
                + if $good == [] then {} else {
                    seconds: ($good | map(.seconds) | {median: median, min: min, max: max}),
                    cpu_s: ($good | map(.cpu_s) | median),
                    max_rss_bytes: ($good | map(.max_rss_bytes) | max)} end))}' "$1"
}

table() {
    jq -r '.cells as $cells | "\(.link), image of \(.image_bytes / 1e6 | round) MB with " +
            "\(.files) files, \(.rounds) round(s)",
        ((1, 5) as $receivers | ["fetch", "apply", "wimlib", "stream", "udpcast-pipe"][] as $way
        | [$cells[] | select(.receivers == $receivers and .way == $way)] | first | select(.)
        | [$way, .receivers, "\(.ok) of \(.runs)", (.seconds.median // 0 | . * 100 | round / 100),
            "\(.seconds.min // 0 | . * 100 | round / 100)..\(.seconds.max // 0 | . * 100 | round
                / 100)", (.cpu_s // 0 | . * 10 | round / 10),
            (.max_rss_bytes // 0 | . / 1048576 | round)] | @tsv)' "$1" |
        awk -F '\t' 'NF == 1 { print; printf "%-13s %9s %8s %8s %15s %7s %5s\n", "", "receivers",
                "ok", "seconds", "(min..max)", "CPU s", "MiB"; next }
            { printf "%-13s %9s %8s %8s %15s %7s %5s\n", $1, $2, $3, $4, $5, $6, $7 }'
}

need_wimcast
need_udpcast
need_program wimlib-imagex wimtools
need_build "$MEASURE"
mkdir -p "$RESULTS_DIR"
make_memory_dir $((bytes * 8 + (1 << 30)))
make_room_for_trees
make_images
file_count=$(wc -l <"$work_dir/list")
way=
for receivers in 1 5; do
    (
        exit_owner=$BASHPID exit_commands=()
        trap run_exit_commands EXIT
        start_link "$link" "$receivers"
        for ((round = 1; round <= rounds; round++)); do
            for way in "${ways[@]}"; do
                run_one "$way" "$round" | tee /dev/stderr
            done
        done
    )
done >"$RESULTS_DIR/apply.jsonl"
summary "$RESULTS_DIR/apply.jsonl" >"$RESULTS_DIR/apply.json"
table "$RESULTS_DIR/apply.json"
