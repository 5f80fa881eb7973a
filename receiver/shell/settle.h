/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last step: from complete .part files to the package under its final names. Contents reach
 * stable storage first, names after them, so that a final name never stands for bytes that a
 * power cut can take. */
#ifndef WC_RECEIVER_SHELL_SETTLE_H
#define WC_RECEIVER_SHELL_SETTLE_H

#include "receiver/shell/target.h"

struct wc_settle_options {
    void (*warn)(void *ctx, const char *sentence); /* may be NULL */
    void *ctx;
};

/* Write the contents of all .part files of `t` to stable storage. *ret_is_lost: the system
 * failed to, and nobody knows any longer what is on the disk (it may be read back well and yet
 * be lost). WC_E_IO, WC_E_FULL and others. */
WC_MUST_USE enum wc_err wc_settle_contents(struct wc_target *t,
                                           const struct wc_settle_options *options,
                                           bool *ret_is_lost, struct wc_why *why);

/* Then: make directories, rename, write the names to stable storage. WC_E_PATH: something is in
 * the way of a name; WC_E_IO and others. What has no final name yet is still there as .part. */
WC_MUST_USE enum wc_err wc_settle_names(struct wc_target *t,
                                        const struct wc_settle_options *options,
                                        struct wc_why *why);

#endif
