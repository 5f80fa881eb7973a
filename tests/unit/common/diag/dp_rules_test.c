/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/dp_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/hresult.h"

#define NOW 1795422646 /* 2026-11-23 08:30:46 UTC */

static struct wc_findings list;

static struct wc_dp_sight healthy(void)
{
    return (struct wc_dp_sight){
        .now_s = NOW,
        .newest_file_s = NOW - 3600,
        .dir = {.path = "/var/lib/wimcast",
                .exists = true,
                .is_folder = true,
                .is_writable = true,
                .mode = 0700,
                .owner_name = "root"},
        .netif = {.name = "eth0", .family = 4, .speed_bps = 1000000000},
        .port = {.number = 9467},
        .send_buffer_bytes = 1 << 20,
        .send_buffer_due_bytes = 1 << 20,
        .open_files_max = 1048576,
        .open_files_due = 1088,
    };
}

static const struct wc_finding *judge(const struct wc_dp_sight *s)
{
    list = (struct wc_findings){.count = 0};
    wc_dp_rules(s, &list);
    return wc_findings_worst(&list);
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("'%s' does not say '%s'", text, words);
}

/* One finding and no other, with whole texts. */
static const struct wc_finding *only(const char *id, enum wc_severity severity, uint32_t hresult,
                                     int exit_code)
{
    if (list.count != 1)
        fail_msg("%u findings, expected %s", list.count, id);
    const struct wc_finding *f = &list.items[0];
    assert_string_equal(f->kind->id, id);
    assert_int_equal(f->kind->severity, severity);
    assert_int_equal(f->kind->hresult, hresult);
    assert_int_equal(f->kind->exit_code, exit_code);
    assert_true(f->sentence[0] && f->evidence[0] && f->fix[0]);
    assert_true(strlen(f->sentence) < WC_FINDING_TEXT_BYTES - 1);
    assert_true(strlen(f->fix) < WC_FINDING_TEXT_BYTES - 1);
    return f;
}

static const struct wc_finding *finds(const struct wc_dp_sight *s, const char *id,
                                      enum wc_severity severity, uint32_t hresult, int exit_code)
{
    judge(s);
    return only(id, severity, hresult, exit_code);
}

#define ERROR   WC_SEVERITY_ERROR
#define WARNING WC_SEVERITY_WARNING
#define NOTICE  WC_SEVERITY_NOTICE

static void nothing_is_wrong(void **state)
{
    (void)state;
    struct wc_dp_sight s = healthy();
    assert_null(judge(&s));
    s.netif.speed_bps = 0; /* not known */
    s.newest_file_s = 0;
    s.dir.owner = s.dir.user = 1000;
    s.send_buffer_bytes = s.send_buffer_due_bytes = 0;
    snprintf(s.group.text, sizeof(s.group.text), "239.1.2.3");
    assert_null(judge(&s));
}

static void the_clock(void **state)
{
    (void)state;
    struct wc_dp_sight s = healthy();
    s.now_s = 1700000000;
    s.newest_file_s = 0;
    assert_says(finds(&s, "check.clock", ERROR, WC_HR_FAIL, 78)->evidence, "2023-11-14");
    s.now_s = WC_DP_CLOCK_MIN_S;
    assert_null(judge(&s));
    s = healthy();
    s.newest_file_s = NOW + 3601;
    assert_says(finds(&s, "check.clock", WARNING, WC_HR_FAIL, 0)->evidence, "2026-11-23 09:30:47");
    s.newest_file_s = NOW + 3600;
    assert_null(judge(&s));
}

static void the_folder(void **state)
{
    (void)state;
    struct wc_dp_sight s = healthy();
    s.dir.mode = 0770;
    const struct wc_finding *f = finds(&s, "check.state-dir-open", ERROR, WC_HR_ACCESS_DENIED, 77);
    assert_says(f->evidence, "/var/lib/wimcast has mode 0770");
    assert_says(f->fix, "chmod 700 /var/lib/wimcast");
    s.dir.mode = 0755;
    finds(&s, "check.state-dir-open", WARNING, WC_HR_ACCESS_DENIED, 0);
    s = healthy();
    s.dir.open_count = 2;
    s.dir.open_mode = 0644;
    snprintf(s.dir.open_name, sizeof(s.dir.open_name), "/var/lib/wimcast/accounts.json");
    f = finds(&s, "check.files-open", ERROR, WC_HR_ACCESS_DENIED, 77);
    assert_says(f->evidence, "2 of them, such as /var/lib/wimcast/accounts.json with mode 0644");
    s = healthy();
    s.dir.leftover_count = 1;
    assert_says(finds(&s, "check.leftovers", NOTICE, WC_HR_OK, 0)->fix, "--fix");
    s = healthy();
    s.dir.is_folder = false;
    finds(&s, "check.state-dir", ERROR, WC_HR_ACCESS_DENIED, 77);
}

static void rights(void **state)
{
    (void)state;
    struct wc_dp_sight s = healthy();
    s.dir.owner = 977;
    snprintf(s.dir.owner_name, sizeof(s.dir.owner_name), "wimcast");
    assert_says(finds(&s, "check.other-user", NOTICE, WC_HR_OK, 0)->fix, "check --user wimcast");
    s = healthy();
    s.dir.user = 977;
    s.dir.is_writable = false;
    const struct wc_finding *f = finds(&s, "check.state-dir", WARNING, WC_HR_ACCESS_DENIED, 0);
    assert_says(f->evidence, "belongs to user 0, this is user 977");
    s.dir.exists = false;
    s.has_no_key = true;
    judge(&s);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0].kind->id, "check.state-dir");
    assert_int_equal(list.items[0].kind->severity, ERROR);
    assert_says(list.items[0].evidence, "cannot be made by user 977");
    assert_string_equal(list.items[1].kind->id, "check.no-key");
    s = healthy();
    s.has_no_key = true;
    assert_says(finds(&s, "check.no-key", NOTICE, WC_HR_OK, 0)->fix, "key init");
}

static void the_interface(void **state)
{
    (void)state;
    struct wc_dp_sight s = healthy();
    s.netif.state = WC_DP_NETIF_DOWN;
    assert_says(finds(&s, "check.interface-down", ERROR, WC_HR_NETWORK, 78)->fix,
                "ip link set eth0 up");
    s.netif.state = WC_DP_NETIF_NO_MULTICAST;
    finds(&s, "check.interface-no-multicast", ERROR, WC_HR_NETWORK, 78);
    s.netif.state = WC_DP_NETIF_NO_ADDRESS;
    s.netif.family = 6;
    assert_says(finds(&s, "check.interface-no-address", ERROR, WC_HR_NETWORK, 78)->evidence,
                "IPv6");
    s.netif.state = WC_DP_NETIF_NONE;
    finds(&s, "check.interface-none", ERROR, WC_HR_NETWORK, 78);
    snprintf(s.netif.detail, sizeof(s.netif.detail), "eth0 (10.0.0.7), eth1 (10.1.0.7)");
    s.netif.state = WC_DP_NETIF_SEVERAL;
    assert_says(finds(&s, "check.interface-several", ERROR, WC_HR_NETWORK, 64)->evidence, "eth1");
    s.netif.state = WC_DP_NETIF_UNKNOWN;
    finds(&s, "check.interface-unknown", ERROR, WC_HR_NOT_FOUND, 64);
    s.netif.state = WC_DP_NETIF_NO_SOCKET;
    finds(&s, "check.interface-no-socket", ERROR, WC_HR_NETWORK, 78);
    s = healthy();
    s.netif.is_loopback = true;
    finds(&s, "check.interface-loopback", NOTICE, WC_HR_OK, 0);
    s = healthy();
    s.netif.speed_bps = 100000000;
    assert_says(finds(&s, "check.interface-slow", NOTICE, WC_HR_OK, 0)->evidence, "100 Mbit/s");
}

static void the_port(void **state)
{
    (void)state;
    struct wc_dp_sight s = healthy();
    s.port.state = WC_DP_PORT_TAKEN;
    s.port.is_given = true;
    snprintf(s.port.detail, sizeof(s.port.detail), "Address already in use");
    const struct wc_finding *f = finds(&s, "check.port-taken", ERROR, 0x80072740u, 69);
    assert_says(f->evidence, "Address already in use");
    assert_says(f->fix, "sport = :9467");
    s.port.is_given = false;
    s.port.next = 9468;
    assert_says(finds(&s, "check.port-taken", WARNING, 0x80072740u, 0)->sentence, "would get 9468");
    s.port.next = 0;
    finds(&s, "check.port-taken", ERROR, 0x80072740u, 69);
    s.port.state = WC_DP_PORT_FORBIDDEN;
    finds(&s, "check.port-forbidden", ERROR, WC_HR_ACCESS_DENIED, 77);
    s.port.state = WC_DP_PORT_FAILED;
    finds(&s, "check.port-failed", ERROR, WC_HR_NETWORK, 69);
}

static void the_group(void **state)
{
    (void)state;
    struct wc_dp_sight s = healthy();
    snprintf(s.group.text, sizeof(s.group.text), "224.128.0.5");
    snprintf(s.group.fault, sizeof(s.group.fault), "it has the MAC address of 224.0.0.5");
    const struct wc_finding *f = finds(&s, "check.group-bad", ERROR, WC_HR_NETWORK, 64);
    assert_says(f->sentence, "224.128.0.5");
    assert_says(f->evidence, "224.0.0.5");
    s.group.fault[0] = '\0';
    s.group.is_source_specific = true;
    finds(&s, "check.group-source-specific", NOTICE, WC_HR_OK, 0);
}

static void limits(void **state)
{
    (void)state;
    struct wc_dp_sight s = healthy();
    s.send_buffer_bytes = 212992;
    assert_says(finds(&s, "check.send-buffer", NOTICE, WC_HR_OK, 0)->fix, "wmem_max=1048576");
    s = healthy();
    s.open_files_max = 1024;
    assert_says(finds(&s, "check.open-files", WARNING, WC_HR_OK, 0)->evidence, "1024");
}

/* --- who may read ----------------------------------------------------------------------------- */

static const char *const names[] = {"alice", "bob"};

static const struct wc_finding *judge_access(const struct wc_dp_access *a)
{
    list = (struct wc_findings){.count = 0};
    wc_dp_access_rules(a, &list);
    return wc_findings_worst(&list);
}

static void readers(void **state)
{
    (void)state;
    struct wc_readers r = {.set = WC_READERS_EVERYONE};
    struct wc_dp_access a = {.package = "XYZ00012", .readers = &r, .is_anonymous_allowed = true};
    assert_null(judge_access(&a));
    r.set = WC_READERS_ACCOUNTS;
    judge_access(&a);
    assert_says(only("check.no-accounts", ERROR, WC_HR_ACCESS_DENIED, 78)->fix, "account add");
    a.accounts = names;
    a.account_count = 2;
    judge_access(&a);
    assert_says(only("check.anonymous-unneeded", WARNING, WC_HR_ACCESS_DENIED, 0)->fix,
                "account anonymous refuse");
    a.multicast_only = true;
    judge_access(&a);
    assert_says(only("check.anonymous-unneeded", ERROR, WC_HR_ACCESS_DENIED, 78)->sentence,
                "empty download");
    a.is_anonymous_allowed = false;
    assert_null(judge_access(&a));
}

static void listed_readers(void **state)
{
    (void)state;
    struct wc_readers r = {
        .set = WC_READERS_LISTED, .listed_count = 2, .listed = {"alice", "carol"}};
    struct wc_dp_access a = {
        .package = "XYZ00012", .readers = &r, .accounts = names, .account_count = 2};
    judge_access(&a);
    assert_says(only("check.reader-unknown", WARNING, WC_HR_ACCESS_DENIED, 0)->evidence, "carol");
    a.is_anonymous_allowed = true;
    judge_access(&a);
    assert_int_equal(list.count, 2);
    snprintf(r.listed[0], sizeof(r.listed[0]), "dave");
    judge_access(&a);
    assert_says(only("check.reader-unknown", ERROR, WC_HR_ACCESS_DENIED, 78)->evidence,
                "dave, carol");
    a.is_anonymous_allowed = false;
    snprintf(r.listed[0], sizeof(r.listed[0]), "alice");
    snprintf(r.listed[1], sizeof(r.listed[1]), "bob");
    assert_null(judge_access(&a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_wrong), cmocka_unit_test(the_clock),
        cmocka_unit_test(the_folder),       cmocka_unit_test(rights),
        cmocka_unit_test(the_interface),    cmocka_unit_test(the_port),
        cmocka_unit_test(the_group),        cmocka_unit_test(limits),
        cmocka_unit_test(readers),          cmocka_unit_test(listed_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
