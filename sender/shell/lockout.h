/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Against guessing of passwords: who was wrong too often waits, twice as long each time. By
 * address; IPv6 also by network, its /64, with far more wrong ones free: one host can have all
 * addresses of it, and a thousand hosts one each. The table is bounded, and who was not heard of
 * for longest is forgotten first. No clock of its own. */
#ifndef WC_SENDER_SHELL_LOCKOUT_H
#define WC_SENDER_SHELL_LOCKOUT_H

#include "common/core/msg.h"
#include "common/core/types.h"

#define WC_LOCKOUT_FREE         5u   /* wrong ones before the first wait */
#define WC_LOCKOUT_FREE_NETWORK 128u /* the same, of an IPv6 network */
#define WC_LOCKOUT_WAIT_MAX_S   256u
#define WC_LOCKOUT_FORGET       WC_S(600) /* after so long without a wrong one all is well */
#define WC_LOCKOUT_PLACES       1024u

struct wc_lockout;

struct wc_lockout *wc_lockout_new(void); /* NULL: no memory */
void wc_lockout_free(struct wc_lockout *l);

struct wc_lockout_wait {
    uint32_t seconds;       /* until the next password of this address is looked at; 0: now */
    uint32_t failure_count; /* wrong ones so far, of the address or the network */
    bool by_network;        /* its network was wrong too often, and not the address */
};
struct wc_lockout_wait wc_lockout_wait(struct wc_lockout *l, const struct wc_addr *addr, wc_ns now);

/* Without a wait: are so many being looked at (begin) that one more could be too many, if all of
 * them are wrong? Then the next has to wait for one of them to end. */
bool wc_lockout_is_full(struct wc_lockout *l, const struct wc_addr *addr, wc_ns now);

/* A password is about to be looked at, and was: right, or wrong. Each begin has its end. */
void wc_lockout_begin(struct wc_lockout *l, const struct wc_addr *addr, wc_ns now);
void wc_lockout_end(struct wc_lockout *l, const struct wc_addr *addr, bool is_wrong, wc_ns now);

#endif
