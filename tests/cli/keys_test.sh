#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `wimcast-sender key`: a site and its senders, with the request carried from one folder to another
# and back; every fault that files can have, as `key verify` and `send` name it.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"

[[ ! -w /dev/shm ]] || export TMPDIR=/dev/shm # hundreds of small files, each synced
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

# --- what a finding says mends it ----------------------------------------------------------------
# Each command that a fix prints is run as it stands, in a folder with the fault, and the fault is
# gone then: with the site key at hand, with a request that is carried, and without a site.
PATH=$WC_BIN_DIR:$PATH
d="$work_dir/it's damaged" # what is printed is quoted
site=$work_dir/one/site
wimcast-sender key reset --self-signed --state-dir alone >/dev/null
cp -a one member
rm -r member/site

# in_place FOLDER COMMAND...: with the site key of `$setup`.
in_place() {
    local folder=$1 dir=
    shift
    [[ $setup != hand ]] || dir=$site
    WIMCAST_STATE_DIR=$folder WIMCAST_SITE_DIR=${dir:-$work_dir/none} timeout 10 "$@" </dev/null
}

# A request is carried to the site and back as the output says.
carry() {
    local from line back
    from=$(sed -n 's/^  1\. carry \(.*\) to the machine.*/\1/p' said)
    mapfile -t lines < <(sed -n 's/^     \(wimcast-sender key sign .*\)/\1/p' said)
    ((${#lines[@]} == 2)) || return 1
    rm -rf carried && mkdir carried && cp "$from" carried/
    line=${lines[0]} back=${lines[1]}
    (cd carried && WIMCAST_STATE_DIR=$work_dir/none WIMCAST_SITE_DIR=$site bash -c "$line") \
        >>said 2>&1 || return 1
    (cd carried && in_place "$d" bash -c "$back") >>said 2>&1
}

# commands FIX: one a line.
commands() {
    local w="('[^']*'|\\\\.|[^ ;,()'\\\\])+"
    grep -o -E "(wimcast-sender key [a-z]+( --?$w( $w)?)*|rm $w( $w)?|ch(mod|own) $w $w)" \
        <<<"$1" || true
}

# Another first letter in the last line of the first certificate: of its signature.
forge() {
    local line
    line=$(($(grep -n -m 1 END SignedSerializedMCSKey | cut -d: -f1) - 1))
    sed -i "$line { s/^[^A]/A/; t; s/^A/B/ }" SignedSerializedMCSKey
}

# mend ID SETUP BASE DAMAGE [VERIFY_OPTION...]: DAMAGE is a script in the folder.
mend() {
    local id=$1 setup=$2 base=$3 how=$4 fix command count=0 rc
    shift 4
    break_it() {
        chmod -R u+w "$d" 2>/dev/null || true
        rm -rf "$d"
        cp -a "$base" "$d"
        (cd "$d" && eval "$how") >/dev/null 2>&1 || fail "cannot make $id"
    }
    break_it
    in_place "$d" wimcast-sender key verify --json "$@" >verified || true
    fix=$(jq -r "select(.event == \"finding\" and .id == \"$id\") | .fix" verified)
    while read -r command; do
        [[ -n $command ]] || continue
        count=$((count + 1))
        cases=$((cases + 1))
        break_it
        command=${command/ DIR/ $work_dir/other}
        rc=0
        in_place "$d" bash -c "$command" >said 2>&1 || rc=$?
        if ((rc == 0)) && grep -q 'carry .* to the machine' said; then
            [[ $setup != none ]] && carry || rc=1 # without a site there is nowhere to go
        fi
        if [[ $command == *' FILE' ]]; then # at the site; its answer goes where the fix says
            rc=0
            WIMCAST_STATE_DIR=$work_dir/none WIMCAST_SITE_DIR=$site bash -c "$command" >said 2>&1 ||
                rc=$?
            bash -c "cp FILE ${fix##*: }"
        fi
        in_place "$d" wimcast-sender key verify --json "$@" >verified 2>&1 || rc=$?
        jq -s -e "any(.id == \"$id\") | not" verified >/dev/null || rc=1
        # Who used the key goes on: what a send would make is made.
        in_place "$d" wimcast-sender publish file --id MEN00001 >>said 2>&1 || rc=$?
        ((rc)) || continue
        bad=$((bad + 1))
        printf 'BAD: %s (%s): %s\n' "$id" "$setup" "$command"
        sed 's/^/  | /' said verified
    done < <(commands "$fix")
    ((count == 0)) || return 0
    bad=$((bad + 1))
    echo "BAD: $id ($setup): not found, or no command in its fix: $fix"
}

mkdir -m 700 blank
mend key.missing away "$work_dir/blank" :
mend key.missing hand "$work_dir/blank" :
for setup in none hand away; do
    base=$work_dir/member
    [[ $setup != none ]] || base=$work_dir/alone
    mend key.missing $setup "$base" 'rm SerializedMCSKey'
    mend key.empty $setup "$base" 'truncate -s 0 SerializedMCSKey'
    mend key.malformed $setup "$base" 'echo no key >SerializedMCSKey'
    mend key.exposed $setup "$base" 'chmod 644 SerializedMCSKey'
    ((EUID)) || mend key.exposed $setup "$base" 'chown 65534 SerializedMCSKey'
    mend key.state-dir-open $setup "$base" 'chmod 777 .'
    mend key.not-signed $setup "$base" 'truncate -s 0 SignedSerializedMCSKey'
    mend key.malformed $setup "$base" 'echo none >SignedSerializedMCSKey'
    mend key.mismatch $setup "$base" 'cp ../two/SignedSerializedMCSKey .'
done
for setup in hand away; do
    base=$work_dir/member
    mend key.not-signed $setup "$base" 'rm SignedSerializedMCSKey'
    mend key.not-signed $setup "$work_dir/alone" 'cp ../one/SiteCertificate .'
    mend key.other-site $setup "$base" 'cp ../one/SiteCertificate . &&
        wimcast-sender key reset --state-dir . --site-dir ../other && cp ../one/SiteCertificate .'
    mend key.false-signature $setup "$base" forge
    mend key.malformed $setup "$base" 'truncate -s 0 SiteCertificate'
    mend key.next-waits $setup "$base" 'wimcast-sender key reset --state-dir . --site-dir none'
    mend key.expires-soon $setup "$base" \
        "wimcast-sender key sign --days 5 --state-dir . --site-dir $site"
    mend key.wrong-name $setup "$base" : --name dp3.example
done
mend key.next-waits away "$work_dir/alone" 'wimcast-sender key reset --state-dir .'
mend key.not-joined hand "$work_dir/alone" :

# --- nothing is lost by the way ------------------------------------------------------------------
new_key() { "$SENDER" key show --json --state-dir "$1" | jq -r .key; }

# Names: kept unless others are ordered, and then it is said which ones go.
cp -a member named
for verb in reset sign init; do
    key 0 'made out to: dp1.example, 127.0.0.1' $verb --state-dir named --site-dir one/site
    grep -q warning out && fail "$verb warns of names that it keeps"
    key 0 '^ok: ' verify --state-dir named --name dp1.example
done
key 0 'warning: .*no longer made out to: dp1.example' sign --name dp8.example --state-dir named \
    --site-dir one/site
"$SENDER" key sign --json --name dp9.example --state-dir named --site-dir one/site 2>/dev/null |
    jq -e '.names == "dp9.example" and .names_lost == "dp8.example"' >/dev/null || fail "names_lost"
truncate -s 0 named/SignedSerializedMCSKey
key 0 'warning: the certificate before cannot be read' sign --state-dir named --site-dir one/site

# A new key that waits is the one that gets signed, and until then it is seen.
cp -a member waiting
before=$(new_key waiting)
key 0 'until then the old key stays in use' reset --state-dir waiting --site-dir none
key 0 'new key +waiting/SerializedMCSKey.next waits' show --state-dir waiting
"$SENDER" key show --json --state-dir waiting | jq -e .new_key_waits >/dev/null ||
    fail "show --json of a key that waits"
key 0 'warning: 0x80004005: .*\[key.next-waits\]' verify --state-dir waiting
expect 0 'warning: .*the old one is still in use' "$SENDER" publish file --id WAI00001 \
    --state-dir waiting
key 0 'new MCS key' sign --state-dir waiting --site-dir one/site
[[ $(new_key waiting) != "$before" && ! -e waiting/SerializedMCSKey.next ]] ||
    fail "the old key was signed"
key 0 '^ok: ' verify --state-dir waiting

# A key of no use is replaced, and it is said that nothing works until the new one is signed.
cp -a member useless
truncate -s 0 useless/SerializedMCSKey
key 0 'until then this sender cannot send' reset --state-dir useless --site-dir none
grep -q 'sha256:0000' out && fail "a digest of nothing"

# The site of a sender changes by order only.
cp -a member faithful
key 78 'of another site than faithful/SiteCertificate.*key reset --site-dir' \
    sign --state-dir faithful --site-dir other
key 0 'is of another site than this sender' init --state-dir faithful --site-dir other
expect 0 'is of another site than this sender' env WIMCAST_SITE_DIR=other \
    "$SENDER" key reset --state-dir faithful
key 0 'warning: .*next-waits' verify --state-dir faithful
key 66 'carry a request to it' sign --state-dir faithful --site-dir none
grep -q site-init out && fail "a second site key is advised"
truncate -s 0 faithful/SiteCertificate
for verb in init sign reset; do
    expect 65 'SiteCertificate holds no certificate in PEM' env WIMCAST_SITE_DIR=other \
        "$SENDER" key $verb --state-dir faithful
done
key 65 'SiteCertificate holds no certificate in PEM' \
    sign --install stick/foreign --state-dir faithful
fault key.malformed 'certificate of this sender.s site is damaged' faithful
key 0 'signed by the site key' reset --state-dir faithful --site-dir other
key 0 '^ok: ' verify --state-dir faithful

# An answer overwrites no file of the machine that it is made on.
cp two/SignedSerializedMCSKey kept
"$SENDER" key reset --state-dir two --site-dir none >/dev/null
key 73 'is the certificate of the MCS key beside it.*--output' \
    sign two/SerializedMCSKey.csr --site-dir one/site
key 73 'no certificate of the key in this request' \
    sign two/SerializedMCSKey.csr --site-dir one/site --output file
cmp two/SignedSerializedMCSKey kept || fail "the certificate in use was overwritten"
[[ $(<file) == data ]] || fail "a file was overwritten"
key 0 'sign --install h.pem' sign two/SerializedMCSKey.csr --site-dir one/site \
    --output stick/h.pem
key 0 'new MCS key' sign --install stick/h.pem --state-dir two

# Requests that other programs made: what a certificate cannot hold is counted.
openssl genpkey -algorithm ed25519 -out foreign.key 2>/dev/null
request() { openssl req -new -key foreign.key -subj /CN=dp "$@" -out foreign.csr; }
names=$(printf 'DNS:n%d.example,' {1..70})
request -addext "subjectAltName=${names%,}"
key 0 'warning: names of the request are left out: 38' sign foreign.csr --site-dir one/site
request -addext 'subjectAltName=DNS:dp4.example,URI:http://dp4.example/'
key 0 'left out: 1;' sign foreign.csr --site-dir one/site
grep -q 'made out to: dp4.example$' out || fail "names of a request"
request -addext 'subjectAltName=DNS:*.example,URI:http://dp4.example/'
key 65 'no host name and no address.*--name HOST' sign foreign.csr --site-dir one/site --output none
request
key 65 'no host name and no address' sign foreign.csr --site-dir one/site --output none
[[ ! -e none ]] || fail "a certificate for nobody"
key 0 'made out to: dp4.example' sign foreign.csr --site-dir one/site --name dp4.example

# A folder that others may write to is no place for a key, and none is made there.
mkdir -m 770 shared
fault key.state-dir-open 'other users may write to the folder' shared 77
[[ ! -e shared/SerializedMCSKey ]] || fail "a key was made in an open folder"

# --- without a site nothing has to be set up -----------------------------------------------------
key 0 'MCS key' reset --self-signed --state-dir three
key 0 'notice: .*\[key.self-signed\]' verify --state-dir three
key 0 'warning: 0x80004005: .*\[key.not-joined\]' verify --state-dir three --site-dir one/site
key 0 'signed by the site key' sign --state-dir three --site-dir one/site
key 0 '^ok: ' verify --state-dir three

say "$cases cases, $bad wrong"
((bad == 0))
