#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `wimcast-sender account`: made, changed, tried, removed; what is malformed is refused with the
# file's name; a password is neither taken from the command line nor said again.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"

make_work_dir
export HOME=$work_dir/home WIMCAST_STATE_DIR=$work_dir/state
unset WIMCAST_PASSWORD WIMCAST_SITE_DIR XDG_STATE_HOME
mkdir -p "$HOME"
cd "$work_dir"
umask 077
bad=0
cases=0

# expect EXIT_CODE PATTERN COMMAND...: stdout and stderr together match.
expect() {
    local code=$1 pattern=$2 rc=0 problem=
    shift 2
    cases=$((cases + 1))
    timeout -k 1 10 "$@" </dev/null >out 2>&1 || rc=$?
    [[ $rc == "$code" ]] || problem="exit code $rc, expected $code"
    grep -q -E -e "$pattern" out || problem+="${problem:+; }output does not match: $pattern"
    grep -q -F 'geheim' out && problem+="${problem:+; }it repeats a password"
    [[ -n $problem ]] || return 0
    bad=$((bad + 1))
    printf 'BAD: %s\n  %s\n' "$(printf '%q ' "${@##*/}")" "$problem"
    sed 's/^/  | /' out
}

account() { expect "$1" "$2" "$SENDER" account "${@:3}"; }

file=$WIMCAST_STATE_DIR/accounts.json
echo 'geheim eins' >one
echo 'geheim zwei' >two

# --- made, seen, tried ----------------------------------------------------------------------------
account 0 'anonymous connections: allowed' list
account 0 'no accounts' list
[[ ! -e $file ]] || fail "a list makes a file"
account 0 '^added: account lab, by password$' add lab --password-file one
[[ $(stat -c %a "$file") == 600 ]] || fail "mode of $file"
grep -q geheim "$file" && fail "the password is in the file"
account 0 '^ok: ' test lab --password-file one
account 77 '0x8007052E: account or password is wrong.*\[access\.logon-failed\]' \
    test lab --password-file two
account 66 'there is no account office' test office --password-file one
account 0 '^changed: account lab' add lab --password-file two
account 77 'access\.logon-failed' test lab --password-file one
WIMCAST_PASSWORD='geheim eins' account 0 'added' add 'DOMAIN\office 7'
WIMCAST_PASSWORD='geheim eins' account 0 '^ok: ' test 'DOMAIN\office 7'
before=$(jq -r '.accounts[0].scrypt.salt' "$file")
account 0 'changed' add lab --password-file two
[[ $(jq -r '.accounts[0].scrypt.salt' "$file") != "$before" ]] || fail "the same salt again"
jq -e '.accounts[0].scrypt | .n == 16384 and .r == 8 and .p == 1' "$file" >/dev/null ||
    fail "parameters of scrypt"

# --- typed at a terminal --------------------------------------------------------------------------
# typed EXIT_CODE PATTERN COMMAND LINE...: a line for each prompt, as a person at a terminal.
typed() {
    local code=$1 pattern=$2 command=$3 rc=0 pid count=0 line
    shift 3
    cases=$((cases + 1))
    rm -f keyboard out
    mkfifo keyboard
    timeout -k 1 20 script -q -e -f -c "$command" out <keyboard >/dev/null 2>&1 &
    pid=$!
    exec 8>keyboard
    for line; do
        count=$((count + 1))
        wait_for 10 has_prompted $count || fail "no prompt number $count: $command"
        printf '%b' "$line" >&8
    done
    wait $pid || rc=$?
    exec 8>&-
    [[ $rc == "$code" ]] || fail "typed: exit code $rc, expected $code: $(cat out)"
    grep -q -E -e "$pattern" out || fail "typed: no '$pattern' in: $(cat out)"
    ! grep -q geheim out || fail "the terminal shows the password"
}
has_prompted() { [[ $(grep -a -o -s -E 'Password of|The same again' out | wc -l) -ge $1 ]]; }

typed 0 'added: account typed' "$SENDER account add typed" 'geheim drei\n' 'geheim drei\n'
typed 65 'the two passwords differ' "$SENDER account add other" 'geheim drei\n' 'geheim vier\n'
account 66 'there is no account other' test other --password-file one
typed 0 'ok: ' "$SENDER account test typed" 'geheim drei\n'
typed 77 'access\.logon-failed' "$SENDER account test typed" 'geheim vier\n'
typed 66 'no password was typed' "$SENDER account add other" 'gehe\003'
account 0 removed remove typed

# --- by certificate -------------------------------------------------------------------------------
"$SENDER" key reset --self-signed --state-dir pc >/dev/null
"$SENDER" key reset --self-signed --state-dir other >/dev/null
account 0 'added: account pc, by certificate sha256:[0-9a-f]{64}' \
    add pc --certificate pc/SignedSerializedMCSKey
account 65 'account pc has this certificate' add pc2 --certificate pc/SignedSerializedMCSKey
account 0 '^ok: ' test pc --certificate pc/SignedSerializedMCSKey
account 77 'access\.logon-failed' test pc --certificate other/SignedSerializedMCSKey
account 77 'access\.logon-failed' test pc --password-file one
account 77 'access\.logon-failed' test lab --certificate pc/SignedSerializedMCSKey
account 65 'no certificate in PEM' add pc3 --certificate one
account 66 'no such file' add pc3 --certificate none
# kind NAME ARGUMENTS_OF_GENPKEY...: a key and its certificate.
kind() {
    openssl genpkey -out "$1.key" "${@:2}" 2>/dev/null
    openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 2 -out "$1.pem"
}
kind p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
kind ed448 -algorithm ED448
kind rsa1024 -algorithm RSA -pkeyopt rsa_keygen_bits:1024
kind p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
kind rsa2048 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
for name in p384 ed448 rsa1024; do
    account 65 "key of certificate .*$name.pem is of a kind, or a size, that is not accepted" \
        add pc3 --certificate $name.pem
    expect 65 'not accepted here; use Ed25519, ECDSA with P-256, or RSA' "$RECEIVER" fetch \
        "wimcast://127.0.0.1:1/x#key=sha256:$(printf '%064d' 7)" \
        --client-certificate $name.pem --client-key $name.key
done
for name in p256 rsa2048; do
    account 0 'added' add $name --certificate $name.pem
    account 0 'removed' remove $name
done

# --- printed commands can be copied ---------------------------------------------------------------
# The fix of the last error, as a shell takes it.
copy() { eval "set -- $(sed -n -E "s/.*$1//p" out | head -n 1)" && printed=("$@"); }
expect 0 'added' "$SENDER" account add 'my lab; exit' --password-file one
expect 77 "account test 'my lab; exit'" "$SENDER" account test 'my lab; exit' --password-file two
copy 'wimcast-sender account list, '
expect 0 '^ok: ' "$SENDER" "${printed[@]}" --password-file one
account 0 removed remove 'my lab; exit'
mkdir 'n n'
cp one 'n n/one'
chmod 644 'n n/one'
account 77 'open to other users' add new --password-file "$work_dir/n n/one"
eval "$(sed -n -E 's/.*: (chmod 600 .*)/\1/p' out)"
account 0 added add new --password-file "$work_dir/n n/one"
account 0 removed remove new

# --- anonymous, listed, removed -------------------------------------------------------------------
account 0 'anonymous connections: refused' anonymous refuse
account 0 'anonymous connections: refused' list
account 0 'pc, by certificate' list
"$SENDER" account list --json | jq -s -e '.[0].event == "anonymous" and .[0].allowed == false and
    ([.[] | select(.event == "account") | .name] == ["lab", "DOMAIN\\office 7", "pc"]) and
    .[1].by == "password" and (.[3].certificate | startswith("sha256:"))' >/dev/null ||
    fail "list --json"
"$SENDER" account test lab --password-file one --json >json && fail "a wrong password is right"
jq -s -e '.[0].event == "finding" and .[0].id == "access.logon-failed" and
    .[0].hresult == "0x8007052E" and .[-1].result == "failed"' json >/dev/null || fail "test --json"
account 0 'anonymous connections: allowed' anonymous allow
account 0 'removed: account lab' remove lab
account 66 'there is no account lab' remove lab

# --- passwords that are none ----------------------------------------------------------------------
account 64 'no password' add new
account 64 'never stands on the command line' add new 'geheim'
account 64 'never stands on the command line' add new --password 'geheim'
account 64 'never stands on the command line' add new --password='geheim'
expect 64 'never stands on the command line' "$RECEIVER" fetch --account lab --password geheim
account 66 'no such file' add new --password-file none
printf '\n' >empty
account 65 'password is empty' add new --password-file empty
printf 'a\tb geheim\n' >tab
account 65 'control characters' add new --password-file tab
head -c 129 /dev/zero | tr '\0' x >long
account 65 'too long' add new --password-file long
cp one open
chmod 644 open
account 77 'open to other users' add new --password-file open
account 64 'NAME takes' add 'a,b' --password-file one
account 64 'NAME takes' add everyone --password-file one

# --- readers, and what does not fit together ------------------------------------------------------
expect 64 'read takes' "$SENDER" send one --read ''
expect 64 '.account. goes with|--password-file goes with --account' \
    "$RECEIVER" fetch --password-file one
expect 64 'go together' "$RECEIVER" fetch --client-key one
expect 77 '0x80004005: the account is not shown to a sender whose key is not known' \
    "$RECEIVER" fetch wimcast://127.0.0.1:1/x --account lab --password-file one
expect 66 'no such file' "$RECEIVER" fetch "wimcast://127.0.0.1:1/x#key=sha256:$(
    printf '%064d' 7)" --account lab --password-file none

# --- a file that somebody edited ------------------------------------------------------------------
good=$(<"$file")
for text in '' '{' '{}' '{"anonymous":true,"accounts":[],"anonymus":false}' \
    '{"anonymous":true,"accounts":[{"name":"x","scrypt":{"n":1}}]}'; do
    printf '%s' "$text" >"$file"
    rc=0
    "$SENDER" account list >out 2>&1 || rc=$?
    [[ $rc == 78 ]] || fail "accounts.json '$text': $rc"
    grep -q 'then wimcast-sender account anonymous refuse' out || fail "'$text': the door is opened"
    grep -q 'accounts.json' out || fail "'$text': no file is named"
    expect "$rc" 'accounts.json' "$SENDER" send --interface lo one # nobody is let in by mistake
done
printf '%s' "$good" >"$file"
chmod 644 "$file"
account 77 'open to other users' list
chmod 600 "$file"
account 0 'pc, by certificate' list
if ((EUID == 0)); then
    chown 65533 "$file"
    account 77 'another user \(uid 65533\), who may change it; make it .*: chown 0 ' list
    eval "$(sed -n -E "s/.*: (chown 0 .*)/\1/p" out)"
    account 0 'pc, by certificate' list
fi

# --- root at work for the user of a service -------------------------------------------------------
if ((EUID == 0)); then
    chmod 0711 "$work_dir"
    mkdir -m 700 theirs
    chown 65533:65533 theirs
    as_them=(setpriv --reuid 65533 --regid 65533 --clear-groups)
    state=$work_dir/theirs/new/state
    account 0 'added: account lab' add lab --password-file one --state-dir "$state"
    account 0 'added: account pc' add pc --certificate pc/SignedSerializedMCSKey \
        --state-dir "$state"
    account 0 'removed: account lab' remove lab --state-dir "$state"
    "$SENDER" key reset --self-signed --state-dir "$state" >/dev/null
    "$SENDER" publish one --id X --read pc --state-dir "$state" -q
    expect 0 'account pc, by certificate' "${as_them[@]}" "$SENDER" account list \
        --state-dir "$state"
    expect 0 'removed: account pc' "${as_them[@]}" "$SENDER" account remove pc \
        --state-dir "$state"
    [[ -z $(find theirs ! -uid 65533) ]] || fail "not theirs: $(find theirs ! -uid 65533)"
    [[ -z $(find theirs -perm /077) ]] || fail "open: $(find theirs -perm /077)"
fi

say "$cases cases, $bad wrong"
((bad == 0))
