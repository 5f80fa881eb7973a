/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at a key and says what is to be seen (struct wc_key_sight), not what to think of it: on the
 * disk of its sender, and in the certificates that a sender shows in TLS. */
#ifndef WC_IO_KEYCHECK_H
#define WC_IO_KEYCHECK_H

#include "common/core/keysight.h"
#include "common/io/site.h"

/* Where to look. */
struct wc_keycheck_place {
    const char *state_dir;
    const char *site_dir; /* a site key may lie there; NULL: does not matter */
    const char *name;     /* receivers will ask for this host; NULL: not known */
    int64_t now_s;        /* seconds since 1970 */
};

/* The files of an MCS key. */
void wc_keycheck_files(struct wc_key_sight *ret, const struct wc_keycheck_place *place);

/* Nothing is there: neither key nor certificate nor request. The first send makes a key then. */
bool wc_keycheck_is_blank(const struct wc_key_sight *sight);

/* What a receiver trusts. */
struct wc_key_trust {
    const uint8_t *key_digest; /* of the sender's own key or of a site's; NULL: of any */
    struct wc_site *site;      /* decides alone if it is not NULL */
    const char *host;          /* asked for: a key that is trusted for its site must be made out to
                                  it; NULL: it need not */
};

/* Fill `ret` with what the certificate `leaf` of a sender shows, and with the `count` others that
 * came with it. true: it is to be trusted. */
bool wc_keycheck_peer(struct wc_key_sight *ret, X509 *leaf, X509 *const *others, size_t count,
                      const struct wc_key_trust *trust, int64_t now_s);

#endif
