/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "common/core/hresult.h"
#include "tests/unit/sender/shell/roster_bench.h"

#define OBJECT_BYTES 30001u

/* --- joining --- */

static void a_receiver_gets_descriptor_and_manifest(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    peer_join(&p, "alpha");
    const struct wc_session *s = &b.stage.session;
    assert_int_equal(p.welcome.instance, s->welcome.instance);
    assert_string_equal(p.welcome.package, "stage");
    assert_memory_equal(p.welcome.key, s->welcome.key, sizeof(p.welcome.key));
    assert_int_equal(p.welcome.report_interval_us, 20000);
    assert_memory_equal(p.manifest, s->publication.bytes, p.manifest_bytes);
    assert_int_equal(b.told_count, 1);
    assert_int_equal(b.told[0].state, WC_MEMBER_JOINED);
    assert_string_equal(b.told[0].name, "alpha");
    assert_non_null(strstr(b.told[0].peer, "127.0.0.1:"));
    peer_leave(&p);
    bench_close();
}

/* More than the queue of a connection holds: the rest follows as it drains. */
static void a_large_manifest_comes_in_parts(void **state)
{
    (void)state;
    struct peer p;
    bench_open(12u << 20, false);
    assert_true(b.stage.session.publication.byte_count > WC_CTRL_QUEUE_BYTES_MAX);
    peer_join(&p, "alpha");
    assert_memory_equal(p.manifest, b.stage.session.publication.bytes, p.manifest_bytes);
    peer_leave(&p);
    bench_close();
}

static void its_own_package_or_any(void **state)
{
    (void)state;
    static const char *const ids[] = {"", "stage"};
    bench_open(OBJECT_BYTES, false);
    for (size_t i = 0; i < 2; i++) {
        struct peer p;
        peer_connect(&p);
        struct wc_msg hello = hello_named("");
        snprintf(hello.hello.package, sizeof(hello.hello.package), "%s", ids[i]);
        peer_send(&p, &hello);
        UNTIL(p.welcome.version);
        assert_string_equal(bench_last_told()->name, "receiver"); /* who says no name */
        peer_leave(&p);
        UNTIL(bench_told(WC_MEMBER_LOST) == i + 1);
    }
    bench_close();
}

static void another_package_is_refused(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    peer_connect(&p);
    struct wc_msg hello = hello_named("alpha");
    snprintf(hello.hello.package, sizeof(hello.hello.package), "other");
    peer_send(&p, &hello);
    peer_assert_refused(&p, WC_MSG_REFUSE, WC_HR_NOT_FOUND, "package stage, not other");
    assert_string_equal(p.refusal.finding, "session.other-package");
    assert_int_equal(p.refusal.due_bytes, 0);
    assert_int_equal(b.told_count, 0);
    bench_close();
}

static void another_first_message_is_refused(void **state)
{
    (void)state;
    static const uint8_t types[] = {WC_MSG_READY, WC_MSG_ALIVE, WC_MSG_REPORT, WC_MSG_DONE,
                                    WC_MSG_BYE};
    bench_open(OBJECT_BYTES, false);
    for (size_t i = 0; i < sizeof(types); i++) {
        struct peer p;
        peer_connect(&p);
        peer_send_type(&p, types[i]);
        peer_assert_refused(&p, WC_MSG_REFUSE, WC_HR_PROTOCOL, "HELLO");
    }
    assert_int_equal(b.told_count, 0);
    bench_close();
}

static void a_full_session_is_refused(void **state)
{
    (void)state;
    struct peer p[SEATS + 1];
    bench_open(OBJECT_BYTES, false);
    for (uint32_t i = 0; i < SEATS; i++)
        peer_join(&p[i], i ? "beta" : "alpha");
    peer_connect(&p[SEATS]);
    peer_assert_refused(&p[SEATS], WC_MSG_REFUSE, WC_HR_BUSY, "full");
    assert_string_equal(p[SEATS].refusal.finding, "session.full");
    for (uint32_t i = 0; i < SEATS; i++)
        peer_leave(&p[i]);
    bench_close();
}

/* Who connects and says nothing, or the wrong thing, does not use up a seat. */
static void seats_are_for_those_who_joined(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    for (uint32_t i = 0; i < 3 * SEATS; i++) {
        peer_connect(&p);
        peer_leave(&p);
    }
    for (uint32_t i = 0; i < 3 * SEATS; i++) {
        peer_connect(&p);
        peer_send_type(&p, WC_MSG_READY);
        peer_assert_refused(&p, WC_MSG_REFUSE, WC_HR_PROTOCOL, "HELLO");
    }
    peer_join(&p, "alpha");
    peer_leave(&p);
    bench_close();
}

/* They lose it even when they stay: places of a session cannot be used up without a word. */
static void who_says_nothing_loses_its_seat(void **state)
{
    (void)state;
    struct peer silent[SEATS], p;
    bench_hello_max_ms = 1;
    bench_open(OBJECT_BYTES, false);
    bench_hello_max_ms = 0;
    for (uint32_t i = 0; i < SEATS; i++)
        peer_connect(&silent[i]);
    for (uint32_t i = 0; i < SEATS; i++)
        UNTIL((wc_roster_status(b.roster, &b.stats), silent[i].side.close_count));
    peer_join(&p, "alpha");
    peer_leave(&p);
    bench_close();
}

static void who_comes_back_takes_its_old_place(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    peer_join(&p, "alpha");
    const struct wc_roster_entry *place = b.whose[0];
    peer_leave(&p);
    UNTIL(bench_told(WC_MEMBER_LOST) == 1);
    for (uint32_t i = 2; i < 5; i++) {
        peer_join(&p, "alpha");
        assert_ptr_equal(b.whose[b.told_count - 1], place);
        assert_int_equal(bench_last_told()->state, WC_MEMBER_JOINED);
        assert_string_equal(bench_last_told()->reason, "");
        peer_leave(&p);
        UNTIL(bench_told(WC_MEMBER_LOST) == i);
    }
    peer_join(&p, "beta"); /* another name: another place */
    assert_ptr_not_equal(b.whose[b.told_count - 1], place);
    peer_leave(&p);
    bench_close();
}

/* --- at work --- */

static void reports_and_status_pass(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    peer_join(&p, "alpha");
    peer_send_type(&p, WC_MSG_READY);
    UNTIL(bench_told(WC_MEMBER_READY) == 1);
    stage_post(&b.stage, WC_SENDER_START, 0);
    UNTIL(b.phase == WC_PHASE_STREAMING);
    wc_roster_status(b.roster, &b.stats);
    UNTIL(p.status_count == 1);
    UNTIL(b.stats.phase == WC_PHASE_STREAMING && b.stats.ready == 1 && b.stats.datagram_count);
    wc_roster_status(b.roster, &b.stats);
    UNTIL(p.status_count == 2);
    assert_int_equal(p.status.phase, WC_PHASE_STREAMING);
    assert_int_equal(p.status.receivers, 1);
    assert_int_equal(p.status.ready, 1);
    assert_int_equal(p.status.report_interval_us, 20000);
    static struct wc_msg report;
    report = (struct wc_msg){.type = WC_MSG_REPORT, .report.run_count = 1};
    report.report.runs[0] = (struct wc_run){.sbn = 1, .block_count = 2, .missing = STAGE_K};
    peer_send(&p, &report);
    UNTIL(b.stats.source_count == stage_k(&b.stage, 1) + stage_k(&b.stage, 2));
    peer_leave(&p);
    bench_close();
}

static void messages_that_make_no_sense_are_signs_of_life(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    peer_join(&p, "alpha");
    struct wc_msg hello = hello_named("omega"), status = {.type = WC_MSG_STATUS};
    status.status.report_interval_us = 1;
    peer_send(&p, &hello);
    peer_send(&p, &status);
    peer_send_type(&p, WC_MSG_ALIVE);
    peer_send_type(&p, WC_MSG_REPORT); /* before READY */
    peer_send_type(&p, WC_MSG_READY);
    peer_send_type(&p, WC_MSG_READY);
    UNTIL(bench_told(WC_MEMBER_READY) == 1);
    assert_int_equal(b.told_count, 2);
    assert_string_equal(bench_last_told()->name, "alpha");
    peer_leave(&p);
    bench_close();
}

/* --- ending --- */

static void done_is_answered_with_bye(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    peer_join(&p, "alpha");
    peer_say_done(&p, 0, "");
    peer_assert_refused(&p, WC_MSG_BYE, 0, "");
    UNTIL(bench_told(WC_MEMBER_DONE) == 1);
    assert_true(bench_last_told()->bytes == 4711);
    UNTIL(wc_roster_is_empty(b.roster));
    assert_int_equal(b.told_count, 2); /* and is not lost afterwards */
    bench_close();
}

static void a_receiver_may_fail(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    peer_join(&p, "alpha");
    peer_say_done(&p, WC_HR_DISK_FULL, "no space on /srv");
    peer_assert_refused(&p, WC_MSG_BYE, 0, "");
    UNTIL(bench_told(WC_MEMBER_FAILED) == 1);
    assert_string_equal(bench_last_told()->reason, "no space on /srv");
    bench_close();
}

static void a_receiver_may_leave(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    peer_join(&p, "alpha");
    struct wc_msg bye = {.type = WC_MSG_BYE, .refusal.hresult = WC_HR_CANCELLED};
    snprintf(bye.refusal.sentence, sizeof(bye.refusal.sentence), "cancelled by its user");
    peer_send(&p, &bye);
    UNTIL(bench_told(WC_MEMBER_LOST) == 1);
    assert_string_equal(bench_last_told()->reason, "cancelled by its user");
    peer_leave(&p);

    peer_join(&p, "alpha");
    peer_leave(&p); /* without a word */
    UNTIL(bench_told(WC_MEMBER_LOST) == 2);
    assert_true(bench_last_told()->reason[0]);
    bench_close();
}

static void a_silent_receiver_is_sent_away(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    peer_join(&p, "alpha");
    wc_roster_member(b.roster, 0, WC_MEMBER_SILENT);
    peer_assert_refused(&p, WC_MSG_BYE, WC_HR_TIMEOUT, "heard nothing");
    assert_int_equal(bench_told(WC_MEMBER_SILENT), 1);
    assert_non_null(strstr(b.told[1].reason, "silent"));
    bench_close();
}

static void the_end_is_said_to_all(void **state)
{
    (void)state;
    struct peer p[SEATS];
    bench_open(OBJECT_BYTES, false);
    peer_join(&p[0], "alpha");
    peer_join(&p[1], "beta");
    wc_roster_close(b.roster, WC_HR_READ_FAULT, "the disk is gone");
    for (uint32_t i = 0; i < SEATS; i++)
        peer_assert_refused(&p[i], WC_MSG_BYE, WC_HR_READ_FAULT, "the disk is gone");
    UNTIL(wc_roster_is_empty(b.roster));
    bench_close();
}

static void a_port_that_is_taken(void **state)
{
    (void)state;
    struct wc_roster *second = NULL;
    struct wc_why why = {0};
    bench_open(OBJECT_BYTES, false);
    uint16_t port = wc_roster_port(b.roster);
    struct wc_roster_config config = bench_config();
    assert_int_equal(wc_roster_open(&second, &config, port, true, &why), WC_E_SYS);
    assert_null(second);
    assert_int_equal(why.exit_code, EX_UNAVAILABLE);
    assert_non_null(strstr(why.text, "--port"));
    assert_int_equal(wc_roster_open(&second, &config, port, false, &why), WC_OK);
    assert_true(wc_roster_port(second) > port);
    wc_roster_close(second, 0, "");
    bench_step();
    wc_roster_free(second);
    bench_close();
}

/* --- unicast --- */

static void who_cannot_be_reached_is_fed(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    peer_join(&p, "alpha");
    peer_ask_for_unicast(&p);
    UNTIL(p.unicast_count == 1 && bench_told(WC_MEMBER_UNICAST) == 1);
    assert_string_equal(p.unicast.sentence, "no multicast here");
    const struct wc_partition *part = &b.stage.config.partition;
    for (uint32_t sbn = 0; sbn < part->block_count; sbn++) {
        peer_fetch(&p, sbn, 1);
        UNTIL(p.is_last);
        assert_int_equal(p.symbols_bytes, stage_k(&b.stage, sbn) * STAGE_SYMBOL);
        assert_memory_equal(p.symbols, b.stage.object + wc_partition_offset(part, sbn),
                            p.symbols_bytes);
    }
    peer_say_done(&p, 0, "");
    peer_assert_refused(&p, WC_MSG_BYE, 0, "");
    UNTIL(bench_told(WC_MEMBER_DONE) == 1);
    bench_close();
}

static void only_who_is_served_by_unicast_is_fed(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    peer_join(&p, "alpha");
    peer_fetch(&p, 0, 1);
    peer_send_type(&p, WC_MSG_READY);
    UNTIL(bench_told(WC_MEMBER_READY) == 1);
    peer_fetch(&p, 0, 1);
    peer_ask_for_unicast(&p);
    UNTIL(p.unicast_count == 1);
    assert_int_equal(p.symbols_bytes, 0);
    peer_fetch(&p, b.stage.config.partition.block_count, 1);
    peer_assert_refused(&p, WC_MSG_BYE, WC_HR_PROTOCOL, "blocks that do not exist");
    bench_close();
}

static void a_package_may_be_for_multicast_only(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, true);
    peer_join(&p, "alpha");
    assert_true(p.welcome.multicast_only);
    peer_ask_for_unicast(&p);
    peer_assert_refused(&p, WC_MSG_BYE, WC_HR_TIMEOUT, "only via multicast");
    UNTIL(bench_told(WC_MEMBER_LOST) == 1);
    assert_string_equal(bench_last_told()->reason, "no multicast here");
    bench_close();
}

/* Gone while its blocks are being read. */
static void who_is_fed_may_leave(void **state)
{
    (void)state;
    struct peer p;
    bench_open(OBJECT_BYTES, false);
    for (uint32_t i = 1; i < 10; i++) {
        peer_join(&p, "alpha");
        peer_ask_for_unicast(&p);
        UNTIL(bench_told(WC_MEMBER_UNICAST) == i);
        peer_fetch(&p, 0, 5);
        peer_leave(&p);
        UNTIL(bench_told(WC_MEMBER_LOST) == i);
    }
    assert_int_equal(b.failure_count, 0);
    bench_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receiver_gets_descriptor_and_manifest),
        cmocka_unit_test(a_large_manifest_comes_in_parts),
        cmocka_unit_test(its_own_package_or_any),
        cmocka_unit_test(another_package_is_refused),
        cmocka_unit_test(another_first_message_is_refused),
        cmocka_unit_test(a_full_session_is_refused),
        cmocka_unit_test(seats_are_for_those_who_joined),
        cmocka_unit_test(who_says_nothing_loses_its_seat),
        cmocka_unit_test(who_comes_back_takes_its_old_place),
        cmocka_unit_test(reports_and_status_pass),
        cmocka_unit_test(messages_that_make_no_sense_are_signs_of_life),
        cmocka_unit_test(done_is_answered_with_bye),
        cmocka_unit_test(a_receiver_may_fail),
        cmocka_unit_test(a_receiver_may_leave),
        cmocka_unit_test(a_silent_receiver_is_sent_away),
        cmocka_unit_test(the_end_is_said_to_all),
        cmocka_unit_test(a_port_that_is_taken),
        cmocka_unit_test(who_cannot_be_reached_is_fed),
        cmocka_unit_test(only_who_is_served_by_unicast_is_fed),
        cmocka_unit_test(a_package_may_be_for_multicast_only),
        cmocka_unit_test(who_is_fed_may_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
