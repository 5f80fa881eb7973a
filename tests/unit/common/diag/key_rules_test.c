/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/key_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/hresult.h"

#define NOW 1795422646 /* 2026-11-23 08:30:46 UTC */
#define DAY 86400

static struct wc_findings list;

/* Signed by its site, in time, for this name. */
static struct wc_key_sight good(bool by_receiver)
{
    struct wc_key_sight s = {
        .by_receiver = by_receiver,
        .now_s = NOW,
        .is_pair = true,
        .belongs_to_a_site = true,
        .has_key_digest = true,
        .key_digest = {1},
        .signer = WC_KEY_SIGNER_SITE,
        .signer_digest = {2},
        .has_signer_digest = true,
        .not_before_s = NOW - 10 * DAY,
        .not_after_s = NOW + 100 * DAY,
        .names = "dp7, 10.0.0.7",
        .name = "dp7",
        .name_fits = true,
        .has_pin = true,
        .pin_is_site = true,
        .pin = {2},
    };
    snprintf(s.place, sizeof(s.place), by_receiver ? "dp7:9467" : "/var/lib/wimcast");
    return s;
}

static const struct wc_finding *judge(const struct wc_key_sight *s)
{
    list = (struct wc_findings){.count = 0};
    wc_key_rules(s, &list);
    return wc_findings_worst(&list);
}

/* One finding and no other; its texts are whole, and fit in one line. */
static const struct wc_finding *assert_finds(const struct wc_key_sight *s, const char *id,
                                             uint32_t hresult, int exit_code)
{
    char line[513];
    const struct wc_finding *f = judge(s);
    if (!f)
        fail_msg("nothing found, expected %s", id);
    assert_string_equal(f->kind->id, id);
    assert_int_equal(list.count, 1);
    assert_int_equal(f->kind->hresult, hresult);
    assert_int_equal(f->kind->exit_code, exit_code);
    assert_true(f->sentence[0] && f->evidence[0] && f->fix[0]);
    wc_finding_line(f, line, sizeof(line));
    if (strlen(line) >= sizeof(line) - 1)
        fail_msg("too long for one line: %s", line);
    return f;
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("'%s' does not say '%s'", text, words);
}

static void nothing_is_wrong(void **state)
{
    (void)state;
    struct wc_key_sight s = good(false);
    assert_null(judge(&s));
    s = good(true);
    assert_null(judge(&s));
    s.name[0] = '\0';
    s.name_fits = false;
    assert_null(judge(&s));
    /* A key that is pinned itself: what its certificate says does not matter. */
    s = good(true);
    s.pin_is_site = false;
    s.pin[0] = 1;
    s.signer = WC_KEY_SIGNER_SELF;
    s.not_after_s = 0;
    s.name_fits = false;
    assert_null(judge(&s));
    s.has_pin = false;
    assert_null(judge(&s));
    /* A key without certificate, of a start that was interrupted. */
    s = (struct wc_key_sight){.certificate = WC_KEY_FILE_MISSING};
    assert_null(judge(&s));
}

static void files(void **state)
{
    (void)state;
    struct wc_key_sight s = good(false);
    s.key = WC_KEY_FILE_MISSING;
    assert_says(assert_finds(&s, "key.missing", WC_HR_FAIL, 78)->evidence, "certificate is there");
    s.certificate = WC_KEY_FILE_MISSING;
    assert_says(assert_finds(&s, "key.missing", WC_HR_FAIL, 78)->fix, "key init");
    s.key = WC_KEY_FILE_EMPTY;
    assert_says(assert_finds(&s, "key.empty", WC_HR_FAIL, 78)->evidence, "SerializedMCSKey: 0");
    s.key = WC_KEY_FILE_MALFORMED;
    snprintf(s.key_detail, sizeof(s.key_detail), "no PEM");
    assert_says(assert_finds(&s, "key.malformed", WC_HR_FAIL, 78)->evidence, "no PEM");
    s.key = WC_KEY_FILE_EXPOSED;
    snprintf(s.key_detail, sizeof(s.key_detail), "mode 0644");
    const struct wc_finding *f = assert_finds(&s, "key.exposed", WC_HR_ACCESS_DENIED, 77);
    assert_says(f->evidence, "0644");
    assert_says(f->fix, "chmod 600 /var/lib/wimcast/SerializedMCSKey");
    s.key = WC_KEY_FILE_FOREIGN;
    f = assert_finds(&s, "key.exposed", WC_HR_ACCESS_DENIED, 77);
    assert_says(f->sentence, "another user");
    assert_says(f->fix, "chown root /var/lib/wimcast/SerializedMCSKey");
    s.key = WC_KEY_FILE_UNREADABLE;
    assert_says(assert_finds(&s, "key.unreadable", WC_HR_ACCESS_DENIED, 77)->fix, "user");
}

static void files_of_the_certificate(void **state)
{
    (void)state;
    struct wc_key_sight s = good(false);
    s.certificate = WC_KEY_FILE_MISSING;
    assert_says(assert_finds(&s, "key.not-signed", WC_HR_FAIL, 78)->fix, "key init says how");
    s.belongs_to_a_site = false;
    assert_null(judge(&s));
    s.has_request = true;
    assert_says(assert_finds(&s, "key.not-signed", WC_HR_FAIL, 78)->evidence, ".csr waits");
    s.certificate = WC_KEY_FILE_EMPTY;
    assert_says(assert_finds(&s, "key.not-signed", WC_HR_FAIL, 78)->evidence, "0 bytes");
    s.certificate = WC_KEY_FILE_MALFORMED;
    assert_says(assert_finds(&s, "key.malformed", WC_HR_FAIL, 78)->evidence, "SignedSerialized");
    s.certificate = WC_KEY_FILE_UNREADABLE;
    assert_finds(&s, "key.unreadable", WC_HR_ACCESS_DENIED, 77);
    s = good(false);
    s.is_pair = false;
    s.signer = WC_KEY_SIGNER_OTHER; /* a symptom only */
    assert_finds(&s, "key.mismatch", WC_HR_FAIL, 78);
}

/* What mends a fault is another thing where the site key is, where it is not, and without one. */
static void the_fix_fits_the_sender(void **state)
{
    (void)state;
    static const struct {
        enum wc_key_file key, certificate;
        bool is_pair;
        const char *at_hand, *away, *undecided, *none;
    } cases[] = {
        {WC_KEY_FILE_EMPTY, WC_KEY_FILE_GOOD, false, "one: wimcast-sender key reset",
         "reset, and carry its request", "site: wimcast-sender key reset --self-signed",
         "one: wimcast-sender key reset --self-signed"},
        {WC_KEY_FILE_MISSING, WC_KEY_FILE_GOOD, false, "one: wimcast-sender key reset",
         "reset, and carry its request", "site: wimcast-sender key reset --self-signed",
         "one: wimcast-sender key reset --self-signed"},
        {WC_KEY_FILE_EXPOSED, WC_KEY_FILE_GOOD, false, "long: wimcast-sender key reset",
         "reset, and carry its request", "site: wimcast-sender key reset --self-signed",
         "long: wimcast-sender key reset --self-signed"},
        {WC_KEY_FILE_GOOD, WC_KEY_FILE_EMPTY, false, "key sign", "key init says how",
         "site: wimcast-sender key reset --self-signed", "rm /var/lib/wimcast/SignedSerialized"},
        {WC_KEY_FILE_GOOD, WC_KEY_FILE_MALFORMED, false, "key sign", "key init says how",
         "site: wimcast-sender key reset --self-signed", "rm /var/lib/wimcast/SignedSerialized"},
        {WC_KEY_FILE_GOOD, WC_KEY_FILE_GOOD, false, "signed: wimcast-sender key sign",
         "signed: wimcast-sender key init, and carry", "reset --self-signed",
         "rm /var/lib/wimcast/SignedSerialized"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wc_key_sight s = good(false);
        s.key = cases[i].key;
        s.certificate = cases[i].certificate;
        s.is_pair = cases[i].is_pair;
        s.has_site_key = true;
        assert_says(judge(&s)->fix, cases[i].at_hand);
        assert_null(strstr(judge(&s)->fix, "carry"));
        s.has_site_key = false;
        assert_says(judge(&s)->fix, cases[i].away);
        assert_null(strstr(judge(&s)->fix, "--self-signed"));
        s.belongs_to_a_site = false;
        assert_says(judge(&s)->fix, cases[i].undecided);
        s.has_pin = s.pin_is_site = false;
        s.has_request = true;
        assert_says(judge(&s)->fix, cases[i].undecided);
        s.has_request = false;
        assert_says(judge(&s)->fix, cases[i].none);
        assert_null(strstr(judge(&s)->fix, "carry"));
    }
}

static void beside_the_key(void **state)
{
    (void)state;
    struct wc_key_sight s = good(false);
    s.folder_mode = 01777;
    const struct wc_finding *f = assert_finds(&s, "key.state-dir-open", WC_HR_ACCESS_DENIED, 77);
    assert_says(f->evidence, "mode 1777");
    assert_says(f->fix, "chmod go-w /var/lib/wimcast");
    s = good(false);
    s.has_next = true;
    f = assert_finds(&s, "key.next-waits", WC_HR_FAIL, 0);
    assert_int_equal(f->kind->severity, WC_SEVERITY_WARNING);
    assert_says(f->fix, "key init");
    s.has_site_key = true;
    assert_says(judge(&s)->fix, "key sign");
    s = good(false);
    s.site_certificate = WC_KEY_FILE_EMPTY;
    assert_says(assert_finds(&s, "key.malformed", WC_HR_FAIL, 78)->fix, "where the site key is");
    s.site_certificate = WC_KEY_FILE_MALFORMED;
    s.has_site_key = true;
    snprintf(s.site_detail, sizeof(s.site_detail), "no PEM");
    f = assert_finds(&s, "key.malformed", WC_HR_FAIL, 78);
    assert_says(f->evidence, "SiteCertificate: no PEM");
    assert_says(f->fix, "key export --output /var/lib/wimcast/SiteCertificate");
    s.site_certificate = WC_KEY_FILE_UNREADABLE;
    assert_finds(&s, "key.unreadable", WC_HR_ACCESS_DENIED, 77);
}

static void not_signed(void **state)
{
    (void)state;
    struct wc_key_sight s = good(false);
    s.signer = WC_KEY_SIGNER_SELF;
    assert_says(assert_finds(&s, "key.not-signed", WC_HR_FAIL, 78)->fix, "key init, and carry");
    s.has_site_key = true;
    assert_says(assert_finds(&s, "key.not-signed", WC_HR_FAIL, 78)->fix, "key sign");
    s.belongs_to_a_site = false; /* a site key is at hand, that is all */
    assert_int_equal(assert_finds(&s, "key.not-joined", WC_HR_FAIL, 0)->kind->severity,
                     WC_SEVERITY_WARNING);
    s.has_pin = false;
    assert_int_equal(judge(&s)->kind->severity, WC_SEVERITY_NOTICE);
    s = good(true);
    s.signer = WC_KEY_SIGNER_SELF;
    const struct wc_finding *f = assert_finds(&s, "key.not-signed", WC_HR_FAIL, 77);
    assert_says(f->sentence, "dp7:9467");
    assert_says(f->fix, "wimcast-sender key reset");
    assert_says(f->fix, "key sign");
    s.pin_is_site = false;
    f = assert_finds(&s, "key.other-key", WC_HR_FAIL, 77);
    assert_says(f->evidence, "sha256:01");
    assert_says(f->evidence, "sha256:02");
}

static void signed_by_another(void **state)
{
    (void)state;
    for (int by_receiver = 0; by_receiver < 2; by_receiver++) {
        struct wc_key_sight s = good(by_receiver);
        s.signer = WC_KEY_SIGNER_OTHER;
        s.signer_digest[0] = 9;
        const struct wc_finding *f =
            assert_finds(&s, "key.other-site", WC_HR_FAIL, by_receiver ? 77 : 78);
        assert_says(f->evidence, "sha256:09");
        assert_says(f->evidence, "sha256:02");
        s.has_signer_digest = false;
        assert_says(assert_finds(&s, "key.other-site", WC_HR_FAIL, by_receiver ? 77 : 78)->evidence,
                    "unknown");
        s.signer = WC_KEY_SIGNER_FALSE;
        assert_finds(&s, "key.false-signature", WC_HR_FAIL, by_receiver ? 77 : 78);
        s.pin_is_site = false;
        assert_finds(&s, "key.false-signature", WC_HR_FAIL, by_receiver ? 77 : 78);
    }
}

static void dates(void **state)
{
    (void)state;
    for (int by_receiver = 0; by_receiver < 2; by_receiver++) {
        int exit_code = by_receiver ? 77 : 78;
        struct wc_key_sight s = good(by_receiver);
        s.not_after_s = NOW - 3 * DAY;
        const struct wc_finding *f = assert_finds(&s, "key.expired", WC_HR_FAIL, exit_code);
        assert_says(f->evidence, "2026-11-20 08:30:46 UTC");
        assert_says(f->evidence, "3 days later");
        s = good(by_receiver);
        s.not_before_s = NOW + 7200;
        f = assert_finds(&s, "key.not-yet-valid", WC_HR_FAIL, exit_code);
        assert_says(f->evidence, "2 hours earlier");
        assert_says(f->fix, "differ by 2 hours");
        s = good(by_receiver);
        s.not_before_s = s.not_after_s = NOW; /* both ends belong to it */
        if (by_receiver)
            assert_null(judge(&s));
    }
    struct wc_key_sight s = good(false);
    s.not_after_s = NOW + 29 * DAY;
    assert_int_equal(assert_finds(&s, "key.expires-soon", WC_HR_FAIL, 0)->kind->severity,
                     WC_SEVERITY_WARNING);
}

static void wrong_name(void **state)
{
    (void)state;
    for (int by_receiver = 0; by_receiver < 2; by_receiver++) {
        struct wc_key_sight s = good(by_receiver);
        s.name_fits = false;
        snprintf(s.name, sizeof(s.name), "10.9.9.9");
        const struct wc_finding *f =
            assert_finds(&s, "key.wrong-name", WC_HR_FAIL, by_receiver ? 77 : 78);
        assert_says(f->sentence, "10.9.9.9");
        assert_says(f->evidence, "dp7, 10.0.0.7");
        assert_says(f->fix, "--name 10.9.9.9");
        s.not_after_s = NOW - 1; /* both are told */
        judge(&s);
        assert_int_equal(list.count, 2);
    }
}

static void replies(void **state)
{
    (void)state;
    static const struct {
        enum wc_key_reply reply;
        const char *id;
        int exit_code;
        const char *words;
    } cases[] = {
        {WC_KEY_REPLY_EMPTY, "key.reply-empty", 69, "key reply is empty"},
        {WC_KEY_REPLY_CUT, "key.reply-malformed", 76, "truncated"},
        {WC_KEY_REPLY_NO_CONTENT, "key.reply-malformed", 76, "an empty manifest"},
        {WC_KEY_REPLY_PART, "key.reply-part", 75, "manifest is truncated"},
        {WC_KEY_REPLY_UNSIGNED, "key.manifest-unsigned", 76, "not signed"},
        {WC_KEY_REPLY_SWAPPED, "key.manifest-swapped", 76, "not the one that"},
        {WC_KEY_REPLY_OTHER_KEY, "key.manifest-other-key", 76, "not signed by the sender's"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wc_key_sight s = good(true);
        s.reply = cases[i].reply;
        s.got_bytes = 10;
        s.due_bytes = 4711;
        const struct wc_finding *f = assert_finds(&s, cases[i].id, WC_HR_FAIL, cases[i].exit_code);
        assert_says(f->sentence, cases[i].words);
        assert_says(f->sentence, "dp7:9467");
    }
    struct wc_key_sight s = good(true);
    s.reply = WC_KEY_REPLY_PART;
    s.got_bytes = 10;
    s.due_bytes = 4711;
    assert_says(judge(&s)->evidence, "10 of 4711 bytes");
    s.reply = WC_KEY_REPLY_OTHER_KEY;
    assert_says(judge(&s)->evidence, "before a reset");
}

/* Long names and places: texts end where their room does, and a full list is no harm. */
static void texts_are_bounded(void **state)
{
    (void)state;
    char line[20];
    struct wc_key_sight s = good(true);
    memset(s.place, 'p', sizeof(s.place) - 1);
    memset(s.name, 'n', sizeof(s.name) - 1);
    memset(s.names, 'm', sizeof(s.names) - 1);
    s.name_fits = false;
    const struct wc_finding *f = judge(&s);
    assert_string_equal(f->kind->id, "key.wrong-name");
    assert_true(strlen(f->sentence) < WC_FINDING_TEXT_BYTES);
    wc_finding_line(f, line, sizeof(line));
    assert_int_equal(strlen(line), sizeof(line) - 1);
    list.count = WC_FINDINGS_MAX;
    s.by_receiver = false;
    s.key = WC_KEY_FILE_EXPOSED;
    wc_key_rules(&s, &list);
    assert_int_equal(list.dropped_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_wrong),
        cmocka_unit_test(files),
        cmocka_unit_test(files_of_the_certificate),
        cmocka_unit_test(the_fix_fits_the_sender),
        cmocka_unit_test(beside_the_key),
        cmocka_unit_test(not_signed),
        cmocka_unit_test(signed_by_another),
        cmocka_unit_test(dates),
        cmocka_unit_test(wrong_name),
        cmocka_unit_test(replies),
        cmocka_unit_test(texts_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
