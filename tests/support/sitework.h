/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sites and senders in folders of one test. What fails here ends the test program. */
#ifndef WC_TESTS_SUPPORT_SITEWORK_H
#define WC_TESTS_SUPPORT_SITEWORK_H

#include "common/io/keychain.h"
#include "common/io/keycheck.h"
#include "tests/support/workdir.h"

#define WC_SITEWORK_DAY 86400

/* Make a site key in the folder `site`. */
void wc_sitework_site(struct wc_workdir *w, const char *site);

/* A new MCS key in the folder `dp`, signed by `site` (NULL: by itself) at `now_s`, for `days`, made
 * out to `name` ("" : this machine). */
void wc_sitework_dp(struct wc_workdir *w, const char *dp, const char *site, int64_t now_s,
                    uint32_t days, const char *name);

/* What wc_keychain functions take; `names` and `why` live as long as the program. */
struct wc_keychain wc_sitework_chain(struct wc_workdir *w, const char *dp, const char *site,
                                     int64_t now_s);

/* What is to be seen of the key in the folder `dp`, with `site` (NULL: none) at hand. */
struct wc_key_sight wc_sitework_look(struct wc_workdir *w, const char *dp, const char *site,
                                     const char *name, int64_t now_s);

/* Change the signature in a PEM file that holds one certificate or two: of the first. */
void wc_sitework_forge(struct wc_workdir *w, const char *path);

void wc_sitework_copy(struct wc_workdir *w, const char *from, const char *to);

#endif
