/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/credentials.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/core/hresult.h"

static enum wc_err read_password(struct wc_credentials *c, const struct wc_fetch_options *o,
                                 struct wc_why *why)
{
    char prompt[WC_NAME_BYTES_MAX + 32];
    struct wc_secret_source source = {.file = o->password_file, .prompt = prompt};
    snprintf(prompt, sizeof prompt, "Password of account %s: ", o->account);
    return wc_secret_read(c->password, &source, why);
}

/* A password told to the first key that comes along would be anybody's. */
static enum wc_err check_sender(const struct wc_fetch_options *o, struct wc_why *why)
{
    if (o->site_key || (o->has_url && o->url.has_key))
        return WC_OK;
    return wc_why_finding(why, WC_E_AUTH, "access.sender-unproven", WC_HR_FAIL, EX_NOPERM,
                          "the account is not shown to a sender whose key is not known beforehand: "
                          "anybody could answer; use the URL with its #key=sha256:..., or name the "
                          "site's certificate with --site-key");
}

enum wc_err wc_credentials_read(struct wc_credentials *ret, const struct wc_fetch_options *o,
                                struct wc_why *why)
{
    struct wc_credentials c = {.certificate = NULL};
    if (!o->account && !o->client_certificate)
        return WC_OK;
    enum wc_err err = check_sender(o, why);
    if (!err && o->client_certificate)
        err = wc_clientcert_open(&c.certificate, o->client_certificate, o->client_key, why);
    if (!err && o->account)
        snprintf(c.account, sizeof c.account, "%s", o->account);
    if (!err && o->account && (!o->client_certificate || o->password_file))
        err = read_password(&c, o, why);
    if (err && !why->hresult)
        why->hresult = why->exit_code == EX_NOPERM    ? WC_HR_ACCESS_DENIED
                       : why->exit_code == EX_NOINPUT ? WC_HR_NOT_FOUND
                                                      : WC_HR_LOGON_FAILURE;
    if (err)
        wc_credentials_wipe(&c);
    else
        *ret = c;
    explicit_bzero(c.password, sizeof c.password);
    return err;
}

void wc_credentials_wipe(struct wc_credentials *c)
{
    wc_clientcert_free(c->certificate);
    explicit_bzero(c, sizeof *c);
}
