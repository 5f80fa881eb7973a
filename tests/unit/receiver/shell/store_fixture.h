/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the store share: one working directory, one package, one store. */
#ifndef WC_TESTS_UNIT_RECEIVER_SHELL_STORE_FIXTURE_H
#define WC_TESTS_UNIT_RECEIVER_SHELL_STORE_FIXTURE_H

#include "receiver/shell/store.h"
#include "tests/support/package.h"
#include "tests/support/workdir.h"

struct wc_fixture {
    struct wc_workdir work;
    struct wc_package package;
    struct wc_store *store;
    struct wc_store_options options; /* for the next open; output is set by it */
    struct wc_why why;
    char warning[WC_SENTENCE_BYTES_MAX + 1]; /* the last one since the last open */
    unsigned warning_count;
};

/* For cmocka: *state is the fixture. */
int wc_fixture_make(void **state);
int wc_fixture_clean(void **state);

/* Take another package than the one before. */
void wc_fixture_pack(struct wc_fixture *f, const struct wc_package_file *files, uint32_t count);

/* `output` is below the working directory; NULL and "-" are what they are. */
enum wc_err wc_fixture_try(struct wc_fixture *f, const char *output);
void wc_fixture_open(struct wc_fixture *f, const char *output);
void wc_fixture_close(struct wc_fixture *f);

/* Opening fails like this, and with these words in the sentence. */
void wc_fixture_refused(struct wc_fixture *f, const char *output, enum wc_err err, int exit_code,
                        const char *words);

void wc_fixture_write(struct wc_fixture *f, uint32_t sbn);
/* Write all that is missing, in an order that follows from `seed`. */
void wc_fixture_write_rest(struct wc_fixture *f, uint32_t seed);
void wc_fixture_finish(struct wc_fixture *f);

/* The package lies below `folder` (of the working directory) as it should, and no .part or
 * journal with it. */
void wc_fixture_assert_complete(struct wc_fixture *f, const char *folder);

/* What a killed receiver leaves: open, write some blocks chosen by `seed`, write the journal if
 * told so, end without a word. */
void wc_fixture_killed_run(struct wc_fixture *f, const char *output, uint32_t seed,
                           bool with_checkpoint, uint64_t *ret_written);

#endif
