/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/packages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/diag/package_rules.h"
#include "common/diag/phrase.h"
#include "common/io/format.h"
#include "sender/shell/console.h"
#include "sender/shell/keygate.h"
#include "sender/shell/packagelook.h"
#include "sender/shell/reader_list.h"
#include "sender/shell/wimscan.h"

struct packages_run {
    const struct wc_packages_options *o;
    struct wc_console console;
    struct wc_identity *identity; /* NULL: signatures are not looked at */
};

/* Looking makes no key: without a good one, only `sign` complains. */
static void open_identity_if_any(struct packages_run *r)
{
    char path[WC_SENDER_STATE_DIR_BYTES + sizeof("/" WC_IDENTITY_KEY_NAME)];
    snprintf(path, sizeof(path), "%s/" WC_IDENTITY_KEY_NAME, r->o->state_dir);
    if (access(path, R_OK) != 0 || wc_keygate_open(&r->identity, r->o->state_dir, NULL))
        r->identity = NULL;
}

static bool has_record(const struct wc_package_sight *s)
{
    return s->record == WC_PACKAGE_FILE_GOOD;
}

static bool has_manifest(const struct wc_package_sight *s)
{
    return has_record(s) && s->object_bytes > 0;
}

static const char *state_text(const struct wc_findings *findings)
{
    const struct wc_finding *worst = wc_findings_worst(findings);
    return worst ? worst->kind->id : "good";
}

static void tell_event(struct packages_run *r, const struct wc_package_sight *s, const char *state)
{
    char readers[WC_READER_LIST_BYTES];
    char time_text[WC_PHRASE_TIME_BYTES];
    struct wc_jsonl *events = r->console.events;
    wc_jsonl_begin(events, "package");
    wc_jsonl_str(events, "package", s->id);
    wc_jsonl_str(events, "state", state);
    if (has_record(s)) {
        wc_jsonl_uint(events, "version", s->version);
        wc_jsonl_str(events, "published", wc_phrase_time(time_text, s->published_s));
        wc_jsonl_str(events, "read", wc_reader_list_text(&s->readers, readers));
        wc_jsonl_bool(events, "only_multicast", s->multicast_only);
        wc_jsonl_hex(events, "key", s->signed_by, WC_DIGEST_BYTES);
    }
    if (has_manifest(s)) {
        wc_jsonl_uint(events, "bytes", s->object_bytes);
        wc_jsonl_uint(events, "files", s->file_count);
    }
}

/* --- list --- */

static void list_line(const struct wc_package_sight *s, const char *state)
{
    char readers[WC_READER_LIST_BYTES] = "-";
    char size[WC_FORMAT_BYTES] = "-";
    if (has_record(s))
        wc_reader_list_text(&s->readers, readers);
    if (has_manifest(s))
        wc_format_bytes(size, s->object_bytes);
    printf("%-16s %8" PRIu32 " %10s  %-24s %s\n", s->id, s->version, size, state, readers);
}

static int list_one(struct packages_run *r, const char *id)
{
    static struct wc_findings findings; /* large, and used by one thread */
    struct wc_package_sight s;
    findings = (struct wc_findings){.count = 0};
    if (wc_package_look(&s, r->o->state_dir, id, r->identity, &r->console.why))
        return wc_console_fail(&r->console);
    wc_package_rules(&s, &findings);
    if (wc_console_is_text(&r->console))
        list_line(&s, state_text(&findings));
    tell_event(r, &s, state_text(&findings));
    return wc_console_end(&r->console, EX_OK);
}

static int run_list(struct packages_run *r)
{
    char(*ids)[WC_NAME_BYTES_MAX + 1];
    uint32_t count;
    int exit_code = EX_OK;
    if (wc_package_list(r->o->state_dir, &ids, &count, &r->console.why))
        return wc_console_fail(&r->console);
    if (count && wc_console_is_text(&r->console))
        printf("%-16s %8s %10s  %-24s %s\n", "ID", "VERSION", "SIZE", "STATE", "READ BY");
    for (uint32_t i = 0; i < count && exit_code == EX_OK; i++)
        exit_code = list_one(r, ids[i]);
    free(ids);
    if (exit_code != EX_OK)
        return exit_code;
    if (!count && wc_console_is_text(&r->console))
        printf("no package is published; wimcast-sender publish PATH... --id ID\n");
    wc_jsonl_begin(r->console.events, "summary");
    wc_jsonl_uint(r->console.events, "packages", count);
    return wc_console_end(&r->console, EX_OK);
}

/* --- show --- */

static void show_text(const struct wc_package_sight *s)
{
    char readers[WC_READER_LIST_BYTES];
    char text[WC_PHRASE_TIME_BYTES];
    char key[WC_PHRASE_DIGEST_BYTES];
    char size[WC_FORMAT_BYTES];
    printf("package          %s\n", s->id);
    printf("kept in          %s\n", s->place);
    if (!has_record(s))
        return;
    printf("version          %" PRIu32 "\n", s->version);
    printf("published        %s\n", wc_phrase_time(text, s->published_s));
    printf("read by          %s\n", wc_reader_list_text(&s->readers, readers));
    printf("transfer         %s\n",
           s->multicast_only ? "only via multicast" : "multicast, else unicast");
    printf("signed with      %s\n", wc_phrase_digest(key, s->signed_by));
    if (has_manifest(s))
        printf("content          %" PRIu32 " files and folders, %s\n", s->file_count,
               wc_format_bytes(size, s->object_bytes));
}

/* One line for each WIM. How it is compressed is in its own header, if that is still there. */
static int show_wims(struct packages_run *r, const struct wc_package_opened *o)
{
    const struct wc_manifest *m = &o->publication.manifest;
    int exit_code = EX_OK;
    for (uint32_t i = 0; i < m->wim_count && exit_code == EX_OK; i++) {
        struct wc_wimscan_words words;
        wc_wimscan_describe(&words, m, i, o->content);
        if (wc_console_is_text(&r->console))
            printf("WIM              %s\n", words.text);
        wc_wimscan_event(r->console.events, m, i, &words);
        exit_code = wc_console_end(&r->console, EX_OK);
    }
    return exit_code;
}

static int show(struct packages_run *r, const struct wc_package_sight *s,
                const struct wc_package_opened *o)
{
    static struct wc_findings findings; /* large, and used once */
    wc_package_rules(s, &findings);
    if (s->record != WC_PACKAGE_FILE_MISSING) {
        if (wc_console_is_text(&r->console))
            show_text(s);
        tell_event(r, s, state_text(&findings));
        if (wc_console_end(&r->console, EX_OK) != EX_OK || show_wims(r, o) != EX_OK)
            return EX_IOERR;
    }
    return wc_console_findings(&r->console, &findings, "a session can send this package");
}

static int run_show(struct packages_run *r)
{
    struct wc_package_sight s;
    struct wc_package_opened opened;
    enum wc_err err =
        wc_packagelook_open(&opened, &s, r->o->state_dir, r->o->id, r->identity, &r->console.why);
    int exit_code = err ? wc_console_fail(&r->console) : show(r, &s, &opened);
    wc_package_opened_release(&opened);
    return exit_code;
}

/* --- what is done --- */

static int run_remove(struct packages_run *r)
{
    if (wc_package_remove(r->o->state_dir, r->o->id, &r->console.why))
        return wc_console_fail(&r->console);
    if (wc_console_is_text(&r->console))
        printf("removed package %s; the files that it was made from are untouched\n", r->o->id);
    wc_jsonl_begin(r->console.events, "removed");
    wc_jsonl_str(r->console.events, "package", r->o->id);
    return wc_console_end(&r->console, EX_OK);
}

static int run_sign(struct packages_run *r)
{
    uint8_t digest[WC_DIGEST_BYTES];
    char text[WC_PHRASE_DIGEST_BYTES];
    struct wc_why *why = &r->console.why;
    if (!wc_package_exists(r->o->state_dir, r->o->id)) {
        struct wc_package p; /* for the sentence; and no key is made for nothing */
        if (wc_package_load(&p, r->o->state_dir, r->o->id, why))
            return wc_console_fail(&r->console);
        wc_package_deinit(&p);
    }
    if ((!r->identity && wc_keygate_open(&r->identity, r->o->state_dir, why)) ||
        wc_package_sign(r->o->state_dir, r->o->id, r->identity, why))
        return wc_console_fail(&r->console);
    wc_identity_key_digest(r->identity, digest);
    if (wc_console_is_text(&r->console))
        printf("signed package %s with the MCS key %s\n", r->o->id, wc_phrase_digest(text, digest));
    wc_jsonl_begin(r->console.events, "signed");
    wc_jsonl_str(r->console.events, "package", r->o->id);
    wc_jsonl_hex(r->console.events, "key", digest, sizeof digest);
    return wc_console_end(&r->console, EX_OK);
}

int wc_packages_run(const struct wc_packages_options *options, const struct wc_args_common *common)
{
    static int (*const actions[])(struct packages_run *) = {
        [WC_PACKAGES_LIST] = run_list,
        [WC_PACKAGES_SHOW] = run_show,
        [WC_PACKAGES_REMOVE] = run_remove,
        [WC_PACKAGES_SIGN] = run_sign,
    };
    struct packages_run r = {.o = options};
    bool is_open = wc_console_open(&r.console, common);
    if (is_open)
        open_identity_if_any(&r);
    int exit_code = is_open ? actions[options->action](&r) : EX_OSERR;
    wc_identity_free(r.identity);
    wc_console_close(&r.console);
    return exit_code;
}
