/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wimcast://HOST:PORT/ID#key=sha256:HEX  --  all that a receiver needs to join a session: where,
 * which package, and the SHA-256 of the public key (SubjectPublicKeyInfo) that it may trust. HOST
 * is a name, an IPv4 address or a bracketed IPv6 address. A URL holds no character that a shell
 * or a kernel command line would touch, but '#': quote it in a shell. */
#ifndef WC_CORE_URL_H
#define WC_CORE_URL_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"

#define WC_HOST_BYTES_MAX 253u
#define WC_PORT_DEFAULT   9467u
#define WC_URL_BYTES_MAX  512u

struct wc_url {
    char host[WC_HOST_BYTES_MAX + 1];    /* without brackets; an IPv6 zone (%eth0) is allowed */
    uint16_t port;                       /* WC_PORT_DEFAULT when the URL has none */
    char package[WC_NAME_BYTES_MAX + 1]; /* "" when the URL has none */
    bool has_key;
    uint8_t key[WC_DIGEST_BYTES];
};

/* Read a URL. WC_E_FORMAT with *ret_why (static text, names the part at fault). */
WC_MUST_USE enum wc_err wc_url_parse(const char *text, struct wc_url *ret, const char **ret_why);

/* Write a URL, NUL-terminated. WC_E_SHORT: WC_URL_BYTES_MAX + 1 always suffices. */
WC_MUST_USE enum wc_err wc_url_format(const struct wc_url *url, char *text, size_t capacity);

#endif
