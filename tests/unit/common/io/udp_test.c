/* SPDX-License-Identifier: GPL-3.0-or-later */
/* udp_tx to udp_rx over multicast on the loopback, with and without segmentation offload: every
 * byte, every border between datagrams, every loss counted. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io/mcast.h"
#include "common/io/netaddr.h"
#include "common/io/udp_rx.h"
#include "common/io/udp_tx.h"
#include "tests/support/workdir.h"
#include "tests/unit/common/core/support.h"

#define ARRIVE_MS_MAX 20000 /* a bound, never a wait */
#define BUFFER_BYTES  (8u << 20)

struct pair {
    int tx_fd, rx_fd;
    struct wc_udp_tx tx;
    struct wc_udp_rx *rx;
    uint32_t datagram_bytes;
};

struct mode {
    bool tx_offload, rx_offload;
};
static const struct mode modes[] = {{false, false}, {true, false}, {false, true}, {true, true}};
#define MODE_COUNT (sizeof(modes) / sizeof(modes[0]))

static void pair_open(struct pair *p, uint32_t datagram_bytes, struct mode mode,
                      uint32_t receive_buffer_bytes)
{
    struct wc_netif lo;
    struct wc_addr group;
    struct wc_why why = {0};
    uint32_t unique = (uint32_t)getpid();
    assert_true(wc_netaddr_parse("239.79.0.0", &group));
    group.bytes[2] = (uint8_t)(unique >> 8);
    group.bytes[3] = (uint8_t)unique;
    group.port = (uint16_t)(20000 + unique % 20000);
    *p = (struct pair){.tx_fd = -1, .rx_fd = -1, .datagram_bytes = datagram_bytes};
    if (wc_netif_choose(&lo, "lo", 4, &why) == WC_OK) {
        p->rx_fd = wc_mcast_open_rx(&group, NULL, &lo, receive_buffer_bytes, &why);
        p->tx_fd = wc_mcast_open_tx(&group, &lo, 1, BUFFER_BYTES, &why);
    }
    if (p->rx_fd < 0 || p->tx_fd < 0) {
        print_message("no multicast on the loopback: %s\n", why.text);
        skip();
    }
    wc_udp_tx_init(&p->tx, p->tx_fd, datagram_bytes, mode.tx_offload);
    assert_int_equal(wc_udp_rx_new(&p->rx, p->rx_fd, mode.rx_offload), WC_OK);
}

static void pair_close(struct pair *p)
{
    wc_udp_rx_free(p->rx);
    close(p->rx_fd);
    close(p->tx_fd);
}

static size_t receive(struct pair *p, const struct wc_udp_message **ret_messages)
{
    struct pollfd pfd = {.fd = p->rx_fd, .events = POLLIN};
    if (poll(&pfd, 1, ARRIVE_MS_MAX) != 1)
        fail_msg("nothing came");
    return wc_udp_rx_receive(p->rx, ret_messages);
}

/* Take `count` datagrams, which must be `bytes`, one after the other. */
static void expect(struct pair *p, const uint8_t *bytes, uint32_t count)
{
    uint32_t got = 0;
    while (got < count) {
        const struct wc_udp_message *messages;
        size_t n = receive(p, &messages);
        for (size_t i = 0; i < n; i++) {
            const struct wc_udp_message *m = &messages[i];
            assert_int_equal(m->datagram_bytes, p->datagram_bytes);
            assert_int_equal(m->byte_count % p->datagram_bytes, 0);
            assert_true(got + m->byte_count / p->datagram_bytes <= count);
            assert_memory_equal(m->bytes, bytes + (size_t)got * p->datagram_bytes, m->byte_count);
            assert_int_equal(m->from.family, 4);
            assert_int_equal(m->from.bytes[0], 127);
            got += m->byte_count / p->datagram_bytes;
        }
    }
    assert_int_equal(wc_udp_rx_overflow_count(p->rx), 0);
}

static void every_byte_arrives_in_every_mode(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {48, 1472, 1440, 8960};
    static const uint32_t counts[] = {1, 2, 15, 16, 17, 32, 100};
    uint8_t *bytes = malloc(100 * 8960);
    assert_non_null(bytes);
    wc_workdir_pattern(1, 0, bytes, 100 * 8960);
    for (size_t m = 0; m < MODE_COUNT; m++) {
        for (size_t s = 0; s < 4; s++) {
            struct pair p;
            pair_open(&p, sizes[s], modes[m], BUFFER_BYTES);
            for (size_t c = 0; c < 7; c++) {
                for (uint32_t sent = 0; sent < counts[c]; sent += 20) {
                    uint32_t batch = counts[c] - sent < 20 ? counts[c] - sent : 20;
                    const uint8_t *at = bytes + (size_t)sent * sizes[s];
                    assert_int_equal(wc_udp_tx_send(&p.tx, at, batch), 0);
                    expect(&p, at, batch);
                }
            }
            assert_true(p.tx.refused_count == 0);
            pair_close(&p);
        }
    }
    free(bytes);
}

static void groups_fit_a_datagram(void **state)
{
    (void)state;
    struct wc_udp_tx tx;
    wc_udp_tx_init(&tx, -1, 1472, true);
    assert_int_equal(tx.group_max, 44);
    wc_udp_tx_init(&tx, -1, 8960, true);
    assert_int_equal(tx.group_max, 7);
    wc_udp_tx_init(&tx, -1, 65000, true);
    assert_int_equal(tx.group_max, 1);
}

/* A socket that cannot do it (here: the kernel refuses checksum-less offload) sends one by one. */
static void without_offload_it_goes_on_one_by_one(void **state)
{
    (void)state;
    struct pair p;
    uint8_t bytes[40 * 100];
    wc_workdir_pattern(2, 0, bytes, sizeof(bytes));
    pair_open(&p, 100, modes[3], BUFFER_BYTES);
    if (setsockopt(p.tx_fd, SOL_SOCKET, SO_NO_CHECK, &(int){1}, sizeof(int)) != 0)
        skip();
    assert_int_equal(wc_udp_tx_send(&p.tx, bytes, 40), 0);
    assert_false(p.tx.offload);
    expect(&p, bytes, 40);
    assert_int_equal(wc_udp_tx_send(&p.tx, bytes, 40), 0);
    expect(&p, bytes, 40);
    pair_close(&p);
}

static void what_the_kernel_refuses_is_counted(void **state)
{
    (void)state;
    static const uint8_t bytes[40 * 100];
    for (int offload = 0; offload < 2; offload++) {
        struct wc_udp_tx tx;
        wc_udp_tx_init(&tx, -1, 100, offload); /* no socket at all */
        assert_int_equal(wc_udp_tx_send(&tx, bytes, 40), 40);
        assert_int_equal(wc_udp_tx_send(&tx, bytes, 1), 1);
        assert_true(tx.refused_count == 41);
        assert_true(tx.last_errno != 0);
        assert_int_equal(tx.offload, offload);
    }
}

static void nothing_there_is_no_message(void **state)
{
    (void)state;
    struct pair p;
    const struct wc_udp_message *messages = NULL;
    pair_open(&p, 100, modes[3], BUFFER_BYTES);
    assert_int_equal(wc_udp_rx_receive(p.rx, &messages), 0);
    assert_null(messages);
    pair_close(&p);
    wc_udp_rx_free(NULL);
}

/* Anybody may send anything to the group. */
static void datagrams_of_any_size_come_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 31, 32, 1472, 0, 9000, 65000, 7};
    struct pair p;
    uint8_t *bytes = malloc(65000);
    assert_non_null(bytes);
    wc_workdir_pattern(3, 0, bytes, 65000);
    for (size_t m = 0; m < MODE_COUNT; m++) {
        pair_open(&p, 100, modes[m], BUFFER_BYTES);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            assert_int_equal(send(p.tx_fd, bytes, sizes[i], 0), sizes[i]);
            const struct wc_udp_message *messages;
            assert_int_equal(receive(&p, &messages), 1);
            assert_int_equal(messages[0].byte_count, sizes[i]);
            assert_int_equal(messages[0].datagram_bytes, sizes[i]);
            assert_memory_equal(messages[0].bytes, bytes, sizes[i]);
        }
        pair_close(&p);
    }
    free(bytes);
}

/* Until the socket's buffer is full many times over; then read, and once more. */
static void what_a_full_buffer_drops_is_counted(void **state)
{
    (void)state;
    enum { COUNT = 4000, SIZE = 1000 };
    static const uint8_t bytes[SIZE];
    for (size_t m = 0; m < MODE_COUNT; m++) {
        struct pair p;
        pair_open(&p, SIZE, modes[m], 50000);
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(wc_udp_tx_send(&p.tx, bytes, 1), 0);
        uint64_t got = 0;
        const struct wc_udp_message *messages;
        for (size_t n; (n = wc_udp_rx_receive(p.rx, &messages)) > 0;)
            for (size_t i = 0; i < n; i++)
                got += messages[i].byte_count / SIZE;
        assert_true(got > 0 && got < COUNT);
        assert_int_equal(wc_udp_tx_send(&p.tx, bytes, 1), 0); /* carries the count */
        assert_int_equal(receive(&p, &messages), 1);
        assert_true(wc_udp_rx_overflow_count(p.rx) == COUNT - got);
        pair_close(&p);
    }
}

/* The kernel counts buffers, and one may hold a group: what is counted is about what was lost. */
static void overflow_of_groups_is_about_right(void **state)
{
    (void)state;
    enum { GROUPS = 250, SIZE = 1000, GROUP = 16 };
    static const uint8_t bytes[SIZE * GROUP];
    struct pair p;
    const struct wc_udp_message *messages;
    pair_open(&p, SIZE, modes[3], 200000);
    for (int i = 0; i < 100; i++) { /* groups as they come every day */
        assert_int_equal(wc_udp_tx_send(&p.tx, bytes, GROUP), 0);
        expect(&p, bytes, GROUP);
    }
    for (int i = 0; i < GROUPS; i++)
        assert_int_equal(wc_udp_tx_send(&p.tx, bytes, GROUP), 0);
    uint64_t got = 0;
    for (size_t n; (n = wc_udp_rx_receive(p.rx, &messages)) > 0;)
        for (size_t i = 0; i < n; i++)
            got += messages[i].byte_count / SIZE;
    assert_true(got > 0 && got < GROUPS * GROUP);
    assert_int_equal(wc_udp_tx_send(&p.tx, bytes, GROUP), 0);
    assert_true(receive(&p, &messages) > 0);
    double lost = (double)(GROUPS * GROUP - got), told = (double)wc_udp_rx_overflow_count(p.rx);
    assert_true(told > 0.7 * lost && told < 1.3 * lost);
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_arrives_in_every_mode),
        cmocka_unit_test(groups_fit_a_datagram),
        cmocka_unit_test(without_offload_it_goes_on_one_by_one),
        cmocka_unit_test(what_the_kernel_refuses_is_counted),
        cmocka_unit_test(nothing_there_is_no_message),
        cmocka_unit_test(datagrams_of_any_size_come_whole),
        cmocka_unit_test(what_a_full_buffer_drops_is_counted),
        cmocka_unit_test(overflow_of_groups_is_about_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
