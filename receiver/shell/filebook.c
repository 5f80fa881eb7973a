/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The storer only notes which block it stored; the thread takes these notes, and first those of
 * blocks that were in when the store was opened. */
#include "receiver/shell/filebook.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sysexits.h>

#include "common/core/bitmap.h"
#include "common/core/spans.h"
#include "common/io/alloc.h"
#include "receiver/shell/deepcheck.h"
#include "receiver/shell/deeptalk.h"
#include "receiver/shell/display.h"
#include "receiver/shell/filemap.h"

#define NO_WIM UINT32_MAX

/* One WIM of the package; the thread's, but for what the lock is said to guard. */
struct volume {
    struct wc_filemap map;
    uint32_t name_count; /* by the manifest */
    uint32_t parts_left; /* files that are not all in */
    uint32_t verified;   /* names */
    uint32_t deep;       /* its number there */
    bool is_lost;        /* there is no map, and will not be */
};

struct wc_filebook {
    const struct wc_manifest *m;
    bool is_deep;
    struct volume *volumes;
    uint32_t volume_count;
    uint32_t *volume_of;                  /* of each file; NO_WIM */
    struct wc_spans *files;               /* regular ones with data */
    uint64_t *in;                         /* blocks that were taken */
    uint32_t first_left;                  /* blocks of manifest->first that were not */
    uint32_t plain_verified, plain_total; /* files outside of WIMs */
    struct wc_deepcheck *deep;            /* NULL: none */
    struct wc_deeptalk talk;              /* the main thread's */
    bool is_shallow_told;                 /* the same */
    pthread_t thread;
    bool has_thread;
    /* Guarded: */
    pthread_mutex_t lock;
    pthread_cond_t news, idle;
    uint64_t *noted; /* blocks in the notes */
    uint32_t *notes; /* room for each block once */
    uint32_t note_count, next;
    bool is_cancelled, is_idle;
    struct wc_job_progress progress;
    struct wc_why warning; /* text "": none */
    enum wc_err deep_err;  /* why not everything can be looked into */
    struct wc_why deep_why;
};

/* --- warnings ------------------------------------------------------------------------------- */

/* A WIM without map is no reason to end; but a deep check needs it. */
static void warn(struct wc_filebook *b, uint32_t file, enum wc_err err, const struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    pthread_mutex_lock(&b->lock);
    if (!b->warning.text[0] && err != WC_E_NOT_FOUND) /* that is: the store does not keep it */
        (void)wc_why_set(&b->warning, WC_OK, EX_OK,
                         "the files in %s are not counted one by one: %s",
                         wc_why_path(shown, b->m->files[file].path), why->text);
    if (!b->deep_err) {
        b->deep_err = err;
        b->deep_why = *why;
    }
    pthread_mutex_unlock(&b->lock);
}

static void lose(struct wc_filebook *b, struct volume *v, enum wc_err err, const struct wc_why *why)
{
    v->is_lost = true;
    warn(b, v->map.files[0], err, why);
}

/* --- counting ------------------------------------------------------------------------------- */

static void publish(struct wc_filebook *b)
{
    uint64_t verified = b->plain_verified, total = b->plain_total;
    for (uint32_t i = 0; i < b->volume_count; i++) {
        const struct volume *v = &b->volumes[i];
        verified += v->verified;
        total += v->map.count ? wc_wimcount_total(v->map.count) : v->name_count;
    }
    if (total > UINT32_MAX)
        return; /* no number that can be told */
    pthread_mutex_lock(&b->lock);
    b->progress.files_verified = (uint32_t)verified;
    b->progress.files_total = (uint32_t)total;
    pthread_mutex_unlock(&b->lock);
}

/* Without a map all names count at once. */
static void count_whole(struct volume *v)
{
    if (v->is_lost && !v->parts_left)
        v->verified = v->name_count;
}

static void count_names(struct wc_filebook *b, struct volume *v, uint32_t sbn)
{
    uint32_t blob;
    wc_wimcount_block(v->map.count, sbn);
    while (wc_wimcount_next(v->map.count, &blob))
        if (b->deep)
            wc_deepcheck_blob(b->deep, v->deep, blob);
    v->verified = wc_wimcount_verified(v->map.count);
}

static void count_files(struct wc_filebook *b, uint32_t sbn)
{
    uint32_t file;
    wc_spans_mark(b->files, sbn);
    while (wc_spans_next(b->files, &file)) {
        if (b->volume_of[file] == NO_WIM) {
            b->plain_verified++;
            continue;
        }
        struct volume *v = &b->volumes[b->volume_of[file]];
        v->parts_left--;
        count_whole(v);
    }
}

/* All that comes first is in: the maps, and what is in up to now. */
static void make_map(struct wc_filebook *b, struct volume *v)
{
    struct wc_why why;
    uint32_t block_count = b->m->partition.block_count;
    if (v->is_lost)
        return;
    enum wc_err err = wc_filemap_make(&v->map, &why);
    if (!err && b->deep)
        err = wc_deepcheck_add(b->deep, v->map.wim, &v->deep);
    if (err) {
        lose(b, v, err, &why);
        count_whole(v);
        return;
    }
    for (uint32_t sbn = wc_bitmap_find_set(b->in, block_count, 0); sbn < block_count;
         sbn = wc_bitmap_find_set(b->in, block_count, sbn + 1))
        count_names(b, v, sbn);
}

/* If nothing comes first, all has to be in. */
static bool is_first(const struct wc_manifest *m, uint32_t sbn)
{
    if (!m->first_count)
        return true;
    uint32_t low = 0, high = m->first_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (m->first[middle].sbn + m->first[middle].block_count <= sbn)
            low = middle + 1;
        else
            high = middle;
    }
    return low < m->first_count && m->first[low].sbn <= sbn;
}

static void take_block(struct wc_filebook *b, uint32_t sbn)
{
    wc_bitmap_set(b->in, sbn);
    count_files(b, sbn);
    for (uint32_t i = 0; i < b->volume_count; i++)
        if (b->volumes[i].map.count)
            count_names(b, &b->volumes[i], sbn);
    if (!b->first_left || !is_first(b->m, sbn) || --b->first_left)
        return;
    for (uint32_t i = 0; i < b->volume_count; i++)
        make_map(b, &b->volumes[i]);
}

/* The next stretch of notes: NULL: it is over. */
static const uint32_t *take_notes(struct wc_filebook *b, uint32_t *ret_count)
{
    const uint32_t *notes = NULL;
    pthread_mutex_lock(&b->lock);
    while (!b->is_cancelled && b->next == b->note_count) {
        b->is_idle = true;
        pthread_cond_broadcast(&b->idle);
        pthread_cond_wait(&b->news, &b->lock);
    }
    b->is_idle = false;
    if (!b->is_cancelled) {
        notes = b->notes + b->next;
        *ret_count = b->note_count - b->next;
        b->next = b->note_count;
    }
    pthread_mutex_unlock(&b->lock);
    return notes;
}

static void *run(void *arg)
{
    struct wc_filebook *b = arg;
    const uint32_t *notes;
    uint32_t count;
    prctl(PR_SET_NAME, "wimcast-files");
    publish(b);
    while ((notes = take_notes(b, &count))) {
        for (uint32_t i = 0; i < count; i++) {
            take_block(b, notes[i]);
            publish(b);
        }
    }
    return NULL;
}

static void note_locked(struct wc_filebook *b, uint32_t sbn)
{
    if (wc_bitmap_get(b->noted, sbn))
        return;
    wc_bitmap_set(b->noted, sbn);
    b->notes[b->note_count++] = sbn;
    pthread_cond_signal(&b->news);
}

/* --- opening -------------------------------------------------------------------------------- */

static enum wc_err find_volume(struct wc_filebook *b, const struct wc_store *store, uint32_t index)
{
    struct volume *v = &b->volumes[index];
    const struct wc_manifest_wim *wim = &b->m->wims[index];
    struct wc_why why;
    v->name_count = wim->name_count;
    b->volume_of[wim->file] = index;
    enum wc_err err = wc_filemap_init(&v->map, b->m, wim);
    if (err)
        return err;
    err = wc_filemap_open(&v->map, store, &why);
    if (err)
        lose(b, v, err, &why);
    return WC_OK;
}

static enum wc_err find_volumes(struct wc_filebook *b, const struct wc_store *store)
{
    uint32_t count = b->m->wim_count;
    struct wc_why why;
    b->volume_count = count < WC_FILEBOOK_WIMS_MAX ? count : WC_FILEBOOK_WIMS_MAX;
    b->volumes = calloc((size_t)b->volume_count + 1, sizeof b->volumes[0]);
    b->volume_of = malloc(((size_t)b->m->file_count + 1) * sizeof b->volume_of[0]);
    enum wc_err err = b->volumes && b->volume_of ? WC_OK : WC_E_NOMEM;
    for (uint32_t i = 0; !err && i < b->m->file_count; i++)
        b->volume_of[i] = NO_WIM;
    for (uint32_t i = 0; !err && i < b->volume_count; i++)
        err = find_volume(b, store, i);
    if (!err && count > b->volume_count) {
        (void)wc_why_set(&why, WC_E_TOO_LARGE, EX_DATAERR,
                         "the package holds %u WIMs; %u are looked into, the others count as one "
                         "file each",
                         count, b->volume_count);
        warn(b, b->m->wims[b->volume_count].file, WC_E_TOO_LARGE, &why);
    }
    return err;
}

/* Which files belong to which WIM: those that are WIMs themselves to themselves. */
static void assign_parts(struct wc_filebook *b)
{
    for (uint32_t i = 0; i < b->volume_count; i++) {
        const struct wc_filemap *map = &b->volumes[i].map;
        for (uint16_t part = 1; part < map->part_count; part++)
            if (b->volume_of[map->files[part]] == NO_WIM)
                b->volume_of[map->files[part]] = i;
    }
}

static enum wc_err watch_files(struct wc_filebook *b)
{
    const struct wc_manifest *m = b->m;
    struct wc_span *spans = calloc((size_t)m->file_count + 1, sizeof spans[0]);
    uint32_t count = 0;
    if (!spans)
        return WC_E_NOMEM;
    for (uint32_t i = 0; i < m->file_count; i++) {
        const struct wc_file *file = &m->files[i];
        if (file->kind != WC_FILE_REGULAR || !file->byte_count)
            continue;
        spans[count++] = (struct wc_span){
            .first = wc_partition_block_at(&m->partition, file->offset),
            .last = wc_partition_block_at(&m->partition, file->offset + file->byte_count - 1),
            .tag = i,
        };
        if (b->volume_of[i] == NO_WIM)
            b->plain_total++;
        else
            b->volumes[b->volume_of[i]].parts_left++;
    }
    enum wc_err err = wc_spans_new(&b->files, spans, count, &wc_alloc_libc);
    free(spans);
    return err;
}

static enum wc_err reserve(struct wc_filebook *b)
{
    uint32_t block_count = b->m->partition.block_count;
    b->in = calloc(wc_bitmap_words(block_count) + 1, sizeof b->in[0]);
    b->noted = calloc(wc_bitmap_words(block_count) + 1, sizeof b->noted[0]);
    b->notes = calloc((size_t)block_count + 1, sizeof b->notes[0]);
    return b->in && b->noted && b->notes ? WC_OK : WC_E_NOMEM;
}

static enum wc_err get_ready(struct wc_filebook *b, const struct wc_store *store)
{
    enum wc_err err = reserve(b);
    if (!err)
        err = find_volumes(b, store);
    if (err)
        return err;
    assign_parts(b);
    err = watch_files(b);
    for (uint32_t i = 0; i < b->m->first_count; i++)
        b->first_left += b->m->first[i].block_count;
    if (!b->m->first_count)
        b->first_left = b->m->partition.block_count;
    if (!err && b->is_deep && b->volume_count)
        err = wc_deepcheck_new(&b->deep, b->volume_count);
    return err;
}

static enum wc_err on_opened(void *ctx, struct wc_store *store, const struct wc_manifest *m,
                             struct wc_why *why)
{
    struct wc_filebook *b = ctx;
    uint32_t block_count = m->partition.block_count;
    b->m = m;
    enum wc_err err = get_ready(b, store);
    for (uint32_t sbn = 0; !err && sbn < block_count; sbn++)
        if (wc_bitmap_get(wc_store_have(store), sbn))
            note_locked(b, sbn); /* nobody else is there yet */
    if (!err && pthread_create(&b->thread, NULL, run, b))
        err = WC_E_SYS;
    b->has_thread = !err;
    if (err)
        return wc_why_set(why, err, EX_OSERR, "cannot count the files of the package: %s",
                          wc_err_text(err));
    return WC_OK;
}

/* --- the other hooks ------------------------------------------------------------------------ */

static void on_stored(void *ctx, uint32_t sbn)
{
    struct wc_filebook *b = ctx;
    pthread_mutex_lock(&b->lock);
    note_locked(b, sbn);
    pthread_mutex_unlock(&b->lock);
}

/* Until all that was noted is counted; false: cancelled. */
static bool wait_for_count(struct wc_filebook *b)
{
    pthread_mutex_lock(&b->lock);
    while (!b->is_cancelled && !(b->is_idle && b->next == b->note_count))
        pthread_cond_wait(&b->idle, &b->lock);
    bool is_done = !b->is_cancelled;
    pthread_mutex_unlock(&b->lock);
    return is_done;
}

static enum wc_err on_complete(void *ctx, struct wc_why *why)
{
    struct wc_filebook *b = ctx;
    if (!wait_for_count(b))
        return wc_why_set(why, WC_E_CLOSED, EX_TEMPFAIL, "cancelled");
    if (!b->deep)
        return WC_OK;
    enum wc_err err = wc_deepcheck_finish(b->deep);
    if (err)
        return wc_why_set(why, err, err == WC_E_CLOSED ? EX_TEMPFAIL : EX_OSERR,
                          "cannot check the files in the image: %s", wc_err_text(err));
    return wc_deeptalk_verdict(b->deep, b->deep_err ? &b->deep_why : NULL, why);
}

static void on_cancel(void *ctx)
{
    struct wc_filebook *b = ctx;
    if (b->deep)
        wc_deepcheck_cancel(b->deep);
    pthread_mutex_lock(&b->lock);
    b->is_cancelled = true;
    pthread_cond_broadcast(&b->news);
    pthread_cond_broadcast(&b->idle);
    pthread_mutex_unlock(&b->lock);
}

static void on_progress(void *ctx, struct wc_job_progress *ret)
{
    struct wc_filebook *b = ctx;
    pthread_mutex_lock(&b->lock);
    ret->files_verified = b->progress.files_verified;
    ret->files_total = b->progress.files_total;
    pthread_mutex_unlock(&b->lock);
    ret->is_deep = b->deep != NULL;
    ret->files_checked = b->deep ? wc_deepcheck_names(b->deep) : 0;
}

static void on_talk(void *ctx, struct wc_display *display)
{
    struct wc_filebook *b = ctx;
    struct wc_why warning;
    if (!b->m)
        return;
    pthread_mutex_lock(&b->lock);
    warning = b->warning;
    b->warning.text[0] = '\0';
    pthread_mutex_unlock(&b->lock);
    if (warning.text[0])
        wc_display_warning(display, warning.text);
    if (b->deep)
        wc_deeptalk_news(&b->talk, b->deep, display);
    else if (b->is_deep && !b->is_shallow_told) {
        b->is_shallow_told = true;
        wc_display_warning(display, "--deep: the package names no WIM, so there is nothing to look "
                                    "into; its files are verified as they were published");
    }
}

static void on_members(void *ctx, struct wc_jsonl *events)
{
    struct wc_filebook *b = ctx;
    if (b->deep)
        wc_deeptalk_summary(b->deep, events);
}

struct wc_job wc_filebook_job(struct wc_filebook *b)
{
    return (struct wc_job){
        .opened = on_opened,
        .stored = on_stored,
        .complete = on_complete,
        .cancel = on_cancel,
        .progress = on_progress,
        .talk = on_talk,
        .members = on_members,
        .ctx = b,
    };
}

/* --- life ----------------------------------------------------------------------------------- */

struct wc_filebook *wc_filebook_new(bool is_deep)
{
    struct wc_filebook *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->is_deep = is_deep;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->news, NULL);
    pthread_cond_init(&b->idle, NULL);
    return b;
}

void wc_filebook_free(struct wc_filebook *b)
{
    if (!b)
        return;
    on_cancel(b);
    if (b->has_thread)
        pthread_join(b->thread, NULL);
    wc_deepcheck_free(b->deep);
    for (uint32_t i = 0; i < b->volume_count; i++)
        wc_filemap_deinit(&b->volumes[i].map);
    wc_spans_free(b->files);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->news);
    pthread_cond_destroy(&b->idle);
    free(b->volumes);
    free(b->volume_of);
    free(b->in);
    free(b->noted);
    free(b->notes);
    free(b);
}
