#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may include whom. Three rules, one table each:
#  - a folder includes only folders that its row names;
#  - a third-party header appears only in the files that its row names;
#  - a core includes no system header but the listed ones.
# Ours is named by its path from the root of the repository: #include "common/core/wire.h".
#
# usage: includes.sh [ROOT]
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"

# folder: what it may include of ours. The longest folder that fits counts.
directions='
common/core:     common/core
common/diag:     common/diag common/core
common/io:       common/io common/core
sender/core:     sender/core common/core
receiver/core:   receiver/core common/core
sender/shell:    sender/shell sender/core common/io common/diag common/core
receiver/shell:  receiver/shell receiver/core common/io common/diag common/core
tests/support:   tests common/io common/core
tests/unit/common/core:     tests common/core
tests/unit/common/diag:     tests common/diag common/core
tests/unit/common/io:       tests common/io common/core
tests/unit/sender/core:     tests sender/core common/core
tests/unit/receiver/core:   tests receiver/core common/core
tests/unit/sender/shell:    tests sender/shell sender/core common/io common/diag common/core
tests/unit/receiver/shell:  tests receiver/shell receiver/core common/io common/diag common/core
tests/unit/receiver/shell/both_sides_test.c: tests sender/shell receiver/shell common/io common/core
tests/cli/growapply.c: tests receiver/shell common/io common/core
tests/fuzz:      tests sender/core receiver/core common/io common/diag common/core
tests/fuzz:      sender/shell receiver/shell
tests:           tests sender/core receiver/core common/io common/core common/diag
bench:           bench tests sender/core receiver/core common/io common/core common/diag'

# header (a prefix): the files (patterns) that may include it; it may have several rows.
third_party='
uv.h:       common/io/loop.* common/io/ctrl.* sender/shell/* receiver/shell/*
openssl/:   common/io/aead_openssl.* common/io/digest.* common/io/tls.* common/io/identity.*
openssl/:   common/io/certify.* common/io/key* common/io/site.* common/io/password.*
openssl/:   common/io/clientcert.*
openssl/evp.h: common/io/aead_openssl.* common/io/digest.* common/io/identity.* bench/micro/aead.*
openssl/evp.h: common/io/certify.* common/io/key* common/io/site.* common/io/password.*
openssl/evp.h: common/io/clientcert.*
intel-ipsec-mb.h: common/io/aead_ipsec_mb.*
isa-l:      common/io/fec.*
jansson.h:  common/io/jsonl.* common/io/accounts.* sender/shell/packagefile.*
jansson.h:  common/io/firewalljson.* common/io/firewallvalue.*
pcap:       common/io/capture.*
openssl/evp.h: common/io/sha1.*
wimlib.h:   common/io/wimcodec.* common/io/wimextract.*
ntfs-3g/:   common/io/ntfsvolume.* tests/cli/ntfsdress.*
libxml/:    common/io/wimtitles.*
cmocka.h:   tests/unit/* tests/sim/* tests/support/* tests/fault/*'

pure_headers=' assert.h inttypes.h limits.h stdalign.h stdbool.h stddef.h stdint.h string.h '

system_headers='^((sys|net|netinet|arpa|linux)/[a-z0-9_/]+|alloca|assert|ctype|dirent|endian|err
|errno|fcntl|fenv|float|fts|ftw|getopt|grp|ifaddrs|inttypes|limits|locale|malloc|math|netdb|poll
|pthread|pwd|sched|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib
|stdnoreturn|string|strings|syscall|sysexits|termios|threads|time|unistd|wchar|immintrin|x86intrin
|cpuid|dlfcn)\.h$'
system_headers=${system_headers//$'\n'/}

# shellcheck disable=SC2016 # an awk program
check='
function report(text) { print file ": " text; bad++ }

# The row of `table` whose left side is the longest prefix of `key`, in `row`; 0: there is none.
function find_row(table, key,    left, best) {
    best = ""
    for (left in table)
        if (index(key, left) == 1 && length(left) > length(best))
            best = left
    row = best == "" ? "" : table[best]
    return best != ""
}

# Shell patterns with one star at most, at the end.
function is_listed(name, list,    n, i, items, item) {
    n = split(list, items, " ")
    for (i = 1; i <= n; i++) {
        item = items[i]
        if (item == name || (sub(/\*$/, "", item) && index(name, item) == 1))
            return 1
    }
    return 0
}

function load(text, table,    n, i, lines, at, left) {
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++) {
        at = index(lines[i], ":")
        left = substr(lines[i], 1, at - 1)
        if (at)
            table[left] = table[left] substr(lines[i], at + 1)
    }
}

function check_own(header,    folder) {
    if (system("test -e \"" header "\"") != 0)
        return report("\"" header "\" is not a path from the root")
    if (!find_row(directions, file))
        return report("its folder has no row in the table of directions")
    folder = header
    sub(/\/[^\/]*$/, "", folder)
    for (; folder != ""; sub(/\/?[^\/]*$/, "", folder))
        if (is_listed(folder, row))
            return
    report("may not include " header " (only:" row ")")
}

function check_other(header) {
    if (find_row(third_party, header)) {
        if (!is_listed(file, row))
            report("may not include <" header "> (only:" row ")")
    } else if (header !~ system_headers)
        report("<" header "> is no system header known here and has no row")
    else if (file ~ /^(common|sender|receiver)\/(core|diag)\// && !is_listed(header, pure_headers))
        report("<" header "> in a core")
}

BEGIN {
    load(ENVIRON["directions"], directions)
    load(ENVIRON["third_party"], third_party)
    pure_headers = ENVIRON["pure_headers"]
    system_headers = ENVIRON["system_headers"]
}

{
    file = substr($0, 1, index($0, ":") - 1)
    header = $0
    sub(/^[^"<]*["<]/, "", header)
    sub(/[">].*$/, "", header)
    if ($0 ~ /include[ \t]*"/) check_own(header)
    else check_other(header)
}

END {
    print NR " includes, " bad + 0 " not allowed"
    exit bad > 0
}'

export directions third_party pure_headers system_headers
find . -type d \( -name .git -o -name 'build*' \) -prune -o -type f -name '*.[ch]' -print |
    sed 's,^\./,,' | sort |
    xargs -r grep -H -E '^#[[:space:]]*include' | awk "$check"
