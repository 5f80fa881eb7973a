/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/io/shield.h"
#include "receiver/shell/apply.h"
#include "receiver/shell/apply_receive.h"
#include "receiver/shell/applychild.h"
#include "receiver/shell/logcmd.h"
#include "receiver/shell/options.h"
#include "receiver/shell/run.h"
#include "receiver/shell/verify.h"

int main(int argc, char **argv)
{
    struct wc_receiver_options options;
    struct wc_why why;
    wc_shield_raise();
    if (argc > 1 && strcmp(argv[1], WC_APPLY_CHILD_COMMAND) == 0)
        return wc_apply_child_main(argc, argv);
    if (wc_receiver_options_parse(&options, argc, argv, &why)) {
        fprintf(stderr, "wimcast-receiver: %s\n", why.text);
        return why.exit_code;
    }
    switch (options.common.action) {
    case WC_ARGS_HELP:
        return fputs(wc_receiver_help(options.command), stdout) < 0 ? EX_IOERR : EX_OK;
    case WC_ARGS_VERSION:
        return fputs(wc_receiver_version(), stdout) < 0 ? EX_IOERR : EX_OK;
    case WC_ARGS_RUN:
        break;
    }
    if (options.command == WC_RECEIVER_COMMAND_APPLY)
        return options.apply.path ? wc_apply_run(&options.apply, &options.common)
                                  : wc_apply_receive_run(&options.apply, &options.common);
    if (options.command == WC_RECEIVER_COMMAND_LOG)
        return wc_log_run(&options.log, &options.common);
    if (options.command == WC_RECEIVER_COMMAND_VERIFY)
        return wc_verify_run(&options.verify, &options.common);
    return wc_fetch_run(&options.fetch, &options.common);
}
