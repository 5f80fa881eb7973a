/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The WIMs among what is to be published: found by their first bytes, opened, and checked as far as
 * their structure goes, so that no damaged one is published. What says where everything in them
 * lies goes first (PROTOCOL.md, section 8). */
#ifndef WC_SENDER_SHELL_WIMSCAN_H
#define WC_SENDER_SHELL_WIMSCAN_H

#include "common/io/jsonl.h"
#include "sender/shell/content.h"

struct wc_wimscan_listener {
    /* What is odd, but no error; `sentence` is borrowed until return. NULL: nobody listens. */
    void (*warn)(void *ctx, const char *sentence);
    void *ctx;
};

/* Set m->wims and m->first, for the caller to free(); m->files and m->partition are set, as they
 * are in `c`. WC_E_FORMAT: a file with the name of a WIM is none, or its structure is damaged or
 * cut off (finding content.damaged-wim, EX_DATAERR); errors of wc_content_read; WC_E_NOMEM. Nothing
 * is set then. */
WC_MUST_USE enum wc_err wc_wimscan(struct wc_manifest *m, struct wc_content *c,
                                   const struct wc_wimscan_listener *listener, struct wc_why *why);

/* What there is to say of m->wims[index]. */
struct wc_wimscan_words {
    const char *path;                     /* in the package; the manifest's */
    const char *compression;              /* "LZX", "not compressed"; NULL: not known */
    uint16_t part_count;                  /* 0: not known */
    char text[WC_SENTENCE_BYTES_MAX + 1]; /* "install.wim: 2 images, 62,850 files, LZX" */
};
/* `c` is the content of the manifest, whose header is read for the compression; NULL: it is not. */
void wc_wimscan_describe(struct wc_wimscan_words *ret, const struct wc_manifest *m, uint32_t index,
                         struct wc_content *c);

/* Begin the event `wim`, with all its fields. */
void wc_wimscan_event(struct wc_jsonl *events, const struct wc_manifest *m, uint32_t index,
                      const struct wc_wimscan_words *words);

#endif
