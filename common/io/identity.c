/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files appear whole or not at all: written under another name, synced, renamed; the key before
 * its certificate, both under a lock, so that programs which start at the same time end with one
 * key. A certificate alone is never what an interrupted start left behind: the key was lost, and a
 * new one would silently be another identity. A key alone is such a remainder, and gets its
 * certificate. */
#include "common/io/identity.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/identity_internal.h"
#include "common/io/keyfile.h"
#include "common/io/seal.h"

#define KEY_NAME             "SerializedMCSKey"
#define CERTIFICATE_NAME     "SignedSerializedMCSKey"
#define ALGORITHM            "ED25519"
#define HOST_BYTES_MAX       64 /* of a common name: RFC 5280 appendix A.1 */
#define BACKDATE_SECONDS     86400
#define VALIDITY_DAYS        3650
#define CERTIFICATE_VERSION3 2

struct wc_identity {
    EVP_PKEY *key;
    X509 *certificate;
    uint8_t digest[WC_DIGEST_BYTES];
};

struct wc_publickey {
    EVP_PKEY *key;
    uint8_t digest[WC_DIGEST_BYTES];
};

static enum wc_err crypto_failed(struct wc_why *why)
{
    char reason[160];
    ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
    return wc_why_set(why, WC_E_CRYPTO, EX_SOFTWARE, "OpenSSL cannot make an MCS key: %s", reason);
}

/* --- public keys --------------------------------------------------------------------------- */

static enum wc_err digest_of(EVP_PKEY *key, uint8_t ret[WC_DIGEST_BYTES])
{
    uint8_t *der = NULL;
    int byte_count = i2d_PUBKEY(key, &der);
    if (byte_count <= 0)
        return WC_E_CRYPTO;
    int ok = EVP_Digest(der, (size_t)byte_count, ret, NULL, EVP_sha256(), NULL);
    OPENSSL_free(der);
    return ok == 1 ? WC_OK : WC_E_CRYPTO;
}

enum wc_err wc_publickey_new(struct wc_publickey **ret, X509 *certificate)
{
    struct wc_publickey *key = calloc(1, sizeof(*key));
    if (!key)
        return WC_E_NOMEM;
    key->key = X509_get_pubkey(certificate);
    if (!key->key || digest_of(key->key, key->digest)) {
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

enum wc_err wc_publickey_verify(const struct wc_publickey *key, const void *bytes, size_t count,
                                const uint8_t *signature, size_t signature_bytes)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->key) == 1 &&
              EVP_DigestVerify(ctx, signature, signature_bytes, bytes, count) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok ? WC_OK : WC_E_AUTH;
}

/* --- reading -------------------------------------------------------------------------------- */

/* No question on the terminal for a passphrase. */
static int no_passphrase(char *text, int room, int for_writing, void *ctx)
{
    (void)text;
    (void)room;
    (void)for_writing;
    (void)ctx;
    return -1;
}

static enum wc_err read_key(const struct wc_keyfile *file, EVP_PKEY **ret)
{
    char text[WC_KEYFILE_BYTES_MAX + 2];
    enum wc_err err = wc_keyfile_read(file, true, text);
    if (err)
        return err;
    BIO *bio = BIO_new_mem_buf(text, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    OPENSSL_cleanse(text, sizeof(text));
    ERR_clear_error();
    if (!key || !EVP_PKEY_is_a(key, ALGORITHM)) {
        EVP_PKEY_free(key);
        return wc_why_set(file->why, WC_E_FORMAT, EX_DATAERR,
                          "%s holds no Ed25519 private key in PEM; restore it from a backup, or "
                          "remove it together with " CERTIFICATE_NAME " for a new one",
                          file->shown);
    }
    *ret = key;
    return WC_OK;
}

static enum wc_err read_certificate(const struct wc_keyfile *file, EVP_PKEY *key, X509 **ret)
{
    char text[WC_KEYFILE_BYTES_MAX + 2];
    enum wc_err err = wc_keyfile_read(file, false, text);
    if (err)
        return err;
    BIO *bio = BIO_new_mem_buf(text, -1);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    bool belongs = certificate && X509_check_private_key(certificate, key) == 1;
    ERR_clear_error();
    if (belongs) {
        *ret = certificate;
        return WC_OK;
    }
    if (certificate)
        err = wc_why_set(file->why, WC_E_FORMAT, EX_DATAERR,
                         "%s is the certificate of another key than " KEY_NAME
                         "; remove it, and it is made anew",
                         file->shown);
    else
        err = wc_why_set(file->why, WC_E_FORMAT, EX_DATAERR,
                         "%s holds no certificate in PEM; remove it, and it is made anew",
                         file->shown);
    X509_free(certificate);
    return err;
}

/* What is there. WC_E_NOT_FOUND: the key, or with id->key set, its certificate is missing. */
static enum wc_err load(struct wc_identity *id, const struct wc_keyfile *key,
                        const struct wc_keyfile *certificate)
{
    enum wc_err err = id->key ? WC_OK : read_key(key, &id->key);
    if (!err)
        err = read_certificate(certificate, id->key, &id->certificate);
    return err;
}

/* --- making --------------------------------------------------------------------------------- */

static enum wc_err write_bio(const struct wc_keyfile *file, const char *dir, BIO *text)
{
    char *bytes = NULL;
    long byte_count = BIO_get_mem_data(text, &bytes);
    return wc_keyfile_write(file, dir, bytes, (size_t)byte_count);
}

static enum wc_err make_key(struct wc_identity *id, const struct wc_keyfile *file, const char *dir)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, ALGORITHM);
    BIO *text = BIO_new(BIO_s_secmem());
    enum wc_err err = WC_OK;
    if (!key || !text ||
        PEM_write_bio_PKCS8PrivateKey(text, key, NULL, NULL, 0, no_passphrase, NULL) != 1)
        err = crypto_failed(file->why);
    else
        err = write_bio(file, dir, text);
    BIO_free(text);
    if (err)
        EVP_PKEY_free(key);
    else
        id->key = key;
    return err;
}

/* This host's name, with what a DNS name cannot hold as '-'. */
static void host_name(char ret[HOST_BYTES_MAX + 1])
{
    if (gethostname(ret, HOST_BYTES_MAX) || ret[0] == '\0')
        snprintf(ret, HOST_BYTES_MAX + 1, "wimcast");
    ret[HOST_BYTES_MAX] = '\0';
    for (char *at = ret; *at; at++) {
        bool good = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                    (*at >= '0' && *at <= '9') || *at == '.' || *at == '-';
        if (!good)
            *at = '-';
    }
}

static bool extend(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool fill_certificate(X509 *certificate, EVP_PKEY *key)
{
    char host[HOST_BYTES_MAX + 1];
    char names[sizeof("DNS:") + HOST_BYTES_MAX];
    uint64_t serial;
    host_name(host);
    snprintf(names, sizeof(names), "DNS:%s", host);
    wc_random_bytes(&serial, sizeof(serial));
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, CERTIFICATE_VERSION3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -BACKDATE_SECONDS) &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), VALIDITY_DAYS, 0, NULL) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)host, -1, -1, 0) ==
               1 &&
           X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           extend(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           extend(certificate, NID_key_usage, "critical,digitalSignature") &&
           extend(certificate, NID_subject_alt_name, names) &&
           X509_sign(certificate, key, NULL) > 0;
}

static enum wc_err make_certificate(struct wc_identity *id, const struct wc_keyfile *file,
                                    const char *dir)
{
    X509 *certificate = X509_new();
    BIO *text = BIO_new(BIO_s_mem());
    enum wc_err err = WC_OK;
    if (!certificate || !text || !fill_certificate(certificate, id->key) ||
        PEM_write_bio_X509(text, certificate) != 1)
        err = crypto_failed(file->why);
    else
        err = write_bio(file, dir, text);
    BIO_free(text);
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
    enum wc_err err = load(id, key, certificate);
    if (err != WC_E_NOT_FOUND)
        return err;
    if (!id->key && access(certificate->path, F_OK) == 0)
        return wc_why_set(key->why, WC_E_FORMAT, EX_DATAERR,
                          "%s is missing, but its certificate is there; restore the key from a "
                          "backup, or remove " CERTIFICATE_NAME " for a new key",
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
    if (err != WC_E_NOT_FOUND)
        return err;
    err = wc_keyfile_make_directory(dir, why);
    if (err)
        return err;
    int held = wc_keyfile_lock(dir, why);
    if (held < 0)
        return WC_E_IO;
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
        err = digest_of(id->key, id->digest);
        if (err)
            crypto_failed(&why);
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
    X509_free(id->certificate);
    EVP_PKEY_free(id->key); /* wipes it */
    free(id);
}

void wc_identity_key_digest(const struct wc_identity *id, uint8_t ret[WC_DIGEST_BYTES])
{
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
