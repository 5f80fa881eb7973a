/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files appear whole or not at all: written under another name, synced, renamed; the key before
 * its certificate, both under a lock, so that programs which start at the same time end with one
 * key. A certificate alone is never what an interrupted start left behind: the key was lost, and a
 * new one would silently be another identity. A key alone is such a remainder, and gets its
 * certificate. A pair that does not match may be one that is just being replaced: it is looked at
 * again under the lock. */
#include "common/io/identity.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/io/certify.h"
#include "common/io/identity_internal.h"

#define KEY_NAME         WC_IDENTITY_KEY_NAME
#define CERTIFICATE_NAME WC_IDENTITY_CERTIFICATE_NAME

/* What mends a key depends on its site; common/diag/key_rules.c knows all cases. */
#define SAY_MORE "wimcast-sender key verify says how to mend it"

struct wc_identity {
    EVP_PKEY *key;
    X509 *certificate;
    X509 *site; /* that signed the certificate; NULL: none did */
    uint8_t digest[WC_DIGEST_BYTES];
};

struct wc_publickey {
    EVP_PKEY *key;
    uint8_t digest[WC_DIGEST_BYTES];
};

/* --- public keys --------------------------------------------------------------------------- */

enum wc_err wc_publickey_new(struct wc_publickey **ret, X509 *certificate)
{
    struct wc_publickey *key = calloc(1, sizeof(*key));
    if (!key)
        return WC_E_NOMEM;
    key->key = X509_get_pubkey(certificate);
    if (!key->key || !wc_keypem_digest(key->key, key->digest)) {
        wc_publickey_free(key);
        return WC_E_CRYPTO;
    }
    *ret = key;
    return WC_OK;
}

void wc_publickey_free(struct wc_publickey *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->key);
    free(key);
}

void wc_publickey_digest(const struct wc_publickey *key, uint8_t ret[WC_DIGEST_BYTES])
{
    memcpy(ret, key->digest, WC_DIGEST_BYTES);
}

static enum wc_err verify(EVP_PKEY *key, const void *bytes, size_t count, const uint8_t *signature,
                          size_t signature_bytes)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestVerify(ctx, signature, signature_bytes, bytes, count) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok ? WC_OK : WC_E_AUTH;
}

enum wc_err wc_publickey_verify(const struct wc_publickey *key, const void *bytes, size_t count,
                                const uint8_t *signature, size_t signature_bytes)
{
    return verify(key->key, bytes, count, signature, signature_bytes);
}

enum wc_err wc_identity_verify(const struct wc_identity *id, const void *bytes, size_t count,
                               const uint8_t *signature, size_t signature_bytes)
{
    return verify(id->key, bytes, count, signature, signature_bytes);
}

/* --- reading -------------------------------------------------------------------------------- */

static enum wc_err read_certificate(const struct wc_keyfile *file, struct wc_identity *id)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    enum wc_err err = wc_keyfile_read(file, false, text);
    if (err)
        return err;
    if (!wc_keypem_parse_chain(text, &id->certificate, &id->site))
        return wc_why_set(file->why, WC_E_FORMAT, EX_DATAERR,
                          "%s holds no certificate in PEM; " SAY_MORE, file->shown);
    bool belongs = X509_check_private_key(id->certificate, id->key) == 1;
    if (id->site && X509_verify(id->certificate, X509_get0_pubkey(id->site)) != 1) {
        X509_free(id->site);
        id->site = NULL;
    }
    ERR_clear_error();
    if (belongs)
        return WC_OK;
    return wc_why_set(file->why, WC_E_FORMAT, EX_DATAERR,
                      "%s is the certificate of another key than " KEY_NAME "; " SAY_MORE,
                      file->shown);
}

static void forget(struct wc_identity *id)
{
    X509_free(id->certificate);
    X509_free(id->site);
    EVP_PKEY_free(id->key); /* wipes it */
    *id = (struct wc_identity){.key = NULL};
}

/* What is there. WC_E_NOT_FOUND: the key, or with id->key set, its certificate is missing. */
static enum wc_err load(struct wc_identity *id, const struct wc_keyfile *key,
                        const struct wc_keyfile *certificate)
{
    enum wc_err err = wc_keypem_read_key(key, "restore it from a backup; " SAY_MORE, &id->key);
    if (!err)
        err = read_certificate(certificate, id);
    return err;
}

/* --- making --------------------------------------------------------------------------------- */

static enum wc_err make_key(struct wc_identity *id, const struct wc_keyfile *file, const char *dir)
{
    EVP_PKEY *key = wc_keypem_new_key();
    if (!key)
        return wc_keypem_failed(file->why, "make an MCS key");
    enum wc_err err = wc_keypem_write_key(file, dir, key);
    if (err)
        EVP_PKEY_free(key);
    else
        id->key = key;
    return err;
}

static enum wc_err make_certificate(struct wc_identity *id, const struct wc_keyfile *file,
                                    const char *dir)
{
    struct wc_key_term term = {.now_s = time(NULL), .days = WC_KEY_DAYS_DEFAULT};
    struct wc_key_names names = {.count = 1};
    wc_key_host_name(names.items[0]);
    X509 *certificate = wc_certify_self(id->key, &names, &term);
    if (!certificate)
        return wc_keypem_failed(file->why, "make the certificate of an MCS key");
    enum wc_err err = wc_keypem_write_chain(file, dir, certificate, NULL);
    if (err)
        X509_free(certificate);
    else
        id->certificate = certificate;
    return err;
}

/* Under the lock: look again, then make what is missing. */
static enum wc_err make_missing(struct wc_identity *id, const char *dir,
                                const struct wc_keyfile *key, const struct wc_keyfile *certificate)
{
    forget(id);
    enum wc_err err = load(id, key, certificate);
    if (err != WC_E_NOT_FOUND)
        return err;
    if (!id->key && access(certificate->path, F_OK) == 0)
        return wc_why_set(key->why, WC_E_FORMAT, EX_DATAERR,
                          "%s is missing, but its certificate is there; restore the key from a "
                          "backup; " SAY_MORE,
                          key->shown);
    err = id->key ? WC_OK : make_key(id, key, dir);
    if (!err)
        err = make_certificate(id, certificate, dir);
    return err;
}

static enum wc_err load_or_make(struct wc_identity *id, const char *dir, struct wc_why *why)
{
    struct wc_keyfile key;
    struct wc_keyfile certificate;
    enum wc_err err = wc_keyfile_init(&key, dir, KEY_NAME, why);
    if (!err)
        err = wc_keyfile_init(&certificate, dir, CERTIFICATE_NAME, why);
    if (!err)
        err = load(id, &key, &certificate);
    bool is_missing = err == WC_E_NOT_FOUND;
    bool is_no_pair = err == WC_E_FORMAT && id->certificate; /* is it just being replaced? */
    if (!is_missing && !is_no_pair)
        return err;
    if (is_missing) {
        err = wc_keyfile_make_directory(dir, why);
        if (err)
            return err;
    }
    int held = wc_keyfile_lock(dir, is_missing ? why : NULL);
    if (held < 0)
        return is_missing ? WC_E_IO : err;
    err = make_missing(id, dir, &key, &certificate);
    close(held);
    return err;
}

/* --- the identity --------------------------------------------------------------------------- */

enum wc_err wc_identity_open(struct wc_identity **ret, const char *state_dir, char *ret_why)
{
    struct wc_why why = {.text = "out of memory"};
    struct wc_identity *id = calloc(1, sizeof(*id));
    enum wc_err err = id ? load_or_make(id, state_dir, &why) : WC_E_NOMEM;
    if (!err) {
        if (!wc_keypem_digest(id->key, id->digest))
            err = wc_keypem_failed(&why, "read the MCS key");
    }
    ERR_clear_error();
    if (err) {
        memcpy(ret_why, why.text, sizeof(why.text));
        wc_identity_free(id);
        return err;
    }
    *ret = id;
    return WC_OK;
}

void wc_identity_free(struct wc_identity *id)
{
    if (!id)
        return;
    forget(id);
    free(id);
}

void wc_identity_key_digest(const struct wc_identity *id, uint8_t ret[WC_DIGEST_BYTES])
{
    memcpy(ret, id->digest, WC_DIGEST_BYTES);
}

void wc_identity_pin(const struct wc_identity *id, uint8_t ret[WC_DIGEST_BYTES])
{
    if (!id->site || !wc_keypem_certificate_digest(id->site, ret))
        memcpy(ret, id->digest, WC_DIGEST_BYTES);
}

enum wc_err wc_identity_sign(const struct wc_identity *id, const void *bytes, size_t count,
                             uint8_t *ret_signature, uint16_t *ret_signature_bytes)
{
    size_t signature_bytes = WC_SIGNATURE_BYTES_MAX;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, id->key) == 1 &&
              EVP_DigestSign(ctx, ret_signature, &signature_bytes, bytes, count) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    if (!ok)
        return WC_E_CRYPTO;
    *ret_signature_bytes = (uint16_t)signature_bytes;
    return WC_OK;
}

EVP_PKEY *wc_identity_key(const struct wc_identity *id)
{
    return id->key;
}

X509 *wc_identity_certificate(const struct wc_identity *id)
{
    return id->certificate;
}

X509 *wc_identity_site(const struct wc_identity *id)
{
    return id->site;
}
