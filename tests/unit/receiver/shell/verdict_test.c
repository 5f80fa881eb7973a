/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sight is filled; what it means is tested with the rules. */
#include "receiver/shell/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "common/core/hresult.h"
#include "tests/support/package.h"

static const struct wc_package_file files[] = {{"a.wim", 5000, 0, 0}, {"b", 300, 0, 0}};
static struct wc_package package; /* 83 symbols of 64 bytes, 6 blocks */
static struct wc_rx_stats stats;
static struct wc_welcome welcome;
static struct wc_voidbook book;
static struct wc_verdict_path path;
static struct wc_finding finding;
static struct wc_why why;

static int setup(void **state)
{
    (void)state;
    wc_package_make(&package, files, 2, 64, 16);
    stats = (struct wc_rx_stats){.first_data = WC_NEVER, .finished = WC_NEVER};
    welcome = (struct wc_welcome){.group = {.family = 4, .bytes = {239, 1, 2, 3}, .port = 9468},
                                  .ttl = 3};
    book = (struct wc_voidbook){0};
    path = (struct wc_verdict_path){.stats = &stats,
                                    .welcome = &welcome,
                                    .manifest = &package.m,
                                    .voids = &book,
                                    .netif = "eth7",
                                    .sender = "10.0.0.1:9467",
                                    .waited = WC_S(10)};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wc_package_remove(&package);
    return 0;
}

static uint32_t judge(const char *id)
{
    assert_true(wc_verdict_find(&path, &finding));
    uint32_t hresult = wc_verdict_why(&finding, &why);
    assert_string_equal(why.finding, id);
    assert_int_equal(why.hresult, hresult);
    assert_int_equal(why.exit_code, finding.kind->exit_code);
    return hresult;
}

static void assert_says(const char *words)
{
    if (!strstr(why.text, words))
        fail_msg("no \"%s\" in: %s", words, why.text);
}

static void a_download_that_goes_well(void **state)
{
    (void)state;
    stats.core.received_count = 50;
    assert_false(wc_verdict_find(&path, &finding));
}

static void nothing_came(void **state)
{
    (void)state;
    path.is_unreached = true;
    assert_int_equal(judge("empty.no-multicast"), WC_HR_TIMEOUT);
    assert_int_equal(why.exit_code, EX_TEMPFAIL);
    assert_says("empty download: 0 of 5300 bytes of pkg: no multicast from 10.0.0.1:9467 to "
                "239.1.2.3:9468 reached eth7 within 10 s");
    assert_says("UDP port 9468");
    assert_says("TTL of 3");
    path.resumed_bytes = 1024;
    (void)judge("empty.no-multicast");
    assert_says("1024 of 5300 bytes");
}

static void counters_are_told_apart(void **state)
{
    (void)state;
    path.is_unreached = true;
    stats.foreign_count = 12345678901;
    assert_int_equal(judge("empty.other-session"), WC_HR_TIMEOUT);
    stats.unopened_count = 7;
    assert_int_equal(judge("empty.wrong-key"), WC_HR_FAIL);
    stats.core.received_count = 5; /* beacons */
    assert_int_equal(judge("empty.multicast-stopped"), WC_HR_TIMEOUT);
    assert_says("empty download: 0 of 5300 bytes");
    stats.first_data = 0;
    stats.core.block_done_count = 2;
    (void)judge("empty.multicast-stopped");
    assert_says("incomplete download: ");
    stats.core.block_done_count = package.m.partition.block_count;
    (void)judge("empty.multicast-stopped");
    assert_says("5300 of 5300 bytes");
}

static void what_the_sender_said_stays(void **state)
{
    (void)state;
    struct wc_refusal bye = {.hresult = WC_HR_READ_FAULT, .sentence = "the disk is gone"};
    path.dismissal = &bye;
    why = (struct wc_why){.exit_code = 75, .text = "as the client says it"};
    wc_verdict_dismissed(&path, &why);
    assert_string_equal(why.finding, "empty.sender-failed");
    assert_says("empty download: 0 of 5300 bytes of pkg: the sender ended the session "
                "(0x8007001E): the disk is gone");
    snprintf(bye.finding, sizeof(bye.finding), "content.changed");
    why = (struct wc_why){.exit_code = 65};
    wc_verdict_dismissed(&path, &why);
    assert_string_equal(why.finding, "content.changed");
    assert_int_equal(why.exit_code, 65);
    stats.first_data = 0;
    stats.core.block_done_count = 1;
    why = (struct wc_why){.text = "as the client says it"};
    wc_verdict_dismissed(&path, &why);
    assert_string_equal(why.text, "as the client says it");
}

static void a_lost_block_is_named_by_path(void **state)
{
    (void)state;
    path.is_damaged = true;
    path.damaged_sbn = package.m.partition.block_count - 1;
    assert_int_equal(judge("damage.source"), WC_HR_HASH_VALUE); /* nothing is in the book */
    assert_int_equal(why.exit_code, EX_DATAERR);
    struct wc_void result = {.sbn = path.damaged_sbn, .digest = {0xab}};
    wc_voidbook_add(&book, &result);
    wc_voidbook_add(&book, &result);
    welcome.multicast_only = true;
    (void)judge("damage.forged");
    assert_says("a.wim (bytes ");
    assert_says(" to 5000)");
    assert_says("came 2 times, alike");
    result.differs = true;
    wc_voidbook_add(&book, &result);
    assert_int_equal(judge("damage.memory"), WC_HR_HASH_VALUE);
}

static void blocks_that_came_right_at_last(void **state)
{
    (void)state;
    stats.core.mended_count = 1;
    book.void_count = 2;
    (void)judge("damage.forged");
    assert_int_equal(finding.kind->severity, WC_SEVERITY_WARNING);
}

static void an_older_package(void **state)
{
    (void)state;
    assert_int_equal(wc_verdict_downgrade(&package.m, 2, &why), WC_HR_FAIL);
    assert_string_equal(why.finding, "package.downgrade");
    assert_int_equal(why.exit_code, EX_PROTOCOL);
    assert_says("version 1, wanted is 2");
}

static void codes_of_storage(void **state)
{
    (void)state;
    assert_int_equal(wc_verdict_of_store(WC_E_FULL), WC_HR_DISK_FULL);
    assert_int_equal(wc_verdict_of_store(WC_E_PATH), WC_HR_ACCESS_DENIED);
    assert_int_equal(wc_verdict_of_store(WC_E_STATE), WC_HR_ACCESS_DENIED);
    assert_int_equal(wc_verdict_of_store(WC_E_CLOSED), WC_HR_CANCELLED);
    assert_int_equal(wc_verdict_of_store(WC_E_IO), WC_HR_WRITE_FAULT);
    assert_int_equal(wc_verdict_of_store(WC_E_NOMEM), WC_HR_WRITE_FAULT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_download_that_goes_well),
        TEST(nothing_came),
        TEST(counters_are_told_apart),
        TEST(what_the_sender_said_stays),
        TEST(a_lost_block_is_named_by_path),
        TEST(blocks_that_came_right_at_last),
        TEST(an_older_package),
        TEST(codes_of_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
