#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Are the protocol cores pure? What they need from outside is listed here, symbol by symbol: memory
# and string helpers that neither allocate nor look at the world, assert, and the compiler's own
# runtime. No clock, socket, file, random number or allocator (that one is handed in).
#
# usage: purity.sh LIBRARY...      a wc_ symbol must be defined in one of the given libraries
set -euo pipefail

allowed='
memchr memcmp memcpy memmove memset
strchr strcmp strcspn strlen strncmp strnlen strrchr strspn
__memcpy_chk __memmove_chk __memset_chk
__assert_fail __stack_chk_fail
_GLOBAL_OFFSET_TABLE_
__divti3 __modti3 __udivti3 __umodti3 __udivmodti4 __popcountdi2 __ctzdi2 __clzdi2'

nm_defined() { nm --defined-only --extern-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }'; }

# "OBJECT SYMBOL" for each undefined symbol.
nm_undefined() {
    nm --undefined-only --print-file-name "$1" | awk '{ sub(/:$/, "", $1); print $1, $NF }'
}

(($#)) || { echo "usage: purity.sh LIBRARY..." >&2; exit 64; }
own=$(nm_defined "$@")
bad=0
count=0
for library in "$@"; do
    while read -r object symbol; do
        count=$((count + 1))
        grep -q -x -F -e "$symbol" <<<"${allowed//[[:space:]]/$'\n'}"$'\n'"$own" && continue
        echo "$object needs $symbol: a core may not"
        bad=$((bad + 1))
    done < <(nm_undefined "$library")
done
echo "$# libraries, $count references, $bad not allowed"
((bad == 0))
