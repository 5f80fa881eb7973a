/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One suite of everything that can be chosen: TLS 1.3, X25519, Ed25519 (certificates of clients are
 * made by others: also ECDSA and RSA). No tickets and no resumption: a connection lives as long as
 * a session does. Whether a client trusts what the server shows is decided in keycheck.c, which
 * stands in for OpenSSL's walk along a chain; here it is only turned into the alert that the server
 * gets. */
#include "common/io/tls.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/io/clientcert_internal.h"
#include "common/io/digest.h"
#include "common/io/identity_internal.h"

#define GROUPS                 "X25519"
#define SIGNATURES             "ed25519"
#define CLIENT_SIGNATURES      "ed25519:ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256"
#define CERTIFICATES_BYTES_MAX 16384 /* that a peer may send */
#define IDLE_BYTES_MAX         8192u /* kept for output while there is none */
#define WHY_BYTES              256
#define CHAIN_MAX              8 /* certificates that are looked at */

struct wc_tls_context {
    SSL_CTX *ssl;
    bool is_server;
    /* A client's; the pointers of `trust` lead to the fields below it, or are borrowed. */
    struct wc_key_trust trust;
    uint8_t pin[WC_DIGEST_BYTES];
    char host[WC_KEY_PLACE_BYTES];
};

struct wc_tls {
    SSL *ssl;
    BIO *in;  /* from the network; owned by ssl */
    BIO *out; /* for the network; owned by ssl */
    bool is_closing;
    const char *refusal;        /* why the other side does not trust us; static; NULL: it does */
    struct wc_key_sight *sight; /* of a server that is not to be trusted; else NULL */
    enum wc_err failed;         /* what every later read returns */
    char why[WHY_BYTES];
};

/* --- what many connections share ------------------------------------------------------------- */

static bool settings_init(SSL_CTX *ssl)
{
    SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ssl, SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(ssl, CERTIFICATES_BYTES_MAX);
    return SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_num_tickets(ssl, 0) == 1 && SSL_CTX_set1_groups_list(ssl, GROUPS) == 1 &&
           SSL_CTX_set1_sigalgs_list(ssl, SIGNATURES) == 1 &&
           SSL_CTX_set1_client_sigalgs_list(ssl, CLIENT_SIGNATURES) == 1;
}

static struct wc_tls_context *context_new(const SSL_METHOD *method)
{
    struct wc_tls_context *ctx = calloc(1, sizeof(*ctx));
    if (!ctx)
        return NULL;
    ctx->ssl = SSL_CTX_new(method);
    if (ctx->ssl && settings_init(ctx->ssl))
        return ctx;
    wc_tls_context_free(ctx);
    ERR_clear_error();
    return NULL;
}

/* Any certificate of a client will do, and none: accounts decide, by its key. */
static int accept_client(X509_STORE_CTX *store, void *arg)
{
    (void)arg;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

enum wc_err wc_tls_server_new(struct wc_tls_context **ret, const struct wc_identity *id)
{
    struct wc_tls_context *ctx = context_new(TLS_server_method());
    if (!ctx)
        return WC_E_CRYPTO;
    ctx->is_server = true;
    if (SSL_CTX_use_certificate(ctx->ssl, wc_identity_certificate(id)) != 1 ||
        SSL_CTX_use_PrivateKey(ctx->ssl, wc_identity_key(id)) != 1 ||
        (wc_identity_site(id) && SSL_CTX_add1_chain_cert(ctx->ssl, wc_identity_site(id)) != 1)) {
        wc_tls_context_free(ctx);
        ERR_clear_error();
        return WC_E_CRYPTO;
    }
    SSL_CTX_set_verify(ctx->ssl, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx->ssl, accept_client, NULL);
    *ret = ctx;
    return WC_OK;
}

static void refuse(struct wc_tls *tls, const struct wc_key_sight *sight)
{
    char expected[2 * WC_DIGEST_BYTES + 1];
    char found[2 * WC_DIGEST_BYTES + 1];
    wc_digest_hex(sight->pin, expected);
    wc_digest_hex(sight->key_digest, found);
    snprintf(tls->why, sizeof(tls->why), "its key is sha256:%s, expected was sha256:%s", found,
             expected);
    tls->sight = malloc(sizeof(*tls->sight));
    if (tls->sight)
        *tls->sight = *sight;
}

/* What the server is told by an alert. */
static int alert_of(const struct wc_key_sight *sight)
{
    if (sight->signer != WC_KEY_SIGNER_SITE)
        return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    if (sight->now_s > sight->not_after_s)
        return X509_V_ERR_CERT_HAS_EXPIRED;
    return sight->now_s < sight->not_before_s ? X509_V_ERR_CERT_NOT_YET_VALID
                                              : X509_V_ERR_HOSTNAME_MISMATCH;
}

/* Stands in for OpenSSL's walk along a chain of issuers. 1: go on; 0: end the handshake. */
static int check_server(X509_STORE_CTX *store, void *arg)
{
    const struct wc_tls_context *ctx = arg;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(store);
    X509 *others[CHAIN_MAX];
    size_t count = 0;
    for (int i = 1; i < sk_X509_num(chain) && count < CHAIN_MAX; i++) /* 0: the server's own */
        others[count++] = sk_X509_value(chain, i);
    struct wc_key_sight sight = {0};
    bool is_trusted = wc_keycheck_peer(&sight, X509_STORE_CTX_get0_cert(store), others, count,
                                       &ctx->trust, (int64_t)time(NULL));
    X509_STORE_CTX_set_error(store, is_trusted ? X509_V_OK : alert_of(&sight));
    if (!is_trusted)
        refuse(SSL_get_app_data(ssl), &sight);
    return is_trusted;
}

enum wc_err wc_tls_client_new_for(struct wc_tls_context **ret, const struct wc_key_trust *trust)
{
    struct wc_tls_context *ctx = context_new(TLS_client_method());
    if (!ctx)
        return WC_E_CRYPTO;
    ctx->trust = *trust;
    if (trust->key_digest) {
        memcpy(ctx->pin, trust->key_digest, WC_DIGEST_BYTES);
        ctx->trust.key_digest = ctx->pin;
    }
    if (trust->host) {
        snprintf(ctx->host, sizeof(ctx->host), "%s", trust->host);
        ctx->trust.host = ctx->host;
    }
    SSL_CTX_set_verify(ctx->ssl, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx->ssl, check_server, ctx);
    *ret = ctx;
    return WC_OK;
}

enum wc_err wc_tls_client_new(struct wc_tls_context **ret, const uint8_t *key_digest)
{
    return wc_tls_client_new_for(ret, &(struct wc_key_trust){.key_digest = key_digest});
}

enum wc_err wc_tls_client_show(struct wc_tls_context *ctx, const struct wc_clientcert *certificate)
{
    bool ok = SSL_CTX_use_certificate(ctx->ssl, wc_clientcert_certificate(certificate)) == 1 &&
              SSL_CTX_use_PrivateKey(ctx->ssl, wc_clientcert_key(certificate)) == 1;
    ERR_clear_error();
    return ok ? WC_OK : WC_E_CRYPTO;
}

void wc_tls_context_free(struct wc_tls_context *ctx)
{
    if (!ctx)
        return;
    SSL_CTX_free(ctx->ssl);
    free(ctx);
}

/* --- one connection -------------------------------------------------------------------------- */

/* An empty one says "try again" to OpenSSL, not "end". */
static BIO *buffer_new(void)
{
    BIO *buffer = BIO_new(BIO_s_mem());
    if (buffer)
        BIO_set_mem_eof_return(buffer, -1);
    return buffer;
}

enum wc_err wc_tls_new(struct wc_tls **ret, struct wc_tls_context *ctx)
{
    struct wc_tls *tls = calloc(1, sizeof(*tls));
    if (!tls)
        return WC_E_NOMEM;
    tls->ssl = SSL_new(ctx->ssl);
    tls->in = buffer_new();
    tls->out = buffer_new();
    if (!tls->ssl || !tls->in || !tls->out) {
        BIO_free(tls->in);
        BIO_free(tls->out);
        SSL_free(tls->ssl);
        free(tls);
        ERR_clear_error();
        return WC_E_NOMEM;
    }
    SSL_set_bio(tls->ssl, tls->in, tls->out);
    SSL_set_app_data(tls->ssl, tls);
    if (ctx->is_server)
        SSL_set_accept_state(tls->ssl);
    else
        SSL_set_connect_state(tls->ssl);
    *ret = tls;
    return WC_OK;
}

void wc_tls_free(struct wc_tls *tls)
{
    if (!tls)
        return;
    SSL_free(tls->ssl);
    free(tls->sight);
    free(tls);
}

enum wc_err wc_tls_feed(struct wc_tls *tls, const uint8_t *bytes, size_t count)
{
    size_t put = 0;
    if (count == 0)
        return WC_OK;
    return BIO_write_ex(tls->in, bytes, count, &put) == 1 && put == count ? WC_OK : WC_E_NOMEM;
}

/* NULL: the failure is another. */
static const char *refusal_of(unsigned long error)
{
    switch (ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0) {
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        return "it knows another key, or a site that has not signed this one";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
        return "for its clock the certificate has expired";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
        return "for it the certificate is not yet valid, or made out to another name";
    default:
        return NULL;
    }
}

static enum wc_err fail(struct wc_tls *tls)
{
    bool is_refused = tls->why[0] != '\0';
    tls->failed = is_refused ? WC_E_AUTH : WC_E_CRYPTO;
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    tls->refusal = refusal_of(ERR_peek_error());
    if (!is_refused)
        snprintf(tls->why, sizeof(tls->why), "TLS: %s", reason ? reason : "protocol error");
    ERR_clear_error();
    return tls->failed;
}

enum wc_err wc_tls_read(struct wc_tls *tls, uint8_t *bytes, size_t capacity, size_t *ret_count)
{
    assert(capacity > 0);
    if (tls->failed)
        return tls->failed;
    size_t count = 0;
    ERR_clear_error();
    int result = SSL_read_ex(tls->ssl, bytes, capacity, &count);
    if (result == 1) {
        *ret_count = count;
        return WC_OK;
    }
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return WC_E_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return WC_E_CLOSED;
    default:
        return fail(tls);
    }
}

enum wc_err wc_tls_write(struct wc_tls *tls, const uint8_t *bytes, size_t count)
{
    if (!wc_tls_is_open(tls) || tls->is_closing)
        return WC_E_STATE;
    if (tls->failed)
        return tls->failed;
    if (count == 0)
        return WC_OK;
    size_t put = 0;
    ERR_clear_error();
    if (SSL_write_ex(tls->ssl, bytes, count, &put) != 1)
        return fail(tls);
    assert(put == count);
    return WC_OK;
}

/* A buffer never shrinks; after much output take a new one, as most connections are idle. */
static void shrink(struct wc_tls *tls)
{
    BUF_MEM *memory = NULL;
    BIO_get_mem_ptr(tls->out, &memory);
    if (!memory || memory->max <= IDLE_BYTES_MAX || !wc_tls_is_open(tls))
        return;
    BIO *fresh = buffer_new();
    if (!fresh)
        return;
    SSL_set0_wbio(tls->ssl, fresh);
    tls->out = fresh;
}

size_t wc_tls_drain(struct wc_tls *tls, uint8_t *bytes, size_t capacity)
{
    size_t count = 0;
    if (BIO_read_ex(tls->out, bytes, capacity, &count) != 1)
        return 0;
    if (wc_tls_pending(tls) == 0)
        shrink(tls);
    return count;
}

size_t wc_tls_pending(const struct wc_tls *tls)
{
    return BIO_ctrl_pending(tls->out);
}

bool wc_tls_is_open(const struct wc_tls *tls)
{
    return SSL_is_init_finished(tls->ssl) == 1;
}

void wc_tls_close(struct wc_tls *tls)
{
    if (!wc_tls_is_open(tls) || tls->failed || tls->is_closing)
        return;
    tls->is_closing = true;
    ERR_clear_error();
    SSL_shutdown(tls->ssl);
    ERR_clear_error();
}

const char *wc_tls_why(const struct wc_tls *tls)
{
    return tls->why;
}

const char *wc_tls_refusal(const struct wc_tls *tls)
{
    return tls->refusal;
}

const struct wc_key_sight *wc_tls_refused(const struct wc_tls *tls)
{
    return tls->sight;
}

struct wc_publickey *wc_tls_peer_key(const struct wc_tls *tls)
{
    struct wc_publickey *key = NULL;
    X509 *certificate = SSL_get1_peer_certificate(tls->ssl);
    if (!certificate)
        return NULL;
    if (wc_publickey_new(&key, certificate))
        key = NULL;
    X509_free(certificate);
    return key;
}
