/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/wimxml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char good[] =
    "\xff\xfe<?xml version=\"1.0\"?><WIM><TOTALBYTES>4711</TOTALBYTES>"
    "<IMAGE INDEX=\"1\"><NAME>one &amp; only &#x20AC; &#65;</NAME><WINDOWS><ARCH>9</ARCH>"
    "</WINDOWS><!-- no --><empty a='1' b = \"2\" /></IMAGE><IMAGE INDEX='2'></IMAGE></WIM>\r\n";

/* The same in UTF-16LE; a byte order mark stays what it is. */
static size_t widen(const char *text, uint8_t *ret)
{
    size_t at = 0;
    if (strncmp(text, "\xff\xfe", 2) == 0) {
        ret[at++] = 0xff;
        ret[at++] = 0xfe;
        text += 2;
    }
    for (; *text; text++) {
        ret[at++] = (uint8_t)*text;
        ret[at++] = 0;
    }
    return at;
}

static const char *why(const char *text, uint32_t image_count)
{
    uint8_t bytes[4096];
    assert_true(strlen(text) < sizeof bytes / 2);
    return wc_wimxml_why(bytes, widen(text, bytes), image_count);
}

static void is_good(const char *text, uint32_t image_count)
{
    const char *reason = why(text, image_count);
    if (reason)
        fail_msg("'%s' is refused: %s", text, reason);
}

static void is_bad(const char *text, uint32_t image_count, const char *words)
{
    const char *reason = why(text, image_count);
    if (!reason || !strstr(reason, words))
        fail_msg("'%s': '%s' does not say '%s'", text, reason ? reason : "", words);
}

static void what_readers_take(void **state)
{
    (void)state;
    is_good(good, 2);
    is_good("<WIM/>", 0);
    is_good("<WIM></WIM>", 0);
    is_good("<WIM><IMAGE INDEX=\"1\"/></WIM>", 1);
    is_good("<WIM><A><IMAGE/></A><![CDATA[ <x> & ]]></WIM>", 0);
}

static void what_they_refuse(void **state)
{
    (void)state;
    is_bad("", 0, "does not begin");
    is_bad("WIM", 0, "does not begin");
    is_bad("<WIM>", 0, "</WIM>");
    is_bad("<WIM></WIN>", 0, "as they began");
    is_bad("<WIM><A></B></WIM>", 0, "as they began");
    is_bad("</WIM>", 0, "as they began");
    is_bad("<WIN></WIN>", 0, "one element <WIM>");
    is_bad("<WIM/><WIM/>", 0, "one element <WIM>");
    is_bad("<WIM/>x", 0, "one element <WIM>");
    is_bad("<WIM a></WIM>", 0, "not what it should be");
    is_bad("<WIM a=1></WIM>", 0, "without a value");
    is_bad("<WIM a='1></WIM>", 0, "without a value");
    is_bad("<WIM a='1'b='2'></WIM>", 0, "not what it should be");
    is_bad("<WIM><1/></WIM>", 0, "without a name");
    is_bad("<WIM>&what;</WIM>", 0, "not what it should be");
    is_bad("<WIM>&#x11ffff;</WIM>", 0, "XML has not");
    is_bad("<WIM>&#0;</WIM>", 0, "XML has not");
    is_bad("<WIM>&#xg;</WIM>", 0, "begins nothing");
    is_bad("<WIM>]]></WIM>", 0, "']]>'");
    is_bad("<WIM>\x01</WIM>", 0, "XML has not");
    is_bad("<WIM><!-- </WIM>", 0, "not what it should be");
    is_bad("<!DOCTYPE x><WIM/>", 0, "without a name");
    is_bad(good, 3, "header counts");
    is_bad("<WIM><IMAGE INDEX=\"2\"/></WIM>", 1, "header counts");
    is_bad("<WIM><IMAGE/></WIM>", 1, "no number");
    is_bad("<WIM><IMAGE INDEX=\"x\"/></WIM>", 1, "number");
    is_bad("<WIM><IMAGE INDEX=\"1\" INDEX=\"1\"/></WIM>", 1, "two numbers");
}

static void depth(void **state)
{
    (void)state;
    char text[2048] = "<WIM>";
    for (uint32_t i = 1; i < WC_WIMXML_DEPTH_MAX; i++)
        strcat(text, "<a>");
    is_bad(text, 0, "</WIM>");
    strcat(text, "<a>");
    is_bad(text, 0, "too deeply");
}

/* Every cut and every byte that is another: no crash, and a cut is seen. */
static void damaged(void **state)
{
    (void)state;
    uint8_t bytes[4096];
    size_t count = widen(good, bytes);
    for (size_t cut = 0; cut + 6 < count; cut++) {
        uint8_t *copy = malloc(cut + 1); /* for the sanitizers */
        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        assert_non_null(wc_wimxml_why(copy, cut, 2));
        free(copy);
    }
    for (size_t at = 0; at < count; at++)
        for (unsigned change = 1; change < 256; change++) {
            bytes[at] ^= (uint8_t)change;
            (void)!wc_wimxml_why(bytes, count, 2);
            bytes[at] ^= (uint8_t)change;
        }
    assert_null(wc_wimxml_why(bytes, count, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_readers_take),
        cmocka_unit_test(what_they_refuse),
        cmocka_unit_test(depth),
        cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
