/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/sender/shell/package_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sender/shell/publish.h"

void package_fixture_make(struct package_fixture *f)
{
    char why[WC_SENTENCE_BYTES_MAX + 1];
    *f = (struct package_fixture){.identity = NULL};
    wc_workdir_make(&f->work);
    snprintf(f->state, sizeof(f->state), "%s/state", f->work.path);
    assert_int_equal(wc_identity_open(&f->identity, f->state, why), WC_OK);
}

void package_fixture_remove(struct package_fixture *f)
{
    wc_identity_free(f->identity);
    wc_workdir_remove(&f->work);
}

void package_fixture_publish(struct package_fixture *f, const char *id, uint32_t version,
                             const char *path, struct wc_package *ret)
{
    struct wc_why why = {0};
    struct wc_package p = {.version = version, .published_s = 1795422646};
    struct wc_content *c = NULL;
    struct wc_publication publication = {0};
    struct wc_publish_config config = {
        .id = id, .version = version, .symbol_bytes = 1024, .block_symbols = 16};
    snprintf(p.id, sizeof(p.id), "%s", id);
    enum wc_err err = wc_package_add_origin(&p, path, &why);
    if (!err)
        err = wc_content_open(&c, (const char *const *)p.origins, p.origin_count, NULL, &why);
    if (!err)
        err = wc_publish_run(&publication, c, &config, &why);
    if (err)
        fail_msg("not published: %s", why.text);
    p.manifest = publication.bytes;
    p.manifest_bytes = publication.byte_count;
    memcpy(p.manifest_digest, publication.digest, sizeof(p.manifest_digest));
    publication.bytes = NULL;
    assert_int_equal(wc_package_seal(&p, f->identity, &why), WC_OK);
    wc_publish_deinit(&publication);
    wc_content_close(c);
    *ret = p;
}

void package_fixture_save(struct package_fixture *f, const char *id, uint32_t version,
                          const char *path)
{
    struct wc_why why = {0};
    struct wc_package p;
    package_fixture_publish(f, id, version, path, &p);
    if (wc_package_save(&p, f->state, &why))
        fail_msg("not saved: %s", why.text);
    wc_package_deinit(&p);
}

const char *package_fixture_file(struct package_fixture *f, const char *id, const char *name)
{
    char below[256];
    snprintf(below, sizeof(below), "state/packages/%s/%s", id, name);
    return wc_workdir_at(&f->work, below);
}
