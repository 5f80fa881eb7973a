#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One cell of the comparison: TOOL sends a file to so many receivers over LINK with LOSS percent of
# random loss at each receiver, in a fresh lab. Prints one JSON object; what is in it, and how it is
# measured, is in bench/README.md. Exit code 0 also when the tool failed: that is a result.
#
# usage: bench/e2e.sh TOOL RECEIVERS LOSS LINK [--bytes N | --source FILE] [--round N]
#                     [--deadline SECONDS] [--keep]
#   TOOL   wimcast, udpcast, uftp, uftp-gcm or https
#   LINK   RATE-frames, RATE-offload (1gbit, 200mbit ..) or unshaped
#   --keep    keep all that was printed, and say where it is
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/../tests/net source=tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

usage() {
    sed -n 's/^# \{0,1\}//; /^usage:/,/^  --keep/p' "${BASH_SOURCE[0]}" >&2
    exit 64
}

bytes=100000000
round=1
deadline=
keep=

read_options() {
    (($# >= 4)) || usage
    tool=$1 receivers=$2 loss=$3 link=$4
    shift 4
    while (($#)); do
        case $1 in
            --bytes) bytes=$2; shift 2 ;;
            --source) source_file=$2; shift 2 ;;
            --round) round=$2; shift 2 ;;
            --deadline) deadline=$2; shift 2 ;;
            --keep) keep=1; shift ;;
            *) usage ;;
        esac
    done
    [[ " ${TOOLS[*]} " == *" $tool "* ]] || usage
    [[ -z $source_file ]] || bytes=$(stat -c %s "$source_file")
    link_rate=$(link_bps "$link")
    [[ -n $deadline ]] || deadline=$(default_deadline)
}

# Ten times what the bytes take on the line, and half a minute; N x unicast takes N times as long.
default_deadline() {
    local times=1 rate=$link_rate
    [[ $tool != https ]] || times=$receivers
    ((rate)) || rate=1000000000
    say $((30 + times * bytes * 80 / rate))
}

prepare() {
    need_build "$MEASURE"
    "need_$tool"
    make_memory_dir $(((receivers + 1) * bytes + (512 << 20)))
    [[ -z $keep ]] || at_exit keep_output
    each_receiver make_receiver_dir
    if [[ -z $source_file ]]; then
        source_file=$work_dir/image
        random_file "$source_file" "$bytes" "bench"
    fi
    start_link "$link" "$receivers"
    each_receiver set_receiver_loss
}

keep_output() {
    local folder
    folder=$(mktemp -d /tmp/wimcast-bench.XXXXXX)
    cp "$work_dir"/*.log "$work_dir"/*.result "$folder"
    say "kept: $folder" >&2
}

# The file's memory is there already; what it is called at first is the tool's.
make_receiver_dir() {
    mkdir -p "$work_dir/$1"
    warm_file "$work_dir/$1/$(first_name)" "$bytes"
    at_exit keep_warm "$work_dir/$1/image"
}

first_name() { if [[ $tool == wimcast ]]; then say image.part; else say image; fi; }

set_receiver_loss() { set_loss "$1" "$loss"; }

# --- the run -------------------------------------------------------------------------------------

status=ok
start_counters() {
    read -r bytes_before frames_before < <(sender_counters)
    cpu_before=$(machine_cpu)
}

end_counters() {
    local bytes_after frames_after
    read -r bytes_after frames_after < <(sender_counters)
    frames=$((frames_after - frames_before))
    # Preamble, checksum and gap: what a frame takes on the line beside its bytes.
    wire_bytes=$((bytes_after - bytes_before + 24 * frames))
    machine_s=$(awk -v a="$(machine_cpu)" -v b="$cpu_before" 'BEGIN { printf "%.2f", a - b }')
    overflow=$(overflow_count "$receivers")
}

# Looks seldom and starts next to nothing for it: it must not take what it measures.
wait_over() {
    local end=$((SECONDS + deadline))
    until "${tool}_is_over"; do
        ((SECONDS < end)) || return 1
        sleep 0.2
    done
}

run_tool() {
    start_counters
    if ! "start_$tool"; then
        status=failed
    elif ! wait_over; then
        status=hung
    fi
    end_counters
    "end_$tool"
    each_receiver end_late
    end_late sender
}

# What still runs has had its time.
end_late() {
    [[ -n ${run_pid[$1]:-} ]] || return 0
    is_alive "${run_pid[$1]}" || return 0
    end_measured "$1"
}

# --- the outcome ---------------------------------------------------------------------------------

completed=0
last_change=0
begin=

# The file's last change, whoever made it: the last write, or the rename of who verifies first.
look_at_receiver() {
    local file=$work_dir/$1/image
    cmp -s "$source_file" "$file" || return 0
    completed=$((completed + 1))
    last_change=$(stat -c %.6Z "$file" | max_with "$last_change")
}

max_with() { awk -v b="$1" '{ printf "%.6f", ($1 > b ? $1 : b) }'; }

# sum_of FILTER NAME...: of the results that there are.
sum_of() {
    local filter=$1 name
    shift
    for name in "$@"; do
        result_of "$name" "$filter"
    done | awk '{ s += $1 } END { printf "%.6f", s }'
}

max_of() {
    local filter=$1 name
    shift
    for name in "$@"; do
        result_of "$name" "$filter"
    done | awk '$1 > m { m = $1 } END { printf "%d", m }'
}

judge() {
    each_receiver look_at_receiver
    begin=$("${tool}_begin" 2>/dev/null) || begin=
    if [[ $status == ok && $completed != "$receivers" ]]; then
        status=failed
    fi
}

# The last words of all processes, for who wants to know why.
keep_failure() {
    local folder=$RESULTS_DIR/failures/$tool-$receivers-$loss-$link-$round log
    rm -rf "$folder"
    [[ $status != ok ]] || return 0
    mkdir -p "$folder"
    for log in "$work_dir"/*.log; do
        tail -n 200 "$log" >"$folder/${log##*/}"
    done
    cp "$work_dir"/*.result "$folder" 2>/dev/null || true
}

print_outcome() {
    local names=() sender_end
    mapfile -t names < <(each_receiver say)
    sender_end=$(result_of sender .ended)
    jq -n -c --arg tool "$tool" --arg link "$link" --arg status "$status" \
        --argjson receivers "$receivers" --argjson loss "$loss" --argjson round "$round" \
        --argjson bytes "$bytes" --argjson completed "$completed" --argjson rate "$link_rate" \
        --argjson began "${begin:-null}" --argjson ended "$last_change" \
        --argjson sender_end "${sender_end:-null}" --argjson wire_bytes "$wire_bytes" \
        --argjson frames "$frames" --argjson overflow "$overflow" \
        --argjson cpu_sender "$(sum_of '.user_s + .system_s' sender)" \
        --argjson cpu_receivers "$(sum_of '.user_s + .system_s' "${names[@]}")" \
        --argjson cpu_machine "$machine_s" \
        --argjson rss_sender "$(max_of .max_rss_bytes sender)" \
        --argjson rss_receiver "$(max_of .max_rss_bytes "${names[@]}")" \
        --argjson load "$(cut -d ' ' -f 1 /proc/loadavg)" -f "$BENCH_DIR/outcome.jq"
}

read_options "$@"
prepare
run_tool
judge
keep_failure
print_outcome
