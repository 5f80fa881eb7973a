/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a program gets a password from: a file, the environment, or a person at the terminal; never
 * the command line, which every user of the machine can read. */
#ifndef WC_IO_SECRET_H
#define WC_IO_SECRET_H

#include "common/core/limits.h"
#include "common/io/why.h"

#define WC_SECRET_VARIABLE "WIMCAST_PASSWORD"
#define WC_SECRET_BYTES    (WC_PASSWORD_BYTES_MAX + 1)

struct wc_secret_source {
    const char *file;   /* its first line; NULL: none. It must not be open to other users */
    const char *prompt; /* for a person, when there is no other way and standard input is a
                           terminal */
    bool twice;         /* a person types it twice: it is a new one */
};

/* Read the password: from the file, else from the environment (whose copy is wiped, also if it is
 * not needed), else from the terminal, without echo. WC_E_NOT_FOUND: there is none of the three;
 * WC_E_AUTH: the file is open to other users, or another's; WC_E_FORMAT: it is no password
 * (wc_password_check), or the two differ; WC_E_IO. `ret` is wiped on failure. */
WC_MUST_USE enum wc_err wc_secret_read(char ret[WC_SECRET_BYTES],
                                       const struct wc_secret_source *source, struct wc_why *why);

/* Somebody wrote one on the command line. Returns WC_E_FORMAT, with EX_USAGE; the sentence does not
 * repeat it. */
enum wc_err wc_secret_refuse(struct wc_why *why);

#endif
