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
    EVP_PKEY *own;        /* the key to sign */
    bool is_next;         /* it waits */
    struct wc_site *site; /* at hand, and the sender's or free to join; NULL: none is */
    bool belongs;         /* to a site, which is not known when its certificate is damaged */
    struct wc_key_names old_names; /* of the certificate in place */
    bool old_fits;                 /* nothing speaks against it being of the key in place */
    bool old_is_damaged;
    bool has_request; /* of the key in place, or of the one that waits */
    struct wc_key_names request_names;
    bool old_works; /* a sender that starts now uses it */
};

/* WC_E_NOT_FOUND: no such file, without a sentence. */
static enum wc_err read_key(const struct wc_keyfile *file, EVP_PKEY **ret)
{
    return wc_keypem_read_key(
        file, "restore it from a backup; wimcast-sender key verify says how to mend it", ret);
}

/* A key for comparing. NULL: none that can be read. */
static EVP_PKEY *peek(const struct wc_keyfile *file)
{
    EVP_PKEY *key = NULL;
    struct wc_keyfile quiet = *file;
    quiet.why = NULL;
    return read_key(&quiet, &key) ? NULL : key;
}

/* The names in the request that waits, which were chosen last; none if it is of another's key. */
static void look_at_request(struct work *w, EVP_PKEY *key)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    struct wc_keyfile file = w->request;
    file.why = NULL;
    if (wc_keyfile_read(&file, false, text))
        return;
    X509_REQ *request = wc_keypem_parse_request(text);
    EVP_PKEY *next = peek(&w->next);
    EVP_PKEY *asks = request ? X509_REQ_get0_pubkey(request) : NULL;
    w->has_request =
        asks && ((key && EVP_PKEY_eq(asks, key) == 1) || (next && EVP_PKEY_eq(asks, next) == 1));
    if (w->has_request)
        (void)wc_certify_request_names(request, &w->request_names);
    EVP_PKEY_free(next);
    X509_REQ_free(request);
}

/* What is there before anything is changed. A certificate whose key was lost still tells the names
 * of this sender; one of another key does not. */
static void look_back(struct work *w)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    EVP_PKEY *key = peek(&w->key);
    struct wc_keyfile file = w->certificate;
    file.why = NULL;
    enum wc_err err = wc_keyfile_read(&file, false, text);
    X509 *certificate = err ? NULL : wc_keypem_parse_certificate(text);
    w->old_is_damaged = !certificate && err != WC_E_NOT_FOUND;
    if (certificate) {
        w->old_works = key && X509_check_private_key(certificate, key) == 1;
        w->old_fits = w->old_works || !key;
        wc_certify_names(certificate, &w->old_names);
    }
    look_at_request(w, key);
    EVP_PKEY_free(key);
    X509_free(certificate);
    ERR_clear_error();
}

static enum wc_err begin(struct work *w, const struct wc_keychain *k, struct wc_keychain_deed *ret)
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
    *ret = (struct wc_keychain_deed){.made_key = false};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        enum wc_err err = wc_keyfile_init(files[i].file, k->state_dir, files[i].name, k->why);
        if (err)
            return err;
    }
    enum wc_err err = wc_keyfile_make_directory(k->state_dir, k->why);
    if (err)
        return err;
    w->lock = wc_keyfile_lock(k->state_dir, k->why);
    if (w->lock < 0)
        return WC_E_IO;
    look_back(w);
    return WC_OK;
}

static void end(struct work *w)
{
    EVP_PKEY_free(w->own);
    wc_site_free(w->site);
    if (w->lock >= 0)
        close(w->lock);
    ERR_clear_error();
}

/* The site that this sender belongs to. WC_OK with has_digest false: to none. */
static enum wc_err read_own_site(struct work *w, bool *ret_has_digest,
                                 uint8_t ret_digest[WC_DIGEST_BYTES])
{
    struct wc_site *site = NULL;
    enum wc_err err = wc_site_read(&site, w->site_certificate.path, w->k->why);
    w->belongs = err != WC_E_NOT_FOUND;
    *ret_has_digest = !err;
    if (!err)
        wc_site_digest(site, ret_digest);
    wc_site_free(site);
    return err == WC_E_NOT_FOUND ? WC_OK : err;
}

/* WC_OK with w->site NULL: there is none at hand that may sign. */
static enum wc_err find_site(struct work *w, struct wc_keychain_deed *ret)
{
    bool has_digest;
    uint8_t own[WC_DIGEST_BYTES];
    uint8_t digest[WC_DIGEST_BYTES];
    enum wc_err err = read_own_site(w, &has_digest, own);
    if (err && !w->k->may_change_site)
        return err;
    err = wc_site_open(&w->site, w->k->site_dir, w->k->why);
    if (err)
        return err == WC_E_NOT_FOUND ? WC_OK : err;
    wc_site_digest(w->site, digest);
    if (!has_digest || w->k->may_change_site || wc_digest_equal(own, digest))
        return WC_OK;
    ret->found_other_site = true;
    wc_site_free(w->site);
    w->site = NULL;
    return WC_OK;
}

/* No site key is at hand: where is it? */
static enum wc_err no_site(const struct work *w, const struct wc_keychain_deed *deed)
{
    struct wc_keyfile key;
    enum wc_err err = wc_keyfile_init(&key, w->k->site_dir, WC_SITE_KEY_NAME, w->k->why);
    if (err)
        return err;
    if (deed->found_other_site)
        return wc_why_set(w->k->why, WC_E_AUTH, EX_CONFIG,
                          "%s is of another site than %s; name the folder of this sender's site "
                          "with --site-dir, or carry a request to it: wimcast-sender key init says "
                          "how; to change the site: wimcast-sender key reset --site-dir DIR",
                          key.shown, w->site_certificate.shown);
    return wc_why_set(w->k->why, WC_E_NOT_FOUND, EX_NOINPUT,
                      "no site key is at hand: there is no %s; name its folder with --site-dir, or "
                      "carry a request to it: wimcast-sender key init says how%s",
                      key.shown,
                      w->belongs ? "" : "; if there is none yet: wimcast-sender key site-init");
}

static enum wc_err new_key(struct work *w, const struct wc_keyfile *file)
{
    w->own = wc_keypem_new_key();
    if (!w->own)
        return wc_keypem_failed(w->k->why, "make an MCS key");
    return wc_keypem_write_key(file, w->k->state_dir, w->own);
}

/* The key that is to be signed. WC_E_NOT_FOUND: there is none, without a sentence. */
static enum wc_err take_own(struct work *w)
{
    enum wc_err err = read_key(&w->next, &w->own);
    w->is_next = !err;
    return err == WC_E_NOT_FOUND ? read_key(&w->key, &w->own) : err;
}

/* --- names ----------------------------------------------------------------------------------- */

static void join(struct wc_key_names *to, const struct wc_key_names *from)
{
    for (uint32_t i = 0; i < from->count; i++)
        (void)!wc_key_names_add(to, from->items[i]); /* who does not fit is told as lost */
}

static void tell_lost(struct wc_keychain_deed *ret, const struct wc_key_names *from)
{
    for (uint32_t i = 0; i < from->count; i++)
        if (!wc_key_names_has(&ret->names, from->items[i]))
            (void)!wc_key_names_add(&ret->lost, from->items[i]);
}

/* Receivers ask for a sender by the names it had: without another order it keeps them. */
static void choose_names(const struct work *w, struct wc_keychain_deed *ret)
{
    const struct wc_key_names *had = w->has_request ? &w->request_names : &w->old_names;
    struct wc_key_names host = {.count = 0};
    ret->names = *w->k->names;
    if (ret->names.count == 0) {
        ret->lost_unknown = w->old_is_damaged && !w->has_request;
        if (w->old_fits || w->has_request)
            ret->names = *had;
        wc_key_names_of_host(&host);
        join(&ret->names, &host);
    }
    tell_lost(ret, had);
    tell_lost(ret, &host);
}

/* --- signatures ------------------------------------------------------------------------------ */

/* Put a certificate, and that of its site, into use. A request goes with the key that it is for. */
static enum wc_err put_certificate(struct work *w, X509 *certificate, X509 *site)
{
    const char *dir = w->k->state_dir;
    enum wc_err err = wc_keypem_write_chain(&w->certificate, dir, certificate, site);
    if (!err && site)
        err = wc_keypem_write_chain(&w->site_certificate, dir, site, NULL);
    if (!err && access(w->next.path, F_OK))
        unlink(w->request.path);
    return err;
}

/* The key that waited becomes the one in use. */
static enum wc_err put_next(struct work *w)
{
    if (rename(w->next.path, w->key.path) == 0)
        return WC_OK;
    return wc_why_set(w->k->why, WC_E_IO, EX_CANTCREAT, "cannot replace %s", w->key.shown);
}

static enum wc_err sign_own(struct work *w, struct wc_keychain_deed *ret)
{
    X509 *site = wc_site_certificate(w->site);
    choose_names(w, ret);
    X509 *certificate =
        wc_certify_signed(w->own, &ret->names, site, wc_site_key(w->site), &w->k->term);
    if (!certificate)
        return wc_keypem_failed(w->k->why, "sign the MCS key");
    enum wc_err err = w->is_next ? put_next(w) : WC_OK;
    if (!err)
        err = put_certificate(w, certificate, site);
    X509_free(certificate);
    ret->made_key = ret->made_key || w->is_next;
    ret->is_signed = !err;
    memcpy(ret->path, w->certificate.path, sizeof(ret->path));
    return err;
}

static enum wc_err request_own(struct work *w, struct wc_keychain_deed *ret)
{
    choose_names(w, ret);
    X509_REQ *request = wc_certify_request(w->own, &ret->names);
    if (!request)
        return wc_keypem_failed(w->k->why, "make a request");
    enum wc_err err = wc_keypem_write_request(&w->request, w->k->state_dir, request);
    X509_REQ_free(request);
    ret->old_stays = w->old_works && w->is_next;
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
                      "or make a new one: wimcast-sender key reset%s",
                      w->key.shown, w->belongs || w->site ? "" : " --self-signed");
}

/* One that this user may not read is somebody's who runs a sender with it. */
static enum wc_err may_replace_key(const struct work *w)
{
    EVP_PKEY *key = NULL;
    enum wc_err err = read_key(&w->key, &key);
    EVP_PKEY_free(key);
    return err == WC_E_IO ? err : WC_OK;
}

enum wc_err wc_keychain_init(const struct wc_keychain *k, struct wc_keychain_deed *ret)
{
    struct work w;
    enum wc_err err = begin(&w, k, ret);
    if (!err)
        err = find_site(&w, ret);
    if (!err) {
        err = take_own(&w);
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
    enum wc_err err = begin(&w, k, ret);
    if (!err)
        err = may_replace_key(&w);
    if (!err)
        err = find_site(&w, ret);
    if (!err) {
        w.is_next = !w.site && w.old_works;
        err = new_key(&w, w.is_next ? &w.next : &w.key);
    }
    if (!err && !w.is_next)
        unlink(w.next.path);
    ret->made_key = !err;
    if (!err)
        err = w.site ? sign_own(&w, ret) : request_own(&w, ret);
    end(&w);
    return err;
}

enum wc_err wc_keychain_reset_alone(const struct wc_keychain *k, struct wc_keychain_deed *ret)
{
    struct work w;
    X509 *certificate = NULL;
    enum wc_err err = begin(&w, k, ret);
    if (!err)
        err = may_replace_key(&w);
    if (!err)
        err = new_key(&w, &w.key);
    if (!err) {
        unlink(w.next.path);
        ret->made_key = true;
        choose_names(&w, ret);
        certificate = wc_certify_self(w.own, &ret->names, &k->term);
        err = certificate ? put_certificate(&w, certificate, NULL)
                          : wc_keypem_failed(k->why, "make the certificate of an MCS key");
    }
    if (!err) {
        unlink(w.site_certificate.path);
        memcpy(ret->path, w.certificate.path, sizeof(ret->path));
    }
    X509_free(certificate);
    end(&w);
    return err;
}

enum wc_err wc_keychain_sign(const struct wc_keychain *k, struct wc_keychain_deed *ret)
{
    struct work w;
    enum wc_err err = begin(&w, k, ret);
    if (!err)
        err = find_site(&w, ret);
    if (!err && !w.site)
        err = no_site(&w, ret);
    if (!err) {
        err = take_own(&w);
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
    bool belongs;
    uint8_t own[WC_DIGEST_BYTES];
    uint8_t digest[WC_DIGEST_BYTES];
    enum wc_err err = read_own_site(w, &belongs, own);
    if (err || !belongs)
        return err;
    if (wc_keypem_certificate_digest(a->site, digest) && wc_digest_equal(digest, own))
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
        return i == 1 ? put_next(w) : WC_OK;
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
    enum wc_err err = begin(&w, k, ret);
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
                      "key; name the folder of the site key with --site-dir, or make a site key: "
                      "wimcast-sender key site-init");
}
