#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Five receivers, independent loss of 0, 1 and 5 %: all five have every byte.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

bytes=$((40 << 20))
symbol_bytes=1440

prepare_transfer
require_lab --receivers 5 --rate 200mbit
random_file "$work_dir/image.img" "$bytes" loss
digest=$(sha256 "$work_dir/image.img")

# How many symbols each receiver may lack: about the rate of loss; none where there is none but for
# what a busy machine drops.
one_loss() {
    local percent=$1 i expected
    expected=$(awk -v p="$percent" -v n=$((bytes / symbol_bytes)) 'BEGIN { print n * p / 100 }')
    for i in 1 2 3 4 5; do
        lab_loss "r$i" "$percent"
    done
    start_sender --min-receivers 5 --max-wait 30 "$work_dir/image.img"
    for i in 1 2 3 4 5; do
        fetch_into "r$i"
    done
    for i in 1 2 3 4 5; do
        end_of_receiver "r$i" 60 0
        same "$work_dir/image.img" "$work_dir/r$i/image.img"
        number "r$i" .bytes "$bytes" "$bytes"
        [[ $percent == 0 ]] || number "r$i" .lost_symbols "$(half "$expected")" 1000000000
        [[ $(json_get "$work_dir/r$i.json" summary '.files[0].sha256') == "$digest" ]] ||
            fail "r$i: another SHA-256 in the summary"
        rm -rf "${work_dir:?}/r$i"
    done
    end_of_sender 20 0
    number sender .completed 5 5
    number sender .failed 0 0
    number sender .receivers 5 5
    say "ok: $percent % loss: $(jq -c 'select(.event == "summary")' "$work_dir/sender.json")"
}

half() { awk -v v="$1" 'BEGIN { print v / 2 }'; }

for percent in 0 1 5; do
    one_loss "$percent"
done
