/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS 1.3 as buffers: bytes from the network in, bytes for the network out, plain bytes both ways;
 * no socket in sight (OpenSSL memory BIOs). */
#ifndef WC_IO_TLS_H
#define WC_IO_TLS_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"
#include "common/io/clientcert.h"
#include "common/io/identity.h"
#include "common/io/keycheck.h"

struct wc_tls_context; /* what many connections share; one thread */
struct wc_tls;         /* one connection */

/* A server that proves `id` (borrowed until free). It asks clients for a certificate, and takes any
 * or none: whose it is stands in wc_tls_peer_key, and the handshake proved that he has its private
 * key. WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_tls_server_new(struct wc_tls_context **ret,
                                          const struct wc_identity *id);

/* A client that accepts whom `trust` names and nobody else; host and digest are copied, trust->site
 * is borrowed until free. WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_tls_client_new_for(struct wc_tls_context **ret,
                                              const struct wc_key_trust *trust);

/* The same with this digest, for any host; NULL: any server (the caller says which key it
 * trusts). */
WC_MUST_USE enum wc_err wc_tls_client_new(struct wc_tls_context **ret, const uint8_t *key_digest);

/* Show this certificate to the server (copied), before any connection. WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_tls_client_show(struct wc_tls_context *ctx,
                                           const struct wc_clientcert *certificate);
void wc_tls_context_free(struct wc_tls_context *ctx);

WC_MUST_USE enum wc_err wc_tls_new(struct wc_tls **ret, struct wc_tls_context *ctx);
void wc_tls_free(struct wc_tls *tls);

/* Hand over bytes that came from the network. WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_tls_feed(struct wc_tls *tls, const uint8_t *bytes, size_t count);

/* Go on: handshake, then decrypt up to `capacity` bytes. WC_OK with *ret_count > 0: plain bytes;
 * WC_E_AGAIN: more network bytes are needed; WC_E_CLOSED: the other side closed in good order;
 * WC_E_AUTH: the server's key is not to be trusted (see wc_tls_refused); WC_E_CRYPTO: any other
 * TLS failure (wc_tls_why says it). Call wc_tls_drain after each. */
WC_MUST_USE enum wc_err wc_tls_read(struct wc_tls *tls, uint8_t *bytes, size_t capacity,
                                    size_t *ret_count);

/* Encrypt bytes (after the handshake, else WC_E_STATE). All of them are taken. */
WC_MUST_USE enum wc_err wc_tls_write(struct wc_tls *tls, const uint8_t *bytes, size_t count);

/* Take up to `capacity` bytes for the network; returns how many, 0 = none. */
size_t wc_tls_drain(struct wc_tls *tls, uint8_t *bytes, size_t capacity);

size_t wc_tls_pending(const struct wc_tls *tls);  /* bytes to drain */
bool wc_tls_is_open(const struct wc_tls *tls);    /* handshake done */
void wc_tls_close(struct wc_tls *tls);            /* queue close_notify; drain it */
const char *wc_tls_why(const struct wc_tls *tls); /* of the last failure, for people */

/* What was seen of a server that is not trusted, valid as long as `tls`; its `place` is empty.
 * NULL: none was refused. */
const struct wc_key_sight *wc_tls_refused(const struct wc_tls *tls);

/* Why the client refused this server's certificate, as far as its alert says (static). NULL: it did
 * not. */
const char *wc_tls_refusal(const struct wc_tls *tls);

/* The public key in the other side's certificate, after the handshake; released with
 * wc_publickey_free. NULL: none. */
struct wc_publickey *wc_tls_peer_key(const struct wc_tls *tls);

#endif
