/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why something failed, for the person who has to mend it: one sentence that names the thing and
 * the fix, and the exit code of the program (sysexits.h). */
#ifndef WC_IO_WHY_H
#define WC_IO_WHY_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"

struct wc_why {
    int exit_code;                       /* EX_... of sysexits.h */
    uint32_t hresult;                    /* as Windows shows it, where that is known; else 0 */
    char finding[WC_NAME_BYTES_MAX + 1]; /* its stable id, such as key.expired; "": none */
    char text[WC_SENTENCE_BYTES_MAX + 1];
};

/* Fill `why` (NULL: nothing happens), with hresult 0 and no finding; a text that is too long is
 * cut, control characters become '?'. Returns `err`, so that a failure is one statement:
 * return wc_why_set(why, WC_E_IO, EX_IOERR, ...). */
enum wc_err wc_why_set(struct wc_why *why, enum wc_err err, int exit_code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same of a finding (common/diag/finding.h): its id, its codes, and its text as one line. */
enum wc_err wc_why_finding(struct wc_why *why, enum wc_err err, const char *id, uint32_t hresult,
                           int exit_code, const char *line);

/* Give a sentence that stands in `why` (NULL: nothing happens) the id and the code of a finding.
 * Returns `err`. */
enum wc_err wc_why_mark(struct wc_why *why, enum wc_err err, const char *id, uint32_t hresult);

/* What an errno value of open, read, write, rename and their like means: WC_E_NOT_FOUND, WC_E_PATH,
 * WC_E_FULL, WC_E_TOO_LARGE, WC_E_NOMEM, else WC_E_IO. */
enum wc_err wc_why_errno(int error);
/* The exit code for it when a file is read, and when one is made or written. */
int wc_why_input_exit(int error);
int wc_why_output_exit(int error);
/* The system's words for it, static. */
const char *wc_why_errno_text(int error);

/* `path`, or its tail after "..." when it would crowd the rest out of a sentence. Returns `ret`. */
#define WC_WHY_PATH_BYTES 208
const char *wc_why_path(char ret[WC_WHY_PATH_BYTES], const char *path);

/* "1.5 GiB": for sentences. Returns `ret`. */
#define WC_WHY_BYTES_BYTES 32
const char *wc_why_bytes(char ret[WC_WHY_BYTES_BYTES], uint64_t bytes);

#endif
