/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may read a package, as people write it: "everyone", "accounts", "jo,lab-7". */
#ifndef WC_SENDER_SHELL_READER_LIST_H
#define WC_SENDER_SHELL_READER_LIST_H

#include "common/core/readers.h"
#include "common/io/why.h"

/* The value of `option`. WC_E_FORMAT with EX_USAGE. */
WC_MUST_USE enum wc_err wc_reader_list_parse(const char *option, const char *text,
                                             struct wc_readers *ret, struct wc_why *why);

/* The same text again. Returns `ret`. */
#define WC_READER_LIST_BYTES (WC_READERS_LISTED_MAX * (WC_NAME_BYTES_MAX + 1u) + 1u)
const char *wc_reader_list_text(const struct wc_readers *readers, char ret[WC_READER_LIST_BYTES]);

#endif
