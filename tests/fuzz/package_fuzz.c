/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A record of a package that can be read is within its bounds, and reads the same when it is
 * written again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/manifest.h"
#include "sender/shell/packagefile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bounds(const struct wc_package *p)
{
    assert(wc_package_id_check(p->id, strlen(p->id)) == WC_OK);
    assert(p->version >= 1 && p->published_s >= 0);
    assert(p->manifest_bytes >= 1 && p->manifest_bytes <= WC_MANIFEST_BYTES_MAX);
    assert(p->origin_count >= 1 && p->origin_count <= WC_PACKAGE_ORIGINS_MAX);
    for (uint32_t i = 0; i < p->origin_count; i++)
        assert(p->origins[i][0] == '/' && !strstr(p->origins[i], "/../"));
    assert(p->readers.listed_count <= WC_READERS_LISTED_MAX);
    assert((p->readers.set == WC_READERS_LISTED) == (p->readers.listed_count > 0));
}

static void check_same(const struct wc_package *a, const struct wc_package *b)
{
    assert(strcmp(a->id, b->id) == 0 && a->version == b->version);
    assert(a->published_s == b->published_s && a->multicast_only == b->multicast_only);
    assert(memcmp(&a->readers, &b->readers, sizeof(a->readers)) == 0);
    assert(memcmp(a->manifest_digest, b->manifest_digest, WC_DIGEST_BYTES) == 0);
    assert(memcmp(a->key_digest, b->key_digest, WC_DIGEST_BYTES) == 0);
    assert(a->manifest_bytes == b->manifest_bytes && a->origin_count == b->origin_count);
    for (uint32_t i = 0; i < a->origin_count; i++)
        assert(strcmp(a->origins[i], b->origins[i]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char detail[WC_PACKAGE_DETAIL_BYTES] = "";
    struct wc_package p;
    struct wc_package again;
    if (wc_packagefile_decode(&p, (const char *)data, size, detail)) {
        assert(detail[0] && !p.origins);
        return 0;
    }
    check_bounds(&p);
    char *text = wc_packagefile_encode(&p);
    assert(text);
    enum wc_err err = wc_packagefile_decode(&again, text, strlen(text), detail);
    assert(!err);
    check_same(&p, &again);
    free(text);
    wc_package_deinit(&p);
    wc_package_deinit(&again);
    return 0;
}
