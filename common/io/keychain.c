/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new key is written before its certificate: who starts in between sees a pair that does not
 * match, waits for the lock and looks again (keycheck.c). What an interrupted change leaves behind
 * is such a pair too, and making or signing once more mends it. */
#include "common/io/keychain.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/digest.h"

/* The files of one state directory, its lock, and what was loaded of them. */
struct work {
    const struct wc_keychain *k;
    struct wc_keyfile key, next, request, certificate, site_certificate;
    int lock;
    EVP_PKEY *own;
    struct wc_site *site; /* at hand; NULL: not */
};

static enum wc_err begin(struct work *w, const struct wc_keychain *k)
{
    const struct {
        struct wc_keyfile *file;
        const char *name;
    } files[] = {{&w->key, WC_IDENTITY_KEY_NAME},
                 {&w->next, WC_KEYCHAIN_NEXT_NAME},
                 {&w->request, WC_KEYCHAIN_REQUEST_NAME},
                 {&w->certificate, WC_IDENTITY_CERTIFICATE_NAME},
                 {&w->site_certificate, WC_SITE_CERTIFICATE_NAME}};
    *w = (struct work){.k = k, .lock = -1};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        enum wc_err err = wc_keyfile_init(files[i].file, k->state_dir, files[i].name, k->why);
        if (err)
            return err;
    }
    enum wc_err err = wc_keyfile_make_directory(k->state_dir, k->why);
    if (err)
        return err;
    w->lock = wc_keyfile_lock(k->state_dir, k->why);
    return w->lock < 0 ? WC_E_IO : WC_OK;
}

static void end(struct work *w)
{
    EVP_PKEY_free(w->own);
    wc_site_free(w->site);
    if (w->lock >= 0)
        close(w->lock);
    ERR_clear_error();
}

/* WC_OK with w->site NULL: there is none at hand. */
static enum wc_err find_site(struct work *w)
{
    enum wc_err err = wc_site_open(&w->site, w->k->site_dir, w->k->why);
    return err == WC_E_NOT_FOUND ? WC_OK : err;
}

/* WC_E_NOT_FOUND: no such file, without a sentence. */
static enum wc_err read_key(const struct wc_keyfile *file, EVP_PKEY **ret)
{
    return wc_keypem_read_key(
        file, "restore it from a backup; wimcast-sender key verify says how to mend it", ret);
}

static enum wc_err new_key(struct work *w, const struct wc_keyfile *file)
{
    w->own = wc_keypem_new_key();
    if (!w->own)
        return wc_keypem_failed(w->k->why, "make an MCS key");
    return wc_keypem_write_key(file, w->k->state_dir, w->own);
}

static void names_of(const struct work *w, struct wc_key_names *ret)
{
    if (w->k->names->count)
        *ret = *w->k->names;
    else
        wc_key_names_of_host(ret);
}

/* Put a certificate, and that of its site, into use. */
static enum wc_err put_certificate(struct work *w, X509 *certificate, X509 *site)
{
    const char *dir = w->k->state_dir;
    enum wc_err err = wc_keypem_write_chain(&w->certificate, dir, certificate, site);
    if (!err && site)
        err = wc_keypem_write_chain(&w->site_certificate, dir, site, NULL);
    if (!err)
        unlink(w->request.path);
    return err;
}

static enum wc_err sign_own(struct work *w, struct wc_keychain_deed *ret)
{
    X509 *site = wc_site_certificate(w->site);
    names_of(w, &ret->names);
    X509 *certificate =
        wc_certify_signed(w->own, &ret->names, site, wc_site_key(w->site), &w->k->term);
    if (!certificate)
        return wc_keypem_failed(w->k->why, "sign the MCS key");
    enum wc_err err = put_certificate(w, certificate, site);
    X509_free(certificate);
    ret->is_signed = !err;
    memcpy(ret->path, w->certificate.path, sizeof(ret->path));
    return err;
}

static enum wc_err request_own(struct work *w, struct wc_keychain_deed *ret)
{
    names_of(w, &ret->names);
    X509_REQ *request = wc_certify_request(w->own, &ret->names);
    if (!request)
        return wc_keypem_failed(w->k->why, "make a request");
    enum wc_err err = wc_keypem_write_request(&w->request, w->k->state_dir, request);
    X509_REQ_free(request);
    memcpy(ret->path, w->request.path, sizeof(ret->path));
    return err;
}

/* --- what an admin does ---------------------------------------------------------------------- */

/* A certificate without key is no beginning: the key was lost, and another would be another
 * identity. */
static enum wc_err may_make_first_key(const struct work *w)
{
    if (access(w->certificate.path, F_OK))
        return WC_OK;
    return wc_why_set(w->k->why, WC_E_STATE, EX_DATAERR,
                      "%s is missing, but its certificate is there; restore the key from a backup, "
                      "or make a new one: wimcast-sender key reset",
                      w->key.shown);
}

enum wc_err wc_keychain_init(const struct wc_keychain *k, struct wc_keychain_deed *ret)
{
    struct work w;
    *ret = (struct wc_keychain_deed){0};
    enum wc_err err = begin(&w, k);
    if (!err)
        err = find_site(&w);
    if (!err) {
        err = read_key(&w.key, &w.own);
        if (err == WC_E_NOT_FOUND) {
            err = may_make_first_key(&w);
            if (!err)
                err = new_key(&w, &w.key);
            ret->made_key = !err;
        }
    }
    if (!err)
        err = w.site ? sign_own(&w, ret) : request_own(&w, ret);
    end(&w);
    return err;
}

enum wc_err wc_keychain_reset(const struct wc_keychain *k, struct wc_keychain_deed *ret)
{
    struct work w;
    *ret = (struct wc_keychain_deed){.made_key = true};
    enum wc_err err = begin(&w, k);
    if (!err)
        err = find_site(&w);
    bool in_place = w.site || access(w.key.path, F_OK);
    if (!err)
        err = new_key(&w, in_place ? &w.key : &w.next);
    if (!err)
        err = w.site ? sign_own(&w, ret) : request_own(&w, ret);
    if (!err && in_place)
        unlink(w.next.path);
    end(&w);
    return err;
}

enum wc_err wc_keychain_reset_alone(const struct wc_keychain *k, struct wc_keychain_deed *ret)
{
    struct work w;
    X509 *certificate = NULL;
    *ret = (struct wc_keychain_deed){.made_key = true};
    enum wc_err err = begin(&w, k);
    if (!err)
        err = new_key(&w, &w.key);
    if (!err) {
        names_of(&w, &ret->names);
        certificate = wc_certify_self(w.own, &ret->names, &k->term);
        err = certificate ? put_certificate(&w, certificate, NULL)
                          : wc_keypem_failed(k->why, "make the certificate of an MCS key");
    }
    if (!err) {
        unlink(w.site_certificate.path);
        unlink(w.next.path);
        memcpy(ret->path, w.certificate.path, sizeof(ret->path));
    }
    X509_free(certificate);
    end(&w);
    return err;
}

enum wc_err wc_keychain_sign(const struct wc_keychain *k, struct wc_keychain_deed *ret)
{
    struct work w;
    *ret = (struct wc_keychain_deed){0};
    enum wc_err err = begin(&w, k);
    if (!err)
        err = wc_site_open(&w.site, k->site_dir, k->why);
    if (!err) {
        err = read_key(&w.key, &w.own);
        if (err == WC_E_NOT_FOUND)
            err = wc_why_set(k->why, err, EX_NOINPUT,
                             "there is no MCS key to sign: no %s; make one: wimcast-sender key "
                             "init",
                             w.key.shown);
    }
    if (!err)
        err = sign_own(&w, ret);
    end(&w);
    return err;
}

/* --- requests -------------------------------------------------------------------------------- */

static enum wc_err read_request(const char *path, X509_REQ **ret, struct wc_why *why)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    struct wc_keyfile file;
    enum wc_err err = wc_keyfile_at(&file, path, why);
    if (!err)
        err = wc_keyfile_read(&file, false, text);
    if (err == WC_E_NOT_FOUND)
        return wc_why_set(why, err, EX_NOINPUT,
                          "there is no request %s; wimcast-sender key init "
                          "writes one on the sender",
                          file.shown);
    if (err)
        return err;
    *ret = wc_keypem_parse_request(text);
    if (*ret)
        return WC_OK;
    return wc_why_set(why, WC_E_FORMAT, EX_DATAERR,
                      "%s holds no request for an Ed25519 key in PEM whose own signature is right; "
                      "write it anew on the sender: wimcast-sender key init",
                      file.shown);
}

static enum wc_err write_at(const char *path, X509 *certificate, X509 *site, struct wc_why *why)
{
    struct wc_keyfile file;
    char dir[PATH_MAX] = ".";
    enum wc_err err = wc_keyfile_at(&file, path, why);
    if (err)
        return err;
    const char *slash = strrchr(file.path, '/');
    if (slash)
        snprintf(dir, sizeof(dir), "%.*s", (int)(slash == file.path ? 1 : slash - file.path),
                 file.path);
    return wc_keypem_write_chain(&file, dir, certificate, site);
}

enum wc_err wc_keychain_sign_request(const struct wc_keychain *k, const char *request_path,
                                     const char *output_path, struct wc_keychain_deed *ret)
{
    struct wc_site *site = NULL;
    X509_REQ *request = NULL;
    X509 *certificate = NULL;
    *ret = (struct wc_keychain_deed){.is_signed = true};
    enum wc_err err = wc_site_open(&site, k->site_dir, k->why);
    if (!err)
        err = read_request(request_path, &request, k->why);
    if (!err) {
        wc_certify_request_names(request, &ret->names);
        if (k->names->count)
            ret->names = *k->names;
        certificate = wc_certify_signed(X509_REQ_get0_pubkey(request), &ret->names,
                                        wc_site_certificate(site), wc_site_key(site), &k->term);
        err = certificate ? write_at(output_path, certificate, wc_site_certificate(site), k->why)
                          : wc_keypem_failed(k->why, "sign the request");
    }
    snprintf(ret->path, sizeof(ret->path), "%s", output_path);
    X509_free(certificate);
    X509_REQ_free(request);
    wc_site_free(site);
    ERR_clear_error();
    return err;
}

/* --- a certificate comes back ----------------------------------------------------------------- */

struct arrival {
    struct wc_keyfile file;
    X509 *certificate;
    X509 *site;
};

static enum wc_err read_arrival(struct arrival *a, const char *path, struct wc_why *why)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    enum wc_err err = wc_keyfile_at(&a->file, path, why);
    if (!err)
        err = wc_keyfile_read(&a->file, false, text);
    if (err == WC_E_NOT_FOUND)
        return wc_why_set(why, err, EX_NOINPUT, "there is no certificate %s", a->file.shown);
    if (err)
        return err;
    bool is_signed = wc_keypem_parse_chain(text, &a->certificate, &a->site) && a->site &&
                     X509_verify(a->certificate, X509_get0_pubkey(a->site)) == 1;
    if (is_signed)
        return WC_OK;
    return wc_why_set(why, WC_E_FORMAT, EX_DATAERR,
                      "%s holds no certificate followed by that of the site that signed it; take "
                      "the file that wimcast-sender key sign wrote",
                      a->file.shown);
}

/* Of the site that this sender belongs to, if it does yet. */
static enum wc_err check_arrival_site(struct work *w, const struct arrival *a)
{
    struct wc_site *known = NULL;
    uint8_t known_digest[WC_DIGEST_BYTES];
    uint8_t digest[WC_DIGEST_BYTES];
    if (wc_site_read(&known, w->site_certificate.path, NULL))
        return WC_OK;
    wc_site_digest(known, known_digest);
    wc_site_free(known);
    if (wc_keypem_certificate_digest(a->site, digest) && wc_digest_equal(digest, known_digest))
        return WC_OK;
    return wc_why_set(w->k->why, WC_E_AUTH, EX_CONFIG,
                      "%s is signed by another site than %s; if the sender has changed its site, "
                      "remove that file first",
                      a->file.shown, w->site_certificate.shown);
}

/* The key that it belongs to becomes the one in use. */
static enum wc_err choose_key(struct work *w, const struct arrival *a, struct wc_keychain_deed *ret)
{
    const struct wc_keyfile *files[] = {&w->key, &w->next};
    for (size_t i = 0; i < 2; i++) {
        EVP_PKEY *key = NULL;
        enum wc_err err = read_key(files[i], &key);
        bool belongs = !err && X509_check_private_key(a->certificate, key) == 1;
        EVP_PKEY_free(key);
        if (err && err != WC_E_NOT_FOUND && i == 1)
            return err;
        if (!belongs)
            continue;
        ret->made_key = i == 1;
        if (i == 1 && rename(w->next.path, w->key.path))
            return wc_why_set(w->k->why, WC_E_IO, EX_CANTCREAT, "cannot replace %s", w->key.shown);
        return WC_OK;
    }
    return wc_why_set(w->k->why, WC_E_FORMAT, EX_DATAERR,
                      "certificate and private key do not match: %s is of another key than %s; "
                      "take the certificate for this sender's own request",
                      a->file.shown, w->key.shown);
}

enum wc_err wc_keychain_install(const struct wc_keychain *k, const char *path,
                                struct wc_keychain_deed *ret)
{
    struct work w;
    struct arrival a = {0};
    *ret = (struct wc_keychain_deed){0};
    enum wc_err err = begin(&w, k);
    if (!err)
        err = read_arrival(&a, path, k->why);
    if (!err)
        err = check_arrival_site(&w, &a);
    if (!err)
        err = choose_key(&w, &a, ret);
    if (!err)
        err = put_certificate(&w, a.certificate, a.site);
    if (!err) {
        wc_certify_names(a.certificate, &ret->names);
        ret->is_signed = true;
        memcpy(ret->path, w.certificate.path, sizeof(ret->path));
    }
    X509_free(a.certificate);
    X509_free(a.site);
    end(&w);
    return err;
}

/* --- for receivers --------------------------------------------------------------------------- */

enum wc_err wc_keychain_export(const struct wc_keychain *k, char *ret_text)
{
    const char *dirs[] = {k->site_dir, k->state_dir};
    for (size_t i = 0; i < 2; i++) {
        struct wc_keyfile file;
        struct wc_site *site = NULL;
        enum wc_err err = wc_keyfile_init(&file, dirs[i], WC_SITE_CERTIFICATE_NAME, k->why);
        if (!err)
            err = wc_site_read(&site, file.path, k->why);
        wc_site_free(site);
        if (!err)
            return wc_keyfile_read(&file, false, ret_text);
        if (err != WC_E_NOT_FOUND)
            return err;
    }
    return wc_why_set(k->why, WC_E_NOT_FOUND, EX_NOINPUT,
                      "there is no site's certificate here, as no site has signed this sender's "
                      "key; make a site key: wimcast-sender key site-init, or name its folder "
                      "with --site-dir");
}
