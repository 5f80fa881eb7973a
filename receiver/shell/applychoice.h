/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which image of a WIM is meant, and what it asks of its target. */
#ifndef WC_RECEIVER_SHELL_APPLYCHOICE_H
#define WC_RECEIVER_SHELL_APPLYCHOICE_H

#include "common/io/why.h"
#include "common/io/wim.h"
#include "common/io/wimtitles.h"
#include "receiver/shell/applytarget.h"

struct wc_apply_choice {
    uint16_t image; /* from 1 */
    char name[WC_WIMTITLE_NAME_BYTES];
    struct wc_apply_need need;
};

/* `text`: number or name; NULL: the only one. On failure `why` lists the images there are
 * (apply.no-such-image), or says which data the WIM lacks (apply.damaged). */
WC_MUST_USE enum wc_err wc_apply_choose(struct wc_apply_choice *ret, const struct wc_wim *wim,
                                        const char *text, struct wc_why *why);

#endif
