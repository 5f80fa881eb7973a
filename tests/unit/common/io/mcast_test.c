/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multicast on the loopback. */
#include "common/io/mcast.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/io/netaddr.h"

#define ARRIVE_MS_MAX 20000 /* a bound, never a wait */

static struct wc_netif lo;
static struct wc_why why;

static int find_loopback(void **state)
{
    (void)state;
    return wc_netif_choose(&lo, "lo", 4, NULL) ? -1 : 0;
}

/* A group and port that no other run of this test uses. */
static struct wc_addr group_of(const char *text, uint32_t salt)
{
    struct wc_addr group;
    uint32_t unique = (uint32_t)getpid() * 16 + salt;
    assert_true(wc_netaddr_parse(text, &group));
    group.bytes[group.family == 4 ? 2 : 14] = (uint8_t)(unique >> 8);
    group.bytes[group.family == 4 ? 3 : 15] = (uint8_t)unique;
    group.port = (uint16_t)(20000 + unique % 20000);
    return group;
}

static int open_tx(const struct wc_addr *group)
{
    int fd = wc_mcast_open_tx(group, &lo, 1, 0, &why);
    if (fd < 0) {
        print_message("no multicast on the loopback: %s\n", why.text);
        skip();
    }
    return fd;
}

static int open_rx(const struct wc_addr *group, const struct wc_addr *source)
{
    int fd = wc_mcast_open_rx(group, source, &lo, 1 << 16, &why);
    if (fd < 0) {
        print_message("no multicast on the loopback: %s\n", why.text);
        skip();
    }
    return fd;
}

/* What comes next, 0: nothing within `timeout_ms`. */
static char receive(int fd, int timeout_ms)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    char c = 0;
    if (poll(&pfd, 1, timeout_ms) == 1)
        assert_int_equal(recv(fd, &c, 1, 0), 1);
    return c;
}

static void say(int fd, char c)
{
    assert_int_equal(send(fd, &c, 1, 0), 1);
}

static int get_int(int fd, int level, int option)
{
    int value = -1;
    socklen_t size = sizeof(value);
    assert_int_equal(getsockopt(fd, level, option, &value, &size), 0);
    return value;
}

static void datagrams_reach_who_joined(void **state)
{
    (void)state;
    struct wc_addr group = group_of("239.77.0.0", 1);
    int tx = open_tx(&group), first = open_rx(&group, NULL), second = open_rx(&group, NULL);
    say(tx, 'a');
    assert_int_equal(receive(first, ARRIVE_MS_MAX), 'a');
    assert_int_equal(receive(second, ARRIVE_MS_MAX), 'a');
    close(first);
    close(second);
    close(tx);
}

static void ipv6_datagrams_reach_who_joined(void **state)
{
    (void)state;
    if (!lo.v6.family)
        skip();
    struct wc_addr group = group_of("ff15::8000:0", 2);
    int tx = open_tx(&group), rx = open_rx(&group, NULL);
    say(tx, 'b');
    assert_int_equal(receive(rx, ARRIVE_MS_MAX), 'b');
    assert_int_equal(get_int(tx, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 1);
    close(rx);
    close(tx);
}

/* Same port, another group: a socket hears only what it joined itself, whoever else on this host
 * joined what (order of arrival on one machine tells that nothing else came). */
static void other_groups_are_not_heard(void **state)
{
    (void)state;
    struct wc_addr group = group_of("239.77.0.0", 3), other = group_of("239.78.0.0", 3);
    int tx = open_tx(&group), tx_other = open_tx(&other);
    int rx = open_rx(&group, NULL), rx_other = open_rx(&other, NULL);
    say(tx_other, 'o');
    say(tx, 'g');
    assert_int_equal(receive(rx, ARRIVE_MS_MAX), 'g');
    assert_int_equal(receive(rx_other, ARRIVE_MS_MAX), 'o');
    assert_int_equal(receive(rx, 0), 0);
    assert_int_equal(receive(rx_other, 0), 0);
    close(rx_other);
    close(rx);
    close(tx_other);
    close(tx);
}

static void one_socket_may_join_more(void **state)
{
    (void)state;
    struct wc_addr group = group_of("239.77.0.0", 4);
    int rx = open_rx(&group, NULL);
    assert_int_equal(wc_mcast_join(rx, &group, NULL, lo.index), WC_E_SYS); /* it has */
    struct wc_addr unicast = lo.v4;
    assert_int_equal(wc_mcast_join(rx, &unicast, NULL, lo.index), WC_E_SYS);
    assert_int_equal(wc_mcast_join(-1, &group, NULL, lo.index), WC_E_SYS);
    close(rx);
}

static void a_source_is_heard_and_no_other(void **state)
{
    (void)state;
    struct wc_addr group = group_of("232.77.0.0", 5), stranger;
    assert_true(wc_netaddr_parse("192.0.2.77", &stranger));
    int tx = open_tx(&group);
    int rx = open_rx(&group, &lo.v4);
    say(tx, 's');
    assert_int_equal(receive(rx, ARRIVE_MS_MAX), 's');
    int deaf = open_rx(&group, &stranger);
    say(tx, 't');
    assert_int_equal(receive(rx, ARRIVE_MS_MAX), 't');
    assert_int_equal(receive(deaf, 0), 0);
    close(deaf);
    close(rx);
    close(tx);
}

static void a_sender_stays_on_its_interface(void **state)
{
    (void)state;
    struct wc_addr group = group_of("239.77.0.0", 6);
    int tx = wc_mcast_open_tx(&group, &lo, 7, 100000, &why);
    if (tx < 0)
        skip();
    struct ip_mreqn where = {0};
    struct sockaddr_in from;
    socklen_t size = sizeof(from);
    assert_int_equal(getsockname(tx, (struct sockaddr *)&from, &size), 0);
    assert_int_equal(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
    assert_true(from.sin_port != 0);
    assert_int_equal(get_int(tx, IPPROTO_IP, IP_MULTICAST_TTL), 7);
    assert_int_equal(get_int(tx, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_PROBE);
    assert_true(get_int(tx, SOL_SOCKET, SO_SNDBUF) >= 100000);
    size = sizeof(where);
    assert_int_equal(getsockopt(tx, IPPROTO_IP, IP_MULTICAST_IF, &where, &size), 0);
    close(tx);
}

static void receivers_count_what_the_kernel_drops(void **state)
{
    (void)state;
    struct wc_addr group = group_of("239.77.0.0", 7);
    int rx = open_rx(&group, NULL);
    assert_int_equal(get_int(rx, SOL_SOCKET, SO_RXQ_OVFL), 1);
    assert_int_equal(get_int(rx, IPPROTO_IP, IP_MULTICAST_ALL), 0);
    assert_int_equal(receive(rx, 0), 0);
    char c;
    assert_int_equal(recv(rx, &c, 1, 0), -1); /* does not block */
    assert_int_equal(errno, EAGAIN);
    close(rx);
}

/* --- what can go wrong, and what is said then --- */

static void assert_refused(int fd, const char *verb, const struct wc_addr *group)
{
    char text[WC_NETADDR_TEXT_BYTES];
    assert_int_equal(fd, -1);
    assert_int_equal(why.exit_code, EX_OSERR);
    assert_non_null(strstr(why.text, verb));
    assert_non_null(strstr(why.text, wc_netaddr_format(group, true, text)));
}

static void an_interface_that_went_away(void **state)
{
    (void)state;
    struct wc_addr group = group_of("239.77.0.0", 8);
    struct wc_netif gone = lo;
    gone.index = 0x7ffffff0;
    snprintf(gone.name, sizeof(gone.name), "gone0");
    assert_refused(wc_mcast_open_rx(&group, NULL, &gone, 0, &why), "join", &group);
    assert_non_null(strstr(why.text, "gone0"));
    assert_refused(wc_mcast_open_tx(&group, &gone, 1, 0, &why), "prepare", &group);
    assert_int_equal(wc_mcast_open_rx(&group, NULL, &gone, 0, NULL), -1);
}

static void an_address_that_is_no_group(void **state)
{
    (void)state;
    struct wc_addr unicast = lo.v4;
    unicast.port = group_of("239.77.0.0", 9).port;
    assert_refused(wc_mcast_open_rx(&unicast, NULL, &lo, 0, &why), "join", &unicast);
}

static void a_family_without_an_address(void **state)
{
    (void)state;
    struct wc_addr group = group_of("239.77.0.0", 10);
    struct wc_netif netif = lo;
    netif.v4 = (struct wc_addr){0};
    assert_refused(wc_mcast_open_tx(&group, &netif, 1, 0, &why), "send to", &group);
}

static void a_ttl_that_cannot_be(void **state)
{
    (void)state;
    struct wc_addr group = group_of("239.77.0.0", 11);
    assert_refused(wc_mcast_open_tx(&group, &lo, 256, 0, &why), "prepare", &group);
}

/* Many receivers may share a port on one host, but not with a program that keeps it for itself. */
static void a_port_that_another_program_keeps(void **state)
{
    (void)state;
    struct wc_addr group = group_of("239.77.0.0", 12), any;
    struct sockaddr_storage sa;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_true(wc_netaddr_parse("0.0.0.0", &any));
    any.port = group.port;
    socklen_t size = wc_netaddr_to_sockaddr(&any, 0, &sa);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, size), 0);
    assert_refused(wc_mcast_open_rx(&group, NULL, &lo, 0, &why), "listen", &group);
    assert_non_null(strstr(why.text, "--mcast-data-address"));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_reach_who_joined),
        cmocka_unit_test(ipv6_datagrams_reach_who_joined),
        cmocka_unit_test(other_groups_are_not_heard),
        cmocka_unit_test(one_socket_may_join_more),
        cmocka_unit_test(a_source_is_heard_and_no_other),
        cmocka_unit_test(a_sender_stays_on_its_interface),
        cmocka_unit_test(receivers_count_what_the_kernel_drops),
        cmocka_unit_test(an_interface_that_went_away),
        cmocka_unit_test(an_address_that_is_no_group),
        cmocka_unit_test(a_family_without_an_address),
        cmocka_unit_test(a_ttl_that_cannot_be),
        cmocka_unit_test(a_port_that_another_program_keeps),
    };
    return cmocka_run_group_tests(tests, find_loopback, NULL);
}
