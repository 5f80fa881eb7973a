/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The data thread, seen from both sides: the wire and the rings. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/io/digest.h"
#include "tests/unit/receiver/shell/rxbench.h"

/* Everything, `repaired` of each block's symbols as repair symbols, in any order. */
static void send_all(uint32_t repaired)
{
    for (uint32_t sbn = 0; sbn < rx.p->block_count; sbn++) {
        uint32_t k = rxbench_k(sbn), esi[16];
        for (uint32_t i = 0; i < k; i++)
            esi[i] = i < repaired ? k + i : i;
        for (uint32_t i = k; i > 1; i--) {
            uint32_t j = (uint32_t)wc_rng_below(&rx.rng, i), swap = esi[i - 1];
            esi[i - 1] = esi[j];
            esi[j] = swap;
        }
        for (uint32_t i = 0; i < k; i++)
            rxbench_data(sbn, esi[i]);
        rxbench_step(); /* keeps the socket's buffer short */
    }
}

/* What got lost on the way to the socket is asked for, as by the sender. */
static void send_until_finished(uint32_t repaired)
{
    wc_ns deadline = wc_clock_now() + RXBENCH_WAIT;
    while (!rx.finished) {
        assert_true(wc_clock_now() < deadline);
        send_all(repaired);
        for (int i = 0; i < 10 && !rx.finished; i++)
            rxbench_step();
    }
}

static void ready_comes_before_the_first_report(void **state)
{
    rxbench_open(state);
    rxbench_start();
    RX_UNTIL(rx.stats_count > 0);
    assert_false(rx.reached);
    assert_int_equal(rx.report_count, 0);
    rxbench_beacon(0);
    RX_UNTIL(rx.report_count > 0 && rx.reached);
    assert_false(rx.report_before_reached);
    assert_true(rx.reached_pn == 1000);
    assert_true(rx.report.pn == 1000 && rx.report.received_count == 1);
    assert_int_equal(rx.report.run_count, 2); /* large and small blocks, all of them */
    rxbench_close();
}

static void a_package_comes_whole(void **state)
{
    static const uint32_t repaired[] = {0, 1, 7, 15};
    for (size_t i = 0; i < 4; i++) {
        wc_fixture_clean(state);
        wc_fixture_make(state);
        rxbench_open(state);
        rx.config.offload = i % 2;
        rxbench_start();
        send_until_finished(repaired[i]);
        assert_int_equal(rx.stats.core.block_done_count, rx.p->block_count);
        assert_true(rx.stats.core.repaired_count >= repaired[i] * rx.p->block_count);
        assert_true(rx.stats.core.void_count == 0);
        assert_true(rx.stats.first_data != WC_NEVER && rx.stats.finished != WC_NEVER);
        assert_true(rx.stats.finished >= rx.stats.first_data);
        rxbench_close();
        wc_fixture_assert_complete(rx.f, "out");
    }
}

/* Memory for four blocks only. */
static void little_memory_is_enough(void **state)
{
    rxbench_open(state);
    rx.config.memory_bytes = 1;
    rxbench_start();
    send_until_finished(2);
    rxbench_close();
    wc_fixture_assert_complete(rx.f, "out");
}

static void what_does_not_belong_here_changes_nothing(void **state)
{
    uint8_t symbol[RXBENCH_SYMBOL], good[RXBENCH_DATAGRAM], bad[RXBENCH_DATAGRAM + 1];
    rxbench_open(state);
    rxbench_start();
    struct wc_header header = {
        .type = WC_DATAGRAM_DATA, .instance = RXBENCH_INSTANCE, .sbn = 1, .pn = 5000};
    rxbench_encode(1, 0, symbol);
    rxbench_seal(&header, symbol, good);

    static const uint32_t flipped[] = {1, 6, 10, 15, 16, 40, 80, 95}; /* any of its fields */
    for (size_t i = 0; i < 8; i++) {
        memcpy(bad, good, sizeof(good));
        bad[flipped[i]] ^= 1;
        rxbench_send_bytes(bad, sizeof(good));
    }
    memcpy(bad, good, sizeof(good));
    bad[2] ^= 1; /* another instance */
    rxbench_send_bytes(bad, sizeof(good));
    bad[2] ^= 1;
    bad[0] ^= 0x30; /* another version */
    rxbench_send_bytes(bad, sizeof(good));
    bad[0] ^= 0x30;
    rxbench_send_bytes(bad, sizeof(good) - 1);
    rxbench_send_bytes(bad, sizeof(good) + 1);
    rxbench_send_bytes(bad, 1);
    RX_UNTIL(rx.stats.foreign_count + rx.stats.unopened_count + rx.stats.replayed_count == 13);
    assert_true(rx.stats.foreign_count >= 5);
    assert_true(rx.stats.unopened_count >= 5);
    assert_false(rx.reached);
    assert_true(rx.stats.core.received_count == 0);

    rxbench_send_bytes(good, sizeof(good));
    RX_UNTIL(rx.reached && rx.stats.core.received_count == 1);
    uint64_t replayed = rx.stats.replayed_count;
    rxbench_send_bytes(good, sizeof(good));
    RX_UNTIL(rx.stats.replayed_count == replayed + 1);
    assert_true(rx.stats.core.received_count == 1);
    assert_true(rx.stats.core.duplicate_count == 0);
    rxbench_close();
}

/* A member of the group can forge a symbol; its block is void then, and comes again. */
static void a_forged_symbol_voids_its_block_and_no_more(void **state)
{
    uint8_t symbol[RXBENCH_SYMBOL] = {1}, datagram[RXBENCH_DATAGRAM];
    rxbench_open(state);
    rxbench_start();
    struct wc_header header = {
        .type = WC_DATAGRAM_DATA, .esi = 3, .instance = RXBENCH_INSTANCE, .sbn = 2, .pn = rx.pn++};
    rxbench_seal(&header, symbol, datagram);
    rxbench_send_bytes(datagram, sizeof(datagram));
    for (uint32_t esi = 0; esi < rxbench_k(2); esi++)
        rxbench_data(2, esi);
    RX_UNTIL(rx.stats.core.void_count == 1);
    assert_int_equal(rx.stats.core.block_done_count, 0);
    send_until_finished(1);
    rxbench_close();
    wc_fixture_assert_complete(rx.f, "out");
}

static void forge(uint32_t sbn, uint8_t value)
{
    uint8_t symbol[RXBENCH_SYMBOL], datagram[RXBENCH_DATAGRAM];
    memset(symbol, value, sizeof(symbol));
    struct wc_header header = {.type = WC_DATAGRAM_DATA,
                               .esi = 3,
                               .instance = RXBENCH_INSTANCE,
                               .sbn = sbn,
                               .pn = rx.pn++};
    rxbench_seal(&header, symbol, datagram);
    rxbench_send_bytes(datagram, sizeof(datagram));
    for (uint32_t esi = 0; esi < rxbench_k(sbn); esi++)
        rxbench_data(sbn, esi);
}

/* Who forges again and again only makes the receiver ask the sender itself. */
static void a_block_that_is_forged_twice_comes_by_unicast(void **state)
{
    uint8_t bytes[16 * RXBENCH_SYMBOL];
    rxbench_open(state);
    rx.config.receiver.void_max = 2;
    rxbench_start();
    forge(2, 1);
    RX_UNTIL(rx.void_count == 1);
    assert_int_equal(rx.void_block.sbn, 2);
    assert_false(rx.void_block.differs);
    assert_int_equal(rx.fetch_count, 0);
    forge(2, 2);
    RX_UNTIL(rx.void_count == 2 && rx.fetch_count == 1);
    assert_int_equal(rx.fetches[0], 2);
    forge(2, 3); /* does not count */
    uint32_t k = rxbench_k(2);
    for (uint32_t esi = 0; esi < k; esi++)
        rxbench_encode(2, esi, bytes + (size_t)esi * RXBENCH_SYMBOL);
    struct wc_symbols symbols = {
        .sbn = 2, .last = 1, .byte_count = k * RXBENCH_SYMBOL, .bytes = bytes};
    wc_rxloop_symbols(rx.rxloop, &symbols);
    RX_UNTIL(rx.stats.core.mended_count == 1);
    assert_int_equal(rx.void_count, 2);
    send_until_finished(1);
    assert_false(rx.is_damaged);
    rxbench_close();
    wc_fixture_assert_complete(rx.f, "out");
}

static void a_block_that_is_never_right_is_told(void **state)
{
    rxbench_open(state);
    rx.config.receiver.void_max = 1;
    rx.config.receiver.multicast_only = true;
    rxbench_start();
    forge(2, 1);
    RX_UNTIL(rx.void_count == 1);
    forge(2, 2);
    RX_UNTIL(rx.void_count == 2 && rx.is_damaged);
    assert_int_equal(rx.damaged_sbn, 2);
    assert_int_equal(rx.fetch_count, 0);
    rxbench_close();
}

static void nothing_came(void **state)
{
    rxbench_open(state);
    rx.config.receiver.beacon_timeout = WC_MS(30);
    rxbench_start();
    rxbench_send_bytes("hello", 5);
    RX_UNTIL(rx.unreached);
    assert_true(rx.stats_count > 0); /* the numbers come first */
    assert_true(rx.stats.foreign_count <= 1);
    assert_false(rx.reached);
    rxbench_close();
}

static void a_silent_sender_is_told(void **state)
{
    rxbench_open(state);
    rx.config.receiver.silence_max = WC_MS(50);
    rxbench_start();
    RX_UNTIL(rx.silent);
    rxbench_close();
}

/* All was there from an earlier run: nothing needs to come. */
static void who_has_all_finishes_at_once(void **state)
{
    rxbench_open(state);
    wc_fixture_write_rest(rx.f, 1);
    rxbench_start();
    RX_UNTIL(rx.finished);
    assert_true(rx.stats.first_data == WC_NEVER);
    rxbench_close();
    wc_fixture_assert_complete(rx.f, "out");
}

static void who_has_some_takes_the_rest(void **state)
{
    rxbench_open(state);
    wc_fixture_write(rx.f, 0);
    wc_fixture_write(rx.f, 5);
    rxbench_start();
    rxbench_beacon(0);
    RX_UNTIL(rx.report_count > 0);
    assert_int_equal(rx.report.block_done_count, 2);
    send_until_finished(0);
    rxbench_close();
    wc_fixture_assert_complete(rx.f, "out");
}

static atomic_bool is_full;

static ssize_t pwrite_while_there_is_room(int fd, const void *bytes, size_t count, off_t offset)
{
    if (!atomic_load(&is_full))
        return pwrite(fd, bytes, count, offset);
    errno = ENOSPC;
    return -1;
}

static void a_full_disk_ends_it(void **state)
{
    struct wc_fixture *f = *state;
    struct wc_file_ops ops = wc_file_ops_system;
    ops.pwrite = pwrite_while_there_is_room;
    f->options.ops = &ops;
    rxbench_open(state);
    rxbench_start();
    atomic_store(&is_full, true);
    wc_ns deadline = wc_clock_now() + RXBENCH_WAIT;
    while (!rx.failed && wc_clock_now() < deadline)
        send_all(0);
    assert_true(rx.failed);
    assert_int_equal(rx.err, WC_E_FULL);
    assert_true(rx.why.text[0]);
    assert_false(rx.finished);
    rxbench_close();
    atomic_store(&is_full, false);
    f->options.ops = NULL;
}

static void a_stop_at_any_time(void **state)
{
    for (uint32_t blocks = 0; blocks < 6; blocks++) {
        wc_fixture_clean(state);
        wc_fixture_make(state);
        rxbench_open(state);
        rxbench_start();
        for (uint32_t sbn = 0; sbn < blocks; sbn++)
            for (uint32_t esi = 0; esi < rxbench_k(sbn); esi++)
                rxbench_data(sbn, esi);
        rxbench_close(); /* with datagrams, jobs and reports on their way, perhaps */
    }
    wc_rxloop_stop(NULL);
}

/* --- unicast --- */

/* Answer what was asked for since `done`, in parts of seven symbols. */
static uint32_t answer_fetches(uint32_t done)
{
    uint8_t bytes[16 * RXBENCH_SYMBOL];
    for (; done < rx.fetch_count; done++) {
        uint32_t sbn = rx.fetches[done], k = rxbench_k(sbn);
        for (uint32_t esi = 0; esi < k; esi++)
            rxbench_encode(sbn, esi, bytes + (size_t)esi * RXBENCH_SYMBOL);
        for (uint32_t first = 0; first < k; first += 7) {
            uint32_t count = k - first < 7 ? k - first : 7;
            struct wc_symbols symbols = {.sbn = sbn,
                                         .first = (uint8_t)first,
                                         .last = first + count == k,
                                         .byte_count = count * RXBENCH_SYMBOL,
                                         .bytes = bytes + (size_t)first * RXBENCH_SYMBOL};
            wc_rxloop_symbols(rx.rxloop, &symbols);
        }
    }
    memset(bytes, 0xff, sizeof(bytes)); /* it was copied */
    return done;
}

static void fetch_until_finished(void)
{
    uint32_t done = 0;
    wc_ns deadline = wc_clock_now() + RXBENCH_WAIT;
    while (!rx.finished) {
        assert_true(wc_clock_now() < deadline);
        done = answer_fetches(done);
        rxbench_step();
    }
    assert_true(rx.stats.unicast_count >= rx.p->symbol_count);
    rxbench_close();
    wc_fixture_assert_complete(rx.f, "out");
}

static void without_multicast_blocks_come_by_unicast(void **state)
{
    rxbench_open(state);
    rxbench_start();
    wc_rxloop_unicast(rx.rxloop);
    RX_UNTIL(rx.fetch_count > 0);
    assert_true(rx.fetch_count <= 4); /* a few at a time */
    RX_UNTIL(rx.report_count > 0);    /* tells that it lives */
    fetch_until_finished();
    assert_false(rx.reached);
}

/* Only block 0 has room at first; the rest comes when there is room for it. */
static void what_has_no_room_comes_later(void **state)
{
    rxbench_open(state);
    uint32_t block_count = rx.p->block_count;
    uint64_t shut = (1ull << block_count) - 2;
    assert_true(block_count > 2 && block_count < 64);
    rx.config.receiver.shut = &shut;
    rxbench_start();
    for (uint32_t sbn = 0; sbn < block_count; sbn++)
        for (uint32_t esi = 0; esi < rxbench_k(sbn); esi++)
            rxbench_data(sbn, esi);
    RX_UNTIL(rx.stats.core.shut_count + rxbench_k(0) == rx.p->symbol_count);
    RX_UNTIL(rx.stats.core.block_done_count == 1);
    assert_int_equal(rx.behind_count, 0);
    assert_true(wc_rxloop_open(rx.rxloop, 1, 1));
    RX_UNTIL(rx.behind_count == 1);
    assert_true(rx.report.refused_count == 0 && rx.report.lost_count == 0);
    wc_rxloop_unicast(rx.rxloop);
    RX_UNTIL(rx.fetch_count == 1);
    assert_int_equal(rx.fetches[0], 1);
    assert_true(wc_rxloop_open(rx.rxloop, 2, block_count - 2));
    uint32_t done = 0;
    wc_ns deadline = wc_clock_now() + RXBENCH_WAIT;
    while (!rx.finished) {
        assert_true(wc_clock_now() < deadline);
        done = answer_fetches(done);
        rxbench_step();
    }
    assert_int_equal(rx.behind_count, 1);
    rxbench_close();
    wc_fixture_assert_complete(rx.f, "out");
}

static void half_by_multicast_and_half_by_unicast(void **state)
{
    rxbench_open(state);
    rxbench_start();
    for (uint32_t sbn = 0; sbn < 4; sbn++)
        for (uint32_t esi = 0; esi + (sbn == 3) < rxbench_k(sbn); esi++)
            rxbench_data(sbn, esi);
    RX_UNTIL(rx.stats.core.block_done_count == 3 && rx.stats.core.slot_used_count == 1);
    wc_rxloop_unicast(rx.rxloop);
    RX_UNTIL(rx.fetch_count > 0);
    assert_int_equal(rx.fetches[0], 3); /* what holds memory comes first */
    uint32_t done = 0;
    wc_ns deadline = wc_clock_now() + RXBENCH_WAIT;
    while (!rx.finished && wc_clock_now() < deadline) {
        done = answer_fetches(done);
        rxbench_step();
    }
    assert_true(rx.finished);
    rxbench_close();
    wc_fixture_assert_complete(rx.f, "out");
}

/* The sender says both at the same moment. */
static void unicast_right_after_a_status(void **state)
{
    rxbench_open(state);
    rxbench_start();
    struct wc_status status = {.report_interval_us = 20000};
    for (int i = 0; i < 20; i++)
        wc_rxloop_status(rx.rxloop, &status);
    wc_rxloop_unicast(rx.rxloop);
    RX_UNTIL(rx.fetch_count > 0);
    fetch_until_finished();
}

static void a_forged_block_by_unicast_is_asked_for_again(void **state)
{
    uint8_t wrong[16 * RXBENCH_SYMBOL] = {0};
    rxbench_open(state);
    rxbench_start();
    wc_rxloop_unicast(rx.rxloop);
    RX_UNTIL(rx.fetch_count > 0);
    struct wc_symbols symbols = {.sbn = rx.fetches[0],
                                 .last = 1,
                                 .byte_count = rxbench_k(rx.fetches[0]) * RXBENCH_SYMBOL,
                                 .bytes = wrong};
    wc_rxloop_symbols(rx.rxloop, &symbols);
    RX_UNTIL(rx.stats.core.void_count == 1);
    fetch_until_finished();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, wc_fixture_make, wc_fixture_clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ready_comes_before_the_first_report),
        TEST(a_package_comes_whole),
        TEST(little_memory_is_enough),
        TEST(what_does_not_belong_here_changes_nothing),
        TEST(a_forged_symbol_voids_its_block_and_no_more),
        TEST(a_block_that_is_forged_twice_comes_by_unicast),
        TEST(a_block_that_is_never_right_is_told),
        TEST(nothing_came),
        TEST(a_silent_sender_is_told),
        TEST(who_has_all_finishes_at_once),
        TEST(who_has_some_takes_the_rest),
        TEST(a_full_disk_ends_it),
        TEST(a_stop_at_any_time),
        TEST(without_multicast_blocks_come_by_unicast),
        TEST(what_has_no_room_comes_later),
        TEST(half_by_multicast_and_half_by_unicast),
        TEST(unicast_right_after_a_status),
        TEST(a_forged_block_by_unicast_is_asked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
