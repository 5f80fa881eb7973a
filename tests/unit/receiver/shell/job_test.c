/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several jobs of one session: who is asked, in which order, and whose word counts. */
#include "receiver/shell/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#define LOG_BYTES 200u

static char told[LOG_BYTES]; /* what the hooks of all jobs noted, in order */

struct job { /* a context */
    char name;
    enum wc_err err; /* of every hook that may fail */
    bool is_busy;
    uint32_t wide_count; /* runs that widen gives */
};

static void note(const struct job *j, const char *what)
{
    size_t at = strlen(told);
    snprintf(told + at, sizeof told - at, "%c%s ", j->name, what);
}

static enum wc_err result(const struct job *j, struct wc_why *why)
{
    return j->err ? wc_why_set(why, j->err, EX_DATAERR, "%c fails", j->name) : WC_OK;
}

static void wake(void *ctx)
{
    (void)ctx;
}

static enum wc_err on_begin(void *ctx, void (*given)(void *wake_ctx), void *wake_ctx,
                            struct wc_why *why)
{
    assert_true(given == wake && wake_ctx == told);
    note(ctx, "begin");
    return result(ctx, why);
}

static bool on_widen(void *ctx, uint32_t *ret_sbn, uint32_t *ret_block_count)
{
    struct job *j = ctx;
    if (!j->wide_count)
        return false;
    *ret_sbn = j->wide_count--;
    *ret_block_count = 1;
    return true;
}

static enum wc_err on_check(void *ctx, struct wc_why *why)
{
    note(ctx, "check");
    return result(ctx, why);
}

static bool on_is_busy(void *ctx)
{
    return ((struct job *)ctx)->is_busy;
}

static enum wc_err on_end(void *ctx, bool is_received, struct wc_why *why)
{
    note(ctx, is_received ? "end" : "cancel");
    return result(ctx, why);
}

static struct wc_job job_of(struct job *j)
{
    return (struct wc_job){.begin = on_begin,
                           .widen = on_widen,
                           .check = on_check,
                           .is_busy = on_is_busy,
                           .end = on_end,
                           .ctx = j};
}

static struct job a, b;
static struct wc_jobs jobs;
static struct wc_why why;

/* A job without any hook is between the two. */
static int setup(void **state)
{
    (void)state;
    a = (struct job){.name = 'a'};
    b = (struct job){.name = 'b'};
    jobs = (struct wc_jobs){.count = 0};
    told[0] = '\0';
    wc_jobs_add(&jobs, &(struct wc_job){.ctx = &a});
    struct wc_job first = job_of(&a), second = job_of(&b);
    wc_jobs_add(&jobs, &first);
    wc_jobs_add(&jobs, &second);
    return 0;
}

static void all_are_asked_in_order(void **state)
{
    (void)state;
    assert_int_equal(wc_jobs_begin(&jobs, wake, told, &why), WC_OK);
    assert_int_equal(wc_jobs_check(&jobs, &why), WC_OK);
    assert_int_equal(wc_jobs_end(&jobs, true, &why), WC_OK);
    assert_int_equal(wc_jobs_end(&jobs, false, &why), WC_OK);
    assert_string_equal(told, "abegin bbegin acheck bcheck aend bend acancel bcancel ");
}

static void the_first_error_counts(void **state)
{
    (void)state;
    a.err = WC_E_IO;
    b.err = WC_E_FULL;
    assert_int_equal(wc_jobs_begin(&jobs, wake, told, &why), WC_E_IO);
    assert_int_equal(wc_jobs_check(&jobs, &why), WC_E_IO);
    assert_string_equal(told, "abegin acheck ");
    told[0] = '\0';
    assert_int_equal(wc_jobs_end(&jobs, true, &why), WC_E_IO);
    assert_string_equal(why.text, "a fails");
    assert_string_equal(told, "aend bend "); /* nobody is left at work */
    a.err = WC_OK;
    assert_int_equal(wc_jobs_end(&jobs, true, &why), WC_E_FULL);
    assert_string_equal(why.text, "b fails");
}

static void one_that_is_busy_is_enough(void **state)
{
    (void)state;
    assert_false(wc_jobs_are_busy(&jobs));
    b.is_busy = true;
    assert_true(wc_jobs_are_busy(&jobs));
}

static void what_may_come_is_told_run_by_run(void **state)
{
    (void)state;
    uint32_t sbn, count, sum = 0;
    a.wide_count = 2;
    b.wide_count = 3;
    for (uint32_t i = 0; i < 5; i++) {
        assert_true(wc_jobs_widen(&jobs, &sbn, &count));
        sum += sbn * count;
    }
    assert_int_equal(sum, 3 + 6);
    assert_false(wc_jobs_widen(&jobs, &sbn, &count));
    assert_null(wc_jobs_shut(&jobs));
}

static void what_is_left_is_the_jobs_word(void **state)
{
    (void)state;
    assert_non_null(strstr(wc_jobs_left(&jobs), "what is verified is kept"));
    jobs.list[2].left = "nothing";
    assert_string_equal(wc_jobs_left(&jobs), "nothing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_are_asked_in_order, setup),
        cmocka_unit_test_setup(the_first_error_counts, setup),
        cmocka_unit_test_setup(one_that_is_busy_is_enough, setup),
        cmocka_unit_test_setup(what_may_come_is_told_run_by_run, setup),
        cmocka_unit_test_setup(what_is_left_is_the_jobs_word, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
