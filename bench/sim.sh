#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# From one receiver to ten thousand, simulated with the same protocol cores: wire bytes and feedback
# beside what theory says. One comparable line each, and results/sim.json.
#
# usage: bench/sim.sh [--quick]     --quick: up to 500 receivers, fewer blocks
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/../tests/net source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SIM_SCALE=$WC_BUILD_DIR/tests/sim/sim_scale
# "LOSS RECEIVERS_MAX": all the way only once, since that takes minutes.
runs=("0.001 1000" "0.01 10000" "0.05 1000")
blocks=1000
case ${1:-} in
    '') ;;
    --quick)
        runs=("0.001 100" "0.01 500" "0.05 100")
        blocks=60
        ;;
    *) fail "usage: bench/sim.sh [--quick]" ;;
esac

# "receivers 5  loss 0.0100  wire 1.02 .. feedback 69807 B/s  share 0.056 %" -> JSON
to_json() {
    awk '{
        line = ""
        for (i = 1; i < NF; i++)
            if ($i ~ /^[a-z]/ && $(i + 1) ~ /^[0-9]/) {
                key = $i
                gsub(/[^a-z]+/, "_", key)
                line = line (line ? "," : "") "\"" key "\":" $(i + 1) + 0
            }
        print "{" line "}"
    }'
}

need_build "$SIM_SCALE"
mkdir -p "$RESULTS_DIR"
for run in "${runs[@]}"; do
    "$SIM_SCALE" "${run% *}" "$blocks" "${run#* }"
done | tee "$RESULTS_DIR/sim.txt"
to_json <"$RESULTS_DIR/sim.txt" | jq -s --argjson machine "$(machine_json)" \
    --argjson blocks "$blocks" '{$machine, $blocks, lines: .}' >"$RESULTS_DIR/sim.json"
