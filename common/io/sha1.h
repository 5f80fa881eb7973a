/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-1 (OpenSSL EVP), for what WIMs say of themselves. It tells damage, not forgery: whoever makes
 * a WIM can make two files of one SHA-1. */
#ifndef WC_IO_SHA1_H
#define WC_IO_SHA1_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/core/wimheader.h"

struct wc_sha1; /* a running hash; one thread at a time */

WC_MUST_USE enum wc_err wc_sha1_new(struct wc_sha1 **ret);
void wc_sha1_free(struct wc_sha1 *s);

/* Feed bytes; finish gives the digest of all fed and starts anew. */
void wc_sha1_update(struct wc_sha1 *s, const void *bytes, size_t count);
void wc_sha1_finish(struct wc_sha1 *s, uint8_t ret[WC_SHA1_BYTES]);

#endif
