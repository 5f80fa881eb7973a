/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/url.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

#define HEX_LOWER "000102030405060708090a0b0c0d0e0fe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
#define HEX_UPPER "000102030405060708090A0B0C0D0E0FE0E1E2E3E4E5E6E7E8E9EAEBECEDEEEF"
#define KEY       "#key=sha256:" HEX_LOWER

static struct wc_url parse(const char *text)
{
    struct wc_url url;
    const char *why = NULL;
    if (wc_url_parse(text, &url, &why))
        fail_msg("%s: %s", text, why);
    return url;
}

/* `why` must hold these words. */
static void assert_refused(const char *text, const char *words)
{
    struct wc_url url = {.port = 7};
    const char *why = NULL;
    assert_int_equal(wc_url_parse(text, &url, &why), WC_E_FORMAT);
    assert_int_equal(url.port, 7);
    assert_non_null(why);
    if (!strstr(why, words))
        fail_msg("%s: \"%s\" does not say \"%s\"", text, why, words);
}

/* Parsed and written again. */
static void assert_written(const char *text, const char *expected)
{
    struct wc_url url = parse(text);
    char written[WC_URL_BYTES_MAX + 1];
    assert_int_equal(wc_url_format(&url, written, sizeof(written)), WC_OK);
    assert_string_equal(written, expected);
    struct wc_url again = parse(written);
    assert_memory_equal(&again, &url, sizeof(url));
}

static void all_parts_are_read(void **state)
{
    (void)state;
    struct wc_url url = parse("wimcast://dp1.lab_2.example:9000/XYZ00012" KEY);
    assert_string_equal(url.host, "dp1.lab_2.example");
    assert_int_equal(url.port, 9000);
    assert_string_equal(url.package, "XYZ00012");
    assert_true(url.has_key);
    assert_int_equal(url.key[0], 0x00);
    assert_int_equal(url.key[15], 0x0f);
    assert_int_equal(url.key[31], 0xef);
}

static void parts_may_be_left_out(void **state)
{
    (void)state;
    struct wc_url url = parse("wimcast://10.0.0.1");
    assert_string_equal(url.host, "10.0.0.1");
    assert_int_equal(url.port, WC_PORT_DEFAULT);
    assert_string_equal(url.package, "");
    assert_false(url.has_key);
    url = parse("wimcast://h" KEY);
    assert_string_equal(url.package, "");
    assert_true(url.has_key);
    url = parse("wimcast://h/a.b-c_d");
    assert_string_equal(url.package, "a.b-c_d");
}

static void ipv6_goes_between_brackets(void **state)
{
    (void)state;
    assert_string_equal(parse("wimcast://[::1]/").host, "::1");
    assert_string_equal(parse("wimcast://[::ffff:10.0.0.1]:1/").host, "::ffff:10.0.0.1");
    struct wc_url url = parse("wimcast://[fe80::1%eth0.7]:65535/x");
    assert_string_equal(url.host, "fe80::1%eth0.7");
    assert_int_equal(url.port, 65535);
    assert_refused("wimcast://::1/", "host");
    assert_refused("wimcast://fe80::1/", "between '[' and ']'");
    assert_refused("wimcast://[::1", "IPv6 address");
    assert_refused("wimcast://[]", "IPv6 address");
    assert_refused("wimcast://[10.0.0.1]", "IPv6 address");
    assert_refused("wimcast://[::g]", "IPv6 address");
    assert_refused("wimcast://[::1%]", "IPv6 address");
    assert_refused("wimcast://[::1%eth/0]", "IPv6 address");
    assert_refused("wimcast://[::1]9467", "unexpected");
}

static void it_is_written_in_one_way(void **state)
{
    (void)state;
    assert_written("wimcast://h", "wimcast://h:9467/");
    assert_written("wimcast://h:80/ID" KEY, "wimcast://h:80/ID" KEY);
    assert_written("wimcast://h:00080/ID#key=sha256:" HEX_UPPER, "wimcast://h:80/ID" KEY);
    assert_written("wimcast://[FE80::1%eth0]/ID", "wimcast://[FE80::1%eth0]:9467/ID");
}

static void other_schemes_are_refused(void **state)
{
    (void)state;
    assert_refused("", "not a wimcast URL");
    assert_refused("wimcast:/", "not a wimcast URL");
    assert_refused("http://h/", "not a wimcast URL");
    assert_refused("h:9467/ID", "not a wimcast URL");
}

static void bad_hosts_are_refused(void **state)
{
    (void)state;
    assert_refused("wimcast://", "no host");
    assert_refused("wimcast:///ID", "no host");
    assert_refused("wimcast://:9467/", "no host");
    assert_refused("wimcast://a b/", "unexpected");
    assert_refused("wimcast://user@h/", "unexpected");
    assert_refused("wimcast://h\n", "unexpected");
    assert_refused("wimcast://h?x", "unexpected");
}

static void bad_ports_are_refused(void **state)
{
    (void)state;
    assert_refused("wimcast://h:", "port");
    assert_refused("wimcast://h:/", "port");
    assert_refused("wimcast://h:0/", "port");
    assert_refused("wimcast://h:65536/", "port");
    assert_refused("wimcast://h:000080/", "port");
    assert_refused("wimcast://h:4294967377/", "port");
    assert_refused("wimcast://h:-1/", "port");
    assert_refused("wimcast://h:80x/", "unexpected");
}

static void bad_packages_are_refused(void **state)
{
    (void)state;
    assert_refused("wimcast://h/a/b", "package id");
    assert_refused("wimcast://h/..", "package id");
    assert_refused("wimcast://h/-x", "package id");
    assert_refused("wimcast://h/a%20b", "package id");
    assert_refused("wimcast://h/a b" KEY, "package id");
}

static void bad_keys_are_refused(void **state)
{
    (void)state;
    assert_refused("wimcast://h/#", "64 hexadecimal");
    assert_refused("wimcast://h/#key=sha1:00", "sha256");
    assert_refused("wimcast://h/#key=sha256:", "too short");
    assert_refused("wimcast://h/#key=sha256:00", "too short");
    assert_refused("wimcast://h/#key=sha256:zz" HEX_LOWER, "no hexadecimal digit");
    assert_refused("wimcast://h/" KEY "0", "leave it out");
    assert_refused("wimcast://h/" KEY " ", "leave it out");
}

static void long_parts_meet_their_limits(void **state)
{
    (void)state;
    char text[1024] = "wimcast://";
    memset(text + 10, 'h', WC_HOST_BYTES_MAX);
    assert_int_equal(strlen(parse(text).host), WC_HOST_BYTES_MAX);
    strcat(text, ":65535/");
    memset(text + strlen(text), 'p', WC_NAME_BYTES_MAX);
    strcat(text, KEY);
    assert_written(text, text);
    strcpy(text, "wimcast://h/");
    memset(text + 12, 'p', WC_NAME_BYTES_MAX + 1);
    text[12 + WC_NAME_BYTES_MAX + 1] = '\0';
    assert_refused(text, "package id");
    memset(text + 10, 'h', WC_HOST_BYTES_MAX + 1);
    text[10 + WC_HOST_BYTES_MAX + 1] = '\0';
    assert_refused(text, "host is too long");
    memset(text + 10, 'h', sizeof(text) - 11);
    text[sizeof(text) - 1] = '\0';
    assert_refused(text, "too long for a wimcast URL");
}

static void format_needs_room(void **state)
{
    (void)state;
    struct wc_url url = parse("wimcast://h:80/ID" KEY);
    char text[WC_URL_BYTES_MAX + 1];
    size_t bytes = strlen("wimcast://h:80/ID" KEY) + 1;
    for (size_t capacity = 0; capacity < bytes; capacity++)
        assert_int_equal(wc_url_format(&url, text, capacity), WC_E_SHORT);
    assert_int_equal(wc_url_format(&url, text, bytes), WC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_parts_are_read),
        cmocka_unit_test(parts_may_be_left_out),
        cmocka_unit_test(ipv6_goes_between_brackets),
        cmocka_unit_test(it_is_written_in_one_way),
        cmocka_unit_test(other_schemes_are_refused),
        cmocka_unit_test(bad_hosts_are_refused),
        cmocka_unit_test(bad_ports_are_refused),
        cmocka_unit_test(bad_packages_are_refused),
        cmocka_unit_test(bad_keys_are_refused),
        cmocka_unit_test(long_parts_meet_their_limits),
        cmocka_unit_test(format_needs_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
