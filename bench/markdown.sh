# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The tables of docs/PERFORMANCE.md: what stands there between a line <!-- begin NAME --> and the
# line <!-- end NAME --> is written by the function table_NAME, from docs/figures/*.json. Source it.
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/../tests/net source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

document=${BENCH_DOCUMENT:-$WC_ROOT/docs/PERFORMANCE.md}
E2E=$FIGURES_DIR/e2e.json
SIM=$FIGURES_DIR/sim.json
MICRO=$FIGURES_DIR/micro.json
APPLY=$FIGURES_DIR/apply.json

fill_document() {
    local name
    while IFS= read -r name; do
        "table_${name//-/_}" >"$work_dir/table.$name"
        awk -v name="$name" -v file="$work_dir/table.$name" '
            $0 == "<!-- end " name " -->" { skip = 0 }
            !skip { print }
            $0 == "<!-- begin " name " -->" {
                skip = 1
                while ((getline line <file) > 0) print line
            }' "$document" >"$work_dir/document"
        cp "$work_dir/document" "$document"
    done < <(sed -n 's/^<!-- begin \(.*\) -->$/\1/p' "$document")
}

# markdown HEADER: a table of the tab-separated rows on stdin; numbers to the right.
markdown() {
    awk -v header="$1" '
        BEGIN {
            n = split(header, names, "|")
            for (i = 1; i <= n; i++) {
                printf "| %s ", names[i]
                rule = rule "|---" (i > 1 ? ":" : "")
            }
            print "|"
            print rule "|"
        }' </dev/null
    table_rows "$(awk -v header="$1" 'BEGIN { print split(header, names, "|") }')"
}

# table_rows COLUMNS
table_rows() {
    awk -F '\t' -v n="$1" '{ for (i = 1; i <= n; i++) printf "| %s ", $i; print "|" }'
}

not_yet() { say "(not measured yet)"; }

table_machine() {
    [[ -e $E2E ]] || { not_yet; return; }
    jq -r '.machine as $m | "- Measured on \($m.date), commit \($m.commit), \(.rounds) round(s)" +
            (if .quick then ", **quick run: shows that it works, not how fast**" else "" end) + ".",
        "- \($m.cpu), \($m.cores) cores, \($m.memory_gib) GiB, \($m.kernel); a virtual machine.",
        "- " + ([$m.versions | to_entries[] | "\(.key) \(.value)"] | join(", ")) + "."' "$E2E" |
        awk '{ while (length > 100 && match(substr($0, 1, 100), /.*, /)) {
            print substr($0, 1, RLENGTH - 1); $0 = "  " substr($0, RLENGTH + 1) } print }'
}

table_targets() {
    [[ -e $E2E ]] || { not_yet; return; }
    targets "$E2E" | markdown "what|figure|measured|reached"
}

# A row for each tool, a column for each loss: median, share of the limit, spread, what is amiss.
# cells_by_loss RECEIVERS LINK_PATTERN
cells_by_loss() {
    [[ -e $E2E ]] || { not_yet; return; }
    jq -r --argjson receivers "$1" --arg link "$2" '
        def r(n): . * n | round | . / n;
        def amiss: if .runs_hung > 0 then ", hung \(.runs_hung) of \(.runs)"
            elif .runs_ok < .runs then ", failed \(.runs - .runs_ok) of \(.runs)" else "" end;
        def figure: if .goodput_bps then "\(.goodput_bps.median / 1e6 | round)" +
            (if .share then " (\(.share.median * 100 | r(10)) %)" else "" end) +
            " [\(.goodput_bps.min / 1e6 | round)..\(.goodput_bps.max / 1e6 | round)]"
            else "-" end;
        .cells as $cells | ["wimcast", "udpcast", "uftp", "uftp-gcm", "https"][] as $tool
        | [$tool, ((0, 0.1, 1, 5) as $loss | [$cells[] | select(.tool == $tool
            and .receivers == $receivers and .loss == $loss and (.link | test($link)))] | first
            | if . then figure + amiss else "" end)] | @tsv' "$E2E" |
        markdown "Mbit/s|no loss|0.1 %|1 %|5 %"
}

table_goodput_1_frames() { cells_by_loss 1 -frames; }
table_goodput_5_frames() { cells_by_loss 5 -frames; }
table_goodput_1_offload() { cells_by_loss 1 -offload; }
table_goodput_5_offload() { cells_by_loss 5 -offload; }

table_unshaped() {
    [[ -e $E2E ]] || { not_yet; return; }
    jq -r 'def r(n): . * n | round | . / n;
        def figure: if . and .goodput_bps then "\(.goodput_bps.median / 1e9 | r(100)) " +
            "[\(.goodput_bps.min / 1e9 | r(100))..\(.goodput_bps.max / 1e9 | r(100))]"
            else "-" end;
        .cells as $cells | ["wimcast", "udpcast", "uftp", "uftp-gcm", "https"][] as $tool
        | [$tool, ((1, 5) as $receivers | [$cells[] | select(.tool == $tool
            and .receivers == $receivers and .link == "unshaped")] | first | figure)] | @tsv' \
        "$E2E" | markdown "Gbit/s|1 receiver|5 receivers"
}

table_wire() {
    [[ -e $E2E ]] || { not_yet; return; }
    jq -r 'def r(n): . * n | round | . / n;
        .cells as $cells | ((1, 5) as $receivers
        | ["wimcast", "udpcast", "uftp", "uftp-gcm", "https"][] as $tool
        | ["\($tool), \($receivers)", ((0, 0.1, 1, 5) as $loss | [$cells[] | select(.tool == $tool
            and .receivers == $receivers and .loss == $loss and (.link | test("-frames")))] | first
            | if . then .wire_multiple.median | r(1000) else "" end)]) | @tsv' "$E2E" |
        markdown "bytes on the line / bytes of the file: tool, receivers|no loss|0.1 %|1 %|5 %"
    theory_json | jq -r '(1, 5) as $receivers | ["theory, k = 128, \($receivers)",
        (.[] | select(.receivers == $receivers).multiple | . * 1538 / 1440 * 1000 | round
            | . / 1000)] | @tsv' | table_rows 5
}

# cost RECEIVERS LINK_PATTERN
cost() {
    [[ -e $E2E ]] || { not_yet; return; }
    jq -r --argjson receivers "$1" --arg link "$2" '
        def r(n): . * n | round | . / n;
        .cells as $cells | ["wimcast", "udpcast", "uftp", "uftp-gcm", "https"][] as $tool
        | [$cells[] | select(.tool == $tool and .receivers == $receivers and .loss == 0
            and (.link | test($link)))] | first | select(.)
        | [$tool, (.cpu_sender_s_per_gb, .cpu_receiver_s_per_gb, .cpu_machine_s_per_gb
            | .median | r(100)), (.rss_sender_bytes, .rss_receiver_bytes
            | .max / 1048576 | round)] | @tsv' "$E2E" |
        markdown "CPU s/GB|sender|each receiver|whole machine|sender MiB|receiver MiB"
}

table_cost_1_frames() { cost 1 -frames; }
table_cost_5_frames() { cost 5 -frames; }
table_cost_1_unshaped() { cost 1 unshaped; }
table_cost_5_offload() { cost 5 -offload; }

table_sim() {
    [[ -e $SIM ]] || { not_yet; return; }
    jq -r '.lines[] | [.loss * 100, .receivers, .wire, .theory, .wire_theory, .time_line,
        (.reports_s | round), .share] | @tsv' "$SIM" |
        markdown "loss %|receivers|wire|theory|wire/theory|time/line|reports/s|feedback, % of line"
}

table_apply() {
    [[ -e $APPLY ]] || { not_yet; return; }
    jq -r 'def r(n): . * n | round | . / n;
        {fetch: "wimcast, receive", apply: "wimcast, apply", wimlib: "wimlib-imagex, apply",
            stream: "wimcast, apply while receiving",
            "udpcast-pipe": "udp-receiver into wimlib-imagex"} as $names | .cells as $cells
        | $names | to_entries[] | .key as $way
        | [.value, ((1, 5) as $receivers | [$cells[] | select(.way == $way
            and .receivers == $receivers)] | first
            | if . and .seconds then "\(.seconds.median | r(100)) [\(.seconds.min | r(100)).." +
                "\(.seconds.max | r(100))]", (.cpu_s | r(10)),
                (.max_rss_bytes / 1048576 | round) else "-", "-", "-" end)] | @tsv' "$APPLY" |
        markdown "seconds|1 receiver|CPU s|MiB|5 receivers|CPU s|MiB"
}

table_micro() {
    [[ -e $MICRO ]] || { not_yet; return; }
    jq -r '.lines[] | [.bench + ": " + .case, .value, .unit] | @tsv' "$MICRO" |
        markdown "bench|value|unit"
}
