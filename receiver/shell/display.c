/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/display.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "common/io/clock.h"
#include "common/io/digest.h"
#include "common/io/format.h"
#include "common/io/voice.h"

#define BAR_WIDTH   30u
#define LINE_BYTES  200u
#define PATHS_SHOWN 20u /* of one finding */

struct wc_display {
    struct wc_voice voice;
    wc_ns event_due;  /* of the next progress event */
    wc_ns rate_since; /* bytes and time of an earlier look: for the rate shown */
    uint64_t rate_blocks;
    double blocks_per_s;
};

enum wc_err wc_display_open(struct wc_display **ret, const struct wc_args_common *common,
                            const struct wc_cmtrace_options *log, struct wc_why *why)
{
    struct wc_display *d = calloc(1, sizeof *d);
    if (!d)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    enum wc_err err = wc_voice_open(&d->voice, "wimcast-receiver", common, log, why);
    if (err) {
        free(d);
        return err;
    }
    *ret = d;
    return WC_OK;
}

void wc_display_close(struct wc_display *d)
{
    if (!d)
        return;
    wc_voice_close(&d->voice);
    free(d);
}

void wc_display_info(struct wc_display *d, const char *sentence)
{
    wc_term_say(d->voice.term, WC_TERM_INFO, "%s", sentence);
}

void wc_display_warning(struct wc_display *d, const char *sentence)
{
    struct wc_why why;
    (void)wc_why_set(&why, WC_OK, EX_OK, "%s", sentence);
    wc_voice_warning(&d->voice, &why);
}

void wc_display_finding(struct wc_display *d, const struct wc_finding *finding)
{
    char line[WC_SENTENCE_BYTES_MAX + 1];
    struct wc_why why;
    wc_finding_line(finding, line, sizeof line);
    (void)wc_why_finding(&why, WC_OK, finding->kind->id, finding->kind->hresult,
                         finding->kind->exit_code, line);
    wc_voice_warning(&d->voice, &why);
}

/* The first one is in the sentence. */
static void say_paths(struct wc_display *d, const struct wc_wimmap *map, const uint32_t *names,
                      uint32_t count)
{
    char path[WC_SENTENCE_BYTES_MAX];
    struct wc_why clean;
    for (uint32_t i = 0; count > 1 && i < count && i < PATHS_SHOWN; i++) {
        wc_wimmap_path(map, names[i], path, sizeof path);
        (void)wc_why_set(&clean, WC_OK, EX_OK, "  path: %s (image %u)", path,
                         wc_wimmap_name(map, names[i])->image);
        wc_term_say(d->voice.term, WC_TERM_INFO, "%s", clean.text);
    }
    if (count > PATHS_SHOWN)
        wc_term_say(d->voice.term, WC_TERM_INFO, "  path: ... and %u more (all with --json)",
                    count - PATHS_SHOWN);
}

void wc_display_damage(struct wc_display *d, const struct wc_finding *finding,
                       const struct wc_wimmap *map, const uint32_t *names, uint32_t count)
{
    static char path[WC_WIMMAP_PATH_BYTES];
    char line[WC_SENTENCE_BYTES_MAX + 1], code[16];
    struct wc_why why;
    wc_finding_line(finding, line, sizeof line);
    (void)wc_why_set(&why, WC_OK, EX_OK, "%s", line);
    wc_term_say(d->voice.term, WC_TERM_WARNING, "%s", why.text);
    say_paths(d, map, names, count);
    snprintf(code, sizeof code, "0x%08X", finding->kind->hresult);
    wc_jsonl_begin(d->voice.events, "warning");
    wc_jsonl_str(d->voice.events, "hresult", code);
    wc_jsonl_str(d->voice.events, "finding", finding->kind->id);
    wc_jsonl_str(d->voice.events, "sentence", why.text);
    wc_jsonl_list_begin(d->voice.events, "paths");
    for (uint32_t i = 0; d->voice.events && i < count; i++) {
        wc_jsonl_item_begin(d->voice.events);
        wc_jsonl_uint(d->voice.events, "image", wc_wimmap_name(map, names[i])->image);
        wc_jsonl_str(d->voice.events, "path", wc_wimmap_path(map, names[i], path, sizeof path));
        wc_jsonl_item_end(d->voice.events);
    }
    wc_jsonl_list_end(d->voice.events);
    wc_voice_end(&d->voice);
}

void wc_display_error(struct wc_display *d, const struct wc_why *why)
{
    wc_voice_error(&d->voice, why);
}

void wc_display_trust(struct wc_display *d, const struct wc_url *url, const char *sender_name)
{
    char hex[2 * WC_DIGEST_BYTES + 1];
    wc_digest_hex(url->key, hex);
    wc_term_say(d->voice.term, WC_TERM_INFO, "trusting key sha256:%s of %s (%s:%u), package %s",
                hex, sender_name, url->host, url->port, url->package);
    wc_jsonl_begin(d->voice.events, "trust");
    wc_jsonl_str(d->voice.events, "key", hex);
    wc_jsonl_str(d->voice.events, "sender", sender_name);
    wc_jsonl_str(d->voice.events, "host", url->host);
    wc_jsonl_uint(d->voice.events, "port", url->port);
    wc_jsonl_str(d->voice.events, "package", url->package);
    wc_voice_end(&d->voice);
}

static void draw_part(struct wc_display *d, const char *what, uint64_t done, uint64_t all)
{
    wc_ns now = wc_clock_now();
    if (!wc_term_is_due(d->voice.term, now))
        return;
    char bar[BAR_WIDTH + 1], line[LINE_BYTES], percent[WC_FORMAT_BYTES], size[WC_FORMAT_BYTES];
    snprintf(line, sizeof line, "%s %s %s of %s", what, wc_term_bar(bar, BAR_WIDTH, done, all),
             wc_format_percent(percent, done, all), wc_format_bytes(size, all));
    wc_term_draw(d->voice.term, now, (const char *const[]){line}, 1);
}

void wc_display_resuming(struct wc_display *d, uint64_t done_bytes, uint64_t bytes)
{
    draw_part(d, "checking what an earlier run left", done_bytes, bytes);
}

void wc_display_package(struct wc_display *d, const struct wc_manifest *m, const char *netif,
                        const char *group, const char *where)
{
    char size[WC_FORMAT_BYTES];
    wc_term_finish(d->voice.term, false);
    wc_term_say(d->voice.term, WC_TERM_INFO, "package %s: %u file%s, %s, from %s on %s to %s",
                m->id, m->file_count, m->file_count == 1 ? "" : "s",
                wc_format_bytes(size, m->partition.object_bytes), group, netif, where);
    wc_jsonl_begin(d->voice.events, "package");
    wc_jsonl_str(d->voice.events, "package", m->id);
    wc_jsonl_uint(d->voice.events, "bytes", m->partition.object_bytes);
    wc_jsonl_uint(d->voice.events, "files", m->file_count);
    wc_jsonl_str(d->voice.events, "group", group);
    wc_jsonl_str(d->voice.events, "interface", netif);
    wc_jsonl_str(d->voice.events, "output", where);
    wc_voice_end(&d->voice);
}

void wc_display_ready(struct wc_display *d)
{
    wc_term_say(d->voice.term, WC_TERM_DETAIL, "multicast of this session reaches this machine");
    wc_jsonl_begin(d->voice.events, "ready");
    wc_voice_end(&d->voice);
}

void wc_display_unicast(struct wc_display *d, const char *sentence)
{
    wc_term_say(d->voice.term, WC_TERM_INFO, "going on by unicast: %s", sentence);
    wc_jsonl_begin(d->voice.events, "unicast");
    wc_jsonl_str(d->voice.events, "reason", sentence);
    wc_voice_end(&d->voice);
}

/* What is known of it. */
static void job_members(struct wc_display *d, const struct wc_job_progress *job)
{
    if (job->apply_bytes) {
        wc_jsonl_uint(d->voice.events, "applied_bytes", job->applied_bytes);
        wc_jsonl_uint(d->voice.events, "apply_bytes", job->apply_bytes);
        wc_jsonl_uint(d->voice.events, "applied_files", job->applied_files);
        wc_jsonl_uint(d->voice.events, "apply_files", job->apply_files);
    }
    if (job->files_total) {
        wc_jsonl_uint(d->voice.events, "files_verified", job->files_verified);
        wc_jsonl_uint(d->voice.events, "files_total", job->files_total);
        if (job->is_deep)
            wc_jsonl_uint(d->voice.events, "files_checked", job->files_checked);
    }
}

static void progress_event(struct wc_display *d, const struct wc_rx_stats *stats,
                           const struct wc_job_progress *job, wc_ns now)
{
    if (!d->voice.events || now < d->event_due)
        return;
    d->event_due = now + WC_S(1);
    const struct wc_receiver_stats *s = &stats->core;
    wc_jsonl_begin(d->voice.events, "progress");
    wc_jsonl_uint(d->voice.events, "blocks", s->block_count);
    wc_jsonl_uint(d->voice.events, "blocks_done", s->block_done_count);
    wc_jsonl_uint(d->voice.events, "received", s->received_count);
    wc_jsonl_uint(d->voice.events, "lost", s->lost_count);
    wc_jsonl_uint(d->voice.events, "overflow", stats->overflow_count);
    wc_jsonl_uint(d->voice.events, "refused", s->refused_count);
    job_members(d, job);
    wc_voice_end(&d->voice);
}

/* A smoothed rate of verified blocks, from looks at least half a second apart. */
static void look_at_rate(struct wc_display *d, uint64_t blocks, wc_ns now)
{
    if (now - d->rate_since < WC_MS(500))
        return;
    double seconds = (double)(now - d->rate_since) / 1e9;
    double rate = blocks > d->rate_blocks ? (double)(blocks - d->rate_blocks) / seconds : 0.0;
    d->blocks_per_s = d->rate_since ? 0.5 * d->blocks_per_s + 0.5 * rate : 0.0;
    d->rate_since = now;
    d->rate_blocks = blocks;
}

static double loss_percent(const struct wc_receiver_stats *s)
{
    uint64_t all = s->received_count + s->lost_count;
    return all ? 100.0 * (double)s->lost_count / (double)all : 0.0;
}

void wc_display_progress(struct wc_display *d, const struct wc_manifest *m,
                         const struct wc_rx_stats *stats, const struct wc_status *status,
                         const struct wc_job_progress *job, wc_ns now)
{
    const struct wc_receiver_stats *s = &stats->core;
    progress_event(d, stats, job, now);
    look_at_rate(d, s->block_done_count, now);
    if (!wc_term_is_due(d->voice.term, now))
        return;
    char line[LINE_BYTES], bar[BAR_WIDTH + 1], a[WC_FORMAT_BYTES], b[WC_FORMAT_BYTES],
        c[WC_FORMAT_BYTES];
    if (stats->first_data == WC_NEVER) {
        snprintf(line, sizeof line, "waiting for the session to start: %u of %u receivers ready",
                 status->ready + status->done, status->receivers);
    } else {
        double block_bytes = (double)m->partition.object_bytes / (double)s->block_count;
        uint32_t left = s->block_count - s->block_done_count;
        wc_ns eta = d->blocks_per_s > 0 ? (wc_ns)(left / d->blocks_per_s * 1e9) : WC_NEVER;
        snprintf(line, sizeof line, "%s %s  %s verified  loss %.2f %%  ETA %s",
                 wc_term_bar(bar, BAR_WIDTH, s->block_done_count, s->block_count),
                 wc_format_percent(a, s->block_done_count, s->block_count),
                 wc_format_bitrate(b, (uint64_t)(d->blocks_per_s * block_bytes * 8.0)),
                 loss_percent(s), wc_format_duration(c, eta));
    }
    const char *lines[3] = {line};
    size_t line_count = 1;
    char files[LINE_BYTES], applied[LINE_BYTES];
    snprintf(files, sizeof files, "files %s/%s verified%s%s%s",
             wc_format_count(a, job->files_verified), wc_format_count(b, job->files_total),
             job->is_deep ? ", " : "", job->is_deep ? wc_format_count(c, job->files_checked) : "",
             job->is_deep ? " looked into" : "");
    if (job->files_total)
        lines[line_count++] = files;
    snprintf(applied, sizeof applied, "%s %s applied, files %s/%s",
             wc_term_bar(bar, BAR_WIDTH, job->applied_bytes, job->apply_bytes),
             wc_format_percent(a, job->applied_bytes, job->apply_bytes),
             wc_format_count(b, job->applied_files), wc_format_count(c, job->apply_files));
    if (job->apply_bytes)
        lines[line_count++] = applied;
    wc_term_draw(d->voice.term, now, lines, line_count);
}

static void list_files(struct wc_display *d, const struct wc_fetch_summary *s)
{
    char hex[2 * WC_DIGEST_BYTES + 1];
    wc_jsonl_list_begin(d->voice.events, "files");
    for (uint32_t i = 0; d->voice.events && s->manifest && i < s->manifest->file_count; i++) {
        const struct wc_file *file = &s->manifest->files[i];
        if (file->kind != WC_FILE_REGULAR)
            continue;
        wc_digest_hex(file->digest, hex);
        wc_jsonl_item_begin(d->voice.events);
        wc_jsonl_str(d->voice.events, "path", file->path);
        wc_jsonl_uint(d->voice.events, "bytes", file->byte_count);
        wc_jsonl_str(d->voice.events, "sha256", hex);
        wc_jsonl_str(d->voice.events, "result", s->complete ? "verified" : "incomplete");
        wc_jsonl_item_end(d->voice.events);
    }
    wc_jsonl_list_end(d->voice.events);
}

static void summary_event(struct wc_display *d, const struct wc_fetch_summary *s, double seconds,
                          uint64_t goodput_bps)
{
    const struct wc_receiver_stats *core = &s->stats.core;
    char code[16];
    snprintf(code, sizeof code, "0x%08X", s->hresult);
    wc_jsonl_begin(d->voice.events, "summary");
    wc_jsonl_str(d->voice.events, "result", s->result);
    wc_jsonl_str(d->voice.events, "hresult", s->hresult ? code : NULL);
    wc_jsonl_uint(d->voice.events, "bytes", s->manifest ? s->manifest->partition.object_bytes : 0);
    wc_jsonl_real(d->voice.events, "seconds", seconds);
    wc_jsonl_uint(d->voice.events, "goodput_bps", goodput_bps);
    wc_jsonl_uint(d->voice.events, "received_symbols", core->received_count);
    wc_jsonl_uint(d->voice.events, "lost_symbols", core->lost_count);
    wc_jsonl_uint(d->voice.events, "repaired_symbols", core->repaired_count);
    wc_jsonl_uint(d->voice.events, "duplicate_symbols", core->duplicate_count);
    wc_jsonl_uint(d->voice.events, "overflow_symbols", s->stats.overflow_count);
    wc_jsonl_uint(d->voice.events, "refused_symbols", core->refused_count);
    wc_jsonl_uint(d->voice.events, "void_blocks", core->void_count);
    wc_jsonl_uint(d->voice.events, "foreign_datagrams", s->stats.foreign_count);
    wc_jsonl_uint(d->voice.events, "unopened_datagrams", s->stats.unopened_count);
    wc_jsonl_uint(d->voice.events, "replayed_datagrams", s->stats.replayed_count);
    wc_jsonl_uint(d->voice.events, "unicast_symbols", s->stats.unicast_count);
    wc_jsonl_uint(d->voice.events, "resumed_bytes", s->resumed_bytes);
    job_members(d, &s->progress);
    wc_jobs_members(s->jobs, d->voice.events);
    wc_jsonl_str(d->voice.events, "output", s->where);
    list_files(d, s);
    wc_voice_end(&d->voice);
}

void wc_display_end(struct wc_display *d)
{
    wc_term_finish(d->voice.term, false);
}

void wc_display_summary(struct wc_display *d, const struct wc_fetch_summary *s)
{
    bool timed = s->stats.first_data != WC_NEVER && s->stats.finished != WC_NEVER;
    double seconds = timed ? (double)(s->stats.finished - s->stats.first_data) / 1e9 : 0.0;
    uint64_t bytes = s->manifest ? s->manifest->partition.object_bytes : 0;
    double goodput = seconds > 0 ? (double)(bytes - s->resumed_bytes) * 8.0 / seconds : 0.0;
    char size[WC_FORMAT_BYTES], rate[WC_FORMAT_BYTES];
    if (s->complete)
        wc_term_say(d->voice.term, WC_TERM_INFO,
                    "verified: %s in %s, %.1f s, %s; %llu symbols lost, %llu repaired",
                    wc_format_bytes(size, bytes), s->where, seconds,
                    wc_format_bitrate(rate, (uint64_t)goodput),
                    (unsigned long long)s->stats.core.lost_count,
                    (unsigned long long)s->stats.core.repaired_count);
    summary_event(d, s, seconds, (uint64_t)goodput);
}
