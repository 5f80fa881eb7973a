/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/hresult.h"
#include "tests/unit/receiver/shell/client_bench.h"

/* --- joining --- */

static void it_says_who_it_is_and_what_it_wants(void **state)
{
    bench_open(state);
    assert_string_equal(b.hello.name, "beta-7");
    assert_string_equal(b.hello.package, "pkg");
    assert_int_equal(b.hello.version, WC_PROTOCOL_VERSION);
    assert_non_null(strstr(wc_client_sender_text(b.client), "127.0.0.1:"));
    bench_close();
}

static void a_package_that_is_proven_is_told(void **state)
{
    static const size_t steps[] = {WC_MANIFEST_PART_MAX, 100, 1};
    for (size_t i = 0; i < 3; i++) {
        bench_open(state);
        sender_says_welcome();
        sender_says_manifest(steps[i]);
        RUN_UNTIL(b.w, b.package_count == 1);
        assert_string_equal(b.known->id, "pkg");
        assert_int_equal(b.known->file_count, 2);
        assert_memory_equal(b.known->block_digests, b.package.m.block_digests, WC_DIGEST_BYTES);
        assert_memory_equal(wc_client_sender_key(b.client), b.url.key, WC_DIGEST_BYTES);
        assert_int_equal(wc_client_local_addr(b.client).bytes[0], 127);
        bench_close();
    }
}

static void without_a_key_it_trusts_the_one_it_meets(void **state)
{
    bench_make(state);
    uint8_t key[WC_DIGEST_BYTES];
    memcpy(key, b.url.key, sizeof(key));
    b.url.has_key = false;
    memset(b.url.key, 0, sizeof(b.url.key));
    bench_connect();
    RUN_UNTIL(b.w, b.type_count[WC_MSG_HELLO] == 1);
    sender_says_welcome();
    sender_says_manifest(500);
    RUN_UNTIL(b.w, b.package_count == 1);
    assert_memory_equal(wc_client_sender_key(b.client), key, sizeof(key));
    bench_close();
}

/* Its password is said once, and not kept. */
static void it_logs_on(void **state)
{
    struct wc_credentials lab = {.account = "lab", .password = "geheim"};
    bench_make(state);
    bench_connect();
    assert_int_equal(wc_client_log_on(b.client, &lab), WC_OK);
    RUN_UNTIL(b.w, b.type_count[WC_MSG_HELLO] == 1);
    assert_string_equal(b.hello.account, "lab");
    assert_string_equal(b.hello.password, "geheim");
    assert_string_equal(lab.password, "");
    bench_close();
}

static void another_key_is_refused(void **state)
{
    bench_make(state);
    b.url.key[31] ^= 1;
    bench_connect();
    bench_assert_end(WC_HR_FAIL, EX_NOPERM, "key");
    assert_int_equal(b.type_count[WC_MSG_HELLO], 0);
    bench_close();
}

/* A port that was free a moment ago: bound, but nobody listens. */
static void nobody_listens_there(void **state)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(addr);
    bench_make(state);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &size), 0);
    b.url.port = ntohs(addr.sin_port);
    bench_connect();
    bench_assert_end(WC_HR_CONNECTION, EX_UNAVAILABLE, "127.0.0.1");
    bench_close();
    close(fd);
}

static void no_such_host(void **state)
{
    bench_make(state);
    snprintf(b.url.host, sizeof(b.url.host), "no-such-host.invalid");
    bench_connect();
    RUN_UNTIL(b.w, b.end_count == 1);
    assert_true(b.end.hresult != 0);
    assert_true(b.end.why.exit_code == EX_NOHOST || b.end.why.exit_code == EX_UNAVAILABLE);
    bench_close();
}

/* --- senders that lie --- */

static void assert_not_proven(const char *words)
{
    sender_says_welcome();
    sender_says_manifest(1000);
    bench_assert_end(WC_HR_FAIL, EX_PROTOCOL, words);
    assert_int_equal(b.package_count, 0);
    bench_close();
}

static void a_manifest_that_was_changed(void **state)
{
    for (size_t i = 0; i < 5; i++) {
        bench_open(state);
        b.manifest[i * (b.manifest_bytes - 1) / 4] ^= 0x40;
        assert_not_proven("not the one that the session descriptor names");
    }
}

static void a_manifest_that_is_not_signed_by_this_key(void **state)
{
    bench_open(state);
    b.welcome.signature[10] ^= 1;
    assert_not_proven("not signed");
    bench_open(state);
    b.welcome.signature_bytes = 0;
    assert_not_proven("not signed");
    bench_open(state);
    b.welcome.signature_bytes--;
    assert_not_proven("not signed");
    bench_open(state); /* a good signature, of something else */
    assert_int_equal(
        wc_identity_sign(b.w->id, "another", 7, b.welcome.signature, &b.welcome.signature_bytes),
        WC_OK);
    assert_not_proven("not signed");
}

static void a_signed_manifest_that_is_malformed(void **state)
{
    bench_open(state);
    b.manifest[0] = 'X';
    bench_describe();
    assert_not_proven("malformed");
    bench_open(state);
    b.manifest_bytes--;
    bench_describe();
    assert_not_proven("malformed");
}

static void a_package_without_a_byte(void **state)
{
    static const struct wc_package_file nothing[] = {{"empty", 0, 0, 0}};
    bench_open(state);
    wc_package_remove(&b.package);
    wc_package_make(&b.package, nothing, 1, 64, 16);
    bench_encode(&b.package.m);
    assert_not_proven("empty");
}

static void another_package_than_the_url_names(void **state)
{
    bench_open(state);
    snprintf(b.welcome.package, sizeof(b.welcome.package), "other");
    sender_says_welcome();
    sender_says_manifest(1000);
    bench_assert_end(WC_HR_NOT_FOUND, EX_NOINPUT, "another package");
    assert_int_equal(b.package_count, 0);
    bench_close();
}

/* Signed by this sender, and its own: but of something else. */
static void a_manifest_that_was_swapped(void **state)
{
    bench_open(state);
    struct wc_manifest other = b.package.m;
    snprintf(other.id, sizeof(other.id), "older");
    bench_encode(&other);
    assert_not_proven("the package that it names, is another");
}

static void a_manifest_in_disorder(void **state)
{
    for (int i = 0; i < 5; i++) {
        bench_open(state);
        if (i != 0)
            sender_says_welcome();
        if (i == 0) /* before the descriptor */
            sender_says_part(0, 10);
        if (i == 1) /* a gap */
            sender_says_part(1, 10);
        if (i == 2) { /* twice */
            sender_says_part(0, 10);
            sender_says_part(0, 10);
        }
        if (i == 3) { /* too much */
            uint8_t *longer = realloc(b.manifest, b.manifest_bytes + 10);
            assert_non_null(longer);
            b.manifest = longer;
            memset(longer + b.manifest_bytes, 0, 10);
            sender_says_part(0, b.manifest_bytes + 10);
        }
        if (i == 4) { /* still more after the last */
            sender_says_manifest(1000);
            sender_says_part(b.manifest_bytes - 1, 1);
        }
        bench_assert_end(WC_HR_PROTOCOL, EX_PROTOCOL, "disorder");
        assert_int_equal(b.package_count, i == 4);
        bench_close();
    }
}

static void a_second_descriptor(void **state)
{
    bench_open(state);
    sender_says_welcome();
    sender_says_welcome();
    bench_assert_end(WC_HR_PROTOCOL, EX_PROTOCOL, "descriptor");
    bench_close();
    bench_join(state);
    sender_says_welcome();
    bench_assert_end(WC_HR_PROTOCOL, EX_PROTOCOL, "descriptor");
    bench_close();
}

/* Each says what is lacking, with the code of a key's fault. */
static void replies_that_end_too_early(void **state)
{
    bench_open(state);
    sender_says_welcome();
    sender_says_part(0, 10);
    RUN_UNTIL(b.w, wc_ctrl_queued_bytes(b.w->server_side.c) == 0);
    wc_ctrl_close(b.w->server_side.c);
    bench_assert_end(WC_HR_FAIL, EX_TEMPFAIL, "manifest is truncated");
    assert_non_null(strstr(b.end.why.text, "10 of "));
    bench_close();
}

static void a_sender_that_the_site_did_not_sign(void **state)
{
    struct wc_workdir dir;
    struct wc_why why;
    bench_make(state);
    wc_workdir_make(&dir);
    assert_int_equal(wc_site_make(dir.path, 1700000000, &why), WC_OK);
    assert_int_equal(wc_site_open(&b.site, dir.path, &why), WC_OK);
    bench_connect(); /* though the URL has its key */
    bench_assert_end(WC_HR_FAIL, EX_NOPERM, "not signed");
    assert_non_null(strstr(b.end.why.text, "wimcast-sender key reset"));
    assert_int_equal(b.type_count[WC_MSG_HELLO], 0);
    struct wc_site *site = b.site;
    bench_close();
    wc_site_free(site);
    wc_workdir_remove(&dir);
}

static void news_before_the_package_is_ignored(void **state)
{
    bench_open(state);
    struct wc_msg status = {.type = WC_MSG_STATUS, .status.report_interval_us = 1};
    struct wc_msg symbols = {.type = WC_MSG_SYMBOLS,
                             .symbols = {.byte_count = 5, .bytes = (const uint8_t *)"12345"}};
    struct wc_msg hello = hello_named("a sender that says HELLO");
    sender_says(&status);
    sender_says(&(struct wc_msg){.type = WC_MSG_UNICAST});
    sender_says(&symbols);
    sender_says(&hello);
    sender_says_welcome();
    sender_says(&status);
    sender_says_manifest(1000);
    RUN_UNTIL(b.w, b.package_count == 1);
    assert_int_equal(b.status_count + b.unicast_count + b.symbols_count, 0);
    bench_close();
}

/* --- at work --- */

static void messages_go_up_and_down(void **state)
{
    static struct wc_report report;
    bench_join(state);
    wc_client_alive(b.client);
    wc_client_ready(b.client, 4711);
    report = (struct wc_report){.pn = 5, .run_count = 1};
    report.runs[0] = (struct wc_run){.sbn = 1, .block_count = 1, .missing = 1};
    wc_client_report(b.client, &report);
    wc_client_unicast(b.client, "no multicast here");
    wc_client_progress(b.client, &(struct wc_progress){.files_verified = 3, .files_total = 7});
    wc_client_fetch(b.client, 3);
    RUN_UNTIL(b.w, b.type_count[WC_MSG_FETCH] == 1);
    assert_int_equal(b.type_count[WC_MSG_ALIVE], 1);
    assert_int_equal(b.type_count[WC_MSG_PROGRESS], 1);
    assert_true(b.ready_pn == 4711);
    assert_int_equal(b.report_run_count, 1);
    assert_int_equal(b.type_count[WC_MSG_UNICAST], 1);
    assert_int_equal(b.fetch_sbn, 3);

    struct wc_msg msg = {.type = WC_MSG_STATUS,
                         .status = {.phase = WC_PHASE_STREAMING, .report_interval_us = 77}};
    sender_says(&msg);
    msg = (struct wc_msg){.type = WC_MSG_UNICAST, .unicast.sentence = "by unicast"};
    sender_says(&msg);
    msg = (struct wc_msg){.type = WC_MSG_SYMBOLS,
                          .symbols = {.byte_count = 5, .bytes = (const uint8_t *)"12345"}};
    sender_says(&msg);
    RUN_UNTIL(b.w, b.symbols_count == 1);
    assert_int_equal(b.status.report_interval_us, 77);
    assert_string_equal(b.sentence, "by unicast");
    bench_close();
}

/* --- ending --- */

static void done_is_taken(void **state)
{
    bench_join(state);
    wc_client_done(b.client, 0, 5300, "");
    RUN_UNTIL(b.w, b.type_count[WC_MSG_DONE] == 1);
    assert_true(b.done.hresult == 0 && b.done.bytes == 5300);
    assert_int_equal(b.end_count, 0); /* it waits for the answer */
    sender_says_last(WC_MSG_BYE, 0, "", "");
    bench_assert_end(0, EX_OK, "");
    bench_close();
}

static void who_is_done_needs_no_answer(void **state)
{
    bench_join(state);
    wc_client_done(b.client, 0, 5300, "");
    RUN_UNTIL(b.w, b.type_count[WC_MSG_DONE] == 1);
    wc_ctrl_close(b.w->server_side.c);
    bench_assert_end(0, EX_OK, "");
    bench_close();
}

static void who_failed_says_why_and_leaves(void **state)
{
    bench_join(state);
    wc_client_done(b.client, WC_HR_DISK_FULL, 0, "no space on /srv");
    RUN_UNTIL(b.w, b.type_count[WC_MSG_DONE] == 1 && b.end_count == 1);
    assert_int_equal(b.done.hresult, WC_HR_DISK_FULL);
    assert_string_equal(b.done.sentence, "no space on /srv");
    bench_close();
}

static void a_refusal_is_passed_on(void **state)
{
    static const struct {
        uint32_t hresult;
        int exit_code;
    } cases[] = {{WC_HR_NOT_FOUND, EX_NOINPUT}, {WC_HR_ACCESS_DENIED, EX_NOPERM},
                 {WC_HR_PROTOCOL, EX_PROTOCOL}, {WC_HR_FAIL, EX_CONFIG},
                 {WC_HR_BUSY, EX_TEMPFAIL},     {WC_HR_READ_FAULT, EX_TEMPFAIL},
                 {WC_HR_TIMEOUT, EX_TEMPFAIL},  {0x80004001u, EX_TEMPFAIL},
                 {WC_HR_HASH_VALUE, EX_DATAERR}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char code[16];
        snprintf(code, sizeof(code), "0x%08X", cases[i].hresult);
        bench_open(state);
        sender_says_last(WC_MSG_REFUSE, cases[i].hresult, "no room", "come later");
        bench_assert_end(cases[i].hresult, cases[i].exit_code, "refused");
        assert_non_null(strstr(b.end.why.text, "no room; come later"));
        assert_non_null(strstr(b.end.why.text, code));
        bench_close();
    }
}

static void a_good_bye_before_the_end_is_a_failure(void **state)
{
    bench_join(state);
    sender_says_last(WC_MSG_BYE, 0, "", "");
    bench_assert_end(WC_HR_CONNECTION, EX_TEMPFAIL, "before this receiver was done");
    bench_close();
    bench_join(state);
    sender_says_last(WC_MSG_BYE, WC_HR_READ_FAULT, "a.wim was changed", "");
    bench_assert_end(WC_HR_READ_FAULT, EX_TEMPFAIL, "a.wim was changed");
    bench_close();
}

static void a_good_bye_names_its_finding(void **state)
{
    struct wc_msg bye = {.type = WC_MSG_BYE,
                         .refusal = {.hresult = WC_HR_HASH_VALUE,
                                     .sentence = "a.wim was changed",
                                     .finding = "damage.source",
                                     .due_bytes = 5300}};
    bench_join(state);
    sender_says(&bye);
    bench_assert_end(WC_HR_HASH_VALUE, EX_DATAERR, "a.wim was changed");
    assert_string_equal(b.end.why.finding, "damage.source");
    assert_true(b.end.is_dismissed);
    assert_int_equal(b.end.refusal.due_bytes, 5300);
    bench_close();
}

static void a_wrong_block_is_told(void **state)
{
    const struct wc_void wrong = {.sbn = 3, .differs = true, .digest = {7}};
    bench_join(state);
    wc_client_void(b.client, &wrong);
    RUN_UNTIL(b.w, b.type_count[WC_MSG_VOID] == 1);
    bench_close();
}

static void a_sender_that_dies(void **state)
{
    bench_join(state);
    wc_ctrl_close(b.w->server_side.c);
    bench_assert_end(WC_HR_CONNECTION, EX_TEMPFAIL, "lost the sender");
    bench_close();
    bench_open(state); /* before it said anything */
    wc_ctrl_close(b.w->server_side.c);
    bench_assert_end(WC_HR_FAIL, EX_UNAVAILABLE, "key reply is empty");
    bench_close();
}

static void words_after_the_end_are_swallowed(void **state)
{
    bench_join(state);
    sender_says_last(WC_MSG_BYE, WC_HR_TIMEOUT, "enough", "");
    bench_assert_end(WC_HR_TIMEOUT, EX_TEMPFAIL, "enough");
    wc_client_alive(b.client);
    wc_client_ready(b.client, 1);
    wc_client_done(b.client, 0, 1, "");
    wc_client_close(b.client);
    bench_close();
    assert_int_equal(b.type_count[WC_MSG_ALIVE] + b.type_count[WC_MSG_DONE], 0);
}

/* A refusal that names its finding: as the sender knows the cause, and how much does not come. */
static void a_refusal_with_a_finding(void **state)
{
    static const struct {
        uint32_t hresult;
        int exit_code;
    } cases[] = {
        {WC_HR_ACCESS_DENIED, EX_NOPERM},
        {WC_HR_LOGON_FAILURE, EX_NOPERM},
        {WC_HR_LOCKED_OUT, EX_TEMPFAIL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wc_msg msg = {.type = WC_MSG_REFUSE, .refusal = {.hresult = cases[i].hresult}};
        snprintf(msg.refusal.sentence, sizeof(msg.refusal.sentence), "no account");
        snprintf(msg.refusal.fix, sizeof(msg.refusal.fix), "name one");
        snprintf(msg.refusal.finding, sizeof(msg.refusal.finding), "access.x");
        msg.refusal.due_bytes = 3u << 20;
        bench_open(state);
        sender_says(&msg);
        bench_assert_end(cases[i].hresult, cases[i].exit_code,
                         "empty download: 0 of 3.0 MiB of pkg: no account; name one");
        assert_string_equal(b.end.why.finding, "access.x");
        bench_close();
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_says_who_it_is_and_what_it_wants),
        TEST(a_package_that_is_proven_is_told),
        TEST(without_a_key_it_trusts_the_one_it_meets),
        TEST(another_key_is_refused),
        TEST(it_logs_on),
        TEST(a_refusal_with_a_finding),
        TEST(nobody_listens_there),
        TEST(no_such_host),
        TEST(a_manifest_that_was_changed),
        TEST(a_manifest_that_is_not_signed_by_this_key),
        TEST(a_signed_manifest_that_is_malformed),
        TEST(a_package_without_a_byte),
        TEST(another_package_than_the_url_names),
        TEST(a_manifest_that_was_swapped),
        TEST(a_manifest_in_disorder),
        TEST(a_second_descriptor),
        TEST(replies_that_end_too_early),
        TEST(a_sender_that_the_site_did_not_sign),
        TEST(news_before_the_package_is_ignored),
        TEST(messages_go_up_and_down),
        TEST(done_is_taken),
        TEST(who_is_done_needs_no_answer),
        TEST(who_failed_says_why_and_leaves),
        TEST(a_refusal_is_passed_on),
        TEST(a_good_bye_before_the_end_is_a_failure),
        TEST(a_good_bye_names_its_finding),
        TEST(a_wrong_block_is_told),
        TEST(a_sender_that_dies),
        TEST(words_after_the_end_are_swallowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
