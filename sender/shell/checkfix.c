/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/checkfix.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/accounts.h"
#include "common/io/site.h"
#include "sender/shell/checkdir.h"

struct fix {
    wc_checkfix_tell *tell;
    void *ctx;
};

static void remove_leftover(const struct fix *f, const struct wc_checkdir_item *item)
{
    struct wc_why why;
    bool is_done = unlinkat(item->folder_fd, item->name, 0) == 0;
    if (is_done)
        (void)wc_why_set(&why, WC_OK, EX_OK, "removed %s, which was unfinished", item->shown);
    else
        (void)wc_why_set(&why, WC_OK, EX_OK, "cannot remove %s: %s", item->shown,
                         wc_why_errno_text(errno));
    f->tell(f->ctx, is_done, why.text);
}

/* A mode that was open for long is not mended by closing it. "": nothing to add. */
static const char *advice(const struct wc_checkdir_item *item)
{
    if (!item->is_secret)
        return "";
    if (strcmp(item->name, WC_SITE_KEY_NAME) == 0)
        return "; if others could read it for long, make a new site key and sign all senders anew";
    if (strcmp(item->name, WC_ACCOUNTS_FILE_NAME) == 0)
        return "; if others could read it for long, give its accounts new passwords: "
               "wimcast-sender account add NAME";
    return "; if others could read it for long, make a new one: wimcast-sender key reset (without "
           "a site: key reset --self-signed)";
}

static void close_to_others(const struct fix *f, const struct wc_checkdir_item *item)
{
    struct wc_why why;
    mode_t due = (mode_t)item->mode_due;
    bool is_done = item->name[0]
                       ? fchmodat(item->folder_fd, item->name, due, AT_SYMLINK_NOFOLLOW) == 0
                       : fchmod(item->folder_fd, due) == 0;
    if (is_done)
        (void)wc_why_set(&why, WC_OK, EX_OK, "%s has mode %04o now, it had %04o%s", item->shown,
                         item->mode_due, item->mode, advice(item));
    else
        (void)wc_why_set(&why, WC_OK, EX_OK, "cannot change the mode of %s: %s", item->shown,
                         wc_why_errno_text(errno));
    f->tell(f->ctx, is_done, why.text);
}

static void fix_item(void *ctx, const struct wc_checkdir_item *item)
{
    if (item->fault == WC_CHECKDIR_LEFTOVER)
        remove_leftover(ctx, item);
    else
        close_to_others(ctx, item);
}

void wc_checkfix_dir(const char *dir, int64_t now_s, wc_checkfix_tell *tell, void *ctx)
{
    struct fix f = {.tell = tell, .ctx = ctx};
    wc_checkdir_walk(dir, now_s, fix_item, &f);
}
