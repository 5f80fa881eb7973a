/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pieces of the data path, each for itself, on one core.
 * Usage: bench_micro aead LABEL | digest LABEL | fec | ring */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "bench/micro/micro.h"

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    const char *label = argc > 2 ? argv[2] : "all instructions";
    if (strcmp(what, "aead") == 0)
        wc_bench_aead(label);
    else if (strcmp(what, "digest") == 0)
        wc_bench_digest(label);
    else if (strcmp(what, "fec") == 0)
        wc_bench_fec();
    else if (strcmp(what, "ring") == 0)
        wc_bench_ring();
    else {
        fprintf(stderr, "usage: bench_micro aead LABEL | digest LABEL | fec | ring\n");
        return EX_USAGE;
    }
    return EXIT_SUCCESS;
}
