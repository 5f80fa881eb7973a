/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes from another machine is looked at, and nothing that lies where the answer should go is
 * lost: a request is often signed on the machine that it came from, beside the files in use. */
#include "common/io/keyrequest.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

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

/* Where a certificate goes to, and the folder of that. */
struct output {
    struct wc_keyfile file;
    char dir[PATH_MAX];
};

static enum wc_err find_output(struct output *ret, const char *path, struct wc_why *why)
{
    enum wc_err err = wc_keyfile_at(&ret->file, path, why);
    if (err)
        return err;
    const char *slash = strrchr(ret->file.path, '/');
    int count = !slash ? 1 : slash == ret->file.path ? 1 : (int)(slash - ret->file.path);
    snprintf(ret->dir, sizeof(ret->dir), "%.*s", count, slash ? ret->file.path : ".");
    return WC_OK;
}

/* An older answer to the same key may be there; the certificate that the MCS key of this machine
 * uses, or anything else, stays. */
static enum wc_err may_replace(const struct output *o, EVP_PKEY *key)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    struct wc_keyfile in_use;
    struct wc_keyfile file = o->file;
    const char *slash = strrchr(file.path, '/');
    bool is_in_use = strcmp(slash ? slash + 1 : file.path, WC_IDENTITY_CERTIFICATE_NAME) == 0 &&
                     wc_keyfile_init(&in_use, o->dir, WC_IDENTITY_KEY_NAME, NULL) == WC_OK &&
                     access(in_use.path, F_OK) == 0;
    if (is_in_use)
        return wc_why_set(o->file.why, WC_E_STATE, EX_CANTCREAT,
                          "%s is the certificate of the MCS key beside it; name another file with "
                          "--output, or sign that key itself: wimcast-sender key sign",
                          o->file.shown);
    file.why = NULL;
    enum wc_err err = wc_keyfile_read(&file, false, text);
    if (err == WC_E_NOT_FOUND)
        return WC_OK;
    X509 *certificate = err ? NULL : wc_keypem_parse_certificate(text);
    bool is_older = certificate && EVP_PKEY_eq(X509_get0_pubkey(certificate), key) == 1;
    X509_free(certificate);
    ERR_clear_error();
    if (is_older)
        return WC_OK;
    return wc_why_set(o->file.why, WC_E_STATE, EX_CANTCREAT,
                      "%s is there, and no certificate of the key in this request; name another "
                      "file with --output",
                      o->file.shown);
}

/* The names of a request, unless others were ordered. */
static enum wc_err choose_request_names(const struct wc_keychain *k, X509_REQ *request,
                                        const char *path, struct wc_keychain_deed *ret)
{
    char shown[WC_WHY_PATH_BYTES];
    ret->left_out = wc_certify_request_names(request, &ret->names);
    if (k->names->count) {
        ret->names = *k->names;
        ret->left_out = 0;
    }
    if (ret->names.count)
        return WC_OK;
    return wc_why_set(k->why, WC_E_FORMAT, EX_DATAERR,
                      "%s is made out to no host name and no address; name them, one or more: "
                      "wimcast-sender key sign CSR --name HOST",
                      wc_why_path(shown, path));
}

enum wc_err wc_keyrequest_sign(const struct wc_keychain *k, const char *request_path,
                               const char *output_path, struct wc_keychain_deed *ret)
{
    struct output output;
    struct wc_site *site = NULL;
    X509_REQ *request = NULL;
    X509 *certificate = NULL;
    *ret = (struct wc_keychain_deed){.is_signed = true};
    enum wc_err err = find_output(&output, output_path, k->why);
    if (!err)
        err = wc_site_open(&site, k->site_dir, k->why);
    if (!err)
        err = read_request(request_path, &request, k->why);
    if (!err)
        err = choose_request_names(k, request, request_path, ret);
    if (!err)
        err = may_replace(&output, X509_REQ_get0_pubkey(request));
    if (!err) {
        certificate = wc_certify_signed(X509_REQ_get0_pubkey(request), &ret->names,
                                        wc_site_certificate(site), wc_site_key(site), &k->term);
        err = certificate ? wc_keypem_write_chain(&output.file, output.dir, certificate,
                                                  wc_site_certificate(site))
                          : wc_keypem_failed(k->why, "sign the request");
    }
    snprintf(ret->path, sizeof(ret->path), "%s", output_path);
    X509_free(certificate);
    X509_REQ_free(request);
    wc_site_free(site);
    ERR_clear_error();
    return err;
}
