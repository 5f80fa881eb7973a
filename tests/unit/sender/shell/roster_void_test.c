/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receivers that say that a block is wrong. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/hresult.h"
#include "tests/unit/sender/shell/roster_bench.h"

#define OBJECT_BYTES 30001u

static void join_ready(struct peer *p, const char *name)
{
    peer_join(p, name);
    peer_send_type(p, WC_MSG_READY);
}

static void say_void(struct peer *p, uint32_t sbn, uint8_t digest, bool differs)
{
    struct wc_msg msg = {.type = WC_MSG_VOID,
                         .void_block = {.sbn = sbn, .differs = differs, .digest = {digest}}};
    peer_send(p, &msg);
}

static void fresh_peer_keeps_its_seat(struct peer *p)
{
    wc_roster_status(b.roster, &b.stats);
    unsigned count = p->status_count;
    UNTIL(p->status_count > count);
}

/* Size and times stay as they were: only the bytes tell. */
static void overwrite(size_t offset)
{
    struct stat st;
    int fd = open(b.stage.path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    assert_int_equal(pwrite(fd, "!?!?", 4, (off_t)offset), 4);
    assert_int_equal(futimens(fd, (const struct timespec[]){st.st_atim, st.st_mtim}), 0);
    close(fd);
}

static void a_source_that_changed_ends_the_session(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    join_ready(&p, "alpha");
    uint32_t offset = (uint32_t)wc_partition_offset(&b.stage.config.partition, 3);
    overwrite(offset + 10);
    say_void(&p, 3, 9, false);
    UNTIL(b.failure_count == 1);
    assert_string_equal(b.failure.finding, "damage.source");
    assert_int_equal(b.failure.hresult, WC_HR_HASH_VALUE);
    assert_int_equal(b.failure.exit_code, EX_DATAERR);
    char bytes[64];
    snprintf(bytes, sizeof(bytes), "a.img is no longer what was published");
    assert_non_null(strstr(b.failure.text, bytes));
    snprintf(bytes, sizeof(bytes), "bytes %u to ", offset);
    assert_non_null(strstr(b.failure.text, bytes));
    wc_roster_fail(b.roster, &b.failure);
    peer_assert_refused(&p, WC_MSG_BYE, WC_HR_HASH_VALUE, "no longer what was published");
    assert_string_equal(p.refusal.finding, "damage.source");
    assert_int_equal(p.refusal.due_bytes, OBJECT_BYTES);
    assert_int_equal(b.finding_count, 0);
    bench_close();
}

static void a_source_that_shows_its_change(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    join_ready(&p, "alpha");
    assert_int_equal(truncate(b.stage.path, 100), 0);
    say_void(&p, 0, 9, false);
    UNTIL(b.failure_count == 1);
    assert_string_equal(b.failure.finding, "content.changed");
    assert_int_equal(b.failure.exit_code, EX_DATAERR);
    peer_leave(&p);
    bench_close();
}

/* The source is right: who is to blame depends on who says so. */
static void somebody_else_is_to_blame(void **state)
{
    (void)state;
    struct peer p[SEATS];
    bench_open(OBJECT_BYTES, false);
    join_ready(&p[0], "alpha");
    join_ready(&p[1], "beta");
    UNTIL(bench_told(WC_MEMBER_READY) == 2 && b.stats.ready == 2);
    wc_roster_status(b.roster, &b.stats);
    say_void(&p[0], 1, 9, false);
    fresh_peer_keeps_its_seat(&p[0]);
    assert_int_equal(b.finding_count, 0);
    say_void(&p[1], 1, 9, false);
    UNTIL(b.finding_count == 1);
    assert_string_equal(b.finding, "damage.forged");
    say_void(&p[0], 2, 9, true);
    UNTIL(b.finding_count == 2);
    assert_string_equal(b.finding, "damage.memory");
    for (uint32_t sbn = 0; sbn < b.stage.config.partition.block_count; sbn++)
        say_void(&p[0], sbn, 9, true); /* each once */
    fresh_peer_keeps_its_seat(&p[0]);
    assert_int_equal(b.finding_count, 2);
    assert_int_equal(b.failure_count, 0);
    peer_leave(&p[0]);
    peer_leave(&p[1]);
    bench_close();
}

static void a_block_that_does_not_exist(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    join_ready(&p, "alpha");
    say_void(&p, b.stage.config.partition.block_count, 9, false);
    peer_assert_refused(&p, WC_MSG_BYE, WC_HR_PROTOCOL, "do not exist");
    assert_string_equal(p.refusal.finding, "session.protocol");
    bench_close();
}

/* Who takes the stream may ask for blocks that came wrong, and for no others. */
static void a_wrong_block_may_be_asked_for(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    join_ready(&p, "alpha");
    UNTIL(bench_told(WC_MEMBER_READY) == 1);
    peer_fetch(&p, 1, 1);
    fresh_peer_keeps_its_seat(&p);
    assert_int_equal(p.symbols_bytes, 0);
    say_void(&p, 1, 9, false);
    peer_fetch(&p, 1, 1);
    UNTIL(p.is_last);
    const struct wc_partition *part = &b.stage.config.partition;
    assert_int_equal(p.symbols_bytes, stage_k(&b.stage, 1) * STAGE_SYMBOL);
    assert_memory_equal(p.symbols, b.stage.object + wc_partition_offset(part, 1), p.symbols_bytes);
    peer_leave(&p);
    bench_close();
}

static void not_when_it_goes_only_via_multicast(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, true);
    join_ready(&p, "alpha");
    UNTIL(bench_told(WC_MEMBER_READY) == 1);
    say_void(&p, 1, 9, false);
    peer_fetch(&p, 1, 1);
    fresh_peer_keeps_its_seat(&p);
    assert_int_equal(p.symbols_bytes, 0);
    peer_leave(&p);
    bench_close();
}

/* The session ends while a block is being read. */
static void the_end_comes_first(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    join_ready(&p, "alpha");
    for (uint32_t sbn = 0; sbn < b.stage.config.partition.block_count; sbn++)
        say_void(&p, sbn, 9, false);
    UNTIL(b.finding_count == 1);
    wc_roster_close(b.roster, WC_HR_CANCELLED, "stopped");
    peer_assert_refused(&p, WC_MSG_BYE, WC_HR_CANCELLED, "stopped");
    bench_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_that_changed_ends_the_session),
        cmocka_unit_test(a_source_that_shows_its_change),
        cmocka_unit_test(somebody_else_is_to_blame),
        cmocka_unit_test(a_block_that_does_not_exist),
        cmocka_unit_test(a_wrong_block_may_be_asked_for),
        cmocka_unit_test(not_when_it_goes_only_via_multicast),
        cmocka_unit_test(the_end_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
