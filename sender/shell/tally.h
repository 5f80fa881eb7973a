/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far receivers say that they are, file by file. A roster of NULL is fine: nobody is there. */
#ifndef WC_SENDER_SHELL_TALLY_H
#define WC_SENDER_SHELL_TALLY_H

#include "common/io/jsonl.h"
#include "sender/shell/roster.h"

#define WC_TALLY_LIST_MAX 256u /* receivers in one event */

/* The least of what receivers verified that are at work, or else of those that are done: its share
 * counts. Total 0: none has said anything. */
struct wc_progress wc_tally_least(const struct wc_roster *r);

/* The list `files`: what each receiver says that is at work or done. */
void wc_tally_list(const struct wc_roster *r, struct wc_jsonl *events);

/* "files 41,207/62,850 verified"; "" with total 0. Returns `ret`. */
#define WC_TALLY_TEXT_BYTES 80
const char *wc_tally_text(char ret[WC_TALLY_TEXT_BYTES], const struct wc_progress *files);

#endif
