#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Receivers that multicast does not reach, that are slower than the group, or that are the last:
# they are finished by unicast, and the group does not wait.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

bytes=$((16 << 20))

prepare_transfer
require_lab --receivers 3 --rate 200mbit
random_file "$work_dir/image.img" "$bytes" unicast

complete() {
    local name
    for name in "$@"; do
        end_of_receiver "$name" 90 0
        same "$work_dir/image.img" "$work_dir/$name/image.img"
    done
}

# No multicast gets to r2: it says so, with the likeliest causes, and has every byte in the end.
no_multicast() {
    rm -rf "$work_dir"/r?
    lab_loss r2 100
    start_sender --min-receivers 2 --max-wait 30 "$work_dir/image.img"
    fetch_into r1
    fetch_into r2 --beacon-timeout 2
    complete r1 r2
    end_of_sender 30 0
    must_say r2 'no multicast from 10\.99\.0\.10:[0-9]+ to .* reached eth0 within 2 s'
    must_say r2 'going on by unicast|"event":"unicast"'
    number r2 .unicast_symbols $((bytes / 1440)) $((bytes * 2 / 1440))
    number r1 .unicast_symbols 0 0
    lab_loss r2 0
    say "ok: a receiver without multicast was served by unicast"
}

# The same package, transferred only via multicast: an empty download, said in words.
only_multicast() {
    rm -rf "$work_dir"/r?
    lab_loss r2 100
    start_sender --min-receivers 1 --only-multicast "$work_dir/image.img"
    fetch_into r2 --beacon-timeout 2
    end_of_receiver r2 30 75
    must_say r2 'empty download: 0 of [0-9]+ bytes of image: no multicast from'
    must_say r2 '0x800705B4'
    nothing_final r2
    lab_loss r2 0
    fetch_into r1
    complete r1
    end_of_sender 30 75
    say "ok: only via multicast, and none came: the cause is named"
}

# r3 sits behind a port of a tenth of the rate.
slow_port() {
    local policy=$1 expected=$2
    rm -rf "$work_dir"/r?
    random_file "$work_dir/image.img" $((48 << 20)) slow
    lab_rate r3 20mbit
    start_sender --min-receivers 3 --max-wait 30 --slow-policy "$policy" --slow-rate 40m \
        --max-bitrate 150m "$work_dir/image.img"
    fetch_into r1
    fetch_into r2
    fetch_into r3
    complete r1 r2
    if [[ $expected == 0 ]]; then
        complete r3
        must_say sender 'r3.* unicast|"state":"unicast"'
    else
        end_of_receiver r3 60 75
        must_say sender 'floor rate'
        [[ $(json_get "$work_dir/r3.json" error '.finding + " " + .hresult') == \
            'session.slow 0x800705B4' ]] || fail "r3 does not say why"
        nothing_final r3
    fi
    end_of_sender 60 "$expected"
    lab_rate r3 200mbit
    say "ok: a port of 20 Mbit/s, policy $policy"
}

no_multicast
only_multicast
slow_port unicast 0
slow_port disconnect 75
