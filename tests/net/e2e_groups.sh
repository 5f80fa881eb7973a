#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# IPv6 groups, source-specific groups, loopback, and receivers that find the session by themselves.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

bytes=$((24 << 20))

prepare_transfer
require_lab --receivers 3 --rate 200mbit
random_file "$work_dir/image.img" "$bytes" groups

# through WHAT ARGUMENTS...: three receivers, one with loss.
through() {
    local what=$1 i
    shift
    rm -rf "$work_dir"/r?
    lab_loss r2 1
    start_sender --min-receivers 3 --max-wait 30 "$@" "$work_dir/image.img"
    for i in 1 2 3; do
        fetch_into "r$i"
    done
    all_three "$what"
}

all_three() {
    local i
    for i in 1 2 3; do
        end_of_receiver "r$i" 60 0
        same "$work_dir/image.img" "$work_dir/r$i/image.img"
    done
    end_of_sender 20 0
    say "ok: $1"
}

# The switch saw members of that group on all ports while the sender waited for its last receiver.
member_ports() {
    lab_is_member r1 "$1" && lab_is_member r2 "$1"
}

with_group() {
    local group=$1 i
    rm -rf "$work_dir"/r?
    start_sender --min-receivers 3 --max-wait 60 --mcast-data-address "$2" "$work_dir/image.img"
    fetch_into r1
    fetch_into r2
    wait_for 10 member_ports "$group" || fail "$group: r1 and r2 have not joined it"
    fetch_into r3
    all_three "group $2"
}

discovered() {
    local i
    rm -rf "$work_dir"/r?
    start_sender --min-receivers 3 --max-wait 30 "$work_dir/image.img"
    for i in 1 2 3; do
        start_receiver "r$i" --output "$work_dir/r$i/"
    done
    all_three "found without a URL"
    must_say r1 "${url#*key=}"
}

# Sender and receivers on one host, no network but lo.
on_loopback() {
    local i hosts=("r1" "r1-b" "r1-c")
    interface=lo
    rm -rf "$work_dir"/r?
    run_sender r1 --min-receivers 3 --max-wait 30 "$work_dir/image.img" 2>"$work_dir/sender.err"
    for i in "${hosts[@]}"; do
        fetch_into "$i"
    done
    for i in "${hosts[@]}"; do
        end_of_receiver "$i" 60 0
        same "$work_dir/image.img" "$work_dir/$i/image.img"
    done
    end_of_sender 20 0
    say "ok: loopback"
    interface=eth0
}

through "any-source group, one receiver at 1 % loss"
with_group 239.195.7.9 239.195.7.9:7788
with_group ff15::7:9 '[ff15::7:9]:7788'
with_group 232.7.7.9 232.7.7.9:7788
discovered
on_loopback
