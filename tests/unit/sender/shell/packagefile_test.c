/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/packagefile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char detail[WC_PACKAGE_DETAIL_BYTES];

static char image[] = "/images/install.wim";
static char folder[] = "/images/dr\xc3\xa4ger";
static char *origins[] = {image, folder};

static struct wc_package good(void)
{
    return (struct wc_package){
        .id = "XYZ00012",
        .version = 3,
        .published_s = 1795422646,
        .origins = origins,
        .origin_count = 2,
        .manifest_bytes = 4711,
        .manifest_digest = {0xab, 1},
        .key_digest = {0xcd, 2},
    };
}

static void assert_same(const struct wc_package *a, const struct wc_package *b)
{
    assert_string_equal(a->id, b->id);
    assert_int_equal(a->version, b->version);
    assert_true(a->published_s == b->published_s);
    assert_int_equal(a->readers.set, b->readers.set);
    assert_int_equal(a->readers.listed_count, b->readers.listed_count);
    for (uint32_t i = 0; i < a->readers.listed_count; i++)
        assert_string_equal(a->readers.listed[i], b->readers.listed[i]);
    assert_int_equal(a->multicast_only, b->multicast_only);
    assert_int_equal(a->origin_count, b->origin_count);
    for (uint32_t i = 0; i < a->origin_count; i++)
        assert_string_equal(a->origins[i], b->origins[i]);
    assert_true(a->manifest_bytes == b->manifest_bytes);
    assert_memory_equal(a->manifest_digest, b->manifest_digest, WC_DIGEST_BYTES);
    assert_memory_equal(a->key_digest, b->key_digest, WC_DIGEST_BYTES);
}

static void assert_round_trip(const struct wc_package *p)
{
    struct wc_package back;
    char *text = wc_packagefile_encode(p);
    assert_non_null(text);
    if (wc_packagefile_decode(&back, text, strlen(text), detail))
        fail_msg("refused: %s\n%s", detail, text);
    assert_same(p, &back);
    assert_null(back.manifest);
    wc_package_deinit(&back);
    free(text);
}

static void round_trips(void **state)
{
    (void)state;
    struct wc_package p = good();
    assert_round_trip(&p);
    p.readers.set = WC_READERS_ACCOUNTS;
    p.multicast_only = true;
    p.version = UINT32_MAX;
    assert_round_trip(&p);
    p.readers.set = WC_READERS_LISTED;
    p.readers.listed_count = WC_READERS_LISTED_MAX;
    for (int i = 0; i < (int)WC_READERS_LISTED_MAX; i++)
        snprintf(p.readers.listed[i], sizeof(p.readers.listed[i]), "J\xc3\xb6rg \"%d\"", i);
    assert_round_trip(&p);
}

static void assert_refused(const char *text, size_t count, const char *words)
{
    struct wc_package p = good(); /* not a leftover of it stays */
    assert_int_equal(wc_packagefile_decode(&p, text, count, detail), WC_E_FORMAT);
    assert_null(p.origins);
    assert_int_equal(p.version, 0);
    if (!strstr(detail, words))
        fail_msg("'%s' does not say '%s'", detail, words);
}

/* The good record with `old` replaced; for free(). */
static char *replaced(const char *old, const char *new)
{
    struct wc_package p = good();
    char *text = wc_packagefile_encode(&p);
    char *at = strstr(text, old);
    char *ret = NULL;
    if (!at)
        fail_msg("no '%s' in %s", old, text);
    assert_true(asprintf(&ret, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)) > 0);
    free(text);
    return ret;
}

static void assert_replaced_is_refused(const char *old, const char *new, const char *words)
{
    char *text = replaced(old, new);
    assert_refused(text, strlen(text), words);
    free(text);
}

static void odd_values_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *old, *new, *words;
    } cases[] = {
        {"\"format\": 1", "\"format\": 2", "'format'"},
        {"\"format\": 1", "\"format\": \"1\"", "'format'"},
        {"\"format\": 1,", "", "'format'"},
        {"\"XYZ00012\"", "\"../XYZ00012\"", "'id'"},
        {"\"XYZ00012\"", "\"\"", "'id'"},
        {"\"XYZ00012\"", "12", "'id'"},
        {"\"version\": 3", "\"version\": 0", "'version'"},
        {"\"version\": 3", "\"version\": -1", "'version'"},
        {"\"version\": 3", "\"version\": 4294967296", "'version'"},
        {"\"version\": 3", "\"version\": 3.0", "'version'"},
        {"\"version\": 3", "\"version\": [3]", "'version'"},
        {"\"version\": 3", "\"version\": 3, \"version\": 4", "no JSON"},
        {"\"version\": 3", "\"version\": 99999999999999999999", "no JSON"},
        {"1795422646", "-1", "'published'"},
        {"1795422646", "null", "'published'"},
        {"\"everyone\"", "\"nobody\"", "'read'"},
        {"\"everyone\"", "[]", "'read'"},
        {"\"everyone\"", "[\"\"]", "'read'"},
        {"\"everyone\"", "[\"a\", 7]", "'read'"},
        {"\"everyone\"", "[\"a\\u0007\"]", "'read'"},
        {"\"everyone\"", "[\"a\\u0000\"]", "no JSON"},
        {"\"everyone\"", "{\"a\": 1}", "'read'"},
        {"\"only_multicast\": false", "\"only_multicast\": 0", "'only_multicast'"},
        {"\"/images/install.wim\"", "\"images/install.wim\"", "'origins'"},
        {"\"/images/install.wim\"", "\"/images/../install.wim\"", "'origins'"},
        {"\"/images/install.wim\"", "\"/images/./install.wim\"", "'origins'"},
        {"\"/images/install.wim\"", "\"/images//install.wim\"", "'origins'"},
        {"\"/images/install.wim\"", "\"/images/\"", "'origins'"},
        {"\"/images/install.wim\"", "\"/\"", "'origins'"},
        {"\"/images/install.wim\"", "\"/images/\\u001b[2J\"", "'origins'"},
        {"\"/images/install.wim\"", "[]", "'origins'"},
        {"\"origins\": [", "\"others\": [", "'origins'"},
        {"\"bytes\": 4711", "\"bytes\": 0", "'manifest'"},
        {"\"bytes\": 4711", "\"bytes\": 268435457", "'manifest'"},
        {"\"manifest\": {", "\"other\": {", "'manifest'"},
        {"\"ab01", "\"AB01", "'manifest'"},
        {"\"ab01", "\"ab1", "'manifest'"},
        {"\"cd02", "\"xd02", "'key'"},
        {"\"key\"", "\"kay\"", "'key'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_replaced_is_refused(cases[i].old, cases[i].new, cases[i].words);
}

static void what_is_no_record_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",     "[]",       "null", "7",        "\"x\"",       "{}",
                                        "{\"a", "\xff\xfe", "{}{}", "[[[[[[[[", "{\"id\": {}}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_refused(texts[i], strlen(texts[i]), "");
    /* Cut anywhere: never a record, never a read past the end. */
    struct wc_package p = good();
    char *text = wc_packagefile_encode(&p);
    for (size_t n = 0; n < strlen(text); n++) {
        char *exact = malloc(n ? n : 1);
        memcpy(exact, text, n);
        assert_refused(exact, n, "");
        free(exact);
    }
    free(text);
}

/* `count` times `unit` between two texts; for free(). */
static char *repeated(const char *before, const char *unit, size_t count, const char *after)
{
    size_t unit_bytes = strlen(unit);
    size_t at = strlen(before);
    char *ret = malloc(at + count * unit_bytes + strlen(after) + 1);
    assert_non_null(ret);
    memcpy(ret, before, at);
    for (size_t i = 0; i < count; i++, at += unit_bytes)
        memcpy(ret + at, unit, unit_bytes);
    strcpy(ret + at, after);
    return ret;
}

static void large_ones_are_refused(void **state)
{
    (void)state;
    char *deep = repeated("{\"format\": ", "[", 1000000, "");
    assert_refused(deep, strlen(deep), "no JSON");
    free(deep);
    char *names = repeated("[\"x\"", ", \"y\"", WC_READERS_LISTED_MAX, "]");
    assert_replaced_is_refused("\"everyone\"", names, "'read'");
    free(names);
    char *paths = repeated("\"/x\"", ", \"/y\"", WC_PACKAGE_ORIGINS_MAX, "");
    assert_replaced_is_refused("\"/images/install.wim\"", paths, "'origins'");
    free(paths);
    char *path = repeated("\"", "/long", 1000, "\"");
    assert_replaced_is_refused("\"/images/install.wim\"", path, "'origins'");
    free(path);
    char *id = repeated("\"", "X", WC_NAME_BYTES_MAX + 1, "\"");
    assert_replaced_is_refused("\"XYZ00012\"", id, "'id'");
    free(id);
}

/* A later version may add fields. */
static void unknown_fields_are_skipped(void **state)
{
    (void)state;
    struct wc_package p;
    char *text = replaced("\"format\": 1", "\"format\": 1, \"later\": {\"deep\": [1, 2]}");
    assert_int_equal(wc_packagefile_decode(&p, text, strlen(text), detail), WC_OK);
    wc_package_deinit(&p);
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(odd_values_are_refused),
        cmocka_unit_test(what_is_no_record_is_refused),
        cmocka_unit_test(large_ones_are_refused),
        cmocka_unit_test(unknown_fields_are_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
