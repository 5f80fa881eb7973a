#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The whole thing in two minutes: makes a WIM of at least 300 MB from files of this machine, streams
# it from one sender to five receivers over multicast, in a lab of network namespaces at 1 Gbit/s,
# and checks all five copies. Everything is in one temporary folder, which goes at the end.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

receivers=5
wim_bytes_min=$((300 * 1000 * 1000))
source_bytes=$((400 * 1000 * 1000))
names=()
for ((i = 1; i <= receivers; i++)); do
    names+=("r$i")
done

# --- the image -----------------------------------------------------------------------------------

free_bytes() { df --output=avail -B1 "$1" | tail -n 1; }

# The image, a copy for each receiver, and some air.
choose_disk() {
    local need=$(((receivers + 2) * (source_bytes + (20 << 20)))) folder
    for folder in "${TMPDIR:-/tmp}" /var/tmp "$WC_ROOT"; do
        [[ -w $folder ]] || continue
        (($(free_bytes "$folder") >= need)) || continue
        export TMPDIR=$folder
        return 0
    done
    fail "the demo needs $((need >> 20)) MiB of free disk in ${TMPDIR:-/tmp} (set TMPDIR)"
}

# One line for each file: its path here and in the image. Names that would need quotes stay out.
pick_files() {
    find /usr -xdev -type f -readable -size +8k -printf '%s %p\n' 2>/dev/null |
        LC_ALL=C awk -v limit="$source_bytes" '
            NF == 2 && $2 !~ /[\042\047\\]/ && sum < limit { sum += $1; print $2, $2 }'
}

make_wim() {
    say "Making a WIM from files of /usr ..."
    pick_files >"$work_dir/list"
    wimlib-imagex capture "$work_dir/list" "$work_dir/install.wim" "wimcast demo" \
        --source-list --compress=none --no-acls >"$work_dir/wimlib.log" 2>&1 </dev/null ||
        { cat "$work_dir/wimlib.log" >&2; fail "wimlib-imagex could not make the image"; }
    bytes=$(stat -c %s "$work_dir/install.wim")
    ((bytes >= wim_bytes_min)) ||
        fail "/usr gave only $((bytes / 1000000)) MB, the demo wants 300 MB"
    say "  install.wim: $((bytes / 1000000)) MB, $(wc -l <"$work_dir/list") files"
}

# --- the network ---------------------------------------------------------------------------------

make_network() {
    local rc=0
    lab_start --receivers "$receivers" --rate 1gbit --offload || rc=$?
    if ((rc == 0)); then
        say "Lab: a switch with IGMP snooping, one sender, $receivers receivers, links of 1 Gbit/s."
        return 0
    fi
    ((rc == SKIP)) || fail "the lab does not start"
    say "This machine does not allow network namespaces: all on loopback instead, no link speed."
    local_mode=1
    interface=lo
}

# --- the transfer --------------------------------------------------------------------------------

all_ended() {
    local name
    has_ended "$sender_pid" || return 1
    for name in "${names[@]}"; do
        has_ended "${receiver_pid[$name]}" || return 1
    done
}

# On a terminal the sender draws its own progress. Elsewhere: a line now and then from its events.
show_progress() {
    local deadline=$((SECONDS + 150)) line last=
    until all_ended; do
        ((SECONDS < deadline)) || fail "not finished after 150 s"
        sleep 0.2
        [[ ! -t 2 ]] || continue
        line=$(progress_line)
        [[ -z $line || $line == "$last" ]] || say "  $line"
        last=$line
    done
}

progress_line() {
    tail -n 5 "$work_dir/sender.json" | jq -rR 'fromjson? | select(.event == "progress") |
        "\(.blocks_sent) of \(.blocks) blocks sent, \(.rate_bps / 1e6 | round) Mbit/s, " +
        "\(.ready) receivers at work, \(.done) done, \(.failed) failed"' | tail -n 1
}

transfer() {
    local name
    if [[ -t 2 ]]; then
        run_sender sender --min-receivers "$receivers" --max-wait 30 "$work_dir/install.wim"
    else
        start_sender --min-receivers "$receivers" --max-wait 30 "$work_dir/install.wim"
        say "Sender: $url"
    fi
    for name in "${names[@]}"; do
        fetch_into "$name"
    done
    show_progress
}

# --- the proof -----------------------------------------------------------------------------------

problems=0
problem() {
    say "PROBLEM: $*"
    problems=$((problems + 1))
}

# row NAME RESULT
row() {
    jq -rR --arg name "$1" --arg result "$2" 'fromjson? | select(.event == "summary") |
        [$name, .bytes, (.seconds * 100 | round / 100), (.goodput_bps / 1e6 | round),
         .lost_symbols, .repaired_symbols, $result] | @tsv' "$work_dir/$1.json" |
        awk -F'\t' '{ printf "%-9s %12s %8s %8s %8s %9s  %s\n", $1, $2, $3, $4, $5, $6, $7 }'
}

check_copies() {
    local name want got rows=
    want=$(sha256 "$work_dir/install.wim")
    say "Comparing: SHA-256 of the source is $want"
    for name in "${names[@]}"; do
        wait_end 1 "${receiver_pid[$name]}"
        got=$(sha256 "$work_dir/$name/install.wim" 2>/dev/null) || got=none
        if [[ $got == "$want" && $ended_rc == 0 ]]; then
            rows+=$(row "$name" "identical")$'\n'
        else
            problem "$name: exit code $ended_rc, SHA-256 $got"
            rows+=$(row "$name" "DIFFERENT")$'\n'
        fi
    done
    wait_end 1 "$sender_pid"
    [[ $ended_rc == 0 ]] || problem "the sender ended with $ended_rc"
    if wimlib-imagex verify "$work_dir/r1/install.wim" >"$work_dir/verify.log" 2>&1 </dev/null; then
        say "wimlib-imagex verify of the copy of r1: all right"
    else
        problem "wimlib-imagex verify: $(tail -n 1 "$work_dir/verify.log")"
    fi
    say
    printf '%-9s %12s %8s %8s %8s %9s  %s\n' receiver bytes seconds Mbit/s lost repaired result
    printf '%s' "$rows"
    say
}

choose_disk
prepare_transfer
make_wim
make_network
transfer
check_copies
((problems == 0)) || exit 1
say "One stream, $receivers receivers, every copy identical."
