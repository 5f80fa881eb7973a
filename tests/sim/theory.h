/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What repair by parity on demand costs at least, when each of R receivers loses each datagram
 * with probability p on its own (Nonnenmacher, Biersack, Towsley: Parity-Based Loss Recovery for
 * Reliable Multicast Transmission, 1998). */
#ifndef WC_SIM_THEORY_H
#define WC_SIM_THEORY_H

#include <stdint.h>

/* Expected symbols sent per source symbol, for blocks of k source symbols:
 *     E[M] = 1 + 1/k * sum over m >= 0 of (1 - P(L <= m)^R)
 *     P(L <= m) = sum over j = 0..m of C(k + j - 1, j) p^j (1 - p)^k
 * L: how many more than k must be sent until one receiver has k of them. */
double wc_theory_wire_ratio(uint32_t k, uint32_t receiver_count, double loss);

#endif
