/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Somebody in the middle who cannot read a control connection, but keeps what the receiver said and
 * says it again:
 *
 *     tape record PORT HOST SENDER_PORT FILE   one connection to PORT goes on to the sender; what
 *                                              came from the receiver is in FILE
 *     tape play HOST SENDER_PORT FILE          say it again; prints how many bytes came back
 *
 * And somebody who may look into a process:
 *
 *     tape find PID TEXT                       prints how often it is in what the process may write
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MS 5000

static struct sockaddr_in address_of(const char *host, const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
        errx(1, "no address: %s", host);
    return a;
}

static int connect_to(const char *host, const char *port)
{
    struct sockaddr_in a = address_of(host, port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a))
        err(1, "connect to %s:%s", host, port);
    return fd;
}

static int accept_on(const char *port)
{
    struct sockaddr_in a = address_of("127.0.0.1", port);
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
        bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 1))
        err(1, "listen on %s", port);
    int peer = accept(fd, NULL, NULL);
    if (peer < 0)
        err(1, "accept");
    close(fd);
    return peer;
}

static void put(int fd, const char *bytes, size_t count)
{
    while (count) {
        ssize_t n = write(fd, bytes, count);
        if (n <= 0)
            exit(0); /* gone */
        bytes += n;
        count -= (size_t)n;
    }
}

static void record(int receiver, int sender, int tape)
{
    struct pollfd fds[2] = {{.fd = receiver, .events = POLLIN}, {.fd = sender, .events = POLLIN}};
    char bytes[16384];
    while (poll(fds, 2, -1) > 0) {
        for (int i = 0; i < 2; i++) {
            if (!fds[i].revents)
                continue;
            ssize_t n = read(fds[i].fd, bytes, sizeof bytes);
            if (n <= 0)
                return;
            if (i == 0)
                put(tape, bytes, (size_t)n);
            put(fds[1 - i].fd, bytes, (size_t)n);
        }
    }
}

static void play(int sender, int tape)
{
    struct pollfd waiting = {.fd = sender, .events = POLLIN};
    char bytes[16384];
    size_t back = 0;
    for (ssize_t n; (n = read(tape, bytes, sizeof bytes)) > 0;)
        if (send(sender, bytes, (size_t)n, MSG_NOSIGNAL) < 0)
            break;
    while (poll(&waiting, 1, ANSWER_MS) > 0) {
        ssize_t n = read(sender, bytes, sizeof bytes);
        if (n <= 0)
            break;
        back += (size_t)n;
    }
    printf("%zu\n", back);
}

static size_t count_in(int memory, off_t from, size_t size, const char *text)
{
    size_t count = 0, length = strlen(text);
    char *bytes = malloc(size);
    ssize_t got = bytes ? pread(memory, bytes, size, from) : -1;
    char *at = bytes, *end = bytes + (got > 0 ? got : 0);
    while (at < end && (at = memmem(at, (size_t)(end - at), text, length))) {
        count++;
        at++;
    }
    free(bytes);
    return count;
}

static void find(const char *pid, const char *text)
{
    char path[64], line[512], mode[8];
    unsigned long from, to;
    size_t count = 0;
    snprintf(path, sizeof path, "/proc/%s/mem", pid);
    int memory = open(path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    FILE *maps = fopen(path, "r");
    if (memory < 0 || !maps)
        err(1, "%s", path);
    while (fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && mode[1] == 'w')
            count += count_in(memory, (off_t)from, to - from, text);
    printf("%zu\n", count);
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "record") == 0) {
        int tape = open(argv[5], O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (tape < 0)
            err(1, "%s", argv[5]);
        int receiver = accept_on(argv[2]);
        record(receiver, connect_to(argv[3], argv[4]), tape);
        return 0;
    }
    if (argc == 5 && strcmp(argv[1], "play") == 0) {
        int tape = open(argv[4], O_RDONLY);
        if (tape < 0)
            err(1, "%s", argv[4]);
        play(connect_to(argv[2], argv[3]), tape);
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "find") == 0) {
        find(argv[2], argv[3]);
        return 0;
    }
    errx(64, "usage: see the head of tape.c");
}
