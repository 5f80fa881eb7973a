/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private keys pass through memory that OpenSSL wipes (BIO_s_secmem), and texts that held one are
 * wiped by who read them. No question is ever asked for a passphrase: a service has nobody to
 * answer. */
#include "common/io/keypem.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sysexits.h>

#define ALGORITHM "ED25519"

static int no_passphrase(char *text, int room, int for_writing, void *ctx)
{
    (void)text;
    (void)room;
    (void)for_writing;
    (void)ctx;
    return -1;
}

enum wc_err wc_keypem_failed(struct wc_why *why, const char *what)
{
    char reason[160];
    ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
    ERR_clear_error();
    return wc_why_set(why, WC_E_CRYPTO, EX_SOFTWARE, "OpenSSL cannot %s: %s", what, reason);
}

/* --- reading -------------------------------------------------------------------------------- */

EVP_PKEY *wc_keypem_new_key(void)
{
    return EVP_PKEY_Q_keygen(NULL, NULL, ALGORITHM);
}

EVP_PKEY *wc_keypem_parse_any_key(const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    return key;
}

EVP_PKEY *wc_keypem_parse_key(const char *text)
{
    EVP_PKEY *key = wc_keypem_parse_any_key(text);
    if (key && EVP_PKEY_is_a(key, ALGORITHM))
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

enum wc_err wc_keypem_read_key(const struct wc_keyfile *file, const char *fix, EVP_PKEY **ret)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    enum wc_err err = wc_keyfile_read(file, true, text);
    if (err)
        return err;
    EVP_PKEY *key = wc_keypem_parse_key(text);
    OPENSSL_cleanse(text, sizeof(text));
    if (!key)
        return wc_why_set(file->why, WC_E_FORMAT, EX_DATAERR,
                          "%s holds no Ed25519 private key in PEM; %s", file->shown, fix);
    *ret = key;
    return WC_OK;
}

bool wc_keypem_parse_chain(const char *text, X509 **ret_first, X509 **ret_second)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    X509 *first = bio ? PEM_read_bio_X509(bio, NULL, no_passphrase, NULL) : NULL;
    X509 *second = first ? PEM_read_bio_X509(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    if (!first)
        return false;
    *ret_first = first;
    *ret_second = second;
    return true;
}

X509 *wc_keypem_parse_certificate(const char *text)
{
    X509 *first = NULL;
    X509 *second = NULL;
    if (!wc_keypem_parse_chain(text, &first, &second))
        return NULL;
    X509_free(second);
    return first;
}

X509_REQ *wc_keypem_parse_request(const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    X509_REQ *request = bio ? PEM_read_bio_X509_REQ(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    EVP_PKEY *key = request ? X509_REQ_get0_pubkey(request) : NULL;
    bool ok = key && EVP_PKEY_is_a(key, ALGORITHM) && X509_REQ_verify(request, key) == 1;
    ERR_clear_error();
    if (ok)
        return request;
    X509_REQ_free(request);
    return NULL;
}

/* --- writing -------------------------------------------------------------------------------- */

/* Takes `text`. */
static enum wc_err write_bio(const struct wc_keyfile *file, const char *dir, BIO *text, bool ok)
{
    char *bytes = NULL;
    enum wc_err err;
    if (ok) {
        long byte_count = BIO_get_mem_data(text, &bytes);
        err = wc_keyfile_write(file, dir, bytes, (size_t)byte_count);
    } else {
        err = wc_keypem_failed(file->why, "write PEM");
    }
    BIO_free(text);
    return err;
}

enum wc_err wc_keypem_write_key(const struct wc_keyfile *file, const char *dir, EVP_PKEY *key)
{
    BIO *text = BIO_new(BIO_s_secmem());
    bool ok =
        text && PEM_write_bio_PKCS8PrivateKey(text, key, NULL, NULL, 0, no_passphrase, NULL) == 1;
    return write_bio(file, dir, text, ok);
}

enum wc_err wc_keypem_write_chain(const struct wc_keyfile *file, const char *dir, X509 *first,
                                  X509 *second)
{
    BIO *text = BIO_new(BIO_s_mem());
    bool ok = text && PEM_write_bio_X509(text, first) == 1 &&
              (!second || PEM_write_bio_X509(text, second) == 1);
    return write_bio(file, dir, text, ok);
}

enum wc_err wc_keypem_write_request(const struct wc_keyfile *file, const char *dir,
                                    X509_REQ *request)
{
    BIO *text = BIO_new(BIO_s_mem());
    return write_bio(file, dir, text, text && PEM_write_bio_X509_REQ(text, request) == 1);
}

/* --- digests -------------------------------------------------------------------------------- */

bool wc_keypem_digest(EVP_PKEY *key, uint8_t ret[WC_DIGEST_BYTES])
{
    uint8_t *der = NULL;
    int byte_count = i2d_PUBKEY(key, &der);
    if (byte_count <= 0)
        return false;
    int ok = EVP_Digest(der, (size_t)byte_count, ret, NULL, EVP_sha256(), NULL);
    OPENSSL_free(der);
    return ok == 1;
}

bool wc_keypem_certificate_digest(X509 *certificate, uint8_t ret[WC_DIGEST_BYTES])
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    return key && wc_keypem_digest(key, ret);
}
