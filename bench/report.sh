#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What was measured, for people.
#
# usage: bench/report.sh table [FILE]   the matrix (results/latest.json) on the terminal
#        bench/report.sh docs           copies results/*.json to docs/figures, draws plots there,
#                                       and fills the tables of docs/PERFORMANCE.md from them
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/../tests/net source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/../tests/net source=markdown.sh
source "$(dirname "${BASH_SOURCE[0]}")/markdown.sh"

# results NAME -> name of the committed copy
copies=(latest:e2e sim:sim micro:micro apply:apply)

# --- terminal ------------------------------------------------------------------------------------

table() {
    jq -r -f "$BENCH_DIR/rows.jq" "$1" | awk -F '\t' '
        function head() {
            printf "\n%s, %d receiver%s, %s %% loss\n", $1, $2, $2 == 1 ? "" : "s", $3
            printf "  %-9s %8s %17s %7s %7s %5s   %-20s %11s\n", "", "Mbit/s", "(min..max)",
                "limit", "wire", "done", "CPU s/GB snd rcv all", "MiB snd rcv"
        }
        $1 FS $2 FS $3 != group { group = $1 FS $2 FS $3; head() }
        {
            note = $11 == "ok" ? "" : "  " $11
            if ($17 != "-") note = note "  " $17 " x the best peer"
            printf "  %-9s %8s %17s %7s %7s %5s   %6s %6s %6s %5s %5s%s\n", $4, $5,
                "(" $6 ".." $7 ")", $8 == "-" ? "" : $8 " %", $9, $10, $12, $13, $14, $15, $16, note
        }'
    say
    targets "$1" | awk -F '\t' '
        BEGIN { print "Figures to reach" }
        { printf "  %-66s %-12s %-12s %s\n", $1, $2, $3, $4 }'
}

# What is to be reached, what was measured, and whether it was: tab-separated.
targets() { jq -r -f "$BENCH_DIR/targets.jq" --slurpfile theory <(theory_json) "$1"; }

# What parity on demand needs at least, for the cells of the matrix: [{receivers, loss, multiple}].
theory_json() {
    local receivers
    for receivers in 1 5; do
        "$BENCH_BIN_DIR/bench_theory" 128 "$receivers" 0 0.001 0.01 0.05 |
            awk -v r="$receivers" '{ printf "{\"receivers\":%d,\"loss\":%g,\"multiple\":%s}\n",
                r, $1 * 100, $2 }'
    done | jq -s .
}

# --- documents -----------------------------------------------------------------------------------

docs() {
    local pair
    mkdir -p "$FIGURES_DIR"
    for pair in "${copies[@]}"; do
        [[ -e $RESULTS_DIR/${pair%:*}.json ]] || continue
        cp "$RESULTS_DIR/${pair%:*}.json" "$FIGURES_DIR/${pair#*:}.json"
    done
    "$BENCH_DIR/plots.sh"
    make_work_dir
    fill_document
    say "filled: docs/PERFORMANCE.md, docs/figures/"
}

case ${1:-} in
    table) table "${2:-$RESULTS_DIR/latest.json}" ;;
    docs) docs ;;
    *)
        sed -n 's/^# \{0,1\}//; /^usage:/,/fills the/p' "${BASH_SOURCE[0]}" >&2
        exit 64
        ;;
esac
