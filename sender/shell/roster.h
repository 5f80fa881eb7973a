/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The receivers' side of the control thread: who is connected as what, the session descriptor and
 * manifest that each gets, and their reports on the way to the data thread. */
#ifndef WC_SENDER_SHELL_ROSTER_H
#define WC_SENDER_SHELL_ROSTER_H

#include <uv.h>

#include "common/core/readers.h"
#include "common/diag/finding.h"
#include "common/io/ctrl.h"
#include "sender/shell/session.h"
#include "sender/shell/txloop.h"

struct wc_roster;

/* What is known of a receiver: also after it ended, until its place is needed. */
struct wc_roster_entry {
    enum wc_member_state state;
    char name[WC_NAME_BYTES_MAX + 1];
    char peer[64];                          /* address and port */
    char reason[WC_SENTENCE_BYTES_MAX + 1]; /* why it failed or was lost */
    uint64_t bytes;                         /* that it says it verified */
    struct wc_progress files;               /* the same; total 0: it has not said */
};

#define WC_ROSTER_PORT_TRIES 16u /* from the default one up */

struct wc_roster_config {
    uv_loop_t *loop;
    struct wc_tls_context *tls;
    const struct wc_session *session; /* borrowed until free */
    const struct wc_content *content; /* the same; cloned for receivers by unicast */
    struct wc_txloop *txloop;         /* the same */
    const struct wc_readers *readers; /* who may join; the same. NULL: everybody, unasked */
    const char *state_dir;            /* of the accounts, for readers; the same */
    uint32_t member_max;
    uint32_t hello_max_ms; /* from connecting to HELLO; 0: 10 s */
    /* A receiver changed its state. */
    void (*on_change)(void *ctx, const struct wc_roster_entry *entry);
    /* The content can no longer be read, or is no longer what was published. */
    void (*on_failure)(void *ctx, const struct wc_why *why);
    /* What receivers say of wrong blocks, judged: worth a warning. NULL is fine. */
    void (*on_finding)(void *ctx, const struct wc_finding *finding);
    /* A receiver does not trust this sender's key, or may not join (WC_REFUSALS_PER_MINUTE of them,
     * and how many more there were), or nobody will be able to, or accounts cannot be read. NULL is
     * fine. */
    void (*on_refusal)(void *ctx, const char *sentence);
    void *ctx;
};

/* Listen on `port`; port_is_fixed false: or on one of the next few. WC_E_SYS, WC_E_NOMEM with
 * `why`, and as wc_accounts_open. */
WC_MUST_USE enum wc_err wc_roster_open(struct wc_roster **ret,
                                       const struct wc_roster_config *config, uint16_t port,
                                       bool port_is_fixed, struct wc_why *why);
uint16_t wc_roster_port(const struct wc_roster *r);

/* A notice of the protocol core about a member. */
void wc_roster_member(struct wc_roster *r, uint32_t member, enum wc_member_state state);

/* What is known of the next receiver from number *at on (0: the first), which goes on behind it;
 * NULL: there are no more. Borrowed until something happens. `r` may be NULL: there are none. */
const struct wc_roster_entry *wc_roster_next(const struct wc_roster *r, uint32_t *at);

/* Tell all receivers how the session stands: once a second, and at each change of phase or report
 * interval. Those who connected and said nothing are sent away. */
void wc_roster_status(struct wc_roster *r, const struct wc_sender_stats *stats);

/* Close all connections, with a BYE that carries the reason; then the loop runs empty. */
void wc_roster_close(struct wc_roster *r, uint32_t hresult, const char *sentence);
/* The same after a failure: with its finding, and how much is lost by it. */
void wc_roster_fail(struct wc_roster *r, const struct wc_why *why);
bool wc_roster_is_empty(const struct wc_roster *r); /* no connection left */
void wc_roster_free(struct wc_roster *r);           /* after the loop ran empty */

#endif
