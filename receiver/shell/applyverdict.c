/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/applyverdict.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "common/diag/apply_rules.h"
#include "common/diag/wim_rules.h"
#include "common/io/wimlook.h"
#include "receiver/shell/verify_report.h"

#define SEEN_BYTES 320
#define NO_FILE    "WIM file: \"(null)\" "
#define RIGHT      "; read a second time it is right: test the memory of this machine"

struct verdict {
    const struct wc_apply_end *end;
    const struct wc_wim *wim;
    struct wc_apply_sight sight;
    char seen[SEEN_BYTES];
    char path[WC_WHY_PATH_BYTES];
    char target[WC_WHY_PATH_BYTES];
    char number[32];
};

/* --- words ---------------------------------------------------------------------------------- */

/* libwim's words as one line: its first complaint, and what belongs to it. */
static void clean_words(char ret[SEEN_BYTES], const char *words)
{
    const char *error = strstr(words, "[ERROR] ");
    const char *from = error ? error + strlen("[ERROR] ") : words;
    const char *next = strchr(from, '[');
    size_t at = 0;
    bool is_blank = true;
    for (; *from && from != next && at < SEEN_BYTES - 1; from++) {
        bool is_space = (unsigned char)*from <= ' ';
        if (!is_space || !is_blank)
            ret[at++] = is_space ? ' ' : *from;
        is_blank = is_space;
    }
    while (at && ret[at - 1] == ' ')
        at--;
    ret[at] = '\0';
    char *nothing = strstr(ret, NO_FILE); /* it reads from a pipe */
    if (nothing)
        memmove(nothing, nothing + strlen(NO_FILE), strlen(nothing + strlen(NO_FILE)) + 1);
}

static void take_words(struct verdict *v)
{
    clean_words(v->seen, v->end->words);
    if (!*v->seen)
        snprintf(v->seen, sizeof v->seen, "%s", v->end->text);
    v->sight.seen = *v->seen ? v->seen : NULL;
}

/* --- the blob ------------------------------------------------------------------------------- */

static enum wc_wim_fault fault_of(enum wc_err err)
{
    switch (err) {
    case WC_E_DIGEST:
        return WC_WIM_FAULT_DIGEST;
    case WC_E_RANGE:
        return WC_WIM_FAULT_CHUNKS;
    case WC_E_IO:
        return WC_WIM_FAULT_UNREADABLE;
    default:
        return WC_WIM_FAULT_CODE;
    }
}

static void name_blob(struct verdict *v)
{
    const struct wc_wimmap *map = v->wim->map;
    const struct wc_wim_blob *blob = wc_wimmap_blob(map, v->end->blob);
    const struct wc_wim_resource *r = wc_wimmap_resource(map, blob->resource);
    uint32_t count;
    const uint32_t *names = wc_wimmap_names(map, v->end->blob, &count);
    v->sight.image = wc_verify_last(v->wim->parts[r->part - 1].path);
    v->sight.offset = r->offset;
    v->sight.byte_count = r->form.stored_bytes;
    v->sight.path_count = count;
    if (count)
        v->sight.path = wc_wimmap_path(map, names[0], v->path, sizeof v->path);
}

static enum wc_err look_twice(struct verdict *v, struct wc_wimlook *ret, enum wc_again *ret_again)
{
    struct wc_wimlooker *looker;
    enum wc_err err = wc_wimlooker_new(&looker, v->wim, NULL);
    if (err)
        return err;
    err = wc_wimlooker_blob(looker, v->end->blob, ret);
    if (!err && wc_wimlook_is_bad(ret))
        err = wc_wimlooker_again(looker, v->end->blob, ret, ret_again);
    wc_wimlooker_free(looker);
    return err;
}

/* What is wrong with it, in the words of `verify`, and with both digests. */
static void look_again(struct verdict *v, struct wc_finding *room)
{
    struct wc_wimlook look = {0};
    enum wc_again again = WC_AGAIN_NOT;
    if (look_twice(v, &look, &again))
        return;
    if (!wc_wimlook_is_bad(&look)) {
        size_t at = strnlen(v->seen, SEEN_BYTES - sizeof RIGHT);
        memcpy(v->seen + at, RIGHT, sizeof RIGHT);
        v->sight.seen = v->seen;
        return;
    }
    const struct wc_wim_sight sight = {
        .fault = fault_of(look.err),
        .again = wc_verify_again(again),
        .file = v->sight.image,
        .offset = v->sight.offset,
        .byte_count = v->sight.byte_count,
        .digest_name = "SHA-1",
        .digest_bytes = WC_SHA1_BYTES,
        .expected = wc_wimmap_blob(v->wim->map, v->end->blob)->sha1,
        .actual = look.err == WC_E_DIGEST ? look.digest : NULL,
    };
    wc_wim_rules(&sight, room);
    v->sight.byte_count = 0; /* the evidence has it */
    v->sight.seen = room->evidence;
}

/* --- what it was ---------------------------------------------------------------------------- */

static enum wc_apply_fault fault_of_child(struct verdict *v)
{
    const struct wc_apply_end *end = v->end;
    if (WIFSIGNALED(end->status)) {
        snprintf(v->number, sizeof v->number, "%d", WTERMSIG(end->status));
        v->sight.what = v->number;
        return WC_APPLY_FAULT_CRASH;
    }
    if (!end->has_end)
        return WC_APPLY_FAULT_OTHER;
    switch (end->end) {
    case WC_WIMEXTRACT_DATA:
        return WC_APPLY_FAULT_DATA;
    case WC_WIMEXTRACT_TREE:
    case WC_WIMEXTRACT_PIPE: /* it waited for data that no name in our map asks for */
        return WC_APPLY_FAULT_TREE;
    case WC_WIMEXTRACT_TARGET:
        if (v->sight.is_ntfs && strstr(end->words, "File exists"))
            return WC_APPLY_FAULT_EXISTS;
        return strstr(end->words, "No space left") || strstr(end->words, "quota exceeded")
                   ? WC_APPLY_FAULT_FULL
                   : WC_APPLY_FAULT_TARGET;
    default:
        return WC_APPLY_FAULT_OTHER;
    }
}

static enum wc_err err_of(enum wc_apply_fault fault)
{
    switch (fault) {
    case WC_APPLY_FAULT_DATA:
    case WC_APPLY_FAULT_TREE:
        return WC_E_DIGEST;
    case WC_APPLY_FAULT_FULL:
        return WC_E_FULL;
    case WC_APPLY_FAULT_TARGET:
    case WC_APPLY_FAULT_EXISTS:
        return WC_E_IO;
    default:
        return WC_E_SYS;
    }
}

static enum wc_err cannot_read(const struct verdict *v, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    uint16_t part = 1;
    if (v->end->blob != WC_WIMMAP_NONE) {
        const struct wc_wim_blob *blob = wc_wimmap_blob(v->wim->map, v->end->blob);
        part = wc_wimmap_resource(v->wim->map, blob->resource)->part;
    }
    return wc_why_set(why, WC_E_IO, wc_why_input_exit(v->end->error), "cannot read %s: %s",
                      wc_why_path(shown, v->wim->parts[part - 1].path),
                      wc_why_errno_text(v->end->error));
}

enum wc_err wc_apply_verdict(const struct wc_apply_end *end, const struct wc_wim *wim,
                             uint16_t image, const struct wc_apply_target *target,
                             struct wc_finding *ret, struct wc_why *why)
{
    struct verdict v = {.end = end, .wim = wim};
    struct wc_finding room;
    char line[WC_SENTENCE_BYTES_MAX + 1];
    if (end->err == WC_E_IO)
        return cannot_read(&v, why);
    if (end->err == WC_E_NOMEM || end->err == WC_E_CRYPTO)
        return wc_why_set(why, end->err, EX_OSERR, "cannot apply image %u: %s", image,
                          wc_err_text(end->err));
    v.sight.image = wc_verify_last(wim->parts[0].path);
    v.sight.target = wc_why_path(v.target, target->path);
    v.sight.is_ntfs = target->is_ntfs;
    take_words(&v);
    bool has_blob = end->blob != WC_WIMMAP_NONE;
    if (end->err)
        v.sight.fault = has_blob ? WC_APPLY_FAULT_DATA : WC_APPLY_FAULT_TREE;
    else
        v.sight.fault = fault_of_child(&v);
    if (v.sight.fault == WC_APPLY_FAULT_DATA && has_blob) {
        name_blob(&v);
        if (end->is_kept)
            look_again(&v, &room);
    }
    wc_apply_rules(&v.sight, ret);
    wc_finding_line(ret, line, sizeof line);
    return wc_why_finding(why, err_of(v.sight.fault), ret->kind->id, ret->kind->hresult,
                          ret->kind->exit_code, line);
}
