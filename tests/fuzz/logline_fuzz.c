/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a log: entries are the same whatever the pieces are in which the bytes come, texts
 * end, and rules and findings take all of it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/diag/codes.h"
#include "common/diag/log_causes.h"
#include "common/diag/logtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"fuzz.log"};

static void check_entry(const struct wc_log_entry *e)
{
    assert(strnlen(e->message, sizeof e->message) < sizeof e->message);
    assert(strnlen(e->component, sizeof e->component) < sizeof e->component);
    assert(strnlen(e->file, sizeof e->file) < sizeof e->file);
    assert(e->line >= 1 && e->form < WC_LOG_FORM_COUNT && e->type <= WC_LOG_ERROR);
    uint32_t code;
    for (const char *at = e->message, *last = at; wc_code_next(&at, &code); last = at)
        assert(at > last);
    struct wc_code_text text;
    if (wc_code_parse(e->message, &code))
        wc_code_describe(code, &text);
}

/* A number that depends on every entry, and how many there were. */
static uint64_t digest_of(const char *text, size_t count, size_t step, struct wc_log_rules *rules)
{
    static struct wc_log_reader reader;
    static struct wc_log_entry entry;
    uint64_t digest = 0;
    wc_log_reader_init(&reader);
    if (rules)
        wc_log_rules_init(rules);
    for (size_t i = 0; i <= count; i += step) {
        const char *at = text + i;
        size_t left = count - i < step ? count - i : step;
        bool last = i + step > count;
        while (wc_log_reader_next(&reader, &at, &left, &entry) ||
               (last && wc_log_reader_end(&reader, &entry))) {
            check_entry(&entry);
            digest = digest * 31 + entry.line * 7 + (uint64_t)entry.time_ms + entry.form;
            for (const char *c = entry.message; *c; c++)
                digest = digest * 31 + (unsigned char)*c;
            if (rules)
                wc_log_rules_take(rules, &entry, 0);
        }
    }
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wc_log_rules rules;
    static struct wc_findings findings;
    struct wc_log_text decoder;
    char *text = malloc(2 * size + 5);
    assert(text);
    size_t mark = wc_log_text_init(&decoder, data, size);
    size_t count = wc_log_text_decode(&decoder, data + mark, size - mark, text);
    assert(count <= 2 * size + 4);
    uint64_t whole = digest_of(text, count, count + 1, &rules);
    assert(digest_of(text, count, 7, NULL) == whole);
    wc_log_rules_end(&rules);
    findings = (struct wc_findings){0};
    wc_log_causes_report(&rules, names, &findings);
    for (uint32_t i = 0; i < findings.count; i++) {
        const struct wc_finding *f = &findings.items[i];
        assert(f->kind && *f->sentence && *f->evidence && *f->fix);
        assert(strnlen(f->evidence, sizeof f->evidence) < sizeof f->evidence);
    }
    assert(rules.good_count <= rules.session_count);
    free(text);
    return 0;
}
