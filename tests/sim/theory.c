/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/theory.h"

#include <math.h>

#define TERMS_MAX 100000u

double wc_theory_wire_ratio(uint32_t k, uint32_t receiver_count, double loss)
{
    double term = pow(1.0 - loss, k); /* of the inner sum, j = m */
    double within = term;             /* P(L <= m) */
    double extra = 0.0;
    for (uint32_t m = 0; m < TERMS_MAX; m++) {
        double more = 1.0 - pow(within, receiver_count);
        extra += more;
        if (more < 1e-9)
            break;
        term *= (double)(k + m) / (double)(m + 1) * loss;
        within += term;
    }
    return 1.0 + extra / (double)k;
}
