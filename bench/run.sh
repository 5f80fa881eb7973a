#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What `./dev bench` runs.
#
# usage: ./dev bench [--quick]            everything: micro, sim, matrix, then docs
#        ./dev bench matrix [OPTION...]   the comparison; --quick, --rounds N, --only REGEX
#        ./dev bench e2e TOOL RECEIVERS LOSS LINK [OPTION...]     one cell of it, as JSON
#        ./dev bench micro [NAME...]      the data path piece by piece: aead digest fec ring udp
#        ./dev bench sim [--quick]        1 to 10,000 simulated receivers
#        ./dev bench apply [OPTION...]    receiving and applying an image; --quick, --rounds N
#        ./dev bench table                the last comparison once more
#        ./dev bench docs                 docs/PERFORMANCE.md and docs/figures from the last results
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

usage() { sed -n 's/^# \{0,1\}//; /^usage:/,/bench docs/p' "$0"; }

# A quick run shows that all works; its figures do not go into the documents.
everything() {
    "$here/micro.sh"
    "$here/sim.sh" "$@"
    "$here/apply.sh" "$@"
    "$here/matrix.sh" "$@"
    if (($#)); then
        echo "a quick run: docs/ is left as it is"
    else
        "$here/report.sh" docs
    fi
}

command=${1:-all}
case $command in
    all) everything ;;
    --quick) everything --quick ;;
    matrix | e2e | micro | sim | apply) exec "$here/$command.sh" "${@:2}" ;;
    table) exec "$here/report.sh" table ;;
    docs) exec "$here/report.sh" docs ;;
    help | -h | --help) usage ;;
    *)
        usage >&2
        exit 64
        ;;
esac
