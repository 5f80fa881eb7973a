#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The whole comparison: every tool in every cell, in rounds, so that what else the machine does hits
# all alike. The order of the tools turns from round to round. Result: results/latest.json and a
# table.
#
# usage: bench/matrix.sh [--quick] [--rounds N] [--only REGEX] [--resume]
#   --quick        one round with small files: shows that all works, not how fast
#   --only REGEX   only cells whose name matches; a name is TOOL/RECEIVERS/LOSS/LINK, such as
#                  wimcast/5/0.1/200mbit-frames
#   --resume       go on with the comparison that was interrupted last
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/../tests/net source=tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

# Links that this kind of machine carries frame by frame, for one receiver and for five: above it
# the processors decide, not the protocols.
frames_link_1=${BENCH_FRAMES_LINK_1:-1gbit-frames}
frames_link_5=${BENCH_FRAMES_LINK_5:-200mbit-frames}
losses=(0 0.1 1 5)
cell_seconds=${BENCH_CELL_SECONDS:-8} # what the file takes on the line, about

rounds=3
quick=
resume=
only=.

read_options() {
    while (($#)); do
        case $1 in
            --quick) quick=1; rounds=1; shift ;;
            --rounds) rounds=$2; shift 2 ;;
            --only) only=$2; shift 2 ;;
            --resume) resume=1; shift ;;
            *)
                sed -n 's/^# \{0,1\}//; /^usage:/,/^  --resume/p' "${BASH_SOURCE[0]}" >&2
                exit 64
                ;;
        esac
    done
}

# Lines "RECEIVERS LOSS LINK".
cells() {
    local loss
    for loss in "${losses[@]}"; do
        say "1 $loss $frames_link_1"
        say "5 $loss $frames_link_5"
        say "1 $loss 1gbit-offload"
        say "5 $loss 1gbit-offload"
    done
    say "1 0 unshaped"
    say "5 0 unshaped"
}

# file_bytes RECEIVERS LINK: as many as keep wimcast busy for some seconds, and fit into memory.
file_bytes() {
    local rate bytes
    rate=$(link_bps "$2")
    if ((rate)); then
        bytes=$((rate * cell_seconds / 8))
    elif (($1 == 1)); then
        bytes=3000000000
    else
        bytes=1000000000
    fi
    [[ -z $quick ]] || bytes=$((bytes / 10))
    say "$bytes"
}

# What the largest cell takes: the file, all copies of it, and what processes write; and as much
# again as other cells may have left for the next one that has so many receivers. It has to be free
# even where nothing will be written: uftp refuses a file that is larger than the free space, also
# when it replaces one that is as large.
most_memory() {
    local cell most=0 need receivers
    while read -r cell; do
        receivers=${cell%% *}
        need=$(((receivers + 1) * $(file_bytes "$receivers" "${cell##* }") + (512 << 20)))
        ((need <= most)) || most=$need
    done < <(cells)
    say $((most * 2))
}

# --- the plan ------------------------------------------------------------------------------------

# Lines "ROUND TOOL RECEIVERS LOSS LINK", in the order in which they run.
plan() {
    local round cell i tool
    for ((round = 1; round <= rounds; round++)); do
        while IFS= read -r cell; do
            for ((i = 0; i < ${#TOOLS[@]}; i++)); do
                tool=${TOOLS[(i + round - 1) % ${#TOOLS[@]}]}
                [[ $tool/${cell// //} =~ $only ]] || continue
                say "$round $tool $cell"
            done
        done < <(cells)
    done
}

# --- running -------------------------------------------------------------------------------------

runs_file=
run_child=

prepare() {
    local tool free
    need_build "$MEASURE"
    for tool in "${TOOLS[@]}"; do
        "need_$tool"
    done
    mkdir -p "$RESULTS_DIR"
    runs_file=$RESULTS_DIR/runs.jsonl
    [[ -n $resume ]] || : >"$runs_file"
    make_memory_dir "$(most_memory)"
    at_exit end_run
    free=$(awk '{ print $1 }' /proc/loadavg)
    say "load of the machine at the start: $free"
}

# A run cleans up its lab by itself when it is told to end.
end_run() {
    [[ -n $run_child ]] || return 0
    kill -TERM "$run_child" 2>/dev/null
    wait "$run_child" 2>/dev/null
}

# One file of each size, made when first needed; only one at a time, memory is short.
source_of() {
    local bytes=$1
    source_file=$work_dir/image.$bytes
    [[ -e $source_file ]] && return 0
    rm -f "$work_dir"/image.*
    random_file "$source_file" "$bytes" bench
}

# run_cell ROUND TOOL RECEIVERS LOSS LINK
run_cell() {
    local rc=0
    source_of "$(file_bytes "$3" "$5")"
    "$BENCH_DIR/e2e.sh" "${@:2}" --source "$source_file" --round "$1" \
        </dev/null >"$work_dir/outcome" &
    run_child=$!
    wait "$run_child" || rc=$?
    run_child=
    ((rc == 0)) || fail "measuring $2/$3/$4/$5 ended with $rc"
    cat "$work_dir/outcome" >>"$runs_file"
}

# is_measured ROUND TOOL RECEIVERS LOSS LINK: by the comparison that is resumed.
is_measured() {
    [[ -n $resume ]] && jq -e -n --arg key "$*" \
        '[inputs | "\(.round) \(.tool) \(.receivers) \(.loss) \(.link)"] | any(. == $key)' \
        "$runs_file" >/dev/null
}

progress_line() {
    jq -r '"\(.tool)/\(.receivers)/\(.loss)/\(.link) round \(.round): " +
        (if .goodput_bps then "\(.goodput_bps / 1e6 | round) Mbit/s" else .status end) +
        ", wire \(.wire_multiple * 1000 | round / 1000), " +
        "\(.completed) of \(.receivers) complete"' "$work_dir/outcome"
}

run_all() {
    local count=0 line words total
    mapfile -t lines < <(plan)
    total=${#lines[@]}
    ((total)) || fail "no cell matches '$only'"
    for line in "${lines[@]}"; do
        count=$((count + 1))
        read -r -a words <<<"$line"
        ! is_measured "${words[@]}" || continue
        run_cell "${words[@]}"
        say "[$count/$total] $(progress_line)"
    done
}

# --- the result ----------------------------------------------------------------------------------

write_result() {
    machine_json >"$work_dir/machine.json"
    jq -s --slurpfile machine "$work_dir/machine.json" --argjson rounds "$rounds" \
        --argjson quick "${quick:-0}" -f "$BENCH_DIR/summary.jq" "$runs_file" \
        >"$RESULTS_DIR/latest.json.new"
    mv "$RESULTS_DIR/latest.json.new" "$RESULTS_DIR/latest.json"
}

read_options "$@"
prepare
run_all
write_result
"$BENCH_DIR/report.sh" table "$RESULTS_DIR/latest.json"
say "all figures: bench/results/latest.json"
