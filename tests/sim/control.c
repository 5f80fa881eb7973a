/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/control.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TLS_RECORD_BYTES  22 /* header, content type, tag */
#define SEGMENT_BYTES_MAX 1448
#define SEGMENT_OVERHEAD  90 /* Ethernet with gap 38, IPv4 20, TCP with timestamps 32 */

struct wc_frame {
    struct wc_frame *next;
    size_t byte_count;
    uint8_t bytes[];
};

void wc_pipe_init(struct wc_pipe *p, enum wc_due_kind due_kind, uint32_t index)
{
    *p = (struct wc_pipe){.due_kind = due_kind, .index = index};
}

void wc_pipe_reset(struct wc_pipe *p)
{
    while (p->first) {
        struct wc_frame *next = p->first->next;
        free(p->first);
        p->first = next;
    }
    free(p->taken);
    p->taken = NULL;
    p->last = NULL;
    p->generation++;
}

static uint64_t line_bytes(size_t frame_bytes)
{
    uint64_t record_bytes = frame_bytes + TLS_RECORD_BYTES;
    uint64_t segment_count = (record_bytes + SEGMENT_BYTES_MAX - 1) / SEGMENT_BYTES_MAX;
    return record_bytes + segment_count * SEGMENT_OVERHEAD;
}

void wc_pipe_send(struct wc_pipe *p, struct wc_agenda *agenda, wc_ns arrival,
                  const struct wc_msg *msg)
{
    uint8_t bytes[WC_FRAME_HEADER_BYTES + WC_FRAME_BODY_MAX];
    size_t byte_count = 0;
    if (msg) {
        enum wc_err err = wc_msg_encode(msg, bytes, sizeof(bytes), &byte_count);
        assert(!err);
    }
    struct wc_frame *frame = malloc(sizeof(*frame) + byte_count);
    assert(frame);
    frame->next = NULL;
    frame->byte_count = byte_count;
    memcpy(frame->bytes, bytes, byte_count);
    if (p->first)
        p->last->next = frame;
    else
        p->first = frame;
    p->last = frame;

    if (arrival < p->arrival_last)
        arrival = p->arrival_last;
    if (p->rate_bps)
        arrival += line_bytes(byte_count) * 8 * WC_S(1) / p->rate_bps;
    p->arrival_last = arrival;
    p->line_bytes += line_bytes(byte_count);
    wc_agenda_add(agenda, arrival, p->due_kind, p->index, p->generation);
}

uint8_t wc_pipe_receive(struct wc_pipe *p, struct wc_msg *ret)
{
    struct wc_frame *frame = p->first;
    assert(frame);
    p->first = frame->next;
    p->taken_line_bytes = line_bytes(frame->byte_count);
    uint8_t type = WC_MSG_CLOSED;
    if (frame->byte_count) {
        uint32_t body_bytes;
        enum wc_err err = wc_frame_decode(frame->bytes, frame->byte_count, &type, &body_bytes);
        assert(!err && body_bytes == frame->byte_count - WC_FRAME_HEADER_BYTES);
        err = wc_msg_decode(type, frame->bytes + WC_FRAME_HEADER_BYTES, body_bytes, ret);
        assert(!err);
    }
    free(p->taken);
    p->taken = frame;
    return type;
}
