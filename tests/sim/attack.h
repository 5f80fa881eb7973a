/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strangers and liars: datagrams in the group that the sender did not send, reports that no core
 * made. */
#ifndef WC_SIM_ATTACK_H
#define WC_SIM_ATTACK_H

#include "tests/sim/sender_node.h"

/* Somebody else sends `count` datagrams to the same group. kind: WC_STEP_REPLAY, _STALE, _FORGE or
 * _INSIDER. */
void wc_attack_group(struct wc_sender_node *s, struct wc_env *env, enum wc_step_kind kind,
                     uint64_t count);

/* A receiver's control channel brings `count` reports that no core made. */
void wc_attack_lie(struct wc_sender_node *s, struct wc_env *env, uint32_t node, uint64_t count);

#endif
