/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chain here has two members at most, the certificate of an MCS key and that of its site, so it
 * is walked by hand: each step that can fail is a fact of its own, where a general verifier would
 * only say that the chain is bad. A site's key is an anchor: once it is pinned, the dates of its
 * own certificate do not matter (RFC 5280 section 6.1.1). */
#include "common/io/keycheck.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/io/certify.h"
#include "common/io/digest.h"
#include "common/io/keychain.h"

/* --- one certificate ------------------------------------------------------------------------- */

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm tm = {0};
    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void take_names(struct wc_key_sight *ret, X509 *certificate)
{
    struct wc_key_names names;
    size_t at = 0;
    wc_certify_names(certificate, &names);
    for (uint32_t i = 0; i < names.count; i++) {
        size_t need = strlen(names.items[i]) + sizeof(", ..."); /* room for the end, too */
        bool fits = at + need < sizeof(ret->names);
        at += (size_t)snprintf(ret->names + at, sizeof(ret->names) - at, "%s%s", at ? ", " : "",
                               fits ? names.items[i] : "...");
        if (!fits)
            return;
    }
}

static bool name_fits(X509 *certificate, const char *name)
{
    static const unsigned flags =
        X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS;
    char plain[WC_KEY_PLACE_BYTES];
    snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(name, "%"), name); /* without zone */
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(plain);
    bool fits = address ? X509_check_ip_asc(certificate, plain, 0) == 1
                        : X509_check_host(certificate, plain, 0, flags, NULL) == 1;
    ASN1_OCTET_STRING_free(address);
    return fits;
}

static bool is_signed_by(X509 *certificate, X509 *signer)
{
    EVP_PKEY *key = X509_get0_pubkey(signer);
    return key && X509_verify(certificate, key) == 1;
}

/* Whose signature? `site` is the one that counts, NULL: not known; `others` came along. */
static void take_signer(struct wc_key_sight *ret, X509 *leaf, X509 *site, X509 *const *others,
                        size_t count)
{
    if (is_signed_by(leaf, leaf)) {
        ret->signer = WC_KEY_SIGNER_SELF;
        return;
    }
    if (site && is_signed_by(leaf, site)) {
        ret->signer = WC_KEY_SIGNER_SITE;
        ret->has_signer_digest = wc_keypem_certificate_digest(site, ret->signer_digest);
        return;
    }
    bool names_site =
        site && X509_NAME_cmp(X509_get_issuer_name(leaf), X509_get_subject_name(site)) == 0;
    ret->signer = names_site ? WC_KEY_SIGNER_FALSE : WC_KEY_SIGNER_OTHER;
    for (size_t i = 0; i < count && !ret->has_signer_digest; i++)
        if (is_signed_by(leaf, others[i]))
            ret->has_signer_digest = wc_keypem_certificate_digest(others[i], ret->signer_digest);
}

static void take_certificate(struct wc_key_sight *ret, X509 *leaf, const char *name)
{
    ret->not_before_s = seconds_of(X509_get0_notBefore(leaf));
    ret->not_after_s = seconds_of(X509_get0_notAfter(leaf));
    take_names(ret, leaf);
    if (!name)
        return;
    snprintf(ret->name, sizeof(ret->name), "%s", name);
    ret->name_fits = name_fits(leaf, name);
}

/* --- in TLS ---------------------------------------------------------------------------------- */

bool wc_keycheck_peer(struct wc_key_sight *ret, X509 *leaf, X509 *const *others, size_t count,
                      const struct wc_key_trust *trust, int64_t now_s)
{
    X509 *site = trust->site ? wc_site_certificate(trust->site) : NULL;
    ret->by_receiver = true;
    ret->now_s = now_s;
    ret->has_key_digest = wc_keypem_certificate_digest(leaf, ret->key_digest);
    ret->has_pin = trust->site || trust->key_digest;
    ret->pin_is_site = trust->site;
    if (trust->site)
        wc_site_digest(trust->site, ret->pin);
    else if (trust->key_digest)
        memcpy(ret->pin, trust->key_digest, WC_DIGEST_BYTES);
    for (size_t i = 0; ret->has_pin && !site && i < count; i++) {
        uint8_t digest[WC_DIGEST_BYTES];
        if (wc_keypem_certificate_digest(others[i], digest) && wc_digest_equal(digest, ret->pin))
            site = others[i];
    }
    take_certificate(ret, leaf, trust->host);
    take_signer(ret, leaf, site, others, count);
    ERR_clear_error();
    if (!ret->has_key_digest)
        return false;
    if (!ret->has_pin)
        return true;
    if (!ret->pin_is_site && wc_digest_equal(ret->key_digest, ret->pin))
        return true;
    return ret->signer == WC_KEY_SIGNER_SITE && now_s >= ret->not_before_s &&
           now_s <= ret->not_after_s && (!trust->host || ret->name_fits);
}

/* --- on disk --------------------------------------------------------------------------------- */

/* The state of a file, and its text if it is good. */
static enum wc_key_file look(const char *dir, const char *name, bool is_secret,
                             char text[WC_KEYPEM_TEXT_BYTES], char detail[WC_KEY_DETAIL_BYTES])
{
    struct wc_keyfile file;
    struct stat st;
    text[0] = '\0';
    if (wc_keyfile_init(&file, dir, name, NULL))
        return WC_KEY_FILE_UNREADABLE;
    if (stat(file.path, &st)) {
        snprintf(detail, WC_KEY_DETAIL_BYTES, "%s", wc_why_errno_text(errno));
        return errno == ENOENT || errno == ENOTDIR ? WC_KEY_FILE_MISSING : WC_KEY_FILE_UNREADABLE;
    }
    if (S_ISREG(st.st_mode) && st.st_size == 0)
        return WC_KEY_FILE_EMPTY;
    enum wc_err err = wc_keyfile_read(&file, is_secret, text);
    if (!err)
        return WC_KEY_FILE_GOOD;
    snprintf(detail, WC_KEY_DETAIL_BYTES, "mode %04o, owner %u, this user is %u",
             (unsigned)st.st_mode & 07777u, (unsigned)st.st_uid, (unsigned)geteuid());
    if (err == WC_E_AUTH)
        return st.st_mode & (S_IRWXG | S_IRWXO) ? WC_KEY_FILE_EXPOSED : WC_KEY_FILE_FOREIGN;
    if (err != WC_E_FORMAT)
        return WC_KEY_FILE_UNREADABLE;
    snprintf(detail, WC_KEY_DETAIL_BYTES, "%s",
             S_ISREG(st.st_mode) ? "too large for a key" : "not a regular file");
    return WC_KEY_FILE_MALFORMED;
}

static EVP_PKEY *look_at_key(struct wc_key_sight *ret, const char *dir)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    ret->key = look(dir, WC_IDENTITY_KEY_NAME, true, text, ret->key_detail);
    EVP_PKEY *key = ret->key == WC_KEY_FILE_GOOD ? wc_keypem_parse_key(text) : NULL;
    OPENSSL_cleanse(text, sizeof(text));
    if (key) {
        ret->has_key_digest = wc_keypem_digest(key, ret->key_digest);
    } else if (ret->key == WC_KEY_FILE_GOOD) {
        ret->key = WC_KEY_FILE_MALFORMED;
        snprintf(ret->key_detail, sizeof(ret->key_detail), "no Ed25519 private key in PEM");
    }
    return key;
}

/* The site that this sender belongs to. NULL: none, or it cannot be told. */
static struct wc_site *look_at_own_site(struct wc_key_sight *ret, const char *dir)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    struct wc_site *site = NULL;
    struct wc_keyfile file;
    ret->site_certificate = look(dir, WC_SITE_CERTIFICATE_NAME, false, text, ret->site_detail);
    ret->belongs_to_a_site = ret->site_certificate != WC_KEY_FILE_MISSING;
    if (ret->site_certificate == WC_KEY_FILE_GOOD &&
        (wc_keyfile_init(&file, dir, WC_SITE_CERTIFICATE_NAME, NULL) ||
         wc_site_read(&site, file.path, NULL))) {
        ret->site_certificate = WC_KEY_FILE_MALFORMED;
        snprintf(ret->site_detail, sizeof(ret->site_detail), "no site's certificate in PEM");
    }
    return site;
}

/* The site that is at hand, and whether its private key is: that is not read for this. */
static struct wc_site *look_at_hand(const char *dir, bool *ret_has_key)
{
    struct wc_site *site = NULL;
    struct wc_keyfile file;
    if (!dir || wc_keyfile_init(&file, dir, WC_SITE_CERTIFICATE_NAME, NULL) ||
        wc_site_read(&site, file.path, NULL))
        return NULL;
    *ret_has_key = wc_keyfile_init(&file, dir, WC_SITE_KEY_NAME, NULL) == WC_OK &&
                   access(file.path, R_OK) == 0;
    return site;
}

/* The site that counts: that of the certificate beside the key; else the one that is at hand. */
static struct wc_site *look_for_site(struct wc_key_sight *ret,
                                     const struct wc_keycheck_place *place)
{
    uint8_t digest[WC_DIGEST_BYTES];
    bool has_key = false;
    struct wc_site *own = look_at_own_site(ret, place->state_dir);
    struct wc_site *at_hand = look_at_hand(place->site_dir, &has_key);
    struct wc_site *site = own ? own : at_hand;
    if (!site)
        return NULL;
    ret->has_pin = true;
    ret->pin_is_site = true;
    wc_site_digest(site, ret->pin);
    if (at_hand) {
        wc_site_digest(at_hand, digest);
        ret->has_site_key = has_key && wc_digest_equal(digest, ret->pin);
    }
    if (own)
        wc_site_free(at_hand);
    return site;
}

static void look_at_certificate(struct wc_key_sight *ret, const struct wc_keycheck_place *place,
                                EVP_PKEY *key)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    X509 *leaf = NULL;
    X509 *second = NULL;
    ret->certificate =
        look(place->state_dir, WC_IDENTITY_CERTIFICATE_NAME, false, text, ret->certificate_detail);
    if (ret->certificate == WC_KEY_FILE_GOOD && !wc_keypem_parse_chain(text, &leaf, &second)) {
        ret->certificate = WC_KEY_FILE_MALFORMED;
        snprintf(ret->certificate_detail, sizeof(ret->certificate_detail), "no certificate in PEM");
    }
    struct wc_site *site = look_for_site(ret, place);
    if (leaf) {
        X509 *counts = site ? wc_site_certificate(site) : second;
        ret->is_pair = key && X509_check_private_key(leaf, key) == 1;
        take_certificate(ret, leaf, place->name);
        take_signer(ret, leaf, counts, &second, second ? 1 : 0);
    }
    bool is_own_site_known = !ret->belongs_to_a_site || ret->site_certificate == WC_KEY_FILE_GOOD;
    if (leaf && !is_own_site_known && ret->signer != WC_KEY_SIGNER_SITE)
        ret->has_site_key = false; /* of another site, for all that is known */
    wc_site_free(site);
    X509_free(leaf);
    X509_free(second);
    ERR_clear_error();
}

static bool is_there(const char *dir, const char *name)
{
    struct wc_keyfile file;
    return wc_keyfile_init(&file, dir, name, NULL) == WC_OK && access(file.path, F_OK) == 0;
}

static void look_at_all(struct wc_key_sight *ret, const struct wc_keycheck_place *place)
{
    struct stat st;
    *ret = (struct wc_key_sight){.now_s = place->now_s};
    snprintf(ret->place, sizeof(ret->place), "%s", place->state_dir);
    if (stat(place->state_dir, &st) == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)))
        ret->folder_mode = st.st_mode & 07777u;
    EVP_PKEY *key = look_at_key(ret, place->state_dir);
    look_at_certificate(ret, place, key);
    EVP_PKEY_free(key);
    ret->has_request = is_there(place->state_dir, WC_KEYCHAIN_REQUEST_NAME);
    ret->has_next = is_there(place->state_dir, WC_KEYCHAIN_NEXT_NAME);
}

void wc_keycheck_files(struct wc_key_sight *ret, const struct wc_keycheck_place *place)
{
    look_at_all(ret, place);
    bool is_halfway =
        ret->key == WC_KEY_FILE_GOOD && ret->certificate == WC_KEY_FILE_GOOD &&
        (!ret->is_pair || (ret->belongs_to_a_site && ret->signer != WC_KEY_SIGNER_SITE));
    if (!is_halfway)
        return;
    int held = wc_keyfile_lock(place->state_dir, NULL); /* is it just being replaced? */
    if (held < 0)
        return;
    look_at_all(ret, place);
    close(held);
}

bool wc_keycheck_is_blank(const struct wc_key_sight *sight)
{
    return sight->key == WC_KEY_FILE_MISSING && sight->certificate == WC_KEY_FILE_MISSING &&
           !sight->has_request && !sight->belongs_to_a_site;
}
