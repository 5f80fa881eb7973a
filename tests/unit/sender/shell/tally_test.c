/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What receivers say of their files. */
#include "sender/shell/tally.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/sender/shell/roster_bench.h"

#define OBJECT_BYTES 30001u

static void say(struct peer *p, uint32_t verified, uint32_t total)
{
    struct wc_msg msg = {.type = WC_MSG_PROGRESS,
                         .progress = {.files_verified = verified, .files_total = total}};
    peer_send(p, &msg);
}

static bool is_least(uint32_t verified, uint32_t total)
{
    struct wc_progress least = wc_tally_least(b.roster);
    return least.files_verified == verified && least.files_total == total;
}

static void the_least_of_those_at_work(void **state)
{
    (void)state;
    struct peer p, q;
    bench_open(OBJECT_BYTES, false);
    peer_join(&p, "alpha");
    peer_join(&q, "beta");
    assert_true(is_least(0, 0)); /* nobody has said anything */
    say(&p, 50, 100);
    UNTIL(is_least(50, 100));
    say(&q, 20, 100);
    UNTIL(is_least(20, 100));
    say(&q, 60, 100);
    UNTIL(is_least(50, 100));
    say(&p, 100, 100);
    peer_say_done(&p, 0, "");
    UNTIL(bench_told(WC_MEMBER_DONE) == 1);
    assert_int_equal(bench_last_told()->files.files_verified, 100);
    assert_true(is_least(60, 100)); /* who is done is not the slowest */
    say(&q, 100, 100);
    peer_say_done(&q, 0, "");
    UNTIL(bench_told(WC_MEMBER_DONE) == 2);
    assert_true(is_least(100, 100));
    UNTIL(wc_roster_is_empty(b.roster));
    peer_leave(&p);
    peer_leave(&q);
    bench_close();
}

static void who_failed_does_not_count(void **state)
{
    (void)state;
    struct peer p, q;
    bench_open(OBJECT_BYTES, false);
    peer_join(&p, "alpha");
    peer_join(&q, "beta");
    say(&p, 1, 100);
    say(&q, 70, 100);
    UNTIL(is_least(1, 100));
    peer_say_done(&p, 0x80004005, "no more");
    UNTIL(bench_told(WC_MEMBER_FAILED) == 1);
    assert_true(is_least(70, 100));
    peer_leave(&p);
    peer_leave(&q);
    bench_close();
}

static void as_a_list(void **state)
{
    (void)state;
    struct peer p, q;
    char *text = NULL;
    size_t byte_count;
    bench_open(OBJECT_BYTES, false);
    peer_join(&p, "alpha");
    peer_join(&q, "beta");
    say(&p, 3, 7);
    UNTIL(is_least(3, 7));
    FILE *out = open_memstream(&text, &byte_count);
    struct wc_jsonl *events = wc_jsonl_new(out);
    assert_non_null(events);
    wc_jsonl_begin(events, "progress");
    wc_tally_list(b.roster, events);
    assert_int_equal(wc_jsonl_end(events, NULL), WC_OK);
    wc_jsonl_free(events);
    fclose(out);
    assert_non_null(strstr(text, "\"name\":\"alpha\""));
    assert_non_null(strstr(text, "\"files_verified\":3,\"files_total\":7"));
    assert_null(strstr(text, "beta")); /* it has not said */
    free(text);
    peer_leave(&p);
    peer_leave(&q);
    bench_close();
}

static void in_words(void **state)
{
    (void)state;
    char text[WC_TALLY_TEXT_BYTES];
    struct wc_progress files = {.files_verified = 41207, .files_total = 62850};
    assert_string_equal(wc_tally_text(text, &files), "files 41,207/62,850 verified");
    files = (struct wc_progress){UINT32_MAX, UINT32_MAX};
    assert_string_equal(wc_tally_text(text, &files), "files 4,294,967,295/4,294,967,295 verified");
    files.files_total = 0;
    assert_string_equal(wc_tally_text(text, &files), "");
    assert_int_equal(wc_tally_least(NULL).files_total, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_of_those_at_work),
        cmocka_unit_test(who_failed_does_not_count),
        cmocka_unit_test(as_a_list),
        cmocka_unit_test(in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
