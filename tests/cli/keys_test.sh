#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `wimcast-sender key`: a site and its senders, with the request carried from one folder to another
# and back; every fault that files can have, as `key verify` and `send` name it.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"

make_work_dir
export HOME=$work_dir/home
unset WIMCAST_STATE_DIR WIMCAST_SITE_DIR XDG_STATE_HOME
mkdir -p "$HOME"
cd "$work_dir"
echo data >file
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
    [[ -n $problem ]] || return 0
    bad=$((bad + 1))
    printf 'BAD: %s\n  %s\n' "$(printf '%q ' "${@##*/}")" "$problem"
    sed 's/^/  | /' out
}

key() { expect "$1" "$2" "$SENDER" key "${@:3}"; }

# fault ID PATTERN DIR [CODE]: verify finds it, and send refuses with the same words.
fault() {
    local code=${4:-78} hresult=0x80004005
    [[ $code != 77 ]] || hresult=0x80070005
    key "$code" "$hresult: .*\[$1\]" verify --state-dir "$3"
    key "$code" "$2" verify --state-dir "$3"
    expect "$code" "error: $hresult: .*$2" "$SENDER" send --interface lo --state-dir "$3" file
}

# --- a site, and a sender beside it ---------------------------------------------------------------
key 78 'key\.missing' verify --state-dir one
key 66 'missing' show --state-dir one
key 0 'site key sha256:[0-9a-f]{64} in one/site' site-init --state-dir one
key 73 'already' site-init --state-dir one
key 0 'signed by the site key sha256' init --state-dir one --name dp1.example --name 127.0.0.1
key 0 'names +dp1.example, 127.0.0.1' show --state-dir one
key 0 '^ok: ' verify --state-dir one
key 0 '^ok: ' verify --state-dir one --name dp1.example
key 78 'key\.wrong-name' verify --state-dir one --name dp2.example
key 0 'BEGIN CERTIFICATE' export --state-dir one
key 0 'fetch --site-key' export --state-dir one --output site.pem
grep -q PRIVATE site.pem && fail "a private key was exported"
[[ $(stat -c %a one/SerializedMCSKey one/site/SiteKey | sort -u) == 600 ]] || fail "modes of keys"
"$SENDER" key show --json --state-dir one | jq -e '.event == "key" and .signed_by == "site" and
    .signer_key == .site_key and (.key | length) == 64' >/dev/null || fail "show --json"
"$SENDER" key verify --json --state-dir one | jq -s -e '.[-1].event == "summary" and
    .[-1].result == "ok"' >/dev/null || fail "verify --json"

# --- another machine: the request goes to the site, the certificate comes back ------------------
key 0 'carry two/SerializedMCSKey.csr' init --state-dir two --name dp2.example
fault key.not-signed 'not signed' two
mkdir stick
cp two/SerializedMCSKey.csr stick/
key 0 'made out to: dp2.example' sign stick/SerializedMCSKey.csr --site-dir one/site
key 0 'signed by the site key' sign --install stick/SignedSerializedMCSKey --state-dir two
key 0 'signed by +site' show --state-dir two
key 0 '^ok: ' verify --state-dir two
key 0 'BEGIN CERTIFICATE' export --state-dir two
[[ ! -e two/SerializedMCSKey.csr ]] || fail "the request is still there"
expect 78 '0x80004005: .*not made out to 127.0.0.1' \
    "$SENDER" send --interface lo --state-dir two file

# A new key there: the old one stays until the new one is signed.
before=$("$SENDER" key show --json --state-dir two | jq -r .key)
key 0 'until then the old key stays in use' reset --state-dir two --name dp2.example
[[ $("$SENDER" key show --json --state-dir two | jq -r .key) == "$before" ]] || fail "key changed"
cp two/SerializedMCSKey.csr stick/new.csr
key 0 'signed: stick/answer' sign stick/new.csr --site-dir one/site --output stick/answer
key 0 'new MCS key' sign --install stick/answer --state-dir two
[[ $("$SENDER" key show --json --state-dir two | jq -r .key) != "$before" ]] || fail "the old key"
key 0 '^ok: ' verify --state-dir two

# What does not belong there.
key 65 'do not match' sign --install stick/answer --state-dir one
key 65 'no request' sign site.pem --site-dir one/site --output x
key 66 'no site key is at hand' sign stick/new.csr --site-dir none --output x
key 66 'no site.s certificate' export --state-dir none
key 0 'site key' site-init --site-dir other
key 0 'signed' sign stick/new.csr --site-dir other --output stick/foreign
key 78 'another site' sign --install stick/foreign --state-dir two

# --- faults ---------------------------------------------------------------------------------------
# damage COMMAND...: in a fresh copy of the good state directory, as `$d`.
d=$work_dir/damaged
damage() {
    rm -rf "$d"
    cp -a one "$d"
    rm -rf "$d/site"
    (cd "$d" && "$@")
}

damage rm SerializedMCSKey
fault key.missing 'its certificate is there' "$d"
damage truncate -s 0 SerializedMCSKey
fault key.empty '0 bytes' "$d"
damage cp ../site.pem SerializedMCSKey
chmod 600 "$d/SerializedMCSKey"
fault key.malformed 'no Ed25519 private key' "$d"
damage chmod 644 SerializedMCSKey
fault key.exposed 'mode 0644' "$d" 77
damage rm SignedSerializedMCSKey
fault key.not-signed 'no such file' "$d"
damage truncate -s 0 SignedSerializedMCSKey
fault key.not-signed '0 bytes' "$d"
damage cp SerializedMCSKey SignedSerializedMCSKey
fault key.malformed 'no certificate in PEM' "$d"
damage cp ../two/SignedSerializedMCSKey .
fault key.mismatch 'do not match' "$d"
damage cp ../other/SiteCertificate .
fault key.other-site 'signed by another site' "$d"
if ((EUID == 0)); then
    damage chown 65534 SerializedMCSKey
    chmod 0755 "$work_dir" "$d"
    fake() { expect "$1" "$2" setpriv --reuid 65533 --regid 65533 --clear-groups "${@:3}"; }
    fake 77 '0x80070005: .*key\.unreadable' "$SENDER" key verify --state-dir "$d"
    fake 77 '0x80070005: .*cannot be read by this user' "$SENDER" send --interface lo \
        --state-dir "$d" file
fi

# One command mends each of these.
for name in SerializedMCSKey SignedSerializedMCSKey; do
    damage truncate -s 0 "$name"
    key 0 'new MCS key' reset --state-dir "$d" --site-dir one/site
    key 0 '^ok: ' verify --state-dir "$d"
done

# --- without a site nothing has to be set up -----------------------------------------------------
key 0 'MCS key' reset --self-signed --state-dir three
key 0 'notice: .*\[key.self-signed\]' verify --state-dir three
key 0 'warning: 0x80004005: .*\[key.not-joined\]' verify --state-dir three --site-dir one/site
key 0 'signed by the site key' sign --state-dir three --site-dir one/site
key 0 '^ok: ' verify --state-dir three

say "$cases cases, $bad wrong"
((bad == 0))
