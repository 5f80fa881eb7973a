/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A state directory with a key, and packages that are published into it. What fails here fails the
 * test. */
#ifndef WC_TESTS_UNIT_SENDER_SHELL_PACKAGE_FIXTURE_H
#define WC_TESTS_UNIT_SENDER_SHELL_PACKAGE_FIXTURE_H

#include "sender/shell/package.h"
#include "tests/support/workdir.h"

struct package_fixture {
    struct wc_workdir work;
    char state[PATH_MAX];
    struct wc_identity *identity;
};

void package_fixture_make(struct package_fixture *f);
void package_fixture_remove(struct package_fixture *f);

/* A package of what lies at `path`, in memory; for wc_package_deinit. */
void package_fixture_publish(struct package_fixture *f, const char *id, uint32_t version,
                             const char *path, struct wc_package *ret);

/* The same, saved. */
void package_fixture_save(struct package_fixture *f, const char *id, uint32_t version,
                          const char *path);

/* A path in the folder of a package; as wc_workdir_at. */
const char *package_fixture_file(struct package_fixture *f, const char *id, const char *name);

#endif
