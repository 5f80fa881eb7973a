/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Against the interfaces that this machine has; only the loopback is taken for granted. */
#include "common/io/netif.h"

#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "common/io/netaddr.h"

static struct wc_why why;

static struct wc_addr addr(const char *text)
{
    struct wc_addr a;
    assert_true(wc_netaddr_parse(text, &a));
    return a;
}

static void need_loopback(void)
{
    struct wc_netif netif;
    if (wc_netif_choose(&netif, "lo", 4, NULL))
        skip();
}

static void assert_loopback(const struct wc_netif *netif)
{
    struct wc_addr local = addr("127.0.0.1");
    assert_string_equal(netif->name, "lo");
    assert_int_equal(netif->index, if_nametoindex("lo"));
    assert_true(netif->loopback && netif->up);
    assert_true(netif->mtu >= 1500);
    assert_memory_equal(&netif->v4, &local, sizeof(local));
}

static void the_loopback_by_name_and_by_address(void **state)
{
    (void)state;
    struct wc_netif netif;
    need_loopback();
    assert_int_equal(wc_netif_choose(&netif, "lo", 4, &why), WC_OK);
    assert_loopback(&netif);
    assert_int_equal(wc_netif_choose(&netif, "127.0.0.1", 4, &why), WC_OK);
    assert_loopback(&netif);
    if (netif.v6.family)
        assert_int_equal(wc_netif_choose(&netif, "::1", 6, &why), WC_OK);
}

static void a_family_that_it_does_not_have(void **state)
{
    (void)state;
    struct wc_netif netif;
    need_loopback();
    assert_int_equal(wc_netif_choose(&netif, "lo", 4, &why), WC_OK);
    if (netif.v6.family)
        skip();
    assert_int_equal(wc_netif_choose(&netif, "lo", 6, &why), WC_E_NOT_FOUND);
    assert_non_null(strstr(why.text, "no IPv6 address"));
}

static void an_unknown_interface_is_refused_with_a_list(void **state)
{
    (void)state;
    static const char *const unknown[] = {"wimcast-none0", "192.0.2.254", "2001:db8::77", "",
                                          "a-name-longer-than-any-interface-may-have"};
    struct wc_netif netif = {.index = 4711};
    need_loopback();
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assert_int_equal(wc_netif_choose(&netif, unknown[i], 4, &why), WC_E_NOT_FOUND);
        assert_int_equal(why.exit_code, EX_USAGE);
        assert_non_null(strstr(why.text, unknown[i]));
        assert_non_null(strstr(why.text, "lo"));
        assert_int_equal(netif.index, 4711);
    }
    assert_int_equal(wc_netif_choose(&netif, "wimcast-none0", 4, NULL), WC_E_NOT_FOUND);
}

/* What the machine has decides; but never the loopback, and never without a word. */
static void without_a_name_it_is_the_only_one_or_none(void **state)
{
    (void)state;
    static const uint8_t families[] = {4, 6};
    for (size_t i = 0; i < 2; i++) {
        struct wc_netif netif, list[32];
        size_t count = wc_netif_list(list, 32), fit = 0;
        for (size_t n = 0; n < count; n++)
            fit += !list[n].loopback && (families[i] == 4 ? list[n].v4 : list[n].v6).family != 0;
        enum wc_err err = wc_netif_choose(&netif, NULL, families[i], &why);
        assert_int_equal(err, fit == 1 ? WC_OK : WC_E_NOT_FOUND);
        if (fit == 1)
            assert_true(netif.up && netif.multicast && !netif.loopback);
        else
            assert_non_null(strstr(why.text, "--interface"));
        if (fit > 1)
            assert_int_equal(why.exit_code, EX_USAGE);
    }
}

static void the_interface_of_an_address(void **state)
{
    (void)state;
    struct wc_netif netif = {.index = 4711};
    struct wc_addr unknown = addr("192.0.2.254"), local = addr("127.0.0.1");
    need_loopback();
    assert_int_equal(wc_netif_of_addr(&netif, &unknown), WC_E_NOT_FOUND);
    assert_int_equal(netif.index, 4711);
    local.port = 9468; /* of a connected socket */
    assert_int_equal(wc_netif_of_addr(&netif, &local), WC_OK);
    assert_loopback(&netif);
}

static void all_that_could_carry_announcements(void **state)
{
    (void)state;
    struct wc_netif list[32];
    bool has_loopback = false;
    need_loopback();
    size_t count = wc_netif_list(list, 32);
    for (size_t i = 0; i < count; i++) {
        has_loopback |= list[i].loopback;
        assert_true(list[i].up && (list[i].multicast || list[i].loopback));
        assert_int_equal(list[i].index, if_nametoindex(list[i].name));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(list[i].name, list[j].name);
    }
    assert_true(has_loopback);
    assert_int_equal(wc_netif_list(list, 1), 1);
    assert_int_equal(wc_netif_list(list, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loopback_by_name_and_by_address),
        cmocka_unit_test(a_family_that_it_does_not_have),
        cmocka_unit_test(an_unknown_interface_is_refused_with_a_list),
        cmocka_unit_test(without_a_name_it_is_the_only_one_or_none),
        cmocka_unit_test(the_interface_of_an_address),
        cmocka_unit_test(all_that_could_carry_announcements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
