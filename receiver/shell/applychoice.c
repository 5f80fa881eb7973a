/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/applychoice.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/diag/apply_rules.h"
#include "receiver/shell/applier.h"
#include "receiver/shell/verify_report.h"

#define LIST_BYTES 300
#define ITEM_BYTES 80 /* of one name */

/* "1 'Windows 11 Pro', 2 'Windows 11 Home'" */
static const char *list_images(char ret[LIST_BYTES], const struct wc_wimtitles *x)
{
    size_t at = 0;
    ret[0] = '\0';
    for (uint32_t i = 0; i < x->image_count && at < LIST_BYTES; i++) {
        const char *name = x->images[i].name;
        char item[ITEM_BYTES];
        snprintf(item, sizeof item, "%s%u%s%.48s%s", i ? ", " : "", i + 1, *name ? " '" : "", name,
                 *name ? "'" : "");
        if (at + strlen(item) + sizeof ", ..." > LIST_BYTES) {
            snprintf(ret + at, LIST_BYTES - at, ", ...");
            break;
        }
        at += (size_t)snprintf(ret + at, LIST_BYTES - at, "%s", item);
    }
    return ret;
}

static enum wc_err refuse(const struct wc_wim *wim, const struct wc_wimtitles *x, const char *text,
                          uint32_t count, struct wc_why *why)
{
    char what[200], list[LIST_BYTES], seen[LIST_BYTES + 40], line[WC_SENTENCE_BYTES_MAX + 1];
    const char *file = wc_verify_last(wim->parts[0].path);
    struct wc_finding f;
    if (!text)
        snprintf(what, sizeof what, "%.80s has %u images, and none was chosen", file, count);
    else if (count)
        snprintf(what, sizeof what, "%u images of %.80s are called '%.60s'", count, file, text);
    else
        snprintf(what, sizeof what, "%.80s has no image '%.60s'", file, text);
    snprintf(seen, sizeof seen, "its images are %s%s", list_images(list, x),
             x->is_known ? "" : " (its XML is damaged: their names are not known)");
    wc_apply_rules(
        &(struct wc_apply_sight){.fault = WC_APPLY_FAULT_NO_IMAGE, .what = what, .seen = seen}, &f);
    wc_finding_line(&f, line, sizeof line);
    return wc_why_finding(why, WC_E_NOT_FOUND, f.kind->id, f.kind->hresult, f.kind->exit_code,
                          line);
}

enum wc_err wc_apply_choose(struct wc_apply_choice *ret, const struct wc_wim *wim, const char *text,
                            struct wc_why *why)
{
    struct wc_apply_choice c = {.image = 0};
    struct wc_wimtitles x;
    uint32_t count;
    if (wc_wimtitles_read(&x, wim))
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    enum wc_err err = wc_wimtitles_choose(&x, text, &c.image, &count);
    if (err)
        err = refuse(wim, &x, text, count, why);
    if (!err)
        err = wc_applier_need(wim, c.image, &c.need, why);
    if (!err) {
        const struct wc_wimtitle *image = &x.images[c.image - 1];
        memcpy(c.name, image->name, sizeof c.name);
        /* Only the XML knows which names are hard links; but nobody proves what it says. */
        if (image->byte_count >= c.need.blob_bytes && image->byte_count < c.need.byte_count)
            c.need.byte_count = image->byte_count;
        *ret = c;
    }
    wc_wimtitles_deinit(&x);
    return err;
}
