/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/tally.h"

#include <stdio.h>

#include "common/io/format.h"

static bool is_at_work(enum wc_member_state state)
{
    return state == WC_MEMBER_JOINED || state == WC_MEMBER_READY || state == WC_MEMBER_UNICAST;
}

static bool is_less(const struct wc_progress *a, const struct wc_progress *b)
{
    return (uint64_t)a->files_verified * b->files_total <
           (uint64_t)b->files_verified * a->files_total;
}

struct wc_progress wc_tally_least(const struct wc_roster *r)
{
    struct wc_progress at_work = {0}, done = {0};
    const struct wc_roster_entry *e;
    for (uint32_t at = 0; (e = wc_roster_next(r, &at));) {
        struct wc_progress *least = is_at_work(e->state) ? &at_work : &done;
        if (!e->files.files_total || (least == &done && e->state != WC_MEMBER_DONE))
            continue;
        if (!least->files_total || is_less(&e->files, least))
            *least = e->files;
    }
    return at_work.files_total ? at_work : done;
}

void wc_tally_list(const struct wc_roster *r, struct wc_jsonl *events)
{
    const struct wc_roster_entry *e;
    uint32_t count = 0;
    wc_jsonl_list_begin(events, "files");
    for (uint32_t at = 0; events && count < WC_TALLY_LIST_MAX && (e = wc_roster_next(r, &at));) {
        if (!e->files.files_total || !(is_at_work(e->state) || e->state == WC_MEMBER_DONE))
            continue;
        count++;
        wc_jsonl_item_begin(events);
        wc_jsonl_str(events, "name", e->name);
        wc_jsonl_str(events, "address", e->peer);
        wc_jsonl_uint(events, "files_verified", e->files.files_verified);
        wc_jsonl_uint(events, "files_total", e->files.files_total);
        wc_jsonl_item_end(events);
    }
    wc_jsonl_list_end(events);
}

const char *wc_tally_text(char ret[WC_TALLY_TEXT_BYTES], const struct wc_progress *files)
{
    char verified[WC_FORMAT_BYTES], total[WC_FORMAT_BYTES];
    ret[0] = '\0';
    if (files->files_total)
        snprintf(ret, WC_TALLY_TEXT_BYTES, "files %s/%s verified",
                 wc_format_count(verified, files->files_verified),
                 wc_format_count(total, files->files_total));
    return ret;
}
