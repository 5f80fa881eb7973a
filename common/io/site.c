/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/site.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/certify.h"

struct wc_site {
    X509 *certificate;
    EVP_PKEY *key; /* NULL: only the certificate is known */
    uint8_t digest[WC_DIGEST_BYTES];
};

static enum wc_err no_memory(struct wc_why *why)
{
    return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
}

static enum wc_err write_both(const char *dir, int64_t now_s, const struct wc_keyfile *key_file,
                              const struct wc_keyfile *certificate_file)
{
    struct wc_key_term term = {.now_s = now_s, .days = WC_KEY_SITE_DAYS};
    EVP_PKEY *key = wc_keypem_new_key();
    X509 *certificate = key ? wc_certify_site(key, &term) : NULL;
    enum wc_err err = certificate ? wc_keypem_write_key(key_file, dir, key)
                                  : wc_keypem_failed(key_file->why, "make a site key");
    if (!err)
        err = wc_keypem_write_chain(certificate_file, dir, certificate, NULL);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return err;
}

enum wc_err wc_site_make(const char *dir, int64_t now_s, struct wc_why *why)
{
    struct wc_keyfile key;
    struct wc_keyfile certificate;
    enum wc_err err = wc_keyfile_init(&key, dir, WC_SITE_KEY_NAME, why);
    if (!err)
        err = wc_keyfile_init(&certificate, dir, WC_SITE_CERTIFICATE_NAME, why);
    if (!err)
        err = wc_keyfile_make_directory(dir, why);
    if (err)
        return err;
    int held = wc_keyfile_lock(dir, why);
    if (held < 0)
        return WC_E_IO;
    if (access(key.path, F_OK) == 0 || access(certificate.path, F_OK) == 0)
        err = wc_why_set(why, WC_E_STATE, EX_CANTCREAT,
                         "there is a site key already: %s; receivers know it, so move both "
                         "" WC_SITE_KEY_NAME " and " WC_SITE_CERTIFICATE_NAME
                         " away first if it is to be another",
                         key.shown);
    else
        err = write_both(dir, now_s, &key, &certificate);
    close(held);
    return err;
}

/* --- reading -------------------------------------------------------------------------------- */

static enum wc_err read_certificate(struct wc_site *site, const struct wc_keyfile *file)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    enum wc_err err = wc_keyfile_read(file, false, text);
    if (err == WC_E_NOT_FOUND)
        return wc_why_set(file->why, err, EX_NOINPUT,
                          "there is no %s; write it where the site key is: wimcast-sender key "
                          "export --output FILE",
                          file->shown);
    if (err && err != WC_E_FORMAT)
        return err;
    site->certificate = err ? NULL : wc_keypem_parse_certificate(text);
    bool is_site = site->certificate && X509_check_ca(site->certificate) > 0 &&
                   wc_keypem_certificate_digest(site->certificate, site->digest);
    ERR_clear_error();
    if (is_site)
        return WC_OK;
    return wc_why_set(file->why, WC_E_FORMAT, EX_DATAERR,
                      "%s holds no %s in PEM; write it anew where the site key is: wimcast-sender "
                      "key export --output FILE",
                      file->shown,
                      site->certificate ? "site's certificate, but another" : "certificate");
}

static enum wc_err read_key(struct wc_site *site, const struct wc_keyfile *file)
{
    enum wc_err err = wc_keypem_read_key(file, "restore it from a backup", &site->key);
    if (err != WC_E_NOT_FOUND)
        return err;
    return wc_why_set(file->why, err, EX_NOINPUT,
                      "no site key is at hand: there is no %s; name its folder with "
                      "--site-dir; if there is none yet: wimcast-sender key site-init",
                      file->shown);
}

static enum wc_err check_pair(const struct wc_site *site, const struct wc_keyfile *file)
{
    bool belongs = X509_check_private_key(site->certificate, site->key) == 1;
    ERR_clear_error();
    if (belongs)
        return WC_OK;
    return wc_why_set(file->why, WC_E_FORMAT, EX_DATAERR,
                      "%s is the certificate of another key than " WC_SITE_KEY_NAME
                      "; restore both from a backup",
                      file->shown);
}

enum wc_err wc_site_open(struct wc_site **ret, const char *dir, struct wc_why *why)
{
    struct wc_keyfile key;
    struct wc_keyfile certificate;
    struct wc_site *site = calloc(1, sizeof(*site));
    enum wc_err err = site ? WC_OK : no_memory(why);
    if (!err)
        err = wc_keyfile_init(&key, dir, WC_SITE_KEY_NAME, why);
    if (!err)
        err = wc_keyfile_init(&certificate, dir, WC_SITE_CERTIFICATE_NAME, why);
    if (!err)
        err = read_key(site, &key);
    if (!err)
        err = read_certificate(site, &certificate);
    if (!err)
        err = check_pair(site, &certificate);
    if (err) {
        wc_site_free(site);
        return err;
    }
    *ret = site;
    return WC_OK;
}

enum wc_err wc_site_read(struct wc_site **ret, const char *path, struct wc_why *why)
{
    struct wc_keyfile file;
    struct wc_site *site = calloc(1, sizeof(*site));
    enum wc_err err = site ? WC_OK : no_memory(why);
    if (!err)
        err = wc_keyfile_at(&file, path, why);
    if (!err)
        err = read_certificate(site, &file);
    if (err) {
        wc_site_free(site);
        return err;
    }
    *ret = site;
    return WC_OK;
}

void wc_site_free(struct wc_site *site)
{
    if (!site)
        return;
    X509_free(site->certificate);
    EVP_PKEY_free(site->key); /* wipes it */
    free(site);
}

void wc_site_digest(const struct wc_site *site, uint8_t ret[WC_DIGEST_BYTES])
{
    memcpy(ret, site->digest, WC_DIGEST_BYTES);
}

X509 *wc_site_certificate(const struct wc_site *site)
{
    return site->certificate;
}

EVP_PKEY *wc_site_key(const struct wc_site *site)
{
    return site->key;
}
