/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/netaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/un.h>
#include <sysexits.h>

#include <cmocka.h>

static struct wc_addr addr(const char *text, uint16_t port)
{
    struct wc_addr a;
    if (!wc_netaddr_parse(text, &a))
        fail_msg("%s", text);
    a.port = port;
    return a;
}

static void addresses_from_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint8_t family; /* 0: refused */
        uint8_t first, last;
    } cases[] = {
        {"10.0.0.1", 4, 10, 1},
        {"0.0.0.0", 4, 0, 0},
        {"255.255.255.255", 4, 255, 255},
        {"fe80::1", 6, 0xfe, 1},
        {"::", 6, 0, 0},
        {"ff15::8000:0", 6, 0xff, 0},
        {"2001:db8:0:1:2:3:4:5", 6, 0x20, 5},
        {"", 0, 0, 0},
        {"10.0.0", 0, 0, 0},
        {"10.0.0.256", 0, 0, 0},
        {"10.0.0.1 ", 0, 0, 0},
        {" 10.0.0.1", 0, 0, 0},
        {"10.0.0.1:80", 0, 0, 0},
        {"0x0a.0.0.1", 0, 0, 0},
        {"[fe80::1]", 0, 0, 0},
        {"fe80::1%eth0", 0, 0, 0},
        {":::", 0, 0, 0},
        {"sender.example", 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wc_addr a;
        bool ok = wc_netaddr_parse(cases[i].text, &a);
        if (ok != (cases[i].family != 0))
            fail_msg("\"%s\"", cases[i].text);
        if (!ok)
            continue;
        assert_int_equal(a.family, cases[i].family);
        assert_int_equal(a.bytes[0], cases[i].first);
        assert_int_equal(a.bytes[a.family == 4 ? 3 : 15], cases[i].last);
        assert_int_equal(a.port, 0);
    }
}

static void addresses_with_ports(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *canonical; /* NULL: refused */
        bool port_given;
    } cases[] = {
        {"239.1.2.3", "239.1.2.3:0", false},
        {"239.1.2.3:9468", "239.1.2.3:9468", true},
        {"239.1.2.3:1", "239.1.2.3:1", true},
        {"239.1.2.3:65535", "239.1.2.3:65535", true},
        {"ff15::9468", "[ff15::9468]:0", false},
        {"[ff15::9468]", "[ff15::9468]:0", false},
        {"[ff15::1]:9468", "[ff15::1]:9468", true},
        {"::1", "[::1]:0", false},
        {"239.1.2.3:", NULL, false},
        {"239.1.2.3:0", NULL, false},
        {"239.1.2.3:65536", NULL, false},
        {"239.1.2.3:99999999999999999999", NULL, false},
        {"239.1.2.3:-1", NULL, false},
        {"239.1.2.3:+1", NULL, false},
        {"239.1.2.3: 1", NULL, false},
        {"239.1.2.3:1 ", NULL, false},
        {"239.1.2.3:0x50", NULL, false},
        {"239.1.2.3:http", NULL, false},
        {"[ff15::1]9468", NULL, false},
        {"[ff15::1]:", NULL, false},
        {"[ff15::1", NULL, false},
        {"ff15::1]:9468", NULL, false},
        {"[]", NULL, false},
        {"[]:1", NULL, false},
        {":9468", NULL, false},
        {":", NULL, false},
        {"", NULL, false},
        {"1:2:3", NULL, false},
        {"host:80", NULL, false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaa",
         NULL, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wc_addr a;
        char text[WC_NETADDR_TEXT_BYTES];
        bool given = !cases[i].port_given;
        bool ok = wc_netaddr_parse_port(cases[i].text, &a, &given);
        if (ok != (cases[i].canonical != NULL))
            fail_msg("\"%s\"", cases[i].text);
        if (!ok)
            continue;
        assert_int_equal(given, cases[i].port_given);
        assert_string_equal(wc_netaddr_format(&a, true, text), cases[i].canonical);
    }
}

static void text_without_port(void **state)
{
    (void)state;
    char text[WC_NETADDR_TEXT_BYTES];
    struct wc_addr a = addr("10.1.2.3", 77);
    assert_string_equal(wc_netaddr_format(&a, false, text), "10.1.2.3");
    a = addr("2001:db8:0000:0:0:0:0:1", 77);
    assert_string_equal(wc_netaddr_format(&a, false, text), "2001:db8::1");
    assert_string_equal(wc_netaddr_format(&a, true, text), "[2001:db8::1]:77");
    a = addr("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", 65535); /* the longest */
    assert_string_equal(wc_netaddr_format(&a, true, text),
                        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void sockaddr_there_and_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"10.1.2.3", "255.255.255.255", "fe80::1:2", "ff15::9"};
    for (size_t i = 0; i < 4; i++) {
        struct wc_addr a = addr(texts[i], 9468), back;
        struct sockaddr_storage sa;
        socklen_t len = wc_netaddr_to_sockaddr(&a, 7, &sa);
        assert_int_equal(len,
                         a.family == 4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        assert_int_equal(sa.ss_family, a.family == 4 ? AF_INET : AF_INET6);
        assert_true(wc_netaddr_from_sockaddr((struct sockaddr *)&sa, &back));
        assert_memory_equal(&a, &back, sizeof(a));
    }
    struct wc_addr a = addr("ff15::9", 9468);
    struct sockaddr_storage sa;
    struct sockaddr_in6 in6;
    wc_netaddr_to_sockaddr(&a, 7, &sa);
    memcpy(&in6, &sa, sizeof(in6));
    assert_int_equal(in6.sin6_scope_id, 7);
    assert_int_equal(ntohs(in6.sin6_port), 9468);
}

/* A dual-stack server sees IPv4 peers as ::ffff:a.b.c.d. */
static void mapped_addresses_are_ipv4(void **state)
{
    (void)state;
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(5)};
    struct wc_addr a, expected = addr("192.0.2.7", 5);
    assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.7", &in6.sin6_addr), 1);
    assert_true(wc_netaddr_from_sockaddr((struct sockaddr *)&in6, &a));
    assert_memory_equal(&a, &expected, sizeof(a));
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    assert_false(wc_netaddr_from_sockaddr((struct sockaddr *)&un, &a));
}

static void same_host_looks_at_the_address_alone(void **state)
{
    (void)state;
    struct wc_addr a = addr("10.0.0.1", 1), b = addr("10.0.0.1", 2), c = addr("10.0.0.2", 1);
    struct wc_addr v6 = addr("a00:1::", 1); /* begins with the same four bytes */
    struct wc_addr x = addr("fe80::1", 1), y = addr("fe80::1", 9), z = addr("fe80::2", 1);
    b.bytes[9] = 3; /* no part of an IPv4 address */
    assert_true(wc_netaddr_same_host(&a, &b));
    assert_false(wc_netaddr_same_host(&a, &c));
    assert_false(wc_netaddr_same_host(&a, &v6));
    assert_true(wc_netaddr_same_host(&x, &y));
    assert_false(wc_netaddr_same_host(&x, &z));
}

static void kinds_of_groups(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool multicast, source_specific, usable;
    } cases[] = {
        {"239.1.0.0", true, false, true},
        {"239.127.255.255", true, false, true},
        {"239.255.94.66", true, false, true},
        {"224.0.1.1", true, false, true},
        {"239.0.1.7", true, false, true},
        {"224.0.0.1", true, false, false}, /* flooded: 01:00:5e:00:00:xx */
        {"224.0.0.251", true, false, false},
        {"224.128.0.9", true, false, false},
        {"239.0.0.5", true, false, false},
        {"239.128.0.5", true, false, false},
        {"232.1.2.3", true, true, true},
        {"232.0.0.9", true, true, false},
        {"232.128.0.9", true, true, false},
        {"223.255.255.255", false, false, false},
        {"240.0.0.1", false, false, false},
        {"10.0.0.1", false, false, false},
        {"0.0.0.0", false, false, false},
        {"ff15::8000:1", true, false, true},
        {"ff12::9466", true, false, true},
        {"ff35::8000:1", true, true, true},
        {"ff3e::1234", true, true, true},
        {"ff35:30:2001:db8::8000:1", true, false, true}, /* by prefix, RFC 3306 */
        {"ff15::1", true, false, false},                 /* flooded: 33:33:00:00:00:xx */
        {"ff15::100", true, false, true},
        {"ff02::1", true, false, false},
        {"ff02::fb", true, false, false},
        {"ff11::8000:1", true, false, false}, /* this node */
        {"ff30::8000:1", true, true, false},
        {"ff00::8000:1", true, false, false},
        {"fe80::1", false, false, false},
        {"::1", false, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wc_addr a = addr(cases[i].text, 9468);
        struct wc_why why = {0};
        enum wc_err err = wc_netaddr_check_group(&a, &why);
        if (wc_netaddr_is_multicast(&a) != cases[i].multicast ||
            wc_netaddr_is_source_specific(&a) != cases[i].source_specific ||
            (err == WC_OK) != cases[i].usable)
            fail_msg("%s", cases[i].text);
        if (!err)
            continue;
        assert_int_equal(err, WC_E_RANGE);
        assert_int_equal(why.exit_code, EX_USAGE);
        assert_non_null(strstr(why.text, cases[i].text));
    }
    struct wc_addr a = addr("224.0.0.1", 9468);
    assert_int_equal(wc_netaddr_check_group(&a, NULL), WC_E_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_from_text),
        cmocka_unit_test(addresses_with_ports),
        cmocka_unit_test(text_without_port),
        cmocka_unit_test(sockaddr_there_and_back),
        cmocka_unit_test(mapped_addresses_are_ipv4),
        cmocka_unit_test(same_host_looks_at_the_address_alone),
        cmocka_unit_test(kinds_of_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
