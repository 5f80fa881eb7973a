#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may join, over loopback: packages for everyone, for accounts, for some of them; receivers
# without account, with a password right and wrong, with a name that nobody has, with a certificate.
# Guessing is locked out, what was recorded cannot be played back, and no password is to be found
# anywhere afterwards.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

# A loopback of our own where that is allowed.
# shellcheck disable=SC2016
if [[ -z ${WC_LOCAL_NETWORK:-} ]] && unshare -n true 2>/dev/null; then
    export WC_LOCAL_NETWORK=1
    exec unshare -n bash -c 'ip link set lo up && exec "$0"' "${BASH_SOURCE[0]}"
fi

prepare_transfer
local_mode=1
interface=lo
unset WIMCAST_PASSWORD
random_file "$work_dir/image.img" $((2 << 20)) access
port=19567

account() { "$SENDER" account "$@" >>"$work_dir/account.err" 2>&1 || fail "account $*"; }
send_it() { start_sender --port $port --max-wait 60 "$@" "$work_dir/image.img"; }

# secret NAME PASSWORD: a file that holds it.
secret() { (umask 077 && printf '%s\n' "$2" >"$work_dir/$1.txt"); }

# certificate NAME ARGUMENTS_OF_GENPKEY...
certificate() {
    (umask 077 && openssl genpkey -out "$work_dir/$1.key" "${@:2}" 2>/dev/null)
    openssl req -x509 -new -key "$work_dir/$1.key" -subj "/CN=$1" -days 2 -out "$work_dir/$1.pem"
}

lab=(--account lab --password-file "$work_dir/lab.txt")
office=(--account office --password-file "$work_dir/office.txt")
wrong=(--account lab --password-file "$work_dir/office.txt")
nobody=(--account nobody --password-file "$work_dir/lab.txt")
by() { cert=(--client-certificate "$work_dir/$1.pem" --client-key "$work_dir/$1.key"); }

# refused NAME FINDING HRESULT EXIT_CODE ARGUMENTS...
refused() {
    fetch_into "$1" "${@:5}"
    end_of_receiver "$1" 30 "$4"
    local seen
    seen=$(json_get "$work_dir/$1.json" error '(.finding + " " + .hresult)')
    [[ $seen == "$2 $3" ]] || fail "$1: finding and code are '$seen', expected $2 $3"
    must_say "$1" 'empty download: 0 of 2\.0 MiB'
    says "$1" 'hash' && fail "$1 speaks of a hash"
    nothing_final "$1"
}

# complete RECEIVER...: these complete, and with them the session.
complete() {
    local name
    for name; do
        end_of_receiver "$name" 60 0
        same "$work_dir/image.img" "$work_dir/$name/image.img"
    done
    end_of_sender 30 0
    [[ $(json_get "$work_dir/sender.json" summary .receivers) == "$#" ]] || fail "members: not $#"
}

secret lab 'Ge heim-4711-lab'
secret office 'Ge heim-4711-office'
certificate pc -algorithm ED25519
certificate ec -algorithm EC -pkeyopt ec_paramgen_curve:P-256
certificate rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
certificate foreign -algorithm ED25519
account add lab --password-file "$work_dir/lab.txt"
WIMCAST_PASSWORD='Ge heim-4711-office' account add office
for name in pc ec rsa; do account add $name --certificate "$work_dir/$name.pem"; done

# --- for everyone: who shows something must have it right -----------------------------------------
send_it --min-receivers 3
refused r1 access.logon-failed 0x8007052E 77 "${wrong[@]}"
must_say r1 'account or password is wrong'
refused r2 access.logon-failed 0x8007052E 77 "${nobody[@]}"
must_say r2 'account or password is wrong'
by foreign
refused r3 access.logon-failed 0x8007052E 77 "${cert[@]}"
fetch_into r4
fetch_into r5 "${lab[@]}"
by pc
fetch_into r6 "${cert[@]}"
complete r4 r5 r6
say "ok: a package for everyone"

# --- for accounts ---------------------------------------------------------------------------------
send_it --min-receivers 5 --read accounts
must_say sender 'may only be read by accounts, but this sender allows anonymous'
refused r1 access.account-needed 0x80070005 77
must_say r1 'allows anonymous connections, so nobody asked this receiver'
must_say sender 'the receiver r1 .* was refused'
refused r2 access.logon-failed 0x8007052E 77 "${wrong[@]}"
refused r3 access.logon-failed 0x8007052E 77 "${nobody[@]}"
fetch_into r4 "${lab[@]}"
password=$(cat "$work_dir/office.txt")
WIMCAST_PASSWORD=$password fetch_into r5 --account office
for i in 6:pc 7:ec 8:rsa; do
    by "${i#*:}"
    fetch_into "r${i%:*}" "${cert[@]}"
done
complete r4 r5 r6 r7 r8
say "ok: a package for accounts"

# --- for one of them ------------------------------------------------------------------------------
rm -rf "$work_dir"/r?
send_it --min-receivers 2 --read lab,pc
refused r1 access.account-needed 0x80070005 77
refused r2 access.denied 0x80070005 77 "${office[@]}"
must_say r2 'account office may not read'
by ec
refused r3 access.denied 0x80070005 77 "${cert[@]}"
refused r4 access.logon-failed 0x8007052E 77 "${wrong[@]}"
fetch_into r5 "${lab[@]}"
by pc
fetch_into r6 "${cert[@]}"
complete r5 r6
say "ok: a package for some accounts"

# --- a published package keeps its readers --------------------------------------------------------
rm -rf "$work_dir"/r?
"$SENDER" publish "$work_dir/image.img" --id LAB00001 --read lab --only-multicast \
    >"$work_dir/publish.err" 2>&1 || fail "publish"
start_sender --port $port --max-wait 60 --min-receivers 1 LAB00001
refused r1 access.account-needed 0x80070005 77
must_say r1 'empty download: 0 of 2\.0 MiB of LAB00001: package LAB00001 may only be read by'
refused r2 access.denied 0x80070005 77 "${office[@]}"
fetch_into r3 "${lab[@]}"
complete r3
start_sender --port $port --max-wait 60 --min-receivers 1 --read everyone LAB00001
fetch_into r4
complete r4
say "ok: a published package keeps its readers"

# --- the report from the field: anonymous allowed, an account needed, only via multicast ----------
rm -rf "$work_dir"/r?
"$SENDER" publish "$work_dir/image.img" --id LAB00002 --read lab --only-multicast \
    >"$work_dir/publish.err" 2>&1 || fail "publish"
rc=0 # beforehand
"$SENDER" check --json --interface lo --port $port LAB00002 >"$work_dir/check.json" 2>&1 || rc=$?
((rc == 78)) || fail "check ends with $rc"
seen=$(json_get "$work_dir/check.json" finding '(select(.severity == "error") | .id)')
[[ $seen == check.anonymous-unneeded ]] || fail "check says: '$seen'"
start_sender --port $port --max-wait 60 --min-receivers 1 LAB00002
refused r1 access.account-needed 0x80070005 77
must_say r1 'nobody asked this receiver for its account.*only via multicast'
must_say r1 'account anonymous refuse'
account anonymous refuse # the one setting that it names
"$SENDER" check --interface lo --port $((port + 1)) LAB00002 >"$work_dir/check.err" 2>&1 ||
    fail "check is not content"
fetch_into r1 "${lab[@]}"
complete r1
account anonymous allow
say "ok: anonymous allowed, an account needed, only multicast: the cause, and one setting later"

# --- a sender that refuses anonymous receivers ----------------------------------------------------
account anonymous refuse
rm -rf "$work_dir"/r?
send_it --min-receivers 1
refused r1 access.account-needed 0x80070005 77
must_say r1 'this sender refuses anonymous connections'
# Accounts that are gone while the session runs do not open the door.
mv "$WIMCAST_STATE_DIR/accounts.json" "$work_dir/kept.json"
refused r3 access.account-needed 0x80070005 77
must_say sender 'accounts\.json is gone'
mv "$work_dir/kept.json" "$WIMCAST_STATE_DIR/accounts.json"
account anonymous allow # while the session runs
fetch_into r2
complete r2
say "ok: anonymous connections refused, then allowed"

# --- guessing -------------------------------------------------------------------------------------
rm -rf "$work_dir"/r?
send_it --min-receivers 1 --read accounts
for i in 1 2 3 4 5; do
    refused r1 access.logon-failed 0x8007052E 77 "${wrong[@]}"
done
refused r1 access.locked-out 0x80070775 75 "${wrong[@]}"
must_say r1 'too many wrong passwords'
in_at_last() {
    local rc=0
    "$RECEIVER" fetch -q --interface lo "$url" -o "$work_dir/r2/" "${lab[@]}" \
        </dev/null >>"$work_dir/r2.err" 2>&1 || rc=$?
    return $rc
}
mkdir -p "$work_dir/r2"
wait_for 20 in_at_last || fail "the right password does not open the door again"
end_of_sender 30 0
say "ok: guessing is locked out"

# --- never to a sender whose key is not known -----------------------------------------------------
rm -rf "$work_dir"/r?
send_it --min-receivers 2 --read accounts
start_receiver r1 "${url%#*}" --output "$work_dir/r1/" "${lab[@]}"
end_of_receiver r1 30 77
[[ $(json_get "$work_dir/r1.json" error .finding) == access.sender-unproven ]] || fail "unproven"
start_receiver r2 --output "$work_dir/r2/" "${lab[@]}" # the key of an announcement is anybody's
end_of_receiver r2 30 77
[[ $(json_get "$work_dir/r2.json" error .finding) == access.sender-unproven ]] || fail "announced"
other=${url%?}$(tr 0-9a-f 1-9a-f0 <<<"${url: -1}") # another key
start_receiver r3 "$other" --output "$work_dir/r3/" "${lab[@]}"
end_of_receiver r3 30 77
must_say r3 'has another key than the URL says'

# --- what was said once cannot be said again ------------------------------------------------------
run_bg tape_pid sender "$WC_BUILD_DIR/tests/tape" record 19600 127.0.0.1 $port "$work_dir/tape"
listens() { [[ -n $(ss -Hltn "sport = :$1") ]]; }
wait_for 10 listens 19600 || fail "no proxy"
start_receiver r4 "${url/:$port\//:19600/}" --output "$work_dir/r4/" "${lab[@]}"
has_joined() { [[ $(grep -c '"state":"ready"' "$work_dir/sender.json") -ge $1 ]]; }
wait_for 20 has_joined 1 || fail "r4 does not join by the proxy"
before=$(grep -c '"event":"receiver"' "$work_dir/sender.json")
cp "$work_dir/tape" "$work_dir/tape.once"
[[ $(stat -c %s "$work_dir/tape.once") -gt 300 ]] || fail "nothing was recorded"
grep -q -a -F "$(cat "$work_dir/lab.txt")" "$work_dir/tape" && fail "the password is on the wire"
"$WC_BUILD_DIR/tests/tape" play 127.0.0.1 $port "$work_dir/tape.once" >"$work_dir/played"
[[ $(<"$work_dir/played") -gt 0 ]] || fail "the sender did not even answer"
[[ $(grep -c '"event":"receiver"' "$work_dir/sender.json") == "$before" ]] || fail "it joined again"
say "ok: a recorded join, $(<"$work_dir/played") bytes came back, nobody joined"

# --- nothing older than TLS 1.3 -------------------------------------------------------------------
timeout 10 openssl s_client -connect "127.0.0.1:$port" -tls1_2 </dev/null \
    >"$work_dir/old.out" 2>&1 && fail "TLS 1.2 is spoken"
grep -q -i 'alert protocol version' "$work_dir/old.out" || fail "no alert for TLS 1.2"
timeout 10 openssl s_client -connect "127.0.0.1:$port" -tls1_3 </dev/null \
    >"$work_dir/new.out" 2>&1 ||
    fail "TLS 1.3 is not spoken: so the test above proves nothing"
fetch_into r5 "${office[@]}"
complete r4 r5
say "ok: TLS 1.2 is refused"

# --- what was said is wiped -----------------------------------------------------------------------
# Sanitizers keep what was freed.
if ((EUID == 0)) && [[ $(ldd "$SENDER") != *san.so* ]]; then
    rm -rf "$work_dir"/r?
    send_it --min-receivers 2 --read accounts
    fetch_into r1 "${lab[@]}"
    wait_for 20 has_joined 1 || fail "r1 does not join"
    for pid in "$sender_pid" "${receiver_pid[r1]}"; do
        [[ $("$WC_BUILD_DIR/tests/tape" find "$pid" image.img) -gt 0 ]] ||
            fail "cannot look at $pid"
        [[ $("$WC_BUILD_DIR/tests/tape" find "$pid" heim-4711) == 0 ]] ||
            fail "the password is still in the memory of process $pid"
    done
    fetch_into r2 "${office[@]}"
    complete r1 r2
    say "ok: no password in memory"
fi

# --- nobody else on this machine sees what a program has in memory --------------------------------
if ((EUID == 0)); then
    chmod 0755 "$work_dir"
    mkdir -m 0777 "$work_dir/nobody"
    as_nobody=(setpriv --reuid 65533 --regid 65533 --clear-groups)
    run_bg waiting sender "${as_nobody[@]}" env HOME="$work_dir/nobody" WIMCAST_PASSWORD=unseen-77 \
        "$RECEIVER" fetch --interface lo -o "$work_dir/nobody/" >/dev/null 2>&1
    # shellcheck disable=SC2154 # set by run_bg
    is_shielded() {
        [[ $(</proc/"$waiting"/comm) == wimcast-receive ]] &&
            [[ $(stat -c %u "/proc/$waiting/environ") == 0 ]]
    }
    wait_for 10 is_shielded || fail "the receiver can be looked at by processes of its user"
    "${as_nobody[@]}" cat "/proc/$waiting/environ" >"$work_dir/seen" 2>/dev/null &&
        fail "its environment can be read"
    [[ ! -s $work_dir/seen ]] || fail "its environment can be read"
    grep -q 'Max core file size *0 ' "/proc/$waiting/limits" || fail "it may leave a core file"
    kill_quietly "$waiting"
    say "ok: shielded"
fi

# --- no password anywhere -------------------------------------------------------------------------
rm "$work_dir/lab.txt" "$work_dir/office.txt"
grep -r -l -a -e 'heim-4711' "$work_dir" && fail "a password is in one of these files"
say "ok: no log, no event, no state file has a password"
