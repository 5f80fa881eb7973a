/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What parity on demand must send at least, as a multiple of the source symbols: the line that the
 * measured wire bytes are held against.
 * Usage: bench_theory BLOCK_SYMBOLS RECEIVERS LOSS... ; one line "LOSS MULTIPLE" for each loss, a
 * fraction. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "tests/sim/theory.h"

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: bench_theory BLOCK_SYMBOLS RECEIVERS LOSS...\n");
        return EX_USAGE;
    }
    uint32_t block_symbols = (uint32_t)strtoul(argv[1], NULL, 10);
    uint32_t receiver_count = (uint32_t)strtoul(argv[2], NULL, 10);
    for (int i = 3; i < argc; i++) {
        double loss = strtod(argv[i], NULL);
        printf("%g %.6f\n", loss, wc_theory_wire_ratio(block_symbols, receiver_count, loss));
    }
    return EXIT_SUCCESS;
}
