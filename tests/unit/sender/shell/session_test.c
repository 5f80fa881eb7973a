/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/io/netaddr.h"
#include "tests/support/workdir.h"

static struct wc_workdir work;
static struct wc_identity *identity;

static int make(void **state)
{
    (void)state;
    char why[WC_SENTENCE_BYTES_MAX + 1];
    wc_workdir_make(&work);
    return wc_identity_open(&identity, work.path, why);
}

static int clean(void **state)
{
    (void)state;
    wc_identity_free(identity);
    wc_workdir_remove(&work);
    return 0;
}

static void symbols_fit_the_path(void **state)
{
    (void)state;
    static const struct {
        uint32_t mtu, v4, v6;
    } cases[] = {
        {1500, 1440, 1408}, {1492, 1408, 1408}, /* PPPoE */
        {1460, 1376, 1376}, {1280, 1216, 1184},  {9000, 8928, 8896},
        {9001, 8928, 8896}, /* larger datagrams than the limit are not worth a fraction */
        {9216, 8928, 8896}, {65536, 1440, 1408}, /* the loopback */
        {0, 1440, 1408},                         /* unknown */
        {92, 32, 32},       {68, 32, 32},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(wc_session_symbol_bytes(cases[i].mtu, 4), cases[i].v4);
        assert_int_equal(wc_session_symbol_bytes(cases[i].mtu, 6), cases[i].v6);
        for (uint8_t family = 4; family <= 6 && cases[i].mtu >= 112; family += 2)
            assert_true(wc_session_symbol_bytes(cases[i].mtu, family) <=
                        wc_session_symbol_bytes_max(cases[i].mtu, family));
    }
    assert_int_equal(wc_session_symbol_bytes_max(1500, 4), 1440);
    assert_int_equal(wc_session_symbol_bytes_max(1500, 6), 1420);
    assert_int_equal(wc_session_symbol_bytes_max(60, 4), 0);
    for (uint32_t mtu = 112; mtu <= 9000; mtu++) {
        uint32_t v4 = wc_session_symbol_bytes(mtu, 4), v6 = wc_session_symbol_bytes(mtu, 6);
        assert_true(v4 % 32 == 0 && v4 + 60 <= mtu && v4 + 60 + 32 > mtu);
        assert_true(v6 % 32 == 0 && v6 + 80 <= mtu && v6 + 80 + 32 > mtu);
        assert_true(v4 <= WC_SYMBOL_BYTES_MAX);
    }
}

static void random_groups_are_usable(void **state)
{
    (void)state;
    struct wc_addr before = {0};
    uint32_t same = 0;
    for (int i = 0; i < 2000; i++) {
        struct wc_addr v4 = wc_session_random_group(4), v6 = wc_session_random_group(6);
        assert_int_equal(v4.family, 4);
        assert_int_equal(v4.bytes[0], 239); /* 239.1.0.0 .. 239.127.255.255 */
        assert_true(v4.bytes[1] >= 1 && v4.bytes[1] <= 127);
        assert_int_equal(v4.port, 9468);
        assert_int_equal(wc_netaddr_check_group(&v4, NULL), WC_OK);
        static const uint8_t prefix[12] = {0xff, 0x15};
        assert_int_equal(v6.family, 6);
        assert_memory_equal(v6.bytes, prefix, 12); /* ff15::8000:0/97 */
        assert_true(v6.bytes[12] & 0x80);
        assert_int_equal(v6.port, 9468);
        assert_int_equal(wc_netaddr_check_group(&v6, NULL), WC_OK);
        assert_false(wc_netaddr_is_source_specific(&v4) || wc_netaddr_is_source_specific(&v6));
        same += wc_netaddr_same_host(&v4, &before);
        before = v4;
    }
    assert_true(same <= 1);
}

/* A session whose manifest is a few bytes: signed, never read. */
static struct wc_session new_session(const char *group_text, uint8_t ttl)
{
    struct wc_session s = {.netif = {.name = "eth0", .index = 2}};
    struct wc_addr group;
    uint8_t *bytes = malloc(100);
    assert_non_null(bytes);
    memset(bytes, 7, 100);
    memset(s.publication.digest, 9, sizeof(s.publication.digest));
    s.publication.bytes = bytes;
    s.publication.byte_count = 100;
    strcpy(s.publication.manifest.id, "XYZ00012");
    assert_int_equal(wc_partition_init(&s.publication.manifest.partition, 100000, 1440, 128),
                     WC_OK);
    assert_true(wc_netaddr_parse("10.1.2.3", &s.netif.v4));
    assert_true(wc_netaddr_parse("2001:db8::3", &s.netif.v6));
    assert_true(wc_netaddr_parse(group_text, &group));
    group.port = 9468;
    assert_int_equal(wc_session_init(&s, identity, &group, ttl), WC_OK);
    return s;
}

static void the_descriptor_says_it_all(void **state)
{
    (void)state;
    uint8_t digest[WC_DIGEST_BYTES];
    struct wc_session s = new_session("239.1.2.3", 5);
    const struct wc_welcome *w = &s.welcome;
    assert_int_equal(w->version, WC_PROTOCOL_VERSION);
    assert_string_equal(w->package, "XYZ00012");
    assert_int_equal(w->group.port, 9468);
    assert_int_equal(w->source.family, 0);
    assert_int_equal(w->ttl, 5);
    assert_int_equal(w->manifest_bytes, 100);
    assert_memory_equal(w->manifest_digest, s.publication.digest, WC_DIGEST_BYTES);
    assert_int_equal(w->signature_bytes, 64);
    wc_identity_key_digest(identity, digest);
    assert_memory_equal(s.key_digest, digest, WC_DIGEST_BYTES);
    assert_int_equal(s.datagram_bytes, 1472);
    assert_int_equal(s.wire_bytes, 1538); /* 1500 of IP, 38 of Ethernet */
    wc_session_deinit(&s);
    static const uint8_t wiped[sizeof(s.welcome.key)];
    assert_memory_equal(s.welcome.key, wiped, sizeof(wiped));
}

static void ipv6_headers_are_longer(void **state)
{
    (void)state;
    struct wc_session s = new_session("ff15::8000:1", 1);
    assert_int_equal(s.datagram_bytes, 1472);
    assert_int_equal(s.wire_bytes, 1558);
    wc_session_deinit(&s);
}

static void a_source_specific_group_names_its_source(void **state)
{
    (void)state;
    struct wc_session s = new_session("232.1.2.3", 1);
    assert_true(wc_netaddr_same_host(&s.welcome.source, &s.netif.v4));
    wc_session_deinit(&s);
    s = new_session("ff35::8000:1", 1);
    assert_true(wc_netaddr_same_host(&s.welcome.source, &s.netif.v6));
    wc_session_deinit(&s);
}

static void each_session_has_a_key_of_its_own(void **state)
{
    (void)state;
    struct wc_session a = new_session("239.1.2.3", 1), b = new_session("239.1.2.3", 1);
    assert_memory_not_equal(a.welcome.key, b.welcome.key, sizeof(a.welcome.key));
    assert_int_not_equal(a.welcome.instance, b.welcome.instance);
    assert_memory_equal(a.key_digest, b.key_digest, WC_DIGEST_BYTES);
    wc_session_deinit(&a);
    wc_session_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols_fit_the_path),
        cmocka_unit_test(random_groups_are_usable),
        cmocka_unit_test(the_descriptor_says_it_all),
        cmocka_unit_test(ipv6_headers_are_longer),
        cmocka_unit_test(a_source_specific_group_names_its_source),
        cmocka_unit_test(each_session_has_a_key_of_its_own),
    };
    return cmocka_run_group_tests(tests, make, clean);
}
