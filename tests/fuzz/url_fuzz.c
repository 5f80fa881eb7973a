/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A URL that can be read is written in one way, and reads the same again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text)
{
    struct wc_url url;
    const char *why = NULL;
    if (wc_url_parse(text, &url, &why)) {
        assert(why && *why);
        return;
    }
    char written[WC_URL_BYTES_MAX + 1];
    enum wc_err err = wc_url_format(&url, written, sizeof(written));
    assert(!err);
    struct wc_url again;
    err = wc_url_parse(written, &again, &why);
    assert(!err);
    assert(strcmp(again.host, url.host) == 0 && again.port == url.port);
    assert(strcmp(again.package, url.package) == 0 && again.has_key == url.has_key);
    assert(memcmp(again.key, url.key, sizeof(url.key)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    assert(text);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    check(text);
    free(text);
    return 0;
}
