/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fresh directory for one test, and files of known bytes in it. What fails here ends the test
 * program. */
#ifndef WC_TESTS_SUPPORT_WORKDIR_H
#define WC_TESTS_SUPPORT_WORKDIR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wc_workdir {
    char path[256];
    char at[16][PATH_MAX];
    unsigned next;
};

void wc_workdir_make(struct wc_workdir *w);
void wc_workdir_remove(struct wc_workdir *w); /* and everything in it */

/* The path of `name` in it; stays good for the next 15 calls. */
const char *wc_workdir_at(struct wc_workdir *w, const char *name);

/* Bytes that depend on seed and offset alone. */
void wc_workdir_pattern(uint64_t seed, uint64_t offset, uint8_t *ret_bytes, size_t count);

/* Make a file of these bytes, or of `count` pattern bytes; the folders of its path too. Returns
 * its path. */
const char *wc_workdir_write(struct wc_workdir *w, const char *name, const void *bytes,
                             size_t count);
const char *wc_workdir_fill(struct wc_workdir *w, const char *name, uint64_t seed, size_t count);
const char *wc_workdir_mkdir(struct wc_workdir *w, const char *name);

/* The file at `path` holds exactly these bytes. */
bool wc_workdir_holds(const char *path, const void *bytes, size_t count);
bool wc_workdir_exists(const char *path);

#endif
