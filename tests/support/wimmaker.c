/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/wimmaker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/sha1.h"
#include "tests/support/workdir.h"

enum { ROOM = 8 << 20 };

static void set(uint8_t *at, uint64_t value, size_t byte_count)
{
    for (size_t i = 0; i < byte_count; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void put(uint8_t *bytes, size_t *count, uint64_t value, size_t byte_count)
{
    set(bytes + *count, value, byte_count);
    *count += byte_count;
}

static void hash(const uint8_t *bytes, size_t count, uint8_t ret[WC_SHA1_BYTES])
{
    struct wc_sha1 *s;
    enum wc_err err = wc_sha1_new(&s);
    assert(!err);
    wc_sha1_update(s, bytes, count);
    wc_sha1_finish(s, ret);
    wc_sha1_free(s);
}

static void place(uint8_t *at, size_t offset, size_t byte_count, uint8_t flags)
{
    set(at, byte_count, 7);
    at[7] = flags;
    set(at + 8, offset, 8);
    set(at + 16, byte_count, 8);
}

static void add_entry(struct wc_wimmaker *m, size_t offset, size_t byte_count, uint8_t flags,
                      const uint8_t sha1[WC_SHA1_BYTES])
{
    uint8_t *e = m->table_bytes + m->table_count++ * WC_WIM_ENTRY_BYTES;
    place(e, offset, byte_count, flags);
    set(e + 24, 1, 2);
    set(e + 26, 1, 4);
    memcpy(e + 30, sha1, WC_SHA1_BYTES);
}

static void add_dentry(struct wc_wimmaker *m, const char *name, uint32_t attributes,
                       uint64_t children, const uint8_t *sha1)
{
    static const uint8_t none[WC_SHA1_BYTES];
    size_t begin = m->tree_bytes, name_bytes = 2 * strlen(name);
    memset(m->tree + begin, 0, 256);
    put(m->tree, &m->tree_bytes, (104 + name_bytes + 7) / 8 * 8, 8);
    put(m->tree, &m->tree_bytes, attributes, 4);
    put(m->tree, &m->tree_bytes, UINT32_MAX, 4);
    put(m->tree, &m->tree_bytes, children, 8);
    m->tree_bytes += 40;
    memcpy(m->tree + m->tree_bytes, sha1 ? sha1 : none, WC_SHA1_BYTES);
    m->tree_bytes = begin + 100;
    put(m->tree, &m->tree_bytes, name_bytes, 2);
    for (; *name; name++)
        put(m->tree, &m->tree_bytes, (uint8_t)*name, 2);
    m->tree_bytes = begin + (104 + name_bytes + 7) / 8 * 8;
}

static void add_data(struct wc_wimmaker *m, uint64_t seed, size_t byte_count, const char *name)
{
    uint8_t sha1[WC_SHA1_BYTES];
    wc_workdir_pattern(seed, 0, m->bytes + m->count, byte_count);
    hash(m->bytes + m->count, byte_count, sha1);
    add_entry(m, m->count, byte_count, 0, sha1);
    add_dentry(m, name, 0, 0, sha1);
    m->count += byte_count;
}

/* An image of many small files and a large one in the middle. */
void wc_wimmaker_make(struct wc_wimmaker *m)
{
    static const char xml[] = "<WIM><IMAGE INDEX=\"1\"/></WIM>";
    uint8_t sha1[WC_SHA1_BYTES];
    char name[16];
    memset(m, 0, sizeof *m);
    m->bytes = calloc(1, ROOM);
    assert(m->bytes);
    m->count = WC_WIM_HEADER_BYTES;
    put(m->tree, &m->tree_bytes, 8, 8);
    add_dentry(m, "", 0x10, 8 + 104 + 8, NULL);
    m->tree_bytes += 8;
    for (unsigned i = 0; i < WC_WIMMAKER_SMALL_COUNT; i++) {
        snprintf(name, sizeof name, "f%u", i);
        if (i == WC_WIMMAKER_SMALL_COUNT / 2)
            add_data(m, 999, WC_WIMMAKER_LARGE_BYTES, "large");
        add_data(m, i, WC_WIMMAKER_SMALL_BYTES, name);
    }
    m->tree_bytes += 8;
    hash(m->tree, m->tree_bytes, sha1);
    m->metadata = m->count;
    memcpy(m->bytes + m->count, m->tree, m->tree_bytes);
    add_entry(m, m->count, m->tree_bytes, WC_WIM_FLAG_METADATA, sha1);
    m->count += m->tree_bytes;
    m->table = m->count;
    memcpy(m->bytes + m->count, m->table_bytes, m->table_count * WC_WIM_ENTRY_BYTES);
    m->count += m->table_count * WC_WIM_ENTRY_BYTES;
    m->xml = m->count;
    set(m->bytes + m->count, 0xfeff, 2);
    m->count += 2;
    for (size_t i = 0; xml[i]; i++)
        put(m->bytes, &m->count, (uint8_t)xml[i], 2);
    memcpy(m->bytes, "MSWIM\0\0", 8);
    set(m->bytes + 8, WC_WIM_HEADER_BYTES, 4);
    set(m->bytes + 12, 0x10d00, 4);
    set(m->bytes + 40, 0x10001, 4);
    set(m->bytes + 44, 1, 4);
    place(m->bytes + 48, m->table, m->xml - m->table, WC_WIM_FLAG_METADATA);
    place(m->bytes + 72, m->xml, m->count - m->xml, WC_WIM_FLAG_METADATA);
}

void wc_wimmaker_free(struct wc_wimmaker *m)
{
    free(m->bytes);
}
