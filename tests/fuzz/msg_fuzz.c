/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first byte is the type, the rest a body. What decodes must encode to the bytes that were
 * read (fields of later versions may follow them), in a frame that says the same. The input is
 * also read as a frame. */
#include <assert.h>
#include <string.h>

#include "common/core/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as_body(uint8_t type, const uint8_t *body, size_t body_bytes)
{
    static struct wc_msg msg;
    static uint8_t frame[WC_FRAME_HEADER_BYTES + WC_FRAME_BODY_MAX];
    if (wc_msg_decode(type, body, body_bytes, &msg))
        return;
    size_t byte_count = 0;
    enum wc_err err = wc_msg_encode(&msg, frame, sizeof(frame), &byte_count);
    assert(!err && byte_count <= WC_FRAME_HEADER_BYTES + body_bytes);
    uint8_t frame_type = 0;
    uint32_t frame_body_bytes = 0;
    err = wc_frame_decode(frame, byte_count, &frame_type, &frame_body_bytes);
    assert(!err && frame_type == type);
    assert(WC_FRAME_HEADER_BYTES + frame_body_bytes == byte_count);
    assert(memcmp(frame + WC_FRAME_HEADER_BYTES, body, frame_body_bytes) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    read_as_body(data[0], data + 1, size - 1);
    uint8_t type = 0;
    uint32_t body_bytes = 0;
    enum wc_err err = wc_frame_decode(data, size, &type, &body_bytes);
    if (!err && body_bytes <= size - WC_FRAME_HEADER_BYTES)
        read_as_body(type, data + WC_FRAME_HEADER_BYTES, body_bytes);
    return 0;
}
