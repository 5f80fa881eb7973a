/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/applyjob.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>

#include "common/core/bitmap.h"
#include "common/core/hresult.h"
#include "common/diag/apply_rules.h"
#include "common/io/clock.h"
#include "common/io/format.h"
#include "common/io/jsonl.h"
#include "receiver/shell/applier.h"
#include "receiver/shell/applychoice.h"
#include "receiver/shell/display.h"
#include "receiver/shell/filemap.h"
#include "receiver/shell/room.h"

#define WHAT_BYTES 400
/* So long everything may stand still before it is said that the room is too small. */
#define STILL_MAX WC_S(5)

enum state {
    STATE_WAITING, /* for the blocks that come first */
    STATE_APPLYING,
    STATE_OVER,
};

struct wc_applyjob {
    struct wc_applyjob_options options;
    struct wc_apply_target target;
    const struct wc_manifest *m;
    const struct wc_manifest_wim *wim; /* of m */
    struct wc_filemap map;
    struct wc_room *room;
    const struct wc_store *store;
    struct wc_apply_choice choice;
    void (*wake)(void *ctx);
    void *wake_ctx;
    pthread_t thread;
    bool has_thread;
    bool is_told; /* main thread: that it begins */
    wc_ns begun;
    wc_ns still_since; /* main thread: WC_NEVER: something moves */

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t news;
    bool *is_awaited; /* of each block of m->first, and NULL once all are in */
    uint32_t first_left;
    enum state state;
    bool is_cancelled;
    struct wc_applier *applier;
    enum wc_err err;
    struct wc_why why;
    wc_ns ended;
};

/* --- which WIM ------------------------------------------------------------------------------ */

static const char *last_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_named(const struct wc_manifest *m, const struct wc_manifest_wim *wim,
                     const char *name)
{
    const char *path = m->files[wim->file].path;
    return strcmp(path, name) == 0 || strcmp(last_of(path), name) == 0;
}

static enum wc_err choose_wim(struct wc_applyjob *j, struct wc_why *why)
{
    const struct wc_manifest *m = j->m;
    const char *name = j->options.file;
    char shown[WC_WHY_PATH_BYTES];
    uint32_t count = 0;
    for (uint32_t i = 0; i < m->wim_count; i++) {
        if (name && !is_named(m, &m->wims[i], name))
            continue;
        j->wim = &m->wims[i];
        count++;
    }
    if (count == 1)
        return WC_OK;
    if (!m->wim_count)
        return wc_why_set(why, WC_E_NOT_FOUND, EX_DATAERR,
                          "package %s holds no WIM, or was published by a sender that does not "
                          "tell; use fetch, and then apply to the file",
                          m->id);
    if (name)
        return wc_why_set(why, WC_E_NOT_FOUND, EX_USAGE, "package %s holds %s WIM called %s", m->id,
                          count ? "more than one" : "no", wc_why_path(shown, name));
    return wc_why_set(why, WC_E_NOT_FOUND, EX_USAGE,
                      "package %s holds %u WIMs: choose one with --file, for instance %s", m->id,
                      m->wim_count, wc_why_path(shown, m->files[m->wims[0].file].path));
}

/* A number is known to be wrong before anything is received; of names only the WIM knows. */
static enum wc_err check_image(const struct wc_applyjob *j, struct wc_why *why)
{
    const char *text = j->options.image;
    const char *file = last_of(j->m->files[j->wim->file].path);
    char what[200], seen[80], line[WC_SENTENCE_BYTES_MAX + 1];
    uint64_t number;
    uint32_t count = j->wim->image_count;
    struct wc_finding f;
    if (text ? !wc_format_parse_uint(text, &number) || (number >= 1 && number <= count)
             : count == 1)
        return WC_OK;
    if (text)
        snprintf(what, sizeof what, "%.80s has no image '%.60s'", file, text);
    else
        snprintf(what, sizeof what, "%.80s has %u images, and none was chosen", file, count);
    snprintf(seen, sizeof seen, "it has %u image%s", count, count == 1 ? "" : "s");
    wc_apply_rules(
        &(struct wc_apply_sight){.fault = WC_APPLY_FAULT_NO_IMAGE, .what = what, .seen = seen}, &f);
    wc_finding_line(&f, line, sizeof line);
    return wc_why_finding(why, WC_E_NOT_FOUND, f.kind->id, f.kind->hresult, f.kind->exit_code,
                          line);
}

/* What is known of the image before it is seen: data of a single one is hardly ever more when it is
 * compressed. */
static struct wc_apply_need least_need(const struct wc_applyjob *j)
{
    struct wc_apply_need need = {.byte_count = 0};
    for (uint16_t i = 0; j->wim->image_count == 1 && i < j->map.part_count; i++)
        need.byte_count += j->m->files[j->map.files[i]].byte_count;
    need.blob_bytes = need.byte_count;
    return need;
}

/* --- the applier's side --------------------------------------------------------------------- */

static bool on_ready(void *ctx, uint16_t part, uint64_t offset, uint64_t count)
{
    struct wc_applyjob *j = ctx;
    return wc_room_has(j->room, j->map.files[part - 1], offset, count);
}

static void on_consumed(void *ctx, uint16_t part, uint64_t offset, uint64_t count)
{
    struct wc_applyjob *j = ctx;
    wc_room_take(j->room, j->map.files[part - 1], offset, count);
    j->wake(j->wake_ctx);
}

/* What is no data of any image is read from the blocks that stay. */
static void take_gaps(struct wc_applyjob *j)
{
    const struct wc_wimmap *map = j->map.wim->map;
    uint32_t count = wc_wimmap_resource_count(map), place = 0;
    for (uint16_t part = 1; part <= j->map.part_count; part++) {
        uint32_t file = j->map.files[part - 1];
        uint64_t at = 0, byte_count = j->m->files[file].byte_count;
        for (; place < count; place++) {
            const struct wc_wim_resource *r =
                wc_wimmap_resource(map, wc_wimmap_ordered(map, place));
            if (r->part > part)
                break;
            if (r->part < part || r->area != WC_WIM_AREA_DATA || r->offset < r->lead_bytes)
                continue;
            uint64_t begin = r->offset - r->lead_bytes, end = r->offset + r->form.stored_bytes;
            if (begin > at)
                wc_room_take(j->room, file, at, begin - at);
            at = end > at ? end : at;
        }
        if (at < byte_count)
            wc_room_take(j->room, file, at, byte_count - at);
    }
    j->wake(j->wake_ctx);
}

/* --- the thread ----------------------------------------------------------------------------- */

/* False: it is over. */
static bool wait_for_first(struct wc_applyjob *j)
{
    pthread_mutex_lock(&j->lock);
    while (j->first_left && !j->is_cancelled)
        pthread_cond_wait(&j->news, &j->lock);
    bool goes_on = !j->is_cancelled;
    pthread_mutex_unlock(&j->lock);
    return goes_on;
}

static enum wc_err cancelled(struct wc_why *why)
{
    return wc_why_set(why, WC_E_CLOSED, EX_TEMPFAIL, "cancelled");
}

static enum wc_err get_ready(struct wc_applyjob *j, struct wc_why *why)
{
    const struct wc_applyjob_options *o = &j->options;
    char what[WHAT_BYTES];
    enum wc_err err = wc_filemap_make(&j->map, why);
    if (!err)
        err = wc_apply_choose(&j->choice, j->map.wim, o->image, why);
    if (!err)
        err = wc_apply_target_check(&j->target, o->target, o->force, &j->choice.need, why);
    if (err)
        return err;
    snprintf(what, sizeof what, "image %u%s%s%s of %s, package %s", j->choice.image,
             *j->choice.name ? " (" : "", j->choice.name, *j->choice.name ? ")" : "",
             last_of(j->m->files[j->wim->file].path), j->m->id);
    err = wc_apply_target_mark(&j->target, what, why);
    if (!err)
        take_gaps(j);
    return err;
}

static enum wc_err extract(struct wc_applyjob *j, struct wc_why *why)
{
    const struct wc_applier_config config = {
        .wim = j->map.wim,
        .image = j->choice.image,
        .target = &j->target,
        .ready = on_ready,
        .consumed = on_consumed,
        .ctx = j,
    };
    struct wc_applier *applier;
    enum wc_err err = wc_applier_start(&applier, &config, why);
    if (err)
        return err;
    pthread_mutex_lock(&j->lock);
    j->applier = applier;
    j->state = STATE_APPLYING;
    if (j->is_cancelled)
        wc_applier_cancel(applier);
    pthread_mutex_unlock(&j->lock);
    err = wc_applier_wait(applier, why);
    return err ? err : wc_apply_target_unmark(&j->target, why);
}

static void *run(void *ctx)
{
    struct wc_applyjob *j = ctx;
    struct wc_why why = {0};
    prctl(PR_SET_NAME, "wimcast-apply");
    enum wc_err err = wait_for_first(j) ? get_ready(j, &why) : cancelled(&why);
    if (!err)
        err = extract(j, &why);
    pthread_mutex_lock(&j->lock);
    j->state = STATE_OVER;
    j->err = err;
    j->why = why;
    j->ended = wc_clock_now();
    pthread_mutex_unlock(&j->lock);
    j->wake(j->wake_ctx);
    return NULL;
}

/* --- the hooks ------------------------------------------------------------------------------ */

/* The target is looked at as far as that can be done without knowing the image. */
static enum wc_err on_begin(void *ctx, void (*wake)(void *wake_ctx), void *wake_ctx,
                            struct wc_why *why)
{
    struct wc_applyjob *j = ctx;
    const struct wc_apply_need nothing = {0};
    j->wake = wake;
    j->wake_ctx = wake_ctx;
    return wc_apply_target_check(&j->target, j->options.target, j->options.force, &nothing, why);
}

static enum wc_err on_open(void *ctx, struct wc_store **ret, const struct wc_manifest *m,
                           const uint8_t manifest_digest[WC_DIGEST_BYTES],
                           const struct wc_store_options *options, struct wc_why *why)
{
    struct wc_applyjob *j = ctx;
    const struct wc_applyjob_options *o = &j->options;
    (void)manifest_digest; /* nothing is kept for another run */
    j->m = m;
    enum wc_err err = choose_wim(j, why);
    if (err)
        why->hresult = WC_HR_NOT_FOUND;
    else
        err = check_image(j, why);
    if (!err && wc_filemap_init(&j->map, m, j->wim))
        err = wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    if (err)
        return err;
    struct wc_apply_need need = least_need(j);
    err = wc_apply_target_check(&j->target, o->target, o->force, &need, why);
    struct wc_room_options room = {.dir = o->spool_dir,
                                   .limit_bytes = o->spool_limit_bytes,
                                   .where = o->target,
                                   .files = j->map.files,
                                   .file_count = j->map.part_count};
    if (!err)
        err = wc_room_new(&j->room, m, &room, why);
    return err ? err : wc_store_open_room(ret, m, j->room, options, why);
}

/* Without any, all blocks are awaited. */
static enum wc_err await_first(struct wc_applyjob *j, const struct wc_store *store)
{
    const struct wc_manifest *m = j->m;
    const struct wc_manifest_run all = {.block_count = m->partition.block_count};
    const struct wc_manifest_run *runs = m->first_count ? m->first : &all;
    uint32_t run_count = m->first_count ? m->first_count : 1;
    j->is_awaited = calloc(m->partition.block_count, sizeof j->is_awaited[0]);
    if (!j->is_awaited)
        return WC_E_NOMEM;
    for (uint32_t i = 0; i < run_count; i++)
        for (uint32_t sbn = runs[i].sbn; sbn < runs[i].sbn + runs[i].block_count; sbn++) {
            if (wc_bitmap_get(wc_store_have(store), sbn))
                continue;
            j->is_awaited[sbn] = true;
            j->first_left++;
        }
    return WC_OK;
}

static enum wc_err on_opened(void *ctx, struct wc_store *store, const struct wc_manifest *m,
                             struct wc_why *why)
{
    struct wc_applyjob *j = ctx;
    (void)m;
    j->store = store;
    j->begun = wc_clock_now();
    enum wc_err err = await_first(j, store);
    if (err)
        return wc_why_set(why, err, EX_OSERR, "out of memory");
    err = wc_filemap_open(&j->map, store, why);
    if (err)
        return err;
    if (pthread_create(&j->thread, NULL, run, j) != 0)
        return wc_why_set(why, WC_E_SYS, EX_OSERR, "cannot start a thread");
    j->has_thread = true;
    return WC_OK;
}

static const uint64_t *on_shut(void *ctx)
{
    struct wc_applyjob *j = ctx;
    return wc_room_shut(j->room);
}

static bool on_widen(void *ctx, uint32_t *ret_sbn, uint32_t *ret_block_count)
{
    struct wc_applyjob *j = ctx;
    return wc_room_widen(j->room, ret_sbn, ret_block_count);
}

static void on_stored(void *ctx, uint32_t sbn)
{
    struct wc_applyjob *j = ctx;
    pthread_mutex_lock(&j->lock);
    if (j->is_awaited[sbn]) {
        j->is_awaited[sbn] = false;
        if (--j->first_left == 0)
            pthread_cond_signal(&j->news);
    }
    if (j->applier)
        wc_applier_advance(j->applier);
    pthread_mutex_unlock(&j->lock);
}

static struct wc_applier_progress look(struct wc_applyjob *j)
{
    struct wc_applier_progress p = {0};
    pthread_mutex_lock(&j->lock);
    if (j->applier)
        wc_applier_progress(j->applier, &p);
    pthread_mutex_unlock(&j->lock);
    return p;
}

static void on_progress(void *ctx, struct wc_job_progress *ret)
{
    struct wc_applier_progress p = look(ctx);
    ret->applied_bytes = p.done_bytes;
    ret->apply_bytes = p.total_bytes;
    ret->applied_files = p.done_files;
    ret->apply_files = p.total_files;
}

/* All that has room is in and read, and the applier needs what has none. */
static bool is_stuck(struct wc_applyjob *j)
{
    if (!j->room || !wc_room_is_full(j->room) || !look(j).is_starved) {
        j->still_since = WC_NEVER;
        return false;
    }
    wc_ns now = wc_clock_now();
    if (j->still_since == WC_NEVER)
        j->still_since = now;
    return now - j->still_since >= STILL_MAX;
}

static enum wc_err on_check(void *ctx, struct wc_why *why)
{
    struct wc_applyjob *j = ctx;
    char limit[WC_WHY_BYTES_BYTES];
    if (is_stuck(j))
        return wc_why_set(why, WC_E_FULL, EX_CANTCREAT,
                          "the room of %s is too small for this image: a piece of it does not fit "
                          "in; give it more with --spool-limit",
                          wc_why_bytes(limit, j->options.spool_limit_bytes));
    pthread_mutex_lock(&j->lock);
    enum wc_err err = j->state == STATE_OVER ? j->err : WC_OK;
    if (err)
        *why = j->why;
    pthread_mutex_unlock(&j->lock);
    return err;
}

static bool on_is_busy(void *ctx)
{
    struct wc_applyjob *j = ctx;
    pthread_mutex_lock(&j->lock);
    bool is_busy = j->has_thread && j->state != STATE_OVER;
    pthread_mutex_unlock(&j->lock);
    return is_busy;
}

static void cancel(struct wc_applyjob *j)
{
    pthread_mutex_lock(&j->lock);
    j->is_cancelled = true;
    if (j->applier)
        wc_applier_cancel(j->applier);
    pthread_cond_signal(&j->news);
    pthread_mutex_unlock(&j->lock);
}

static enum wc_err on_end(void *ctx, bool is_received, struct wc_why *why)
{
    struct wc_applyjob *j = ctx;
    if (!j->has_thread)
        return WC_OK;
    if (!is_received)
        cancel(j);
    pthread_join(j->thread, NULL);
    j->has_thread = false;
    if (j->err)
        *why = j->why;
    return j->err;
}

static void on_talk(void *ctx, struct wc_display *display)
{
    struct wc_applyjob *j = ctx;
    char text[WC_SENTENCE_BYTES_MAX], shown[WC_WHY_PATH_BYTES], time[WC_FORMAT_BYTES];
    char files[WC_FORMAT_BYTES], size[WC_FORMAT_BYTES];
    struct wc_applier_progress p = look(j);
    pthread_mutex_lock(&j->lock);
    enum state state = j->state;
    bool is_good = state == STATE_OVER && !j->err;
    pthread_mutex_unlock(&j->lock);
    if (state == STATE_APPLYING && !j->is_told) {
        j->is_told = true;
        snprintf(text, sizeof text, "extracting image %u%s%.100s%s to %s", j->choice.image,
                 *j->choice.name ? " (" : "", j->choice.name, *j->choice.name ? ")" : "",
                 wc_why_path(shown, j->options.target));
        wc_display_info(display, text);
    }
    if (!is_good || j->has_thread)
        return;
    snprintf(text, sizeof text, "applied image %u to %s: %s files verified, %s in %s",
             j->choice.image, wc_why_path(shown, j->options.target),
             wc_format_count(files, p.total_files), wc_format_bytes(size, p.total_bytes),
             wc_format_seconds(time, j->ended - j->begun));
    wc_display_info(display, text);
}

static void on_members(void *ctx, struct wc_jsonl *events)
{
    struct wc_applyjob *j = ctx;
    bool is_over = j->state == STATE_OVER && !j->err;
    wc_jsonl_uint(events, "image", j->choice.image);
    wc_jsonl_str(events, "image_name", j->choice.name);
    wc_jsonl_str(events, "target", j->options.target);
    wc_jsonl_str(events, "target_kind", j->target.is_ntfs ? "ntfs" : "directory");
    wc_jsonl_bool(events, "is_marked", j->target.is_marked);
    wc_jsonl_real(events, "apply_seconds", is_over ? (double)(j->ended - j->begun) / 1e9 : 0.0);
}

/* --- life ----------------------------------------------------------------------------------- */

struct wc_applyjob *wc_applyjob_new(const struct wc_applyjob_options *options)
{
    struct wc_applyjob *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->options = *options;
    j->still_since = WC_NEVER;
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->news, NULL);
    return j;
}

void wc_applyjob_free(struct wc_applyjob *j)
{
    if (!j)
        return;
    assert(!j->has_thread);
    wc_applier_close(j->applier);
    wc_filemap_deinit(&j->map);
    wc_room_free(j->room);
    pthread_mutex_destroy(&j->lock);
    pthread_cond_destroy(&j->news);
    free(j->is_awaited);
    free(j);
}

struct wc_job wc_applyjob_job(struct wc_applyjob *j)
{
    return (struct wc_job){
        .begin = on_begin,
        .open = on_open,
        .opened = on_opened,
        .shut = on_shut,
        .widen = on_widen,
        .stored = on_stored,
        .progress = on_progress,
        .check = on_check,
        .is_busy = on_is_busy,
        .end = on_end,
        .talk = on_talk,
        .members = on_members,
        .left = "the target is incomplete, and nothing of the package is kept",
        .ctx = j,
    };
}
