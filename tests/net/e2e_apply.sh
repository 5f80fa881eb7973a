#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Images that are extracted while they are received, over loopback: five receivers at once, an NTFS
# volume, a late one, a split WIM; one whose extraction stands still, in a bounded spool, while the
# others go on at full speed; and ends that nobody wished for.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"
# shellcheck source=../support/trees.sh
source "$WC_ROOT/tests/support/trees.sh"

# shellcheck disable=SC2016
if [[ -z ${WC_LOCAL_NETWORK:-} ]] && unshare -n true 2>/dev/null; then
    export WC_LOCAL_NETWORK=1
    exec unshare -n bash -c 'ip link set lo up && exec "$0"' "${BASH_SOURCE[0]}"
fi
command -v wimlib-imagex >/dev/null || skip "wimlib-imagex is not installed"

# Each extraction ends with a sync of its file system, which others keep busy; memory is not.
shm_kib=$(df -P /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
((${shm_kib:-0} < 1500000)) || export TMPDIR=/dev/shm
prepare_transfer
local_mode=1
interface=lo
mark=WIMCAST-INCOMPLETE.txt
limit_mib=32
export LC_ALL=C.UTF-8
cd "$work_dir"

# apply_into NAME [ARGUMENTS...]: to $work_dir/NAME.out, unless there is a --target.
apply_into() {
    local name=$1 pid target=(--target "$work_dir/$1.out")
    [[ " $* " != *' --target '* ]] || target=()
    run_bg pid "$name" "$RECEIVER" apply --json --interface lo --name "$name" "$url" \
        "${target[@]}" "${@:2}" </dev/null >"$work_dir/$name.json" 2>"$work_dir/$name.err"
    receiver_pid[$name]=$pid
}

# same_tree THEIRS OURS: and nothing says that it is incomplete.
same_tree() {
    [[ ! -e $2/$mark ]] || fail "$2: the mark is still there"
    [[ $(tree_hash "$1") == "$(tree_hash "$2")" ]] || fail "$2 is not the same tree as $1"
}

is_marked() { [[ -e $work_dir/$1.out/$mark ]]; }
child_of() { pgrep -P "${receiver_pid[$1]}" | head -n 1; }
has_child() { [[ -n $(child_of "$1") ]]; }
has_done() { has_event "$work_dir/$1.json" summary; }

# --- what is sent ---------------------------------------------------------------------------------

mkdir -p one/docs one/deep two
cp -r /usr/share/common-licenses/. one/docs/ 2>/dev/null || skip "no /usr/share/common-licenses"
cp /bin/bash one/bash
ln one/bash one/deep/hardlink
: >one/empty
printf 'euro €\n' >'one/€uro'
for i in 1 2 3 4 5 6; do
    head -c $((15 << 20)) /dev/urandom >"one/deep/random$i"
done
head -c $((10 << 20)) /dev/urandom >two/other
cp one/deep/random3 two/both
mkdir image
wim capture one image/install.wim First --compress=XPRESS
wim append two image/install.wim Second
for i in 1 2; do
    wim apply image/install.wim "$i" "theirs$i"
done

# --- five at once, one of them to an NTFS volume, one late ----------------------------------------

start_sender --min-receivers 4 --max-wait 60 --max-bitrate 200m image/install.wim
apply_into a1 --image 1
apply_into a2 --image Second
apply_into a3 --image first
volume=
if command -v mkntfs >/dev/null; then
    volume=$work_dir/volume.ntfs
    volume "$volume" 256M
    apply_into a4 --image 1 --target "$volume"
else
    apply_into a4 --image 1
fi
has_begun() { grep -q '"blocks_done":[1-9]' "$work_dir/$1.json"; }
wait_for 60 has_begun a1 || fail "a1 receives nothing"
apply_into a5 --image 1
for name in a1 a2 a3 a4 a5; do
    end_of_receiver "$name" 120 0
    must_say "$name" '^applied image'
    number "$name" .apply_seconds 0.1 120
    number "$name" .seconds 0.1 120
done
end_of_sender 60 0
same_tree theirs1 a1.out
same_tree theirs2 a2.out
same_tree theirs1 a3.out
same_tree theirs1 a5.out
grep -q '"event":"progress".*"applied_bytes":[1-9]' a1.json ||
    fail "a1: nothing was applied meanwhile"
number a5 .received_symbols 1 1000000
[[ $(json_get sender.json summary .completed) == 5 ]] || fail "not all five are done for the sender"
if [[ -n $volume ]]; then
    wim capture "$volume" seen.wim seen --compress=none
    wim capture one expected.wim seen --compress=none
    for list in seen expected; do
        wimlib-imagex dir "$list.wim" 1 | sort >"$list.list"
    done
    diff expected.list seen.list >&2 || fail "the volume has other names"
    wim apply seen.wim 1 seen
    same one seen
    rm -rf seen*
fi
say "ok: five at once"

# --- a split one, beside another; and refusals ----------------------------------------------------

mkdir parts
wim split image/install.wim parts/install.swm 20
(($(find parts -name '*.swm' | wc -l) > 3)) || fail "not split"
wim capture two parts/other.wim Other
start_sender --min-receivers 1 --max-wait 60 parts
apply_into p1
end_of_receiver p1 60 64
must_say p1 'holds 2 WIMs: choose one with --file'
apply_into p2 --file nothing.wim
end_of_receiver p2 60 64
must_say p2 'no WIM called nothing.wim'
apply_into p3 --file install.swm --image 3
end_of_receiver p3 60 64
must_say p3 "has no image '3'"
for name in p1 p2 p3; do
    [[ ! -e $name.out ]] || fail "$name wrote something"
done
mkdir p5.out
: >p5.out/file
apply_into p5 --file install.swm --image 1
end_of_receiver p5 60 73
must_say p5 'empty'
apply_into p4 --file install.swm --image 1
end_of_receiver p4 120 0
end_of_sender 60 75 # of those that it refused for their own sake
same_tree theirs1 p4.out
rm -rf parts p4.out
say "ok: a split one, and refusals"

# Of names only the WIM knows: nothing is written either.
start_sender --min-receivers 1 --max-wait 60 image/install.wim
apply_into n1 --image Third
end_of_receiver n1 60 64
must_say n1 "has no image 'Third'"
must_say n1 "2 'Second'"
[[ ! -e n1.out ]] || fail "n1 wrote something"
end_of_sender 60 75
say "ok: a name that is not there"

# --- one stands still in a bounded spool, the others do not notice --------------------------------

mkdir spool
# Bytes of disk that files without a name take in its spool.
spool_bytes() {
    local fd
    for fd in /proc/"${receiver_pid[slow]}"/fd/*; do
        [[ $(readlink "$fd" 2>/dev/null) == "$work_dir/spool/"* ]] || continue
        stat -L -c '%i %b' "$fd" 2>/dev/null || true
    done | awk '
        $2 > blocks[$1] { blocks[$1] = $2 } # several descriptors may be of one file
        END { for (file in blocks) sum += blocks[file] * 512; print sum + 0 }'
}
spool_max=0
look_at_spool() {
    local bytes
    bytes=$(spool_bytes)
    ((bytes <= spool_max)) || spool_max=$bytes
}
quick_is_done() {
    look_at_spool
    has_done quick
}
slow_is_done() {
    look_at_spool
    has_done slow
}

# stands_still [ARGUMENTS...]: of the sender.
stands_still() {
    local child
    rm -rf slow.out quick
    start_sender --min-receivers 2 --max-wait 60 --max-bitrate 200m "$@" image/install.wim
    apply_into slow --image 1 --spool-dir "$work_dir/spool" --spool-limit "${limit_mib}M"
    fetch_into quick
    wait_for 60 has_child slow || fail "nothing extracts"
    child=$(child_of slow)
    kill -STOP "$child"
    wait_for 60 quick_is_done || fail "the others are held up"
    end_of_receiver quick 30 0
    is_alive "$child" || fail "the extraction did not stand still"
    is_alive "${receiver_pid[slow]}" || fail "the slow one did not wait"
    ! has_done slow || fail "the slow one did not wait"
    kill -CONT "$child"
    wait_for 120 slow_is_done || fail "the slow one does not go on"
    end_of_receiver slow 30 0
    end_of_sender 60 0
    same image/install.wim quick/install.wim
    same_tree theirs1 slow.out
    number slow .refused_symbols 0 0
    ((spool_max <= limit_mib << 20)) || fail "more than ${limit_mib} MiB: $spool_max bytes"
    ((spool_max > limit_mib << 18)) || fail "the spool was not seen: $spool_max bytes"
    [[ -z $(ls -A spool) ]] || fail "names in the spool"
}

stands_still
number quick .duplicate_symbols 0 0 # nothing was repeated for the slow one's sake
must_say slow 'going on by unicast: what it makes of the blocks is slower'
number slow .unicast_symbols 1 10000000
say "ok: one stands still, in $spool_max bytes of spool"
stands_still --only-multicast
number slow .unicast_symbols 0 0
say "ok: the same without unicast, in $spool_max bytes of spool"

# Done is who has received everything: the session ends, and the extraction goes on alone.
start_sender --min-receivers 1 --max-wait 60 --max-bitrate 200m image/install.wim
apply_into alone --image 1
wait_for 60 has_child alone || fail "nothing extracts"
child=$(child_of alone)
kill -STOP "$child"
end_of_sender 60 0
is_alive "$child" || fail "the extraction did not stand still"
! has_done alone || fail "applied without its extraction"
is_marked alone || fail "it is not applied, and the mark is gone"
kill -CONT "$child"
end_of_receiver alone 60 0
same_tree theirs1 alone.out
rm -rf alone.out
say "ok: it goes on alone"

# A spool that has no room at all.
start_sender --min-receivers 1 --max-wait 60 image/install.wim
apply_into full --image 1 --spool-dir /proc
end_of_receiver full 60 73
must_say full 'temporary file in /proc'
kill -INT "$sender_pid"
end_of_sender 30 75
say "ok: no spool"

# --- ends that nobody wished for ------------------------------------------------------------------

start_sender --min-receivers 2 --max-wait 60 --max-bitrate 40m image/install.wim
apply_into killed --image 1
apply_into stopped --image 1
for name in killed stopped; do
    wait_for 60 is_marked "$name" || fail "$name sets no mark"
done
wait_for 60 has_child killed || fail "nothing extracts"
child=$(child_of killed)
kill -KILL "${receiver_pid[killed]}"
end_of_receiver killed 30 137
is_gone() { ! is_alive "$1"; }
wait_for 30 is_gone "$child" || fail "the extraction outlives its receiver"
is_marked killed || fail "killed, and the mark is gone"
kill -INT "${receiver_pid[stopped]}"
end_of_receiver stopped 60 75
must_say stopped 'cancelled; the target is incomplete'
is_marked stopped || fail "stopped, and the mark is gone"
apply_into again --image 1 --target "$work_dir/stopped.out"
end_of_receiver again 60 73
must_say again 'force'
end_of_sender 30 75 # nobody is left
say "ok: ends that nobody wished for"

# An image that was damaged before it was published: all is received, and yet it is not applied.
cp image/install.wim bad.wim
printf 'damage' | dd of=bad.wim bs=1 seek=$((50 << 20)) conv=notrunc status=none
start_sender --min-receivers 1 --max-wait 60 bad.wim
apply_into bad --image 1
end_of_receiver bad 120 65
must_say bad 'deep/random[1-6] is damaged'
must_say bad '0x80091007'
is_marked bad || fail "damaged, and the mark is gone"
wait_end 60 "$sender_pid" || fail "the sender does not end"
say "ok: a damaged image"
