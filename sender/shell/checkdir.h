/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state directory, file by file: what others may read or change of it, and what interrupted
 * writes left. */
#ifndef WC_SENDER_SHELL_CHECKDIR_H
#define WC_SENDER_SHELL_CHECKDIR_H

#include "common/core/dpsight.h"

enum wc_checkdir_fault {
    WC_CHECKDIR_OPEN_KEY, /* the MCS key itself */
    WC_CHECKDIR_OPEN,
    WC_CHECKDIR_LEFTOVER,
};

/* Something that is not right, in the directory that `folder_fd` is open on. */
struct wc_checkdir_item {
    enum wc_checkdir_fault fault;
    int folder_fd;
    const char *name;             /* in that directory; "" : the state directory itself */
    char shown[WC_DP_PATH_BYTES]; /* the path for sentences */
    uint32_t mode, mode_due;
    bool is_secret;
};

/* Called for each; borrowed until return. */
typedef void wc_checkdir_visit(void *ctx, const struct wc_checkdir_item *item);

/* Files younger than this may be about to be finished. */
#define WC_CHECKDIR_LEFTOVER_AGE_S 600

/* Visit all that is not right below `dir`; what cannot be read is passed over. `now_s`: seconds
 * since 1970. No symbolic link is followed. */
void wc_checkdir_walk(const char *dir, int64_t now_s, wc_checkdir_visit *visit, void *ctx);

/* Fill `ret`, but for owner_name. */
void wc_checkdir_look(const char *dir, int64_t now_s, struct wc_dp_dir *ret);

#endif
