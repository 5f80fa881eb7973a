/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tls.c needs of clientcert.h: OpenSSL's objects, borrowed. */
#ifndef WC_IO_CLIENTCERT_INTERNAL_H
#define WC_IO_CLIENTCERT_INTERNAL_H

#include "common/io/clientcert.h"
#include "common/io/keypem.h"

X509 *wc_clientcert_certificate(const struct wc_clientcert *c);
EVP_PKEY *wc_clientcert_key(const struct wc_clientcert *c);

#endif
