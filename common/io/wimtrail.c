/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wimtrail.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/wimmap.h"

#define ROOM_FIRST 256u

void wc_wimtrail_deinit(struct wc_wimtrail *t)
{
    free(t->notes);
    *t = (struct wc_wimtrail){0};
}

static struct wc_wimtrail_note *note_at(const struct wc_wimtrail *t, size_t index)
{
    return &t->notes[(t->first + index) % t->room];
}

static enum wc_err grow(struct wc_wimtrail *t)
{
    size_t room = t->room ? 2 * t->room : ROOM_FIRST;
    struct wc_wimtrail_note *notes = calloc(room, sizeof *notes);
    if (!notes)
        return WC_E_NOMEM;
    for (size_t i = 0; i < t->count; i++)
        notes[i] = *note_at(t, i);
    free(t->notes);
    t->notes = notes;
    t->room = room;
    t->first = 0;
    return WC_OK;
}

enum wc_err wc_wimtrail_add(struct wc_wimtrail *t, const struct wc_wimtrail_note *note)
{
    assert(!t->count || note_at(t, t->count - 1)->end <= note->end);
    if (t->count == t->room) {
        enum wc_err err = grow(t);
        if (err)
            return err;
    }
    t->count++;
    *note_at(t, t->count - 1) = *note;
    return WC_OK;
}

bool wc_wimtrail_pass(struct wc_wimtrail *t, uint64_t position, struct wc_wimtrail_note *ret)
{
    if (!t->count || note_at(t, 0)->end >= position)
        return false;
    *ret = *note_at(t, 0);
    t->first = (t->first + 1) % t->room;
    t->count--;
    return true;
}

uint32_t wc_wimtrail_blob(const struct wc_wimtrail *t, uint64_t position)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct wc_wimtrail_note *note = note_at(t, i);
        if (note->end >= position && note->blob != WC_WIMMAP_NONE)
            return note->blob;
    }
    return WC_WIMMAP_NONE;
}
