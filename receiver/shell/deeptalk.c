/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/deeptalk.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/core/hresult.h"
#include "receiver/shell/verdict.h"
#include "receiver/shell/verify_deep.h"

/* So many faults are told one by one; the end has them all. */
#define TOLD_MAX   100u
#define PATH_BYTES 200 /* of the path in a sentence */
#define LIST_BYTES 300 /* of paths in the last sentence */

/* --- as soon as it is found ----------------------------------------------------------------- */

static void tell(struct wc_display *display, const struct wc_deepcheck_fault *f)
{
    char first[PATH_BYTES];
    struct wc_finding finding;
    struct wc_wim_sight sight = wc_verify_sight(f->wim, &f->fault);
    uint32_t count;
    const uint32_t *names = wc_wimmap_names(f->wim->map, f->fault.blob, &count);
    sight.is_published = true;
    if (count) {
        sight.path = wc_wimmap_path(f->wim->map, names[0], first, sizeof first);
        sight.path_count = count;
    }
    wc_wim_rules(&sight, &finding);
    wc_display_damage(display, &finding, f->wim->map, names, count);
}

void wc_deeptalk_news(struct wc_deeptalk *talk, struct wc_deepcheck *d, struct wc_display *display)
{
    struct wc_deepcheck_fault fault;
    while (talk->told < TOLD_MAX && wc_deepcheck_fault(d, talk->told, &fault)) {
        talk->told++;
        tell(display, &fault);
        if (talk->told == TOLD_MAX)
            wc_display_warning(display, "more of the image is damaged; the rest is told at the "
                                        "end, and in the event summary of --json");
    }
}

/* --- the end -------------------------------------------------------------------------------- */

struct list {
    char text[LIST_BYTES];
    size_t length;
    uint64_t count, shown;
};

static void add_path(struct list *l, const struct wc_wimmap *map, uint32_t name)
{
    char path[PATH_BYTES];
    size_t length;
    wc_wimmap_path(map, name, path, sizeof path);
    length = strlen(path);
    l->count++;
    if (l->shown + 1 < l->count || l->length + length + 3 > sizeof l->text)
        return; /* once one finds no room, no later one is shown */
    l->length += (size_t)snprintf(l->text + l->length, sizeof l->text - l->length, "%s%s",
                                  l->shown ? ", " : "", path);
    l->shown++;
}

static bool is_steady(const struct wc_deepcheck_fault *f)
{
    return f->fault.again != WC_AGAIN_GOOD && f->fault.again != WC_AGAIN_OTHER;
}

static void add_faults(struct list *l, struct wc_deepcheck *d)
{
    struct wc_deepcheck_fault f;
    for (uint32_t i = 0; wc_deepcheck_fault(d, i, &f); i++) {
        uint32_t count;
        const uint32_t *names = wc_wimmap_names(f.wim->map, f.fault.blob, &count);
        for (uint32_t n = 0; n < count && is_steady(&f); n++)
            add_path(l, f.wim->map, names[n]);
    }
}

static void add_missing(struct list *l, struct wc_deepcheck *d)
{
    const struct wc_wim *w;
    for (uint32_t i = 0; (w = wc_deepcheck_wim(d, i)); i++) {
        uint32_t count;
        const struct wc_wim_missing *missing = wc_wimmap_missing(w->map, &count);
        for (uint32_t n = 0; n < count; n++)
            add_path(l, w->map, missing[n].name);
    }
}

static enum wc_err end_with(const struct wc_finding *finding, struct wc_why *why)
{
    (void)wc_verdict_why(finding, why);
    return WC_E_DIGEST;
}

/* Damaged paths: all of them in one sentence. */
static enum wc_err judge_paths(struct wc_deepcheck *d, struct wc_why *why)
{
    struct list list = {.count = 0};
    struct wc_deepcheck_fault first;
    struct wc_finding finding;
    char more[64];
    add_faults(&list, d);
    add_missing(&list, d);
    if (!list.count)
        return WC_OK;
    const struct wc_wim *w = wc_deepcheck_fault(d, 0, &first) ? first.wim : wc_deepcheck_wim(d, 0);
    char text[LIST_BYTES + sizeof more];
    snprintf(more, sizeof more, " and %llu more", (unsigned long long)(list.count - list.shown));
    snprintf(text, sizeof text, "%s%s", list.text, list.shown < list.count ? more : "");
    wc_wim_rules_published(wc_verify_last(w->parts[0].path), text, list.count, &finding);
    return end_with(&finding, why);
}

/* A fault without a path, or of this machine's memory. */
static enum wc_err judge_rest(struct wc_deepcheck *d, struct wc_why *why)
{
    struct wc_deepcheck_fault f;
    struct wc_finding finding;
    if (!wc_deepcheck_fault(d, 0, &f))
        return WC_OK;
    struct wc_wim_sight sight = wc_verify_sight(f.wim, &f.fault);
    sight.is_published = true;
    wc_wim_rules(&sight, &finding);
    return end_with(&finding, why);
}

static enum wc_err judge_structure(struct wc_deepcheck *d, struct wc_why *why)
{
    const struct wc_wim *w;
    struct wc_finding finding;
    for (uint32_t i = 0; (w = wc_deepcheck_wim(d, i)); i++) {
        if (!w->defect_count)
            continue;
        struct wc_wim_sight sight = wc_verify_defect(w, &w->defects[0]);
        sight.is_published = true;
        wc_wim_rules(&sight, &finding);
        return end_with(&finding, why);
    }
    return WC_OK;
}

enum wc_err wc_deeptalk_verdict(struct wc_deepcheck *d, const struct wc_why *unlooked,
                                struct wc_why *why)
{
    enum wc_err err = judge_paths(d, why);
    if (!err)
        err = judge_rest(d, why);
    if (!err)
        err = judge_structure(d, why);
    if (err || !unlooked)
        return err;
    *why = *unlooked;
    return wc_why_mark(why, WC_E_DIGEST, "damage.table", WC_HR_HASH_VALUE);
}

void wc_deeptalk_summary(struct wc_deepcheck *d, struct wc_jsonl *events)
{
    static char path[WC_WIMMAP_PATH_BYTES];
    struct wc_deepcheck_fault f;
    wc_jsonl_list_begin(events, "damaged");
    for (uint32_t i = 0; events && wc_deepcheck_fault(d, i, &f); i++) {
        uint32_t count;
        const uint32_t *names = wc_wimmap_names(f.wim->map, f.fault.blob, &count);
        for (uint32_t n = 0; n < count; n++) {
            wc_jsonl_item_begin(events);
            wc_jsonl_str(events, "file", wc_verify_last(f.wim->parts[0].path));
            wc_jsonl_uint(events, "image", wc_wimmap_name(f.wim->map, names[n])->image);
            wc_jsonl_str(events, "path", wc_wimmap_path(f.wim->map, names[n], path, sizeof path));
            wc_jsonl_item_end(events);
        }
    }
    wc_jsonl_list_end(events);
}
