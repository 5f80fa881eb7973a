/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <sysexits.h>

#include "common/io/shield.h"
#include "sender/shell/account.h"
#include "sender/shell/check.h"
#include "sender/shell/key.h"
#include "sender/shell/options.h"
#include "sender/shell/packages.h"
#include "sender/shell/publish_run.h"
#include "sender/shell/run.h"

int main(int argc, char **argv)
{
    struct wc_sender_options options;
    struct wc_sender_env env = wc_sender_env_read();
    struct wc_why why;
    wc_shield_raise();
    if (wc_sender_options_parse(&options, argc, argv, &env, &why)) {
        fprintf(stderr, "wimcast-sender: %s\n", why.text);
        return why.exit_code;
    }
    switch (options.common.action) {
    case WC_ARGS_HELP:
        return fputs(wc_sender_help(options.command), stdout) < 0 ? EX_IOERR : EX_OK;
    case WC_ARGS_VERSION:
        return fputs(wc_sender_version(), stdout) < 0 ? EX_IOERR : EX_OK;
    case WC_ARGS_RUN:
        break;
    }
    switch (options.command) {
    case WC_SENDER_COMMAND_PUBLISH:
        return wc_publish_command(&options.publish, &options.common);
    case WC_SENDER_COMMAND_PACKAGES:
        return wc_packages_run(&options.packages, &options.common);
    case WC_SENDER_COMMAND_KEY:
        return wc_key_run(&options.key, &options.common);
    case WC_SENDER_COMMAND_ACCOUNT:
        return wc_account_run(&options.account, &options.common);
    case WC_SENDER_COMMAND_CHECK:
        return wc_check_run(&options.check, &options.common);
    case WC_SENDER_COMMAND_SEND:
    case WC_SENDER_COMMAND_NONE:
        break;
    }
    return wc_send_run(&options.send, &options.common);
}
