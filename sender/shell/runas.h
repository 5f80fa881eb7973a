/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another user's rights, for the rest of this program's life. */
#ifndef WC_SENDER_SHELL_RUNAS_H
#define WC_SENDER_SHELL_RUNAS_H

#include "common/io/why.h"

/* Become the user `name` (or number), with all his groups and without a way back. Who is that user
 * already stays as he is. WC_E_NOT_FOUND: there is no such user; WC_E_AUTH: only root may. */
WC_MUST_USE enum wc_err wc_runas(const char *name, struct wc_why *why);

/* The name of a user, or his number. Returns `ret`. */
#define WC_RUNAS_NAME_BYTES 64
const char *wc_runas_name(uint32_t user, char ret[WC_RUNAS_NAME_BYTES]);

#endif
