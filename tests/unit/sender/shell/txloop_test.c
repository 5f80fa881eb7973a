/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The data thread, seen from both sides: the rings and the wire. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/fec.h"
#include "tests/unit/sender/shell/stage.h"

#define OBJECT_BYTES 30001u /* fits the smallest socket buffer */

static struct stage s;

/* Member 0 is ready and the session streams; a beacon came. */
static void open_streaming(bool offload)
{
    stage_open(&s, OBJECT_BYTES);
    stage_start(&s, offload);
    stage_post(&s, WC_SENDER_JOIN, 0);
    stage_post(&s, WC_SENDER_READY, 0);
    stage_post(&s, WC_SENDER_START, 0);
    STAGE_UNTIL(&s, s.has_phase[WC_PHASE_STREAMING] && s.beacon_count > 0);
}

static void want_all(void)
{
    stage_report(&s, 0, 0, s.config.partition.block_count, STAGE_K);
}

static void beacons_come_before_anybody_does(void **state)
{
    (void)state;
    stage_open(&s, OBJECT_BYTES);
    stage_start(&s, true);
    STAGE_UNTIL(&s, s.beacon_count >= 3 && s.stats_count >= 2);
    assert_int_equal(s.data_count, 0);
    assert_int_equal(s.beacon_flags, 0);
    assert_int_equal(s.stats.core.phase, WC_PHASE_WAITING);
    assert_true(s.stats.ended == WC_NEVER);
    STAGE_UNTIL(&s, wc_txloop_pn(s.txloop) >= s.next_pn); /* told just after the datagram left */
    stage_close(&s);
}

static void every_byte_leaves_sealed(void **state)
{
    (void)state;
    for (int offload = 0; offload < 2; offload++) {
        open_streaming(offload);
        assert_int_equal(s.member[0], WC_MEMBER_READY);
        want_all();
        STAGE_UNTIL(&s, stage_has_object(&s));
        STAGE_UNTIL(&s, s.beacon_flags & WC_BEACON_IDLE);
        stage_close(&s);
    }
}

static void repair_symbols_leave_sealed(void **state)
{
    (void)state;
    open_streaming(true);
    want_all();
    STAGE_UNTIL(&s, stage_has_object(&s) && s.beacon_flags & WC_BEACON_IDLE);
    stage_report(&s, 0, 2, 1, 3);
    STAGE_UNTIL(&s, stage_has_symbol(&s, 2, stage_k(&s, 2) + 2));
    uint32_t k = stage_k(&s, 2);
    struct wc_fec *fec = NULL;
    uint8_t expected[3 * STAGE_SYMBOL];
    assert_int_equal(wc_fec_new(&fec, k), WC_OK);
    wc_fec_encode(fec, s.object + wc_partition_offset(&s.config.partition, 2), STAGE_SYMBOL, 0, 3,
                  expected);
    for (uint32_t r = 0; r < 3; r++)
        assert_memory_equal(s.symbols[2 * 256 + k + r], expected + (size_t)r * STAGE_SYMBOL,
                            STAGE_SYMBOL);
    wc_fec_free(fec);
    stage_close(&s);
}

static void it_ends_when_the_last_is_done(void **state)
{
    (void)state;
    open_streaming(true);
    stage_post(&s, WC_SENDER_JOIN, 5);
    want_all();
    STAGE_UNTIL(&s, stage_has_object(&s));
    struct wc_sender_event done = {.type = WC_SENDER_DONE, .member = 0, .ok = true};
    assert_true(wc_txloop_post(s.txloop, &done));
    stage_post(&s, WC_SENDER_LEAVE, 5);
    STAGE_UNTIL(&s, s.ended);
    assert_false(s.failed);
    assert_true(s.has_phase[WC_PHASE_ENDED]);
    assert_int_equal(s.member[0], WC_MEMBER_DONE);
    assert_int_equal(s.member[5], WC_MEMBER_LOST);
    assert_int_equal(s.stats.core.phase, WC_PHASE_ENDED);
    assert_int_equal(s.stats.core.done, 1);
    assert_true(s.stats.core.source_count >= s.config.partition.symbol_count);
    assert_true(s.stats.ended != WC_NEVER && s.stats.ended >= s.stats.core.started);
    assert_true(s.stats.refused_count == 0);
    stage_close(&s);
}

static void late_news_of_members_that_ended_is_ignored(void **state)
{
    (void)state;
    open_streaming(true);
    stage_post(&s, WC_SENDER_JOIN, 1);
    stage_post(&s, WC_SENDER_LEAVE, 1);
    STAGE_UNTIL(&s, s.member[1] == WC_MEMBER_LOST);
    stage_report(&s, 1, 0, 1, STAGE_K);
    stage_post(&s, WC_SENDER_LEAVE, 1);
    stage_post(&s, WC_SENDER_READY, 7);
    stage_report(&s, 0, 0, s.config.partition.block_count + 1, 1);
    stage_post(&s, WC_SENDER_JOIN, 2);
    STAGE_UNTIL(&s, s.member[2] == WC_MEMBER_JOINED);
    assert_int_equal(s.data_count, 0);
    stage_close(&s);
}

static void content_that_changes_ends_it(void **state)
{
    (void)state;
    open_streaming(true);
    assert_int_equal(truncate(s.path, OBJECT_BYTES - 1), 0);
    want_all();
    STAGE_UNTIL(&s, s.ended);
    assert_true(s.failed);
    assert_int_equal(s.why.exit_code, EX_DATAERR);
    assert_non_null(strstr(s.why.text, "a.img"));
    assert_int_equal(s.data_count, 0);
    stage_close(&s);
}

/* The kernel refuses every datagram: counted, and no reason to end. */
static void datagrams_that_the_kernel_refuses_are_counted(void **state)
{
    (void)state;
    open_streaming(true);
    want_all();
    STAGE_UNTIL(&s, stage_has_object(&s));
    assert_int_equal(shutdown(s.tx_fd, SHUT_WR), 0);
    stage_report(&s, 0, 0, s.config.partition.block_count, STAGE_K);
    STAGE_UNTIL(&s, s.stats.refused_count > 10);
    assert_false(s.ended);
    stage_close(&s);
}

static void a_stop_in_the_middle(void **state)
{
    (void)state;
    open_streaming(true);
    for (int i = 0; i < 100; i++)
        want_all();
    STAGE_UNTIL(&s, s.data_count > 10);
    stage_close(&s); /* with reports in the ring, perhaps */

    stage_open(&s, OBJECT_BYTES);
    stage_start(&s, true);
    stage_close(&s); /* at once */
    wc_txloop_stop(NULL);
}

static void a_command_ends_it(void **state)
{
    (void)state;
    open_streaming(true);
    stage_post(&s, WC_SENDER_STOP, 0);
    STAGE_UNTIL(&s, s.ended);
    assert_true(s.has_phase[WC_PHASE_ENDED]);
    assert_false(s.failed);
    stage_close(&s);
}

/* Nobody takes the notices for a while: none is lost. */
static void notices_wait_for_the_control_thread(void **state)
{
    (void)state;
    stage_open(&s, OBJECT_BYTES);
    stage_start(&s, true);
    for (int round = 0; round < 3000; round++) {
        stage_post(&s, WC_SENDER_JOIN, 3);
        stage_post(&s, WC_SENDER_LEAVE, 3);
    }
    stage_post(&s, WC_SENDER_JOIN, 3);
    stage_post(&s, WC_SENDER_READY, 3);
    STAGE_UNTIL(&s, s.member[3] == WC_MEMBER_READY);
    stage_post(&s, WC_SENDER_STOP, 0);
    STAGE_UNTIL(&s, s.ended);
    stage_close(&s);
}

static void nonsense_does_not_start(void **state)
{
    (void)state;
    struct wc_txloop *t = NULL;
    stage_open(&s, OBJECT_BYTES);
    struct wc_txloop_config config = {.sender = s.config, .content = s.content, .fd = s.tx_fd};
    config.sender.member_max = 0;
    assert_int_equal(wc_txloop_start(&t, &config), WC_E_RANGE);
    assert_null(t);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beacons_come_before_anybody_does),
        cmocka_unit_test(every_byte_leaves_sealed),
        cmocka_unit_test(repair_symbols_leave_sealed),
        cmocka_unit_test(it_ends_when_the_last_is_done),
        cmocka_unit_test(late_news_of_members_that_ended_is_ignored),
        cmocka_unit_test(content_that_changes_ends_it),
        cmocka_unit_test(datagrams_that_the_kernel_refuses_are_counted),
        cmocka_unit_test(a_stop_in_the_middle),
        cmocka_unit_test(a_command_ends_it),
        cmocka_unit_test(notices_wait_for_the_control_thread),
        cmocka_unit_test(nonsense_does_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
