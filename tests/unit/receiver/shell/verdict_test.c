/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "common/core/hresult.h"

static struct wc_why why;

static uint32_t judge(const struct wc_rx_stats *stats)
{
    const struct wc_welcome welcome = {
        .group = {.family = 4, .bytes = {239, 1, 2, 3}, .port = 9468}, .ttl = 3};
    const struct wc_verdict_path path = {.stats = stats,
                                         .welcome = &welcome,
                                         .netif = "eth7",
                                         .sender = "10.0.0.1:9467",
                                         .waited = WC_S(10)};
    why = (struct wc_why){0};
    uint32_t hresult = wc_verdict_unreached(&path, &why);
    assert_int_equal(why.exit_code, EX_TEMPFAIL);
    assert_non_null(strstr(why.text, "empty download"));
    assert_non_null(strstr(why.text, "239.1.2.3:9468"));
    assert_non_null(strstr(why.text, "eth7"));
    return hresult;
}

static void assert_says(const char *words)
{
    if (!strstr(why.text, words))
        fail_msg("no \"%s\" in: %s", words, why.text);
}

static void nothing_came(void **state)
{
    (void)state;
    const struct wc_rx_stats stats = {0};
    assert_int_equal(judge(&stats), WC_HR_TIMEOUT);
    assert_says("10.0.0.1:9467");
    assert_says("10");
    assert_says("firewall");
    assert_says("UDP port 9468");
    assert_says("IGMP snooping");
    assert_says("TTL of 3");
    assert_says("--interface");
}

static void another_session_came(void **state)
{
    (void)state;
    const struct wc_rx_stats stats = {.foreign_count = 12345678901};
    assert_int_equal(judge(&stats), WC_HR_TIMEOUT);
    assert_says("12345678901 foreign");
    assert_says("--mcast-data-address");
}

/* What did not open says more than what was foreign. */
static void forged_datagrams_came(void **state)
{
    (void)state;
    const struct wc_rx_stats stats = {.unopened_count = 7, .foreign_count = 9};
    assert_int_equal(judge(&stats), WC_HR_FAIL);
    assert_says("7 datagrams");
    assert_says("key");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_came),
        cmocka_unit_test(another_session_came),
        cmocka_unit_test(forged_datagrams_came),
        cmocka_unit_test(codes_of_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
