/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wimtitles.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* Read the XML `text` (ASCII) of a WIM of `image_count` images; its file begins with it. */
static struct wc_wimtitles read_xml(const char *text, uint32_t image_count)
{
    size_t length = strlen(text), count = 2 + 2 * length;
    uint8_t *bytes = calloc(count, 1);
    int fd = memfd_create("xml", MFD_CLOEXEC);
    assert_true(bytes && fd >= 0);
    memcpy(bytes, "\xff\xfe", 2);
    for (size_t i = 0; i < length; i++)
        bytes[2 + 2 * i] = (uint8_t)text[i];
    assert_int_equal(write(fd, bytes, count), count);
    struct wc_wim_part part = {.fd = fd, .byte_count = count};
    part.header.xml = (struct wc_wim_place){.stored_bytes = count, .plain_bytes = count};
    const struct wc_wim wim = {.parts = &part, .part_count = 1, .image_count = image_count};
    struct wc_wimtitles x;
    assert_int_equal(wc_wimtitles_read(&x, &wim), WC_OK);
    assert_int_equal(x.image_count, image_count);
    close(fd);
    free(bytes);
    return x;
}

static void names_and_sizes(void **state)
{
    (void)state;
    struct wc_wimtitles x = read_xml(
        "<WIM><TOTALBYTES>99</TOTALBYTES><IMAGE INDEX=\"2\"><TOTALBYTES>500</TOTALBYTES>"
        "<HARDLINKBYTES>100</HARDLINKBYTES><DIRCOUNT>3</DIRCOUNT><FILECOUNT>4</FILECOUNT>"
        "<NAME>Pro &amp; more</NAME></IMAGE><IMAGE INDEX=\"1\"><NAME><![CDATA[Home]]></NAME>"
        "<TOTALBYTES>10</TOTALBYTES><HARDLINKBYTES>11</HARDLINKBYTES></IMAGE></WIM>",
        2);
    assert_true(x.is_known);
    assert_string_equal(x.images[0].name, "Home");
    assert_int_equal(x.images[0].byte_count, 10);
    assert_string_equal(x.images[1].name, "Pro & more");
    assert_int_equal(x.images[1].byte_count, 400);
    assert_int_equal(x.images[1].file_count, 7);
    wc_wimtitles_deinit(&x);
}

/* An index that there is not, numbers that are none, a name that does not end. */
static void odd_ones(void **state)
{
    (void)state;
    char text[4096];
    struct wc_wimtitles x = read_xml(
        "<WIM><IMAGE INDEX=\"0\"><NAME>a</NAME></IMAGE><IMAGE INDEX=\"2\"><NAME>b</NAME></IMAGE>"
        "<IMAGE INDEX=\"x\"><NAME>c</NAME></IMAGE><IMAGE><NAME>d</NAME></IMAGE>"
        "<IMAGE INDEX=\"1\"><TOTALBYTES>-5</TOTALBYTES></IMAGE></WIM>",
        1);
    assert_true(x.is_known && !x.images[0].name[0] && !x.images[0].byte_count);
    wc_wimtitles_deinit(&x);
    int n = snprintf(text, sizeof text, "<WIM><IMAGE INDEX=\"1\"><NAME>%0*d</NAME></IMAGE></WIM>",
                     2000, 7);
    assert_true(n > 0 && (size_t)n < sizeof text);
    x = read_xml(text, 1);
    assert_int_equal(strlen(x.images[0].name), WC_WIMTITLE_NAME_BYTES - 1);
    wc_wimtitles_deinit(&x);
}

/* XML that is none is no error, and entities that multiply are not expanded. */
static void hostile_ones(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "x",
        "<WIM>",
        "<OTHER></OTHER>",
        "<WIM><IMAGE INDEX=\"1\"></WIM>",
        "<?xml version=\"1.0\"?><!DOCTYPE WIM SYSTEM \"file:///etc/passwd\"><WIM"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct wc_wimtitles x = read_xml(texts[i], 1);
        assert_false(x.is_known);
        assert_string_equal(x.images[0].name, "");
        wc_wimtitles_deinit(&x);
    }
    char text[8192] = "<!DOCTYPE WIM [<!ENTITY e0 \"laugh\">";
    for (int i = 1; i < 20; i++) {
        char entity[128];
        snprintf(entity, sizeof entity, "<!ENTITY e%d \"&e%d;&e%d;&e%d;&e%d;&e%d;&e%d;\">", i,
                 i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
        strcat(text, entity);
    }
    strcat(text, "]><WIM><IMAGE INDEX=\"1\"><NAME>&e19;</NAME></IMAGE></WIM>");
    struct wc_wimtitles x = read_xml(text, 1);
    assert_string_equal(x.images[0].name, "");
    wc_wimtitles_deinit(&x);
}

static void choosing(void **state)
{
    (void)state;
    struct wc_wimtitle images[] = {
        {.name = "Pro"}, {.name = "Home"}, {.name = "pro"}, {.name = "10"}, {.name = "2"}};
    const struct wc_wimtitles x = {.images = images, .image_count = 5, .is_known = true};
    const struct wc_wimtitles one = {.images = images, .image_count = 1, .is_known = true};
    uint16_t image = 0;
    uint32_t count;
    assert_int_equal(wc_wimtitles_choose(&x, "HOME", &image, &count), WC_OK);
    assert_int_equal(image, 2);
    assert_int_equal(wc_wimtitles_choose(&x, "2", &image, &count), WC_OK); /* the number counts */
    assert_int_equal(image, 2);
    assert_int_equal(wc_wimtitles_choose(&x, "10", &image, &count), WC_OK);
    assert_int_equal(image, 4);
    assert_int_equal(wc_wimtitles_choose(&x, "Pro", &image, &count), WC_E_NOT_FOUND);
    assert_int_equal(count, 2);
    assert_int_equal(wc_wimtitles_choose(&x, NULL, &image, &count), WC_E_NOT_FOUND);
    assert_int_equal(count, 5);
    static const char *const none[] = {"", "6", "0", "-1", "Pr", "99999999999999999999"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(wc_wimtitles_choose(&x, none[i], &image, &count), WC_E_NOT_FOUND);
        assert_int_equal(count, 0);
    }
    assert_int_equal(image, 4);
    assert_int_equal(wc_wimtitles_choose(&one, NULL, &image, &count), WC_OK);
    assert_int_equal(image, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_sizes),
        cmocka_unit_test(odd_ones),
        cmocka_unit_test(hostile_ones),
        cmocka_unit_test(choosing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
