/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/err.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

static void every_error_has_its_own_text(void **state)
{
    (void)state;
#define VALUE(name, value, text) value,
    static const int values[] = {WC_ERR_LIST(VALUE)};
#undef VALUE
    size_t count = sizeof(values) / sizeof(values[0]);
    for (size_t i = 0; i < count; i++) {
        assert_true(values[i] < 0);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(values[i], values[j]);
            assert_string_not_equal(wc_err_text((enum wc_err)values[i]),
                                    wc_err_text((enum wc_err)values[j]));
        }
    }
}

static void numbers_that_are_no_error_have_a_text_too(void **state)
{
    (void)state;
    assert_string_equal(wc_err_text(WC_OK), "success");
    assert_string_equal(wc_err_text((enum wc_err)(-99)), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_own_text),
        cmocka_unit_test(numbers_that_are_no_error_have_a_text_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
