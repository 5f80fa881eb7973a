/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multicast probe for the tests of the lab itself: numbered datagrams in, counts out.
 *
 *   mcprobe send GROUP PORT INTERFACE COUNT BYTES
 *       sends COUNT datagrams as fast as the interface takes them
 *   mcprobe recv GROUP PORT INTERFACE COUNT QUIET_MS [SOURCE | -]
 *       joins (from SOURCE only, or not at all with `-`), says "ready", and ends when the number
 *       COUNT - 1 has come, or nothing for QUIET_MS after the first, or on SIGTERM. Then one line:
 *       received=N bytes=N seconds=S */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DATAGRAM_BYTES_MAX = 65507, RECEIVE_BUFFER_BYTES = 8 << 20 };

static volatile sig_atomic_t stop;

static void on_term(int signal_number)
{
    (void)signal_number;
    stop = 1;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static socklen_t resolve(const char *host, const char *port, struct sockaddr_storage *ret_address)
{
    struct addrinfo *list = NULL;
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_DGRAM};
    int rc = getaddrinfo(host, port, &hints, &list);
    if (rc != 0) {
        fprintf(stderr, "%s: %s\n", host, gai_strerror(rc));
        exit(64);
    }
    socklen_t bytes = list->ai_addrlen;
    memcpy(ret_address, list->ai_addr, bytes);
    freeaddrinfo(list);
    return bytes;
}

static void set_option(int fd, int level, int name, int value)
{
    if (setsockopt(fd, level, name, &value, sizeof(value)) != 0) {
        die("setsockopt");
    }
}

static void send_all(int fd, const struct sockaddr_storage *group, socklen_t group_bytes,
                     uint32_t count, size_t bytes)
{
    static uint8_t datagram[DATAGRAM_BYTES_MAX];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = htonl(i);
        memcpy(datagram, &number, sizeof(number));
        ssize_t n = sendto(fd, datagram, bytes, 0, (const struct sockaddr *)group, group_bytes);
        if (n < 0 && errno == ENOBUFS) {
            i--;
            poll(NULL, 0, 1);
        } else if (n < 0) {
            die("sendto");
        }
    }
}

static int probe_send(const struct sockaddr_storage *group, socklen_t group_bytes, int interface,
                      uint32_t count, size_t bytes)
{
    bool v6 = group->ss_family == AF_INET6;
    int fd = socket(group->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        die("socket");
    }
    if (v6) {
        set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, interface);
        set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 4);
    } else {
        struct ip_mreqn m = {.imr_ifindex = interface};
        if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof(m)) != 0) {
            die("IP_MULTICAST_IF");
        }
        set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, 4);
    }
    send_all(fd, group, group_bytes, count, bytes);
    close(fd);
    return 0;
}

static void join(int fd, const struct sockaddr_storage *group, int interface, const char *source)
{
    int level = group->ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int rc;
    if (source == NULL) {
        struct group_req r = {.gr_interface = (uint32_t)interface, .gr_group = *group};
        rc = setsockopt(fd, level, MCAST_JOIN_GROUP, &r, sizeof(r));
    } else {
        struct group_source_req r = {.gsr_interface = (uint32_t)interface, .gsr_group = *group};
        resolve(source, "0", &r.gsr_source);
        rc = setsockopt(fd, level, MCAST_JOIN_SOURCE_GROUP, &r, sizeof(r));
    }
    if (rc != 0) {
        die("join");
    }
}

static void receive_all(int fd, uint32_t count, int quiet_ms)
{
    static uint8_t datagram[DATAGRAM_BYTES_MAX];
    unsigned long received = 0;
    unsigned long long bytes = 0;
    double first = 0;
    double last = 0;
    uint32_t number = 0;
    while (!stop && (received == 0 || number + 1 != count)) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = poll(&p, 1, received == 0 ? -1 : quiet_ms);
        if (ready == 0) {
            break;
        }
        ssize_t n = ready > 0 ? recv(fd, datagram, sizeof(datagram), MSG_DONTWAIT) : -1;
        if (n < (ssize_t)sizeof(number)) {
            continue;
        }
        memcpy(&number, datagram, sizeof(number));
        number = ntohl(number);
        last = now_seconds();
        first = received == 0 ? last : first;
        bytes += (unsigned long long)n;
        received++;
    }
    printf("received=%lu bytes=%llu seconds=%.3f\n", received, bytes, last - first);
}

static int probe_receive(const struct sockaddr_storage *group, socklen_t group_bytes, int interface,
                         uint32_t count, int quiet_ms, const char *source)
{
    int fd = socket(group->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        die("socket");
    }
    struct sigaction action = {.sa_handler = on_term};
    sigaction(SIGTERM, &action, NULL);
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){RECEIVE_BUFFER_BYTES}, sizeof(int));
    if (bind(fd, (const struct sockaddr *)group, group_bytes) != 0) {
        die("bind");
    }
    if (source == NULL || strcmp(source, "-") != 0) {
        join(fd, group, interface, source);
    }
    puts("ready");
    fflush(stdout);
    receive_all(fd, count, quiet_ms);
    close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    bool sending = argc == 7 && strcmp(argv[1], "send") == 0;
    bool receiving = (argc == 7 || argc == 8) && strcmp(argv[1], "recv") == 0;
    if (!sending && !receiving) {
        fprintf(stderr, "usage: mcprobe send GROUP PORT INTERFACE COUNT BYTES\n"
                        "       mcprobe recv GROUP PORT INTERFACE COUNT QUIET_MS [SOURCE | -]\n");
        return 64;
    }
    struct sockaddr_storage group = {0};
    socklen_t group_bytes = resolve(argv[2], argv[3], &group);
    int interface = (int)if_nametoindex(argv[4]);
    if (interface == 0) {
        die(argv[4]);
    }
    uint32_t count = (uint32_t)strtoul(argv[5], NULL, 10);
    unsigned long last = strtoul(argv[6], NULL, 10);
    if (last > DATAGRAM_BYTES_MAX || (sending && last < sizeof(uint32_t))) {
        fprintf(stderr, "%s: out of range\n", argv[6]);
        return 64;
    }
    if (sending) {
        return probe_send(&group, group_bytes, interface, count, last);
    }
    return probe_receive(&group, group_bytes, interface, count, (int)last,
                         argc == 8 ? argv[7] : NULL);
}
