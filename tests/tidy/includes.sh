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
tests:           tests sender/core receiver/core common/io common/core common/diag
bench:           bench tests sender/core receiver/core common/io common/core common/diag'

# header (a prefix): the files (patterns) that may include it.
third_party='
uv.h:       common/io/loop.* common/io/ctrl.* sender/shell/* receiver/shell/*
openssl/:   common/io/seal.* common/io/digest.* common/io/tls.* common/io/identity.*
isa-l:      common/io/fec.*
jansson.h:  common/io/json.*
pcap:       common/io/capture.*
wimlib.h:   common/io/wim.*
cmocka.h:   tests/unit/* tests/sim/* tests/support/* tests/fault/*'

pure_headers=' assert.h inttypes.h limits.h stdalign.h stdbool.h stddef.h stdint.h string.h '

system_headers='^((sys|net|netinet|arpa|linux)/[a-z0-9_/]+|alloca|assert|ctype|dirent|endian|errno
|fcntl|fenv|float|getopt|grp|ifaddrs|inttypes|limits|locale|malloc|math|netdb|poll|pthread|pwd|sched
|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string
|strings|syscall|sysexits|termios|threads|time|unistd|wchar|immintrin|x86intrin|cpuid)\.h$'
system_headers=${system_headers//$'\n'/}

bad=0
count=0
report() {
    echo "$1"
    bad=$((bad + 1))
}

# row TABLE KEY: the right side of the row whose left side is the longest prefix of KEY.
row() {
    awk -F': *' -v key="$2" '
        $1 != "" && index(key, $1) == 1 && length($1) > length(best) { best = $1; right = $2 }
        END { print right; exit best == "" }' <<<"$1"
}

check_own() {
    local file=$1 header=$2 folders folder
    [[ -e $header ]] || { report "$file: \"$header\" is not a path from the root"; return 0; }
    folders=$(row "$directions" "$file") ||
        { report "$file: its folder has no row in the table of directions"; return 0; }
    for folder in $folders; do
        [[ $header != "$folder/"* ]] || return 0
    done
    report "$file: may not include $header (only: $folders)"
}

check_other() {
    local file=$1 header=$2 patterns pattern
    if patterns=$(row "$third_party" "$header"); then
        set -f
        for pattern in $patterns; do
            # shellcheck disable=SC2053
            [[ $file != $pattern ]] || { set +f; return 0; }
        done
        set +f
        report "$file: may not include <$header> (only: $patterns)"
    elif [[ ! $header =~ $system_headers ]]; then
        report "$file: <$header> is no system header known here and has no row"
    elif [[ $file == */core/* && $file != tests/* && $pure_headers != *" $header "* ]]; then
        report "$file: <$header> in a core"
    fi
}

while IFS=: read -r file line; do
    count=$((count + 1))
    header=$(sed -E 's/^#[[:space:]]*include[[:space:]]*["<]([^">]*)[">].*/\1/' <<<"$line")
    if [[ $line == *\"* ]]; then
        check_own "$file" "$header"
    else
        check_other "$file" "$header"
    fi
done < <(find common sender receiver tests bench -name '*.[ch]' -type f 2>/dev/null | sort |
    xargs -r grep -H -E '^#[[:space:]]*include')

echo "$count includes, $bad not allowed"
((bad == 0))
