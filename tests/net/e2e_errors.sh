#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What goes wrong between two hosts, one thing at a time: the message names it, the exit code fits,
# nothing is there under a final name, and the other receivers do not notice.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

bytes=$((24 << 20))

prepare_transfer
require_lab --receivers 3 --rate 200mbit
random_file "$work_dir/image.img" "$bytes" errors

# begin COUNT [ARGUMENTS...]: a sender that waits for so many receivers.
begin() {
    rm -rf "$work_dir"/r?*
    mark_wire
    start_sender --min-receivers "$1" --max-wait 60 "${@:2}" "$work_dir/image.img"
}

end_early() {
    kill -INT "$sender_pid"
    wait_end 15 "$sender_pid" || fail "the sender does not end on SIGINT"
}

# refused NAME EXIT_CODE PATTERN: r1 ends so.
refused() {
    end_of_receiver "$1" 30 "$2"
    must_say "$1" "$3"
    nothing_final "$1"
    say "ok: $(grep -h -i -E -m 1 -e "$3" "$work_dir/$1.err" | cut -c 1-160)"
}

not_the_sender_meant() {
    begin 9
    start_receiver r1 "${url%sha256:*}sha256:$(printf '5a%.0s' {1..32})" --output "$work_dir/r1/"
    refused r1 77 'key'
    start_receiver r2 "${url/image/other}" --output "$work_dir/r2/"
    refused r2 66 'other'
    start_receiver r3 "${url/:9467/:9}" --output "$work_dir/r3/"
    refused r3 69 'refused'
    end_early
}

nowhere_to_put_it() {
    begin 9
    : >"$work_dir/a_file"
    mkdir -p "$work_dir/r1"
    start_receiver r1 "$url" --output "$work_dir/a_file/below"
    refused r1 73 'a_file'
    start_receiver r2 "$url" --output "$work_dir/none/"
    wait_for 5 has_ended "${receiver_pid[r2]}" || true
    if has_ended "${receiver_pid[r2]}"; then
        refused r2 73 'none'
    else
        kill_quietly "${receiver_pid[r2]}" # it makes the folder; fine
    fi
    end_early
}

# A disk that is too small, and one that fills up at half time; r2 and r3 go on. Then, with room
# again, the one goes on from what it has.
disk_full() {
    [[ ${lab_namespaces[*]} == *-m* ]] || { say "left out: full disks, no mounts here"; return 0; }
    begin 2 --max-bitrate 40m
    mkdir -p "$work_dir/r1" "$work_dir/disk"
    lab_exec r1 mount -t tmpfs -o size=8m tmpfs "$work_dir/disk"
    start_receiver r1 "$url" --output "$work_dir/disk/"
    refused r1 73 'disk'
    [[ -z $(lab_exec r1 find "$work_dir/disk" -name image.img) ]] || fail "r1: a final name"
    lab_exec r1 mount -o remount,size=40m "$work_dir/disk"
    start_receiver r1 "$url" --output "$work_dir/disk/"
    fetch_into r2
    wait_wire $((bytes / 3))
    lab_exec r1 dd if=/dev/zero of="$work_dir/disk/filler" bs=1M count=100 2>/dev/null || true
    wait_end 60 "${receiver_pid[r1]}" || fail "r1 has not ended"
    if [[ $ended_rc != 0 ]]; then
        [[ $ended_rc == 7[34] ]] || fail "r1 ended with $ended_rc on a full disk"
        must_say r1 'full|space'
        [[ -z $(lab_exec r1 find "$work_dir/disk" -name image.img) ]] || fail "r1: a final name"
        lab_exec r1 rm "$work_dir/disk/filler"
        start_receiver r1-again "$url" --output "$work_dir/disk/"
        end_of_receiver r1-again 60 0
        number r1-again .resumed_bytes 1 "$bytes"
    fi
    lab_exec r1 cmp "$work_dir/disk/image.img" "$work_dir/image.img" || fail "r1: other bytes"
    end_of_receiver r2 60 0
    same "$work_dir/image.img" "$work_dir/r2/image.img"
    wait_end 30 "$sender_pid" || fail "the sender has not ended"
    say "ok: a disk that fills up"
}

# r1 does not get any multicast, and the package goes only by multicast: it says so, long before
# anybody waits for it in vain.
no_multicast() {
    begin 2 --only-multicast
    lab_loss r1 100
    fetch_into r1 --beacon-timeout 2
    refused r1 75 'no multicast'
    lab_loss r1 0
    fetch_into r2
    fetch_into r3
    end_of_receiver r2 60 0
    end_of_receiver r3 60 0
    end_of_sender 30 75
    say "ok: the others finished without r1"
}

no_session() {
    start_receiver r1 --discover-timeout 1 --output "$work_dir/r1/"
    refused r1 75 'no session|found'
}

# Two interfaces: which one? One that cannot multicast: refused.
interfaces() {
    local rc=0
    lab_exec r3 ip link add eth1 type veth peer name eth2
    lab_exec r3 ip address add 10.98.0.1/24 dev eth1
    lab_exec r3 ip link set eth1 up
    lab_exec r3 ip link set eth2 up
    lab_exec r3 timeout 10 "$SENDER" send "$work_dir/image.img" \
        >"$work_dir/r3-out.json" 2>"$work_dir/r3-out.err" </dev/null || rc=$?
    ((rc == 78 || rc == 64)) || fail "two interfaces: exit code $rc"
    grep -q 'eth0.*eth1' "$work_dir/r3-out.err" || fail "two interfaces: not named"
    say "ok: $(head -n 1 "$work_dir/r3-out.err")"
    lab_exec r3 ip link set eth1 multicast off
    rc=0
    lab_exec r3 timeout 10 "$SENDER" send --interface eth1 "$work_dir/image.img" \
        >"$work_dir/r3-out.json" 2>"$work_dir/r3-out.err" </dev/null || rc=$?
    ((rc == 78 || rc == 64)) || fail "no multicast on eth1: exit code $rc"
    grep -q 'eth1.*multicast' "$work_dir/r3-out.err" || fail "no multicast on eth1: not said"
    say "ok: $(head -n 1 "$work_dir/r3-out.err")"
    lab_exec r3 ip link del eth1
}

# Noise on the control port, and somebody who connects and then says nothing.
noise() {
    begin 2
    local mute
    lab_bg mute r3 bash -c 'exec 3<>/dev/tcp/10.99.0.10/9467; sleep 100'
    for _ in 1 2 3; do
        lab_exec r3 bash -c 'head -c 200000 /dev/urandom >/dev/tcp/10.99.0.10/9467' \
            2>/dev/null || true
    done
    fetch_into r1
    fetch_into r2
    end_of_receiver r1 60 0
    end_of_receiver r2 60 0
    same "$work_dir/image.img" "$work_dir/r1/image.img"
    end_of_sender 20 0
    kill_quietly "$mute"
    say "ok: noise on the control port"
}

# The file changes under the sender's hands: it says so, and nobody ends up with a mixture.
file_changes() {
    cp "$work_dir/image.img" "$work_dir/kept"
    begin 1 --max-bitrate 40m
    fetch_into r1
    wait_wire $((bytes / 4))
    dd if=/dev/urandom of="$work_dir/image.img" bs=1M seek=8 count=16 conv=notrunc status=none
    end_of_sender 30 65
    must_say sender 'image.img.*chang'
    wait_end 20 "${receiver_pid[r1]}" || fail "r1 has not ended"
    [[ $ended_rc != 0 ]] || fail "r1 says that all is well"
    nothing_final r1
    mv "$work_dir/kept" "$work_dir/image.img"
    say "ok: $(grep -h -i -m 1 'chang' "$work_dir/sender.err")"
}

not_the_sender_meant
nowhere_to_put_it
disk_full
no_multicast
no_session
interfaces
noise
file_changes
