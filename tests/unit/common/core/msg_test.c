/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/msg.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

#define FRAME_BYTES_MAX (WC_FRAME_HEADER_BYTES + WC_FRAME_BODY_MAX)

static uint8_t frame[FRAME_BYTES_MAX];
static struct wc_msg a, b; /* large: a report has room for every run */

static size_t encode(const struct wc_msg *msg)
{
    size_t byte_count = 0;
    assert_int_equal(wc_msg_encode(msg, frame, sizeof(frame), &byte_count), WC_OK);
    return byte_count;
}

static enum wc_err decode(size_t byte_count, struct wc_msg *ret)
{
    uint8_t type = 0;
    uint32_t body_bytes = 0;
    assert_int_equal(wc_frame_decode(frame, byte_count, &type, &body_bytes), WC_OK);
    assert_int_equal(WC_FRAME_HEADER_BYTES + body_bytes, byte_count);
    return wc_msg_decode(type, frame + WC_FRAME_HEADER_BYTES, body_bytes, ret);
}

/* The frame of `a` is the vector's, it decodes into `b`, and each shorter body is refused. */
static void check_vector(const char *name)
{
    size_t byte_count = encode(&a);
    assert_vector(name, frame, byte_count);
    for (size_t n = 0; n < byte_count; n++) {
        size_t written = 0;
        assert_int_equal(wc_msg_encode(&a, frame, n, &written), WC_E_SHORT);
    }
    encode(&a);
    for (size_t n = 0; n < byte_count - WC_FRAME_HEADER_BYTES; n++)
        assert_int_equal(wc_msg_decode(a.type, frame + WC_FRAME_HEADER_BYTES, n, &b), WC_E_SHORT);
    assert_int_equal(decode(byte_count, &b), WC_OK);
    assert_int_equal(b.type, a.type);
    /* A field of a later version at the end does not disturb. */
    frame[byte_count] = 0xff;
    assert_int_equal(wc_msg_decode(a.type, frame + WC_FRAME_HEADER_BYTES,
                                   byte_count - WC_FRAME_HEADER_BYTES + 1, &b),
                     WC_OK);
}

/* Decode the vector's body after a change. */
static enum wc_err decode_changed(const char *name, size_t at, const char *bytes, size_t count)
{
    size_t byte_count = vector_read(name, frame);
    assert_true(at + count <= byte_count);
    memcpy(frame + at, bytes, count);
    return decode(byte_count, &b);
}

/* `at`: from the frame's beginning. */
#define CHANGED(name, at, bytes) decode_changed(name, at, bytes, sizeof(bytes) - 1)

static void fill(uint8_t *bytes, size_t count, uint8_t first)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(first + i);
}

static void hello(void **state)
{
    (void)state;
    a = (struct wc_msg){
        .type = WC_MSG_HELLO,
        .hello = {.version = 1,
                  .name = "lab-07",
                  .package = "XYZ00012",
                  .account = "lab-reader",
                  .password = "0pen s"},
    };
    check_vector("msg_hello");
    assert_string_equal(b.hello.account, "lab-reader");
    assert_string_equal(b.hello.password, "0pen s");
    assert_string_equal(b.hello.name, "lab-07");
    assert_string_equal(b.hello.package, "XYZ00012");
    a.hello.package[0] = '\0';
    assert_int_equal(decode(encode(&a), &b), WC_OK);
    assert_string_equal(b.hello.package, "");
    assert_int_equal(CHANGED("msg_hello", 9, "\x1b"), WC_E_FORMAT);
    assert_int_equal(CHANGED("msg_hello", 9, "\0"), WC_E_FORMAT);
    assert_int_equal(CHANGED("msg_hello", 17, "../x"), WC_E_FORMAT);
}

static void hello_of_another_version_says_which(void **state)
{
    (void)state;
    static const uint8_t body[] = {0x01, 0x02}; /* nothing after it needs to be understood */
    assert_int_equal(wc_msg_decode(WC_MSG_HELLO, body, sizeof(body), &b), WC_E_VERSION);
    assert_int_equal(b.hello.version, 0x0102);
    assert_int_equal(wc_msg_decode(WC_MSG_WELCOME, body, sizeof(body), &b), WC_E_VERSION);
    assert_int_equal(b.welcome.version, 0x0102);
}

static void welcome_v4(void **state)
{
    (void)state;
    a = (struct wc_msg){
        .type = WC_MSG_WELCOME,
        .welcome =
            {
                .version = 1,
                .instance = 0xa1b2c3d4,
                .package = "XYZ00012",
                .group = {.family = 4, .bytes = {239, 255, 1, 2}, .port = 9468},
                .ttl = 1,
                .pn = 4096,
                .report_interval_us = 50000,
                .manifest_bytes = 123456,
                .signature_bytes = 64,
            },
    };
    fill(a.welcome.key, 32, 0);
    fill(a.welcome.manifest_digest, 32, 0x40);
    fill(a.welcome.signature, 64, 0x80);
    check_vector("msg_welcome_v4");
    assert_memory_equal(b.welcome.key, a.welcome.key, 32);
    assert_memory_equal(&b.welcome.group, &a.welcome.group, sizeof(b.welcome.group));
    assert_int_equal(b.welcome.source.family, 0);
    assert_int_equal(b.welcome.pn, 4096);
    assert_memory_equal(b.welcome.manifest_digest, a.welcome.manifest_digest, 32);
    assert_int_equal(b.welcome.signature_bytes, 64);
    assert_memory_equal(b.welcome.signature, a.welcome.signature, 64);
}

static void welcome_v6(void **state)
{
    (void)state;
    a = (struct wc_msg){
        .type = WC_MSG_WELCOME,
        .welcome =
            {
                .version = 1,
                .instance = 1,
                .package = "a",
                .group = {.family = 6,
                          .bytes = {0xff, 0x3e, [12] = 0x80, [15] = 0x01},
                          .port = 65535},
                .source = {.family = 6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x07}},
                .ttl = 255,
                .pn = WC_PN_MAX,
                .report_interval_us = 1,
                .manifest_bytes = WC_MANIFEST_BYTES_MAX,
            },
    };
    memset(a.welcome.manifest_digest, 0xff, 32);
    check_vector("msg_welcome_v6");
    assert_memory_equal(&b.welcome.group, &a.welcome.group, sizeof(b.welcome.group));
    assert_memory_equal(&b.welcome.source, &a.welcome.source, sizeof(b.welcome.source));
    assert_int_equal(b.welcome.signature_bytes, 0);
}

static void welcome_with_nonsense_is_refused(void **state)
{
    (void)state;
    enum { PACKAGE = 13, GROUP = 53, SOURCE = 60, PN = 62, INTERVAL = 70, BYTES = 74, SIG = 110 };
    assert_int_equal(CHANGED("msg_welcome_v4", PACKAGE, "/"), WC_E_FORMAT);
    assert_int_equal(CHANGED("msg_welcome_v4", GROUP, "\x05"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_welcome_v4", GROUP + 5, "\0\0"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_welcome_v4", SOURCE, "\x01"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_welcome_v4", PN, "\x00\x01"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_welcome_v4", INTERVAL, "\0\0\0\0"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_welcome_v4", BYTES, "\0\0\0\0"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_welcome_v4", BYTES, "\x10\0\0\x01"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_welcome_v4", SIG, "\x01\x01"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_welcome_v4", SIG, "\x00\x41"), WC_E_SHORT);
    assert_int_equal(CHANGED("msg_welcome_v4", SIG, "\x00\x3f"), WC_E_RANGE); /* flags */
}

static void refuse_and_bye(void **state)
{
    (void)state;
    a = (struct wc_msg){
        .type = WC_MSG_REFUSE,
        .refusal = {.hresult = 0x80070002,
                    .sentence = "Package XYZ00013 is not sent here.",
                    .fix = "Ask for XYZ00012.",
                    .finding = "session.other-package"},
    };
    check_vector("msg_refuse");
    assert_string_equal(b.refusal.finding, "session.other-package");
    assert_int_equal(b.refusal.hresult, 0x80070002);
    assert_string_equal(b.refusal.sentence, a.refusal.sentence);
    assert_string_equal(b.refusal.fix, a.refusal.fix);
    a = (struct wc_msg){
        .type = WC_MSG_BYE,
        .refusal = {.hresult = 0x800704c7,
                    .sentence = "Stopped by the operator at \"Ger\xc3\xa4t 7\".",
                    .fix = "Start it again.",
                    .due_bytes = 6000000000},
    };
    check_vector("msg_bye");
    assert_true(b.refusal.due_bytes == 6000000000);
    assert_string_equal(b.refusal.sentence, a.refusal.sentence);
    assert_int_equal(CHANGED("msg_bye", 11, "\r"), WC_E_FORMAT);
    assert_int_equal(CHANGED("msg_bye", 9, "\x02\x01"), WC_E_SHORT);
}

static void void_block(void **state)
{
    (void)state;
    a = (struct wc_msg){.type = WC_MSG_VOID, .void_block = {.sbn = 77}};
    fill(a.void_block.digest, sizeof(a.void_block.digest), 0x40);
    check_vector("msg_void");
    assert_int_equal(b.void_block.sbn, 77);
    assert_false(b.void_block.differs);
    assert_memory_equal(b.void_block.digest, a.void_block.digest, WC_DIGEST_BYTES);
    assert_int_equal(CHANGED("msg_void", 9, "\x02"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_void", 5, "\x00\x40\x00\x00"), WC_E_RANGE);
}

static void progress(void **state)
{
    (void)state;
    a = (struct wc_msg){.type = WC_MSG_PROGRESS,
                        .progress = {.files_verified = 41207, .files_total = 62850}};
    check_vector("msg_progress");
    assert_int_equal(b.progress.files_verified, 41207);
    assert_int_equal(b.progress.files_total, 62850);
    assert_int_equal(CHANGED("msg_progress", 9, "\x00\x00\xa0\xf6"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_progress", 9, "\x00\x00\xa0\xf7"), WC_OK);
}

static void a_sentence_with_odd_bytes_still_arrives(void **state)
{
    (void)state;
    a = (struct wc_msg){
        .type = WC_MSG_BYE,
        .refusal = {.sentence = "cannot open a\x1b[2Jb\xff", .fix = "rename it"},
    };
    assert_int_equal(decode(encode(&a), &b), WC_OK);
    assert_string_equal(b.refusal.sentence, "cannot open a?[2Jb?");
}

static void manifest_part(void **state)
{
    (void)state;
    a = (struct wc_msg){
        .type = WC_MSG_MANIFEST,
        .manifest_part = {.offset = 32768, .byte_count = 5, .bytes = (const uint8_t *)"hello"},
    };
    check_vector("msg_manifest");
    assert_int_equal(b.manifest_part.offset, 32768);
    assert_int_equal(b.manifest_part.byte_count, 5);
    assert_ptr_equal(b.manifest_part.bytes, frame + WC_FRAME_HEADER_BYTES + 8);
    assert_memory_equal(b.manifest_part.bytes, "hello", 5);
    assert_int_equal(CHANGED("msg_manifest", 9, "\0\0\0\0"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_manifest", 9, "\0\0\x80\x01"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_manifest", 9, "\0\0\0\x06"), WC_E_SHORT);
    assert_int_equal(CHANGED("msg_manifest", 5, "\x0f\xff\xff\xfb"), WC_OK);
    assert_int_equal(CHANGED("msg_manifest", 5, "\x0f\xff\xff\xfc"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_manifest", 5, "\xff\xff\xff\xff"), WC_E_RANGE);
}

static void ready(void **state)
{
    (void)state;
    a = (struct wc_msg){.type = WC_MSG_READY, .ready = {.pn = 0x0123456789ab}};
    check_vector("msg_ready");
    assert_int_equal(b.ready.pn, 0x0123456789ab);
    assert_int_equal(CHANGED("msg_ready", 5, "\x00\x01"), WC_E_RANGE);
}

static void status(void **state)
{
    (void)state;
    a = (struct wc_msg){
        .type = WC_MSG_STATUS,
        .status = {.phase = WC_PHASE_STREAMING,
                   .report_interval_us = 50000,
                   .receivers = 5,
                   .ready = 4,
                   .done = 1,
                   .rate_bps = 940000000},
    };
    check_vector("msg_status");
    assert_int_equal(b.status.phase, WC_PHASE_STREAMING);
    assert_int_equal(b.status.report_interval_us, 50000);
    assert_int_equal(b.status.receivers, 5);
    assert_int_equal(b.status.ready, 4);
    assert_int_equal(b.status.done, 1);
    assert_true(b.status.rate_bps == 940000000);
    assert_int_equal(CHANGED("msg_status", 5, "\x02"), WC_OK);
    assert_int_equal(CHANGED("msg_status", 5, "\x03"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_status", 6, "\0\0\0\0"), WC_E_RANGE);
}

static void done(void **state)
{
    (void)state;
    a = (struct wc_msg){.type = WC_MSG_DONE, .done = {.bytes = 5368709120}};
    check_vector("msg_done");
    assert_int_equal(b.done.hresult, 0);
    assert_true(b.done.bytes == 5368709120);
    assert_string_equal(b.done.sentence, "");
}

static void alive(void **state)
{
    (void)state;
    a = (struct wc_msg){.type = WC_MSG_ALIVE};
    check_vector("msg_alive");
    assert_int_equal(wc_msg_decode(WC_MSG_ALIVE, NULL, 0, &b), WC_OK);
}

static void unicast(void **state)
{
    (void)state;
    a = (struct wc_msg){.type = WC_MSG_UNICAST, .unicast.sentence = "no beacon came"};
    check_vector("msg_unicast");
    assert_string_equal(b.unicast.sentence, "no beacon came");
}

static void fetch(void **state)
{
    (void)state;
    a = (struct wc_msg){.type = WC_MSG_FETCH, .fetch = {.sbn = 77, .block_count = 2}};
    check_vector("msg_fetch");
    assert_int_equal(b.fetch.sbn, 77);
    assert_int_equal(b.fetch.block_count, 2);
    assert_int_equal(CHANGED("msg_fetch", 12, "\x10"), WC_OK);
    assert_int_equal(CHANGED("msg_fetch", 12, "\x11"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_fetch", 12, "\x00"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_fetch", 5, "\xff\xff\xff\xff"), WC_E_RANGE);
}

static void symbols(void **state)
{
    static const uint8_t bytes[] = {0xde, 0xad, 0xbe, 0xef};
    (void)state;
    a = (struct wc_msg){
        .type = WC_MSG_SYMBOLS,
        .symbols = {.sbn = 77, .first = 3, .last = 1, .byte_count = 4, .bytes = bytes}};
    check_vector("msg_symbols");
    assert_memory_equal(b.symbols.bytes, bytes, sizeof(bytes));
    assert_int_equal(CHANGED("msg_symbols", 9, "\x80"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_symbols", 10, "\x02"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_symbols", 11, "\0\0\0\0"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_symbols", 11, "\0\0\0\5"), WC_E_SHORT);
}

static void report(void **state)
{
    (void)state;
    a = (struct wc_msg){
        .type = WC_MSG_REPORT,
        .report = {.pn = 1000000,
                   .received_count = 990000,
                   .lost_count = 10000,
                   .overflow_count = 77,
                   .refused_count = 5,
                   .block_done_count = 7000,
                   .run_count = 3,
                   .runs = {{3, 1, 2}, {10, 4, 1}, {14, 1000, 128}}},
    };
    check_vector("msg_report");
    assert_true(b.report.pn == 1000000);
    assert_true(b.report.received_count == 990000);
    assert_true(b.report.lost_count == 10000);
    assert_true(b.report.overflow_count == 77);
    assert_true(b.report.refused_count == 5);
    assert_int_equal(b.report.block_done_count, 7000);
    assert_int_equal(b.report.run_count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(b.report.runs[i].sbn, a.report.runs[i].sbn);
        assert_int_equal(b.report.runs[i].block_count, a.report.runs[i].block_count);
        assert_int_equal(b.report.runs[i].missing, a.report.runs[i].missing);
    }
}

static void report_runs_ascend_and_do_not_overlap(void **state)
{
    (void)state;
    enum { PN = 5, DONE = 45, COUNT = 49, RUN0 = 53, RUN1 = 62, RUN2 = 71 };
    assert_int_equal(CHANGED("msg_report", PN, "\x00\x01"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_report", DONE, "\x00\x40\x00\x00"), WC_OK);
    assert_int_equal(CHANGED("msg_report", DONE, "\x00\x40\x00\x01"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_report", COUNT, "\x00\x00\x00\x04"), WC_E_SHORT);
    assert_int_equal(CHANGED("msg_report", COUNT, "\x00\x00\x04\x01"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_report", COUNT, "\x00\x00\x00\x00"), WC_OK);
    assert_int_equal(CHANGED("msg_report", RUN0, "\x00\x00\x00\x0b"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_report", RUN0, "\x00\x00\x00\x0a"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_report", RUN0, "\x00\x00\x00\x09"), WC_OK);
    assert_int_equal(CHANGED("msg_report", RUN1 + 4, "\0\0\0\0"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_report", RUN1 + 4, "\0\0\0\x05"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_report", RUN2 + 4, "\xff\xff\xff\xff"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_report", RUN2, "\x00\x3f\xfc\x18"), WC_OK);
    assert_int_equal(CHANGED("msg_report", RUN2, "\x00\x3f\xfc\x19"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_report", RUN2, "\xff\xff\xff\xff"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_report", RUN2 + 8, "\x00"), WC_E_RANGE);
    assert_int_equal(CHANGED("msg_report", RUN2 + 8, "\x81"), WC_E_RANGE);
}

static void the_longest_of_each_fits_a_frame(void **state)
{
    (void)state;
    static uint8_t part[WC_MANIFEST_PART_MAX];
    a = (struct wc_msg){.type = WC_MSG_REPORT, .report = {.run_count = WC_REPORT_RUNS_MAX}};
    for (uint32_t i = 0; i < WC_REPORT_RUNS_MAX; i++)
        a.report.runs[i] = (struct wc_run){.sbn = 2 * i, .block_count = 1, .missing = 1};
    assert_int_equal(decode(encode(&a), &b), WC_OK);
    a = (struct wc_msg){
        .type = WC_MSG_MANIFEST,
        .manifest_part = {.offset = WC_MANIFEST_BYTES_MAX - WC_MANIFEST_PART_MAX,
                          .byte_count = WC_MANIFEST_PART_MAX,
                          .bytes = part},
    };
    assert_int_equal(decode(encode(&a), &b), WC_OK);
    a = (struct wc_msg){.type = WC_MSG_REFUSE};
    memset(a.refusal.sentence, 's', WC_SENTENCE_BYTES_MAX);
    memset(a.refusal.fix, 'f', WC_SENTENCE_BYTES_MAX);
    assert_int_equal(decode(encode(&a), &b), WC_OK);
    assert_int_equal(strlen(b.refusal.fix), WC_SENTENCE_BYTES_MAX);
}

static void frames_have_a_length_and_a_type(void **state)
{
    (void)state;
    uint8_t type = 0;
    uint32_t body_bytes = 0;
    static const uint8_t none[] = {0, 0, 0, 0, 9};
    static const uint8_t empty[] = {0, 0, 0, 1, 200};
    static const uint8_t most[] = {0, 1, 0, 1, 9};
    static const uint8_t more[] = {0, 1, 0, 2, 9};
    for (size_t n = 0; n < sizeof(empty); n++)
        assert_int_equal(wc_frame_decode(empty, n, &type, &body_bytes), WC_E_SHORT);
    assert_int_equal(wc_frame_decode(none, 5, &type, &body_bytes), WC_E_FORMAT);
    assert_int_equal(wc_frame_decode(more, 5, &type, &body_bytes), WC_E_TOO_LARGE);
    assert_int_equal(wc_frame_decode(most, 5, &type, &body_bytes), WC_OK);
    assert_int_equal(body_bytes, WC_FRAME_BODY_MAX);
    assert_int_equal(wc_frame_decode(empty, 5, &type, &body_bytes), WC_OK);
    assert_int_equal(type, 200);
    assert_int_equal(body_bytes, 0);
}

static void unknown_types_are_named_so(void **state)
{
    (void)state;
    assert_int_equal(wc_msg_decode(0, NULL, 0, &b), WC_E_TYPE);
    for (unsigned type = WC_MSG_PROGRESS + 1; type < 256; type++)
        assert_int_equal(wc_msg_decode((uint8_t)type, frame, 10, &b), WC_E_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello),
        cmocka_unit_test(hello_of_another_version_says_which),
        cmocka_unit_test(welcome_v4),
        cmocka_unit_test(welcome_v6),
        cmocka_unit_test(welcome_with_nonsense_is_refused),
        cmocka_unit_test(refuse_and_bye),
        cmocka_unit_test(void_block),
        cmocka_unit_test(progress),
        cmocka_unit_test(a_sentence_with_odd_bytes_still_arrives),
        cmocka_unit_test(manifest_part),
        cmocka_unit_test(ready),
        cmocka_unit_test(status),
        cmocka_unit_test(done),
        cmocka_unit_test(alive),
        cmocka_unit_test(unicast),
        cmocka_unit_test(fetch),
        cmocka_unit_test(symbols),
        cmocka_unit_test(report),
        cmocka_unit_test(report_runs_ascend_and_do_not_overlap),
        cmocka_unit_test(the_longest_of_each_fits_a_frame),
        cmocka_unit_test(frames_have_a_length_and_a_type),
        cmocka_unit_test(unknown_types_are_named_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
