/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may join a session: accounts of this sender, readers of the package. Passwords are looked at
 * by two helper threads at most, and one that was right is known again without that, so that five
 * hundred machines with one account cost one look. Accounts that change while a session runs count
 * from the next receiver on. One thread: the loop's. */
#ifndef WC_SENDER_SHELL_ACCESS_H
#define WC_SENDER_SHELL_ACCESS_H

#include <uv.h>

#include "common/core/msg.h"
#include "common/core/readers.h"
#include "common/diag/finding.h"
#include "common/io/why.h"

struct wc_access;

struct wc_access_config {
    uv_loop_t *loop;
    const char *state_dir;            /* of the accounts; borrowed until free */
    const struct wc_readers *readers; /* the same */
    const char *package;              /* the same */
    uint64_t due_bytes;               /* of the package */
    bool multicast_only;
    uint32_t member_max;
    /* The answer to wc_access_ask, once, maybe before that returns. refusal NULL: it may join; else
     * why not, borrowed until return. */
    void (*answer)(void *ctx, uint32_t member, const struct wc_finding *refusal);
    /* Changed accounts cannot be read, so that those before count on: once, until they can. */
    void (*warn)(void *ctx, const char *sentence);
    void *ctx;
};

/* What a receiver shows. */
struct wc_access_request {
    const struct wc_hello *hello;
    struct wc_addr peer;
    const uint8_t *certificate; /* SHA-256 of its client certificate's key; NULL: none */
};

/* As wc_accounts_open. */
WC_MUST_USE enum wc_err wc_access_open(struct wc_access **ret,
                                       const struct wc_access_config *config, struct wc_why *why);
void wc_access_free(struct wc_access *a); /* after the loop ran empty; NULL is fine */

/* What does not fit together, before anybody joins: false, or a sentence for people. */
bool wc_access_doubt(const struct wc_access *a, char ret[WC_SENTENCE_BYTES_MAX + 1]);

/* All of `request` is borrowed until return. One question at a time for each member. */
void wc_access_ask(struct wc_access *a, uint32_t member, const struct wc_access_request *request);
void wc_access_forget(struct wc_access *a, uint32_t member); /* it is gone: no answer is due */

/* What a receiver is told: the finding, and how much it does not get. */
void wc_access_refusal(const struct wc_access *a, const struct wc_finding *finding,
                       struct wc_refusal *ret);

/* So many passwords were looked at by scrypt: for tests. */
uint32_t wc_access_look_count(const struct wc_access *a);

#endif
