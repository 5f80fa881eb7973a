#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/figures/{e2e,sim}.json -> SVG and PNG beside them.
#
# usage: bench/plots.sh
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/../tests/net source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# draw OUTPUT SCRIPT SETTING...: each setting is NAME=TEXT, for the script.
draw() {
    local output=$FIGURES_DIR/$1 script=$2 settings="here='$BENCH_DIR/plots'; data='$work_dir'" i
    shift 2
    for i in "$@"; do
        settings+="; ${i%%=*}='${i#*=}'"
    done
    plot "set terminal svg size 760,400 font 'sans-serif,13' background rgb 'white'" "$output.svg"
    plot "set terminal pngcairo size 1140,600 font 'DejaVu Sans,13' background rgb 'white'" \
        "$output.png"
}

# plot TERMINAL FILE; `settings` and `script` are of draw.
plot() {
    gnuplot -e "$1; set output '$2'; $settings" "$BENCH_DIR/plots/$script" ||
        fail "gnuplot could not draw $2"
}

# --- the comparison ------------------------------------------------------------------------------

# A row for each loss: place on the axis, median, min, max. Runs that did not complete have none.
# by_loss FIELD FACTOR RECEIVERS TOOL
by_loss() {
    jq -r --arg field "$1" --argjson factor "$2" --argjson receivers "$3" --arg tool "$4" '
        .cells[] | select(.tool == $tool and .receivers == $receivers
            and (.link | endswith("-frames"))) | . as $c
        | .[$field] | select(. != null)
        | [([0, 0.1, 1, 5] | index($c.loss)), (.median, .min, .max | . * $factor)]
        | select(.[0] != null) | @tsv' "$FIGURES_DIR/e2e.json" | sort -n
}

theory_by_loss() {
    "$BENCH_BIN_DIR/bench_theory" 128 "$1" 0 0.001 0.01 0.05 |
        awk '{ print NR - 1, $2 * 1538 / 1440 }'
}

# by_tool RECEIVERS LINK_PATTERN FIELD...: a row for each tool.
by_tool() {
    jq -r --argjson receivers "$1" --arg link "$2" '
        ["wimcast", "udpcast", "uftp", "uftp-gcm", "https"][] as $tool
        | [.cells[] | select(.tool == $tool and .receivers == $receivers and .loss == 0
            and (.link | test($link)))] | first | select(. != null)
        | [$tool, .cpu_sender_s_per_gb.median, .cpu_receiver_s_per_gb.median] | @tsv' \
        "$FIGURES_DIR/e2e.json"
}

unshaped_by_tool() {
    jq -r '.cells as $cells | ["wimcast", "udpcast", "uftp", "uftp-gcm", "https"][] as $tool
        | [$tool, ((1, 5) as $r | [$cells[] | select(.tool == $tool and .receivers == $r
            and .link == "unshaped") | .goodput_bps.median] | first // 0 | . / 1e9)] | @tsv' \
        "$FIGURES_DIR/e2e.json"
}

# The link of the frame by frame cells, for titles.
frames_link() {
    jq -r --argjson receivers "$1" '[.cells[] | select(.receivers == $receivers
        and (.link | endswith("-frames"))).link] | first // ""' "$FIGURES_DIR/e2e.json" |
        sed 's/gbit-frames/ Gbit\/s/; s/mbit-frames/ Mbit\/s/'
}

draw_comparison() {
    local receivers who tool link
    for receivers in 1 5; do
        who="$receivers receivers"
        [[ $receivers != 1 ]] || who="1 receiver"
        link=$(frames_link "$receivers")
        [[ -n $link ]] || continue
        for tool in wimcast udpcast uftp uftp-gcm https; do
            by_loss share 100 "$receivers" "$tool" >"$work_dir/share.$receivers.$tool"
            by_loss wire_multiple 1 "$receivers" "$tool" >"$work_dir/wire.$receivers.$tool"
        done
        theory_by_loss "$receivers" >"$work_dir/theory.$receivers"
        draw "goodput_$receivers" goodput.gp "receivers=$receivers" \
            "what=Goodput, $who, $link frame by frame"
        draw "wire_$receivers" wire.gp "receivers=$receivers" \
            "what=Wire bytes, $who, $link frame by frame"
        by_tool "$receivers" -frames >"$work_dir/cpu.$receivers"
        draw "cpu_$receivers" cpu.gp "name=$receivers" \
            "what=CPU of the programs, $who, $link, no loss"
    done
    by_tool 1 unshaped >"$work_dir/cpu.unshaped"
    [[ -s $work_dir/cpu.unshaped ]] || return 0
    draw cpu_unshaped cpu.gp name=unshaped "what=CPU of the programs, 1 receiver, unshaped"
    unshaped_by_tool >"$work_dir/unshaped"
    draw unshaped unshaped.gp "what=As fast as the machine goes"
}

# --- the simulation ------------------------------------------------------------------------------

draw_simulation() {
    local loss losses=(0.001 0.01 0.05)
    for loss in "${losses[@]}"; do
        jq -r --argjson loss "$loss" '.lines[] | select(.loss == $loss)
            | [.receivers, .wire, .theory, .share] | @tsv' "$FIGURES_DIR/sim.json" \
            >"$work_dir/sim.$loss"
    done
    draw sim_wire sim.gp kind=wire "losses=${losses[*]}" "names=0.1 1 5" \
        "what=Wire bytes by receivers"
    draw sim_feedback sim.gp kind=feedback "losses=${losses[*]}" "names=0.1 1 5" \
        "what=Feedback by receivers"
}

need_program gnuplot gnuplot-nox
make_work_dir
[[ ! -e $FIGURES_DIR/e2e.json ]] || draw_comparison
[[ ! -e $FIGURES_DIR/sim.json ]] || draw_simulation
