/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/download_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/hresult.h"

static struct wc_download_sight s;
static struct wc_findings list;
static const struct wc_finding *f;

static int setup(void **state)
{
    (void)state;
    s = (struct wc_download_sight){.package = "XYZ00012",
                                   .due_bytes = 6000000000,
                                   .sender = "10.0.0.1:9467",
                                   .group = "239.1.2.3:9468",
                                   .netif = "eth7",
                                   .port = 9468,
                                   .ttl = 3,
                                   .waited = "10 s",
                                   .sender_sentence = "",
                                   .sender_fix = ""};
    return 0;
}

static void assert_says(const char *words)
{
    char line[3 * WC_FINDING_TEXT_BYTES];
    wc_finding_line(f, line, sizeof(line));
    if (!strstr(line, words))
        fail_msg("no \"%s\" in: %s", words, line);
}

static void assert_says_not(const char *words)
{
    char line[3 * WC_FINDING_TEXT_BYTES];
    wc_finding_line(f, line, sizeof(line));
    if (strstr(line, words))
        fail_msg("\"%s\" in: %s", words, line);
}

/* What is empty is never called wrong. */
static void judge(const char *id, uint32_t hresult, int exit_code, enum wc_severity severity)
{
    list.count = 0;
    wc_download_rules(&s, &list);
    assert_int_equal(list.count, 1);
    f = &list.items[0];
    assert_string_equal(f->kind->id, id);
    assert_int_equal(f->kind->hresult, hresult);
    assert_int_equal(f->kind->exit_code, exit_code);
    assert_int_equal(f->kind->severity, severity);
    assert_true(f->sentence[0] && f->evidence[0] && f->fix[0]);
    if (strncmp(id, "empty.", 6) == 0 && !s.got_bytes) {
        assert_says("empty download: 0 of 6000000000 bytes of XYZ00012: ");
        assert_says_not("hash");
        assert_says_not("SHA");
    }
}

static void what_goes_well_is_no_finding(void **state)
{
    (void)state;
    list.count = 0;
    wc_download_rules(&s, &list);
    s.got_bytes = s.due_bytes;
    s.received_count = 5000000;
    s.foreign_count = 100; /* of a neighbour */
    s.unopened_count = 3;  /* flipped bits */
    wc_download_rules(&s, &list);
    assert_int_equal(list.count, 0);
}

static void nothing_came(void **state)
{
    (void)state;
    s.is_unreached = true;
    judge("empty.no-multicast", WC_HR_TIMEOUT, 75, WC_SEVERITY_WARNING);
    assert_says("no multicast from 10.0.0.1:9467 to 239.1.2.3:9468 reached eth7 within 10 s");
    assert_says("firewall here drops UDP port 9468");
    assert_says("IGMP snooping");
    assert_says("TTL of 3");
    assert_says("--interface");
    s.multicast_only = true;
    judge("empty.no-multicast", WC_HR_TIMEOUT, 75, WC_SEVERITY_ERROR);
    s.got_bytes = 1000; /* from an earlier run */
    judge("empty.no-multicast", WC_HR_TIMEOUT, 75, WC_SEVERITY_ERROR);
    assert_says("incomplete download: 1000 of 6000000000 bytes of XYZ00012: ");
}

static void another_session_came(void **state)
{
    (void)state;
    s.is_unreached = true;
    s.multicast_only = true;
    s.foreign_count = 12345678901;
    judge("empty.other-session", WC_HR_TIMEOUT, 75, WC_SEVERITY_ERROR);
    assert_says("12345678901 foreign datagrams");
    assert_says("--mcast-data-address");
}

/* What did not open says more than what was foreign. */
static void nothing_opened(void **state)
{
    (void)state;
    s.is_unreached = true;
    s.multicast_only = true;
    s.foreign_count = 9;
    s.unopened_count = 7;
    judge("empty.wrong-key", WC_HR_FAIL, 75, WC_SEVERITY_ERROR);
    assert_says("7 datagrams of this session");
    assert_says("none opened with the session's key");
}

static void it_stopped(void **state)
{
    (void)state;
    s.is_unreached = true;
    s.multicast_only = true;
    s.received_count = 20; /* beacons */
    s.unopened_count = 7;
    judge("empty.multicast-stopped", WC_HR_TIMEOUT, 75, WC_SEVERITY_ERROR);
    assert_says("multicast stopped");
    assert_says("querier");
    s.got_bytes = 2000000000;
    judge("empty.multicast-stopped", WC_HR_TIMEOUT, 75, WC_SEVERITY_ERROR);
    assert_says("incomplete download: 2000000000 of 6000000000 bytes");
    assert_says_not("empty");
}

static void the_sender_gave_up(void **state)
{
    (void)state;
    s.is_dismissed = true;
    s.sender_hresult = WC_HR_READ_FAULT;
    s.sender_sentence = "cannot read a.wim";
    s.sender_fix = "check the disk";
    judge("empty.sender-failed", WC_HR_TIMEOUT, 75, WC_SEVERITY_ERROR);
    assert_says("the sender ended the session (0x8007001E): cannot read a.wim; check the disk");
    s.sender_sentence = s.sender_fix = "";
    judge("empty.sender-failed", WC_HR_TIMEOUT, 75, WC_SEVERITY_ERROR);
    s.got_bytes = 1; /* then its own sentence says all */
    list.count = 0;
    wc_download_rules(&s, &list);
    assert_int_equal(list.count, 0);
}

/* --- damage --- */

static void this_machine_contradicts_itself(void **state)
{
    (void)state;
    s.void_count = 3;
    s.differs_count = 1;
    judge("damage.memory", WC_HR_HASH_VALUE, 65, WC_SEVERITY_WARNING);
    assert_says("1 of 3 wrong blocks");
    assert_says("memtest");
    s.damage.is_given_up = true;
    judge("damage.memory", WC_HR_HASH_VALUE, 65, WC_SEVERITY_ERROR);
    s.damage.is_given_up = false;
    s.differs_count = WC_DOWNLOAD_DIFFERS_MAX;
    s.is_unreached = true; /* a cause comes before symptoms */
    judge("damage.memory", WC_HR_HASH_VALUE, 65, WC_SEVERITY_ERROR);
}

static void lose_a_block(void)
{
    s.got_bytes = 1000000;
    s.void_count = 4;
    s.damage = (struct wc_download_damage){.is_given_up = true,
                                           .sbn = 17,
                                           .count = 4,
                                           .offset = 100,
                                           .end = 300,
                                           .path = "d/a.wim",
                                           .digest = {0xab},
                                           .due = {0xcd}};
}

static void somebody_forges(void **state)
{
    (void)state;
    s.void_count = 2;
    s.mended_count = 1;
    judge("damage.forged", WC_HR_HASH_VALUE, 65, WC_SEVERITY_WARNING);
    assert_says("1 blocks, wrong 2 times");
    s.multicast_only = true;
    lose_a_block();
    judge("damage.forged", WC_HR_HASH_VALUE, 65, WC_SEVERITY_ERROR);
    assert_says("d/a.wim (bytes 100 to 300)");
    assert_says("block 17 came 4 times, each time different");
}

static void the_source_is_wrong(void **state)
{
    (void)state;
    static const uint8_t nothing[] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
                                      0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
                                      0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
                                      0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    lose_a_block();
    s.damage.from_sender = true;
    s.damage.is_alike = true;
    judge("damage.source", WC_HR_HASH_VALUE, 65, WC_SEVERITY_ERROR);
    assert_says("alike, last as sha256:ab00");
    assert_says("due is sha256:cd00");
    assert_says_not("of nothing");
    memcpy(s.damage.digest, nothing, sizeof(nothing));
    judge("damage.source", WC_HR_HASH_VALUE, 65, WC_SEVERITY_ERROR);
    assert_says("(of nothing)");
    s.mended_count = 5; /* what is lost counts for more */
    judge("damage.source", WC_HR_HASH_VALUE, 65, WC_SEVERITY_ERROR);
}

static void an_older_package(void **state)
{
    (void)state;
    list.count = 0;
    wc_download_downgrade("XYZ00012", 3, 4, &list);
    assert_int_equal(list.count, 1);
    f = &list.items[0];
    assert_string_equal(f->kind->id, "package.downgrade");
    assert_int_equal(f->kind->hresult, WC_HR_FAIL);
    assert_int_equal(f->kind->exit_code, 76);
    assert_says("version 3, wanted is 4 or later");
}

/* Whatever the lengths: texts are cut, and a full list is no trouble. */
static void long_texts_and_full_lists(void **state)
{
    (void)state;
    memset(s.package, 'p', sizeof(s.package) - 1);
    memset(s.sender, 's', sizeof(s.sender) - 1);
    memset(s.group, 'g', sizeof(s.group) - 1);
    memset(s.netif, 'n', sizeof(s.netif) - 1);
    s.is_unreached = true;
    list.count = 0;
    for (uint32_t i = 0; i < WC_FINDINGS_MAX + 3; i++) {
        s.foreign_count = i % 2;
        wc_download_rules(&s, &list);
        wc_download_downgrade(s.package, 1, 2, &list);
    }
    assert_int_equal(list.count, WC_FINDINGS_MAX);
    for (uint32_t i = 0; i < list.count; i++)
        assert_true(strlen(list.items[i].sentence) < WC_FINDING_TEXT_BYTES);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_goes_well_is_no_finding),
        TEST(nothing_came),
        TEST(another_session_came),
        TEST(nothing_opened),
        TEST(it_stopped),
        TEST(the_sender_gave_up),
        TEST(this_machine_contradicts_itself),
        TEST(somebody_forges),
        TEST(the_source_is_wrong),
        TEST(an_older_package),
        TEST(long_texts_and_full_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
