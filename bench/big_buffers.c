/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded into udpcast, which takes the socket buffers that the system gives by default. Its
 * manual advises to raise net.core.rmem_default; that is a setting of the whole machine, so here
 * only the sockets of this one program get larger buffers. */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BUFFER_BYTES (4 << 20)

int socket(int domain, int type, int protocol)
{
    int fd = (int)syscall(SYS_socket, domain, type, protocol);
    int bytes = BUFFER_BYTES;
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    return fd;
}
