/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 (OpenSSL EVP). */
#ifndef WC_IO_DIGEST_H
#define WC_IO_DIGEST_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"

struct wc_digest; /* a running hash; one thread at a time */

WC_MUST_USE enum wc_err wc_digest_new(struct wc_digest **ret);
void wc_digest_free(struct wc_digest *d);

/* Feed bytes; finish gives the digest of all fed and starts anew. */
void wc_digest_update(struct wc_digest *d, const void *bytes, size_t count);
void wc_digest_finish(struct wc_digest *d, uint8_t ret[WC_DIGEST_BYTES]);

/* Digest of one buffer, with the memory of a hash that was fed nothing yet (asserted). */
void wc_digest_of(struct wc_digest *d, const void *bytes, size_t count,
                  uint8_t ret[WC_DIGEST_BYTES]);

/* Lower-case hex, NUL-terminated. */
void wc_digest_hex(const uint8_t digest[WC_DIGEST_BYTES], char ret[2 * WC_DIGEST_BYTES + 1]);

/* Equal or not in constant time. */
bool wc_digest_equal(const uint8_t a[WC_DIGEST_BYTES], const uint8_t b[WC_DIGEST_BYTES]);

#endif
