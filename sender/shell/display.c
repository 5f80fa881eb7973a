/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/display.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/clock.h"
#include "common/io/format.h"
#include "common/io/jsonl.h"
#include "common/io/netaddr.h"
#include "common/io/term.h"
#include "sender/shell/reader_list.h"

#define BAR_WIDTH  30u
#define LINE_BYTES 200u

struct wc_display {
    struct wc_term *term;
    struct wc_jsonl *events; /* NULL: no --json */
    struct wc_cmtrace *log;  /* NULL: no --log-file */
    wc_ns event_due;         /* of the next progress event */
};

enum wc_err wc_display_open(struct wc_display **ret, const struct wc_args_common *common,
                            const struct wc_cmtrace_options *log, struct wc_why *why)
{
    struct wc_display *d = calloc(1, sizeof *d);
    if (!d)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    enum wc_err err = log->path ? wc_cmtrace_open(&d->log, log, "wimcast-sender", why) : WC_OK;
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

void wc_display_warning(struct wc_display *d, const char *sentence)
{
    wc_term_say(d->term, WC_TERM_WARNING, "%s", sentence);
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

void wc_display_error(struct wc_display *d, const struct wc_why *why)
{
    char code[16] = "";
    if (why->hresult)
        snprintf(code, sizeof code, "0x%08X", why->hresult);
    wc_term_finish(d->term, false);
    wc_term_say(d->term, WC_TERM_ERROR, "%s%s%s", code, why->hresult ? ": " : "", why->text);
    wc_jsonl_begin(d->events, "error");
    wc_jsonl_str(d->events, "hresult", why->hresult ? code : NULL);
    wc_jsonl_str(d->events, "finding", why->finding[0] ? why->finding : NULL);
    wc_jsonl_str(d->events, "sentence", why->text);
    wc_jsonl_int(d->events, "exit_code", why->exit_code);
    end_event(d);
}

void wc_display_publishing(struct wc_display *d, uint64_t done_bytes, uint64_t bytes)
{
    wc_ns now = wc_clock_now();
    if (!wc_term_is_due(d->term, now))
        return;
    char bar[BAR_WIDTH + 1], line[LINE_BYTES], percent[WC_FORMAT_BYTES], size[WC_FORMAT_BYTES];
    snprintf(line, sizeof line, "reading %s %s of %s",
             wc_term_bar(bar, BAR_WIDTH, done_bytes, bytes),
             wc_format_percent(percent, done_bytes, bytes), wc_format_bytes(size, bytes));
    wc_term_draw(d->term, now, (const char *const[]){line}, 1);
}

void wc_display_published(struct wc_display *d, const struct wc_package *package,
                          const struct wc_manifest *m)
{
    char size[WC_FORMAT_BYTES], readers[WC_READER_LIST_BYTES];
    wc_reader_list_text(&package->readers, readers);
    wc_term_finish(d->term, false);
    wc_term_say(d->term, WC_TERM_INFO, "published %s, version %u: %u file%s, %s, read by %s%s",
                m->id, m->version, m->file_count, m->file_count == 1 ? "" : "s",
                wc_format_bytes(size, m->partition.object_bytes), readers,
                package->multicast_only ? ", only via multicast" : "");
    wc_term_say(d->term, WC_TERM_INFO, "send it with:  wimcast-sender send %s", m->id);
    wc_jsonl_begin(d->events, "published");
    wc_jsonl_str(d->events, "package", m->id);
    wc_jsonl_uint(d->events, "version", m->version);
    wc_jsonl_uint(d->events, "bytes", m->partition.object_bytes);
    wc_jsonl_uint(d->events, "files", m->file_count);
    wc_jsonl_uint(d->events, "symbol_bytes", m->partition.symbol_bytes);
    wc_jsonl_str(d->events, "read", readers);
    wc_jsonl_bool(d->events, "only_multicast", package->multicast_only);
    wc_jsonl_hex(d->events, "manifest", package->manifest_digest, WC_DIGEST_BYTES);
    end_event(d);
}

void wc_display_session(struct wc_display *d, const struct wc_session *session, const char *url)
{
    const struct wc_manifest *m = &session->publication.manifest;
    char size[WC_FORMAT_BYTES], group[WC_NETADDR_TEXT_BYTES];
    wc_netaddr_format(&session->welcome.group, true, group);
    wc_term_finish(d->term, false);
    wc_term_say(d->term, WC_TERM_INFO, "package %s: %u file%s, %s, to %s on %s", m->id,
                m->file_count, m->file_count == 1 ? "" : "s",
                wc_format_bytes(size, m->partition.object_bytes), group, session->netif.name);
    wc_term_say(d->term, WC_TERM_INFO, "receivers join with:  wimcast-receiver fetch '%s'", url);
    wc_jsonl_begin(d->events, "session");
    wc_jsonl_str(d->events, "url", url);
    wc_jsonl_str(d->events, "package", m->id);
    wc_jsonl_uint(d->events, "version", m->version);
    wc_jsonl_uint(d->events, "bytes", m->partition.object_bytes);
    wc_jsonl_uint(d->events, "files", m->file_count);
    wc_jsonl_str(d->events, "group", group);
    wc_jsonl_str(d->events, "interface", session->netif.name);
    wc_jsonl_uint(d->events, "symbol_bytes", m->partition.symbol_bytes);
    wc_jsonl_uint(d->events, "source_symbols", m->partition.symbol_count);
    wc_jsonl_uint(d->events, "ttl", session->welcome.ttl);
    end_event(d);
}

void wc_display_phase(struct wc_display *d, enum wc_phase phase)
{
    static const char *const names[] = {"waiting", "streaming", "ended"};
    wc_term_say(d->term, WC_TERM_DETAIL, "session is %s", names[phase]);
    wc_jsonl_begin(d->events, "phase");
    wc_jsonl_str(d->events, "phase", names[phase]);
    end_event(d);
}

static const char *state_text(enum wc_member_state state)
{
    switch (state) {
    case WC_MEMBER_NONE:
        break;
    case WC_MEMBER_JOINED:
        return "joined";
    case WC_MEMBER_READY:
        return "ready";
    case WC_MEMBER_UNICAST:
        return "unicast";
    case WC_MEMBER_DONE:
        return "done";
    case WC_MEMBER_FAILED:
        return "failed";
    case WC_MEMBER_LOST:
        return "lost";
    case WC_MEMBER_SILENT:
        return "silent";
    case WC_MEMBER_SLOW:
        return "slow";
    }
    return "unknown";
}

void wc_display_receiver(struct wc_display *d, const struct wc_roster_entry *entry)
{
    bool bad = entry->state >= WC_MEMBER_FAILED || entry->state == WC_MEMBER_UNICAST;
    bool minor = entry->state == WC_MEMBER_JOINED;
    enum wc_term_level level = bad ? WC_TERM_WARNING : minor ? WC_TERM_DETAIL : WC_TERM_INFO;
    wc_term_say(d->term, level, "receiver %s (%s) %s%s%s", entry->name, entry->peer,
                state_text(entry->state), bad ? ": " : "", bad ? entry->reason : "");
    wc_jsonl_begin(d->events, "receiver");
    wc_jsonl_str(d->events, "name", entry->name);
    wc_jsonl_str(d->events, "address", entry->peer);
    wc_jsonl_str(d->events, "state", state_text(entry->state));
    if (bad)
        wc_jsonl_str(d->events, "reason", entry->reason);
    end_event(d);
}

static double repair_share(const struct wc_sender_stats *s)
{
    uint64_t all = s->source_count + s->repair_count;
    return all ? 100.0 * (double)s->repair_count / (double)all : 0.0;
}

/* From the blocks not yet sent and the rate: repairs of what was lost come on top. */
static wc_ns time_left(const struct wc_session *session, const struct wc_sender_stats *s)
{
    uint64_t blocks_left = s->block_count - s->block_sent_count;
    uint64_t symbols = blocks_left * session->publication.manifest.partition.large_symbols;
    return (wc_ns)((double)symbols * session->wire_bytes * 8e9 / (double)s->rate_bps);
}

static void progress_event(struct wc_display *d, const struct wc_sender_stats *s, wc_ns now)
{
    if (!d->events || now < d->event_due)
        return;
    d->event_due = now + WC_S(1);
    wc_jsonl_begin(d->events, "progress");
    wc_jsonl_uint(d->events, "blocks", s->block_count);
    wc_jsonl_uint(d->events, "blocks_sent", s->block_sent_count);
    wc_jsonl_uint(d->events, "source_symbols", s->source_count);
    wc_jsonl_uint(d->events, "repair_symbols", s->repair_count);
    wc_jsonl_uint(d->events, "rate_bps", s->rate_bps);
    wc_jsonl_uint(d->events, "receivers", s->joined);
    wc_jsonl_uint(d->events, "ready", s->ready);
    wc_jsonl_uint(d->events, "unicast", s->unicast);
    wc_jsonl_uint(d->events, "done", s->done);
    wc_jsonl_uint(d->events, "failed", s->failed);
    end_event(d);
}

void wc_display_progress(struct wc_display *d, const struct wc_session *session,
                         const struct wc_tx_stats *stats, bool has_keyboard, wc_ns now)
{
    const struct wc_sender_stats *s = &stats->core;
    progress_event(d, s, now);
    if (!wc_term_is_due(d->term, now))
        return;
    char line[2][LINE_BYTES], bar[BAR_WIDTH + 1], a[WC_FORMAT_BYTES], b[WC_FORMAT_BYTES],
        c[WC_FORMAT_BYTES];
    if (s->phase == WC_PHASE_WAITING)
        snprintf(line[0], LINE_BYTES, "waiting for receivers: %u ready%s", s->ready + s->done,
                 has_keyboard ? " (Enter starts now)" : "");
    else
        snprintf(line[0], LINE_BYTES, "%s %s  %s  repair %.1f %%  ETA %s",
                 wc_term_bar(bar, BAR_WIDTH, s->block_sent_count, s->block_count),
                 wc_format_percent(a, s->block_sent_count, s->block_count),
                 wc_format_bitrate(b, s->rate_bps), repair_share(s),
                 wc_format_duration(c, time_left(session, s)));
    snprintf(line[1], LINE_BYTES,
             "receivers: %u joined, %u at work, %u by unicast, %u done, %u failed", s->joined,
             s->ready + s->unicast, s->unicast, s->done, s->failed);
    wc_term_draw(d->term, now, (const char *const[]){line[0], line[1]}, 2);
}

void wc_display_summary(struct wc_display *d, const struct wc_send_summary *s)
{
    double goodput_bps = s->seconds > 0 ? (double)s->bytes * 8.0 / s->seconds : 0.0;
    char size[WC_FORMAT_BYTES], rate[WC_FORMAT_BYTES];
    wc_term_finish(d->term, false);
    bool began = strcmp(s->result, "error") != 0; /* else the error has said all */
    if (began)
        wc_term_say(
            d->term, s->failed ? WC_TERM_WARNING : WC_TERM_INFO,
            "%s: %u of %u receivers have all of %s, %.1f s, %s each; %llu source and %llu repair "
            "symbols",
            s->result, s->completed, s->receivers, wc_format_bytes(size, s->bytes), s->seconds,
            wc_format_bitrate(rate, (uint64_t)goodput_bps), (unsigned long long)s->source_symbols,
            (unsigned long long)s->repair_symbols);
    wc_jsonl_begin(d->events, "summary");
    wc_jsonl_str(d->events, "result", s->result);
    wc_jsonl_uint(d->events, "bytes", s->bytes);
    wc_jsonl_real(d->events, "seconds", s->seconds);
    wc_jsonl_uint(d->events, "goodput_bps", (uint64_t)goodput_bps);
    wc_jsonl_uint(d->events, "wire_bytes", s->wire_bytes);
    wc_jsonl_uint(d->events, "source_symbols", s->source_symbols);
    wc_jsonl_uint(d->events, "repair_symbols", s->repair_symbols);
    wc_jsonl_uint(d->events, "receivers", s->receivers);
    wc_jsonl_uint(d->events, "completed", s->completed);
    wc_jsonl_uint(d->events, "failed", s->failed);
    end_event(d);
}
