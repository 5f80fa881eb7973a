/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/display.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/clock.h"
#include "common/io/digest.h"
#include "common/io/format.h"
#include "common/io/jsonl.h"
#include "common/io/term.h"

#define BAR_WIDTH  30u
#define LINE_BYTES 200u

struct wc_display {
    struct wc_term *term;
    struct wc_jsonl *events; /* NULL: no --json */
    struct wc_cmtrace *log;  /* NULL: no --log-file */
    wc_ns event_due;         /* of the next progress event */
    wc_ns rate_since;        /* bytes and time of an earlier look: for the rate shown */
    uint64_t rate_blocks;
    double blocks_per_s;
};

enum wc_err wc_display_open(struct wc_display **ret, const struct wc_args_common *common,
                            const struct wc_cmtrace_options *log, struct wc_why *why)
{
    struct wc_display *d = calloc(1, sizeof *d);
    if (!d)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    enum wc_err err = log->path ? wc_cmtrace_open(&d->log, log, "wimcast-receiver", why) : WC_OK;
    if (err) {
        wc_display_close(d);
        return err;
    }
    struct wc_term_config config = {.fd = STDERR_FILENO,
                                    .verbosity = common->verbosity,
                                    .live = !common->json || !isatty(STDOUT_FILENO),
                                    .log = d->log,
                                    .file = "display.c"};
    d->term = wc_term_new(&config);
    if (common->json)
        d->events = wc_jsonl_new(stdout);
    if (!d->term || (common->json && !d->events)) {
        wc_display_close(d);
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    }
    *ret = d;
    return WC_OK;
}

void wc_display_close(struct wc_display *d)
{
    if (!d)
        return;
    wc_term_free(d->term);
    wc_jsonl_free(d->events);
    wc_cmtrace_close(d->log);
    free(d);
}

/* Who reads the events may go away: the session goes on without. */
static void end_event(struct wc_display *d)
{
    struct wc_why why;
    if (wc_jsonl_end(d->events, &why) == WC_OK)
        return;
    wc_term_say(d->term, WC_TERM_WARNING, "%s", why.text);
    wc_jsonl_free(d->events);
    d->events = NULL;
}

void wc_display_info(struct wc_display *d, const char *sentence)
{
    wc_term_say(d->term, WC_TERM_INFO, "%s", sentence);
}

void wc_display_warning(struct wc_display *d, const char *sentence)
{
    wc_term_say(d->term, WC_TERM_WARNING, "%s", sentence);
    wc_jsonl_begin(d->events, "warning");
    wc_jsonl_str(d->events, "sentence", sentence);
    end_event(d);
}

void wc_display_finding(struct wc_display *d, const struct wc_finding *finding)
{
    char line[WC_SENTENCE_BYTES_MAX + 1], code[16];
    snprintf(code, sizeof code, "0x%08X", finding->kind->hresult);
    wc_finding_line(finding, line, sizeof line);
    wc_term_say(d->term, WC_TERM_WARNING, "%s", line);
    wc_jsonl_begin(d->events, "warning");
    wc_jsonl_str(d->events, "hresult", finding->kind->hresult ? code : NULL);
    wc_jsonl_str(d->events, "finding", finding->kind->id);
    wc_jsonl_str(d->events, "sentence", line);
    end_event(d);
}

void wc_display_error(struct wc_display *d, uint32_t hresult, const struct wc_why *why)
{
    char code[16] = "";
    if (hresult)
        snprintf(code, sizeof code, "0x%08X", hresult);
    wc_term_finish(d->term, false);
    wc_term_say(d->term, WC_TERM_ERROR, "%s%s%s", code, hresult ? ": " : "", why->text);
    wc_jsonl_begin(d->events, "error");
    wc_jsonl_str(d->events, "hresult", hresult ? code : NULL);
    wc_jsonl_str(d->events, "finding", why->finding[0] ? why->finding : NULL);
    wc_jsonl_str(d->events, "sentence", why->text);
    wc_jsonl_int(d->events, "exit_code", why->exit_code);
    end_event(d);
}

void wc_display_trust(struct wc_display *d, const struct wc_url *url, const char *sender_name)
{
    char hex[2 * WC_DIGEST_BYTES + 1];
    wc_digest_hex(url->key, hex);
    wc_term_say(d->term, WC_TERM_INFO, "trusting key sha256:%s of %s (%s:%u), package %s", hex,
                sender_name, url->host, url->port, url->package);
    wc_jsonl_begin(d->events, "trust");
    wc_jsonl_str(d->events, "key", hex);
    wc_jsonl_str(d->events, "sender", sender_name);
    wc_jsonl_str(d->events, "host", url->host);
    wc_jsonl_uint(d->events, "port", url->port);
    wc_jsonl_str(d->events, "package", url->package);
    end_event(d);
}

static void draw_part(struct wc_display *d, const char *what, uint64_t done, uint64_t all)
{
    wc_ns now = wc_clock_now();
    if (!wc_term_is_due(d->term, now))
        return;
    char bar[BAR_WIDTH + 1], line[LINE_BYTES], percent[WC_FORMAT_BYTES], size[WC_FORMAT_BYTES];
    snprintf(line, sizeof line, "%s %s %s of %s", what, wc_term_bar(bar, BAR_WIDTH, done, all),
             wc_format_percent(percent, done, all), wc_format_bytes(size, all));
    wc_term_draw(d->term, now, (const char *const[]){line}, 1);
}

void wc_display_resuming(struct wc_display *d, uint64_t done_bytes, uint64_t bytes)
{
    draw_part(d, "checking what an earlier run left", done_bytes, bytes);
}

void wc_display_package(struct wc_display *d, const struct wc_manifest *m, const char *netif,
                        const char *group, const char *where)
{
    char size[WC_FORMAT_BYTES];
    wc_term_finish(d->term, false);
    wc_term_say(d->term, WC_TERM_INFO, "package %s: %u file%s, %s, from %s on %s to %s", m->id,
                m->file_count, m->file_count == 1 ? "" : "s",
                wc_format_bytes(size, m->partition.object_bytes), group, netif, where);
    wc_jsonl_begin(d->events, "package");
    wc_jsonl_str(d->events, "package", m->id);
    wc_jsonl_uint(d->events, "bytes", m->partition.object_bytes);
    wc_jsonl_uint(d->events, "files", m->file_count);
    wc_jsonl_str(d->events, "group", group);
    wc_jsonl_str(d->events, "interface", netif);
    wc_jsonl_str(d->events, "output", where);
    end_event(d);
}

void wc_display_ready(struct wc_display *d)
{
    wc_term_say(d->term, WC_TERM_DETAIL, "multicast of this session reaches this machine");
    wc_jsonl_begin(d->events, "ready");
    end_event(d);
}

void wc_display_unicast(struct wc_display *d, const char *sentence)
{
    wc_term_say(d->term, WC_TERM_INFO, "going on by unicast: %s", sentence);
    wc_jsonl_begin(d->events, "unicast");
    wc_jsonl_str(d->events, "reason", sentence);
    end_event(d);
}

static void progress_event(struct wc_display *d, const struct wc_rx_stats *stats, wc_ns now)
{
    if (!d->events || now < d->event_due)
        return;
    d->event_due = now + WC_S(1);
    const struct wc_receiver_stats *s = &stats->core;
    wc_jsonl_begin(d->events, "progress");
    wc_jsonl_uint(d->events, "blocks", s->block_count);
    wc_jsonl_uint(d->events, "blocks_done", s->block_done_count);
    wc_jsonl_uint(d->events, "received", s->received_count);
    wc_jsonl_uint(d->events, "lost", s->lost_count);
    wc_jsonl_uint(d->events, "overflow", stats->overflow_count);
    wc_jsonl_uint(d->events, "refused", s->refused_count);
    end_event(d);
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
                         const struct wc_rx_stats *stats, const struct wc_status *status, wc_ns now)
{
    const struct wc_receiver_stats *s = &stats->core;
    progress_event(d, stats, now);
    look_at_rate(d, s->block_done_count, now);
    if (!wc_term_is_due(d->term, now))
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
    wc_term_draw(d->term, now, (const char *const[]){line}, 1);
}

static void list_files(struct wc_display *d, const struct wc_fetch_summary *s)
{
    char hex[2 * WC_DIGEST_BYTES + 1];
    wc_jsonl_list_begin(d->events, "files");
    for (uint32_t i = 0; d->events && s->manifest && i < s->manifest->file_count; i++) {
        const struct wc_file *file = &s->manifest->files[i];
        if (file->kind != WC_FILE_REGULAR)
            continue;
        wc_digest_hex(file->digest, hex);
        wc_jsonl_item_begin(d->events);
        wc_jsonl_str(d->events, "path", file->path);
        wc_jsonl_uint(d->events, "bytes", file->byte_count);
        wc_jsonl_str(d->events, "sha256", hex);
        wc_jsonl_str(d->events, "result", s->complete ? "verified" : "incomplete");
        wc_jsonl_item_end(d->events);
    }
    wc_jsonl_list_end(d->events);
}

static void summary_event(struct wc_display *d, const struct wc_fetch_summary *s, double seconds,
                          uint64_t goodput_bps)
{
    const struct wc_receiver_stats *core = &s->stats.core;
    char code[16];
    snprintf(code, sizeof code, "0x%08X", s->hresult);
    wc_jsonl_begin(d->events, "summary");
    wc_jsonl_str(d->events, "result", s->result);
    wc_jsonl_str(d->events, "hresult", s->hresult ? code : NULL);
    wc_jsonl_uint(d->events, "bytes", s->manifest ? s->manifest->partition.object_bytes : 0);
    wc_jsonl_real(d->events, "seconds", seconds);
    wc_jsonl_uint(d->events, "goodput_bps", goodput_bps);
    wc_jsonl_uint(d->events, "received_symbols", core->received_count);
    wc_jsonl_uint(d->events, "lost_symbols", core->lost_count);
    wc_jsonl_uint(d->events, "repaired_symbols", core->repaired_count);
    wc_jsonl_uint(d->events, "duplicate_symbols", core->duplicate_count);
    wc_jsonl_uint(d->events, "overflow_symbols", s->stats.overflow_count);
    wc_jsonl_uint(d->events, "refused_symbols", core->refused_count);
    wc_jsonl_uint(d->events, "void_blocks", core->void_count);
    wc_jsonl_uint(d->events, "foreign_datagrams", s->stats.foreign_count);
    wc_jsonl_uint(d->events, "unopened_datagrams", s->stats.unopened_count);
    wc_jsonl_uint(d->events, "replayed_datagrams", s->stats.replayed_count);
    wc_jsonl_uint(d->events, "unicast_symbols", s->stats.unicast_count);
    wc_jsonl_uint(d->events, "resumed_bytes", s->resumed_bytes);
    wc_jsonl_str(d->events, "output", s->where);
    list_files(d, s);
    end_event(d);
}

void wc_display_summary(struct wc_display *d, const struct wc_fetch_summary *s)
{
    bool timed = s->stats.first_data != WC_NEVER && s->stats.finished != WC_NEVER;
    double seconds = timed ? (double)(s->stats.finished - s->stats.first_data) / 1e9 : 0.0;
    uint64_t bytes = s->manifest ? s->manifest->partition.object_bytes : 0;
    double goodput = seconds > 0 ? (double)(bytes - s->resumed_bytes) * 8.0 / seconds : 0.0;
    char size[WC_FORMAT_BYTES], rate[WC_FORMAT_BYTES];
    wc_term_finish(d->term, false);
    if (s->complete)
        wc_term_say(d->term, WC_TERM_INFO,
                    "verified: %s in %s, %.1f s, %s; %llu symbols lost, %llu repaired",
                    wc_format_bytes(size, bytes), s->where, seconds,
                    wc_format_bitrate(rate, (uint64_t)goodput),
                    (unsigned long long)s->stats.core.lost_count,
                    (unsigned long long)s->stats.core.repaired_count);
    summary_event(d, s, seconds, (uint64_t)goodput);
}
