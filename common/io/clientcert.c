/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/clientcert_internal.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

struct wc_clientcert {
    X509 *certificate;
    EVP_PKEY *key;
};

static enum wc_err read_file(const char *path, bool is_secret, struct wc_keyfile *file,
                             char ret_text[WC_KEYPEM_TEXT_BYTES], struct wc_why *why)
{
    enum wc_err err = wc_keyfile_at(file, path, why);
    if (!err)
        err = wc_keyfile_read(file, is_secret, ret_text);
    if (err == WC_E_NOT_FOUND)
        err = wc_why_set(why, WC_E_IO, EX_NOINPUT, "cannot read %s: no such file", file->shown);
    return err;
}

#define RSA_BITS_MIN 2048

/* What TLS signs with here (CLIENT_SIGNATURES in tls.c): of a certificate with another key OpenSSL
 * shows nothing, and says nothing. */
static bool is_kind_known(EVP_PKEY *key)
{
    char group[32] = "";
    if (EVP_PKEY_is_a(key, "ED25519"))
        return true;
    if (EVP_PKEY_is_a(key, "RSA"))
        return EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

static enum wc_err check_kind(const struct wc_keyfile *file, X509 *certificate)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    bool is_known = key && is_kind_known(key);
    ERR_clear_error();
    return is_known ? WC_OK
                    : wc_why_set(file->why, WC_E_FORMAT, EX_DATAERR,
                                 "the key of certificate %s is of a kind, or a size, that is not "
                                 "accepted here; use Ed25519, ECDSA with P-256, or RSA with %d "
                                 "bits or more",
                                 file->shown, RSA_BITS_MIN);
}

static enum wc_err read_certificate(const char *path, X509 **ret, struct wc_why *why)
{
    struct wc_keyfile file;
    char text[WC_KEYPEM_TEXT_BYTES];
    enum wc_err err = read_file(path, false, &file, text, why);
    if (err)
        return err;
    *ret = wc_keypem_parse_certificate(text);
    return *ret ? check_kind(&file, *ret)
                : wc_why_set(why, WC_E_FORMAT, EX_DATAERR, "%s holds no certificate in PEM",
                             file.shown);
}

static enum wc_err read_key(const char *path, EVP_PKEY **ret, struct wc_why *why)
{
    struct wc_keyfile file;
    char text[WC_KEYPEM_TEXT_BYTES];
    enum wc_err err = read_file(path, true, &file, text, why);
    if (err)
        return err;
    *ret = wc_keypem_parse_any_key(text);
    explicit_bzero(text, sizeof(text));
    return *ret
               ? WC_OK
               : wc_why_set(why, WC_E_FORMAT, EX_DATAERR,
                            "%s holds no private key in PEM, or one with a passphrase", file.shown);
}

enum wc_err wc_clientcert_open(struct wc_clientcert **ret, const char *certificate, const char *key,
                               struct wc_why *why)
{
    struct wc_clientcert *c = calloc(1, sizeof(*c));
    if (!c)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory for a certificate");
    enum wc_err err = read_certificate(certificate, &c->certificate, why);
    if (!err)
        err = read_key(key, &c->key, why);
    if (!err && X509_check_private_key(c->certificate, c->key) != 1) {
        ERR_clear_error();
        err = wc_why_set(why, WC_E_FORMAT, EX_DATAERR,
                         "certificate %.150s and key %.150s do not belong together", certificate,
                         key);
    }
    if (err) {
        wc_clientcert_free(c);
        return err;
    }
    *ret = c;
    return WC_OK;
}

void wc_clientcert_free(struct wc_clientcert *c)
{
    if (!c)
        return;
    X509_free(c->certificate);
    EVP_PKEY_free(c->key);
    free(c);
}

enum wc_err wc_clientcert_digest(const char *certificate, uint8_t ret[WC_DIGEST_BYTES],
                                 struct wc_why *why)
{
    X509 *parsed = NULL;
    enum wc_err err = read_certificate(certificate, &parsed, why);
    if (!err && !wc_keypem_certificate_digest(parsed, ret))
        err = wc_keypem_failed(why, "read the certificate's key");
    X509_free(parsed);
    return err;
}

X509 *wc_clientcert_certificate(const struct wc_clientcert *c)
{
    return c->certificate;
}

EVP_PKEY *wc_clientcert_key(const struct wc_clientcert *c)
{
    return c->key;
}
