/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/apply_receive.h"

#include <stdio.h>
#include <sysexits.h>

#include "receiver/shell/applyjob.h"
#include "receiver/shell/filebook.h"
#include "receiver/shell/run.h"

int wc_apply_receive_run(const struct wc_apply_options *options,
                         const struct wc_args_common *common)
{
    const struct wc_applyjob_options apply = {
        .file = options->file,
        .image = options->image,
        .target = options->target,
        .force = options->force,
        .spool_dir = options->spool_dir,
        .spool_limit_bytes = options->spool_limit_bytes,
    };
    struct wc_filebook *book = wc_filebook_new(false);
    struct wc_applyjob *applyjob = wc_applyjob_new(&apply);
    int exit_code = EX_OSERR;
    if (book && applyjob) {
        struct wc_job jobs_of[] = {wc_applyjob_job(applyjob), wc_filebook_job(book)};
        struct wc_jobs jobs = {.count = 0};
        wc_jobs_add(&jobs, &jobs_of[0]);
        wc_jobs_add(&jobs, &jobs_of[1]);
        exit_code = wc_run_session(&options->fetch, common, &jobs);
    } else {
        fprintf(stderr, "wimcast-receiver: out of memory\n");
    }
    wc_applyjob_free(applyjob);
    wc_filebook_free(book);
    return exit_code;
}
