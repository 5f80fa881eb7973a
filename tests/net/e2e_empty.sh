#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Downloads of not one byte, and such that stop: each cause by its own finding, and never a word of
# hashes. Then a download that goes well, which has no finding at all.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

bytes=$((16 << 20))
group=239.195.9.9

prepare_transfer
require_lab --receivers 3 --rate 200mbit
random_file "$work_dir/image.img" "$bytes" empty
cp "$work_dir/image.img" "$work_dir/published"

begin() {
    rm -rf "$work_dir"/r?* "$work_dir"/*.json "$work_dir"/*.err
    start_sender "$@" "$work_dir/image.img"
}

# found NAME ID HRESULT: its error says so.
found() {
    local id code
    id=$(json_get "$work_dir/$1.json" error .finding)
    code=$(json_get "$work_dir/$1.json" error .hresult)
    [[ $id == "$2" && $code == "$3" ]] || fail "$1: finding '$id' $code, expected $2 $3"
}

# empty NAME: 0 of all bytes, and no talk of damage.
empty() {
    must_say "$1" "empty download: 0 of $bytes bytes of image: "
    if grep -q -i -E 'hash|sha256:e3b0c442|da39a3ee' "$work_dir/$1.err"; then
        fail "$1 speaks of hashes"
    fi
    nothing_final "$1"
}

# over NAME ID HRESULT EXIT_CODE
over() {
    end_of_receiver "$1" 40 "$4"
    found "$1" "$2" "$3"
    say "ok: $2: $(json_get "$work_dir/$1.json" error .sentence | cut -c 1-150)"
}

end_sender() {
    kill -INT "$sender_pid"
    wait_end 15 "$sender_pid" || fail "the sender does not end on SIGINT"
}

no_multicast() {
    begin --min-receivers 1 --only-multicast
    lab_loss r1 100
    fetch_into r1 --beacon-timeout 2
    over r1 empty.no-multicast 0x800705B4 75
    empty r1
    lab_loss r1 0
    end_sender
}

# Unicast is allowed: the same is a warning, and every byte comes.
went_by_unicast() {
    begin --min-receivers 1
    lab_loss r1 100
    fetch_into r1 --beacon-timeout 2
    end_of_receiver r1 60 0
    same "$work_dir/image.img" "$work_dir/r1/image.img"
    [[ $(json_get "$work_dir/r1.json" warning .finding) == empty.no-multicast ]] ||
        fail "r1: no warning with a finding"
    lab_loss r1 0
    end_of_sender 20 0
    say "ok: empty.no-multicast as a warning, and then by unicast"
}

# Something on the way writes into every payload.
nothing_opens() {
    begin --min-receivers 1 --only-multicast --mcast-data-address "$group:7788"
    lab_exec switch nft -f - <<'NFT'
table netdev wrong_key {
    chain flip {
        type filter hook egress device "p1" priority 0;
        udp dport 7788 @th,480,32 set 0x5a5a5a5a udp checksum set 0
    }
}
NFT
    fetch_into r1 --beacon-timeout 2
    over r1 empty.wrong-key 0x80004005 75
    empty r1
    must_say r1 'none opened with the session.s key'
    lab_exec switch nft delete table netdev wrong_key
    end_sender
}

# The group's other sender reaches r1, its own does not.
another_session() {
    begin --min-receivers 1 --only-multicast --mcast-data-address "$group:7788"
    local first=$sender_pid first_url=$url
    sender_name=other WIMCAST_STATE_DIR=$work_dir/home/other run_sender r3 --min-receivers 9 \
        --mcast-data-address "$group:7788" "$work_dir/published" 2>"$work_dir/other.err"
    lab_exec switch nft -f - <<'NFT'
table netdev other_session {
    chain drop_one {
        type filter hook egress device "p1" priority 0;
        ip saddr 10.99.0.10 udp dport 7788 drop
    }
}
NFT
    url=$first_url
    fetch_into r1 --beacon-timeout 2
    over r1 empty.other-session 0x800705B4 75
    empty r1
    lab_exec switch nft delete table netdev other_session
    end_sender
    sender_pid=$first
    end_sender
}

stopped_midway() {
    begin --min-receivers 1 --only-multicast --max-bitrate 20m
    mark_wire # what was sent before does not count
    fetch_into r1 --beacon-timeout 2
    wait_wire $((bytes / 4))
    lab_loss r1 100
    over r1 empty.multicast-stopped 0x800705B4 75
    must_say r1 "incomplete download: [1-9][0-9]* of $bytes bytes of image: multicast stopped"
    nothing_final r1
    lab_loss r1 0
    end_of_sender 20 75
}

stopped_by_its_operator() {
    begin --min-receivers 2
    fetch_into r1
    wait_ready r1
    end_sender
    over r1 empty.sender-failed 0x800704C7 75
    empty r1
    must_say r1 'stopped by its operator'
}

# The published file is emptied before the first byte is sent.
content_is_gone() {
    begin --min-receivers 2
    fetch_into r1
    wait_ready r1
    : >"$work_dir/image.img"
    fetch_into r2
    over r1 content.changed 0x80091007 65
    over r2 content.changed 0x80091007 65
    empty r1
    must_say r1 'image\.img was changed'
    end_of_sender 20 65
    found sender content.changed 0x80091007
    cp "$work_dir/published" "$work_dir/image.img"
}

# Nobody can play back an older package to a receiver that knows what it wants.
older_version() {
    begin --min-receivers 1
    fetch_into r1 --package-version 2
    over r1 package.downgrade 0x80004005 76
    nothing_final r1
    fetch_into r2 --package-version 1
    end_of_receiver r2 60 0
    wait_end 20 "$sender_pid" || fail "the sender has not ended"
}

all_is_well() {
    begin --min-receivers 2
    fetch_into r1
    fetch_into r2
    local name
    for name in r1 r2; do
        end_of_receiver "$name" 60 0
        same "$work_dir/image.img" "$work_dir/$name/image.img"
    done
    end_of_sender 20 0
    for name in r1 r2 sender; do
        if grep -q -E '"finding":"|"event":"error"' "$work_dir/$name.json"; then
            fail "$name has a finding"
        fi
    done
    say "ok: a download that goes well has no finding"
}

no_multicast
went_by_unicast
nothing_opens
another_session
stopped_midway
stopped_by_its_operator
content_is_gone
older_version
all_is_well
