/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receivers that are none: they join, and say only what they are told to.
 *
 *     crowd HOST PORT COUNT     so many join and stay, until standard input ends; prints "joined"
 *                               once the sender has welcomed all of them
 *     crowd HOST PORT version   one that speaks a later protocol
 *     crowd HOST PORT ready     one that gets ready before it says HELLO
 *     crowd HOST PORT unicast   one that wants unicast of a package that goes only via multicast
 *     crowd HOST PORT fetch     one that asks for a block that does not exist
 *
 * The last four print the finding and the HRESULT with which the sender dismissed them. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/ctrl.h"

#define WAIT_MS 20000

static const char *wish; /* NULL: to stay */
static unsigned count = 1;
static unsigned welcome_count;

static void say(struct wc_ctrl *c, const struct wc_msg *msg)
{
    if (wc_ctrl_send(c, msg))
        errx(1, "cannot send");
}

static void say_hello(struct wc_ctrl *c, uint16_t version)
{
    struct wc_msg msg = {.type = WC_MSG_HELLO, .hello.version = version};
    static unsigned number;
    snprintf(msg.hello.name, sizeof msg.hello.name, "crowd-%u", ++number);
    say(c, &msg);
}

static void on_open(void *ctx, struct wc_ctrl *c)
{
    (void)ctx;
    if (wish && strcmp(wish, "ready") == 0)
        say(c, &(struct wc_msg){.type = WC_MSG_READY});
    else if (wish && strcmp(wish, "version") == 0)
        say_hello(c, WC_PROTOCOL_VERSION + 1);
    else
        say_hello(c, WC_PROTOCOL_VERSION);
}

static void on_welcome(struct wc_ctrl *c)
{
    struct wc_msg unicast = {.type = WC_MSG_UNICAST, .unicast.sentence = "please"};
    if (wish) {
        say(c, &unicast);
    } else if (++welcome_count == count) {
        puts("joined");
        fflush(stdout);
    }
}

static void on_msg(void *ctx, struct wc_ctrl *c, const struct wc_msg *msg)
{
    static const struct wc_msg fetch = {.type = WC_MSG_FETCH,
                                        .fetch = {.sbn = UINT32_MAX - 1, .block_count = 1}};
    (void)ctx;
    if (msg->type == WC_MSG_WELCOME)
        on_welcome(c);
    if (msg->type == WC_MSG_UNICAST && strcmp(wish, "fetch") == 0)
        say(c, &fetch);
    if (msg->type != WC_MSG_REFUSE && msg->type != WC_MSG_BYE)
        return;
    if (!wish)
        errx(1, "dismissed: %s", msg->refusal.sentence);
    printf("%s 0x%08X %s\n", msg->refusal.finding, msg->refusal.hresult, msg->refusal.sentence);
    exit(fflush(stdout) ? 1 : 0);
}

static void on_drain(void *ctx, struct wc_ctrl *c)
{
    (void)ctx;
    (void)c;
}

static void on_close(void *ctx, struct wc_ctrl *c, enum wc_err err, const char *why)
{
    (void)ctx;
    (void)c;
    errx(1, "the connection ended (%d): %s", (int)err, why);
}

/* They are ready as long as nobody looks: a word now and then keeps their places. */
static struct wc_ctrl **crowd;

static void on_timer(uv_timer_t *timer)
{
    (void)timer;
    for (unsigned i = 0; welcome_count == count && i < count; i++)
        say(crowd[i], &(struct wc_msg){.type = WC_MSG_ALIVE});
}

static void on_deadline(uv_timer_t *timer)
{
    (void)timer;
    if (wish || welcome_count < count)
        errx(1, "%u of %u joined, and nothing more happened", welcome_count, count);
}

static void on_input(uv_poll_t *poll, int status, int events)
{
    char bytes[64];
    (void)poll;
    (void)status;
    (void)events;
    if (fread(bytes, 1, sizeof bytes, stdin) == 0)
        exit(0);
}

int main(int argc, char **argv)
{
    static const struct wc_ctrl_ops ops = {on_open, on_msg, on_drain, on_close};
    struct wc_tls_context *tls = NULL;
    uv_loop_t loop;
    uv_timer_t timer, deadline;
    uv_poll_t input;
    if (argc != 4)
        errx(64, "usage: crowd HOST PORT COUNT|version|ready|unicast|fetch");
    if (atoi(argv[3]) > 0)
        count = (unsigned)atoi(argv[3]);
    else
        wish = argv[3];
    crowd = calloc(count, sizeof *crowd);
    if (!crowd || uv_loop_init(&loop) || wc_tls_client_new(&tls, NULL))
        errx(1, "no memory");
    for (unsigned i = 0; i < count; i++) {
        if (wc_ctrl_connect(&crowd[i], &loop, tls, argv[1], (uint16_t)atoi(argv[2]), &ops, NULL))
            errx(1, "cannot connect");
        wc_ctrl_set_open_timeout(crowd[i], WAIT_MS);
    }
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, on_timer, 1000, 1000);
    uv_timer_init(&loop, &deadline);
    uv_timer_start(&deadline, on_deadline, WAIT_MS, 0);
    if (!wish) {
        uv_poll_init(&loop, &input, 0);
        uv_poll_start(&input, UV_READABLE | UV_DISCONNECT, on_input);
    }
    return uv_run(&loop, UV_RUN_DEFAULT) ? 1 : 0;
}
