/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/voidbook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct wc_voidbook book;

static void add(uint32_t sbn, uint8_t digest, bool differs)
{
    const struct wc_void result = {.sbn = sbn, .differs = differs, .digest = {digest}};
    wc_voidbook_add(&book, &result);
}

static int setup(void **state)
{
    (void)state;
    book = (struct wc_voidbook){0};
    return 0;
}

static void results_of_a_block_are_compared(void **state)
{
    (void)state;
    assert_null(wc_voidbook_find(&book, 0));
    add(0, 9, false);
    add(7, 1, false);
    add(0, 9, true);
    const struct wc_voidbook_page *page = wc_voidbook_find(&book, 0);
    assert_true(page->count == 2 && page->is_alike && page->digest[0] == 9);
    add(0, 8, false);
    add(0, 8, false);
    assert_true(page->count == 4 && !page->is_alike && page->digest[0] == 8);
    assert_true(wc_voidbook_find(&book, 7)->count == 1);
    assert_int_equal(book.void_count, 5);
    assert_int_equal(book.differs_count, 1);
}

static void the_oldest_is_forgotten(void **state)
{
    (void)state;
    for (uint32_t sbn = 0; sbn < WC_VOIDBOOK_PAGES + 3; sbn++)
        add(sbn, 1, false);
    for (uint32_t sbn = 0; sbn < WC_VOIDBOOK_PAGES + 3; sbn++)
        assert_int_equal(wc_voidbook_find(&book, sbn) != NULL, sbn >= 3);
    assert_int_equal(book.void_count, WC_VOIDBOOK_PAGES + 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(results_of_a_block_are_compared, setup),
        cmocka_unit_test_setup(the_oldest_is_forgotten, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
