/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#define ARGS_MAX 16

static struct wc_sender_options options;
static struct wc_why why;

static enum wc_err parse(const char *line)
{
    static char text[512];
    static char *argv[ARGS_MAX + 1];
    int argc = 0;
    assert_true(strlen(line) < sizeof(text));
    strcpy(text, line);
    for (char *word = strtok(text, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    return wc_sender_options_parse(&options, argc, argv,
                                   &(struct wc_sender_env){.home = "/home/jo"}, &why);
}

static const struct wc_account_options *takes(const char *line, enum wc_account_action action)
{
    if (parse(line))
        fail_msg("'%s' is refused: %s", line, why.text);
    assert_int_equal(options.command, WC_SENDER_COMMAND_ACCOUNT);
    assert_int_equal(options.account.action, action);
    return &options.account;
}

static void refuses(const char *line, const char *words)
{
    if (!parse(line))
        fail_msg("'%s' is taken", line);
    assert_int_equal(why.exit_code, EX_USAGE);
    if (!strstr(why.text, words))
        fail_msg("'%s': no '%s' in: %s", line, words, why.text);
}

static void actions(void **state)
{
    (void)state;
    const struct wc_account_options *o = takes("p account add lab", WC_ACCOUNT_ADD);
    assert_string_equal(o->name, "lab");
    assert_null(o->password_file);
    assert_null(o->certificate);
    assert_string_equal(o->state_dir, "/home/jo/.local/state/wimcast");
    o = takes("p account add lab --password-file f --state-dir s", WC_ACCOUNT_ADD);
    assert_string_equal(o->password_file, "f");
    assert_string_equal(o->state_dir, "s");
    o = takes("p account add --certificate c.pem DOMAIN\\pc7", WC_ACCOUNT_ADD);
    assert_string_equal(o->certificate, "c.pem");
    assert_string_equal(o->name, "DOMAIN\\pc7");
    takes("p account remove lab", WC_ACCOUNT_REMOVE);
    takes("p account list --json", WC_ACCOUNT_LIST);
    assert_true(options.common.json);
    takes("p account test lab", WC_ACCOUNT_TEST);
    assert_true(takes("p account anonymous allow", WC_ACCOUNT_ANONYMOUS)->allow);
    assert_false(takes("p account anonymous refuse", WC_ACCOUNT_ANONYMOUS)->allow);
}

static void what_is_wrong(void **state)
{
    (void)state;
    refuses("p account", "add, remove, list, test or anonymous");
    refuses("p account show", "unknown command 'show'");
    refuses("p account add", "NAME is missing");
    refuses("p account anonymous", "'allow' or 'refuse' is missing");
    refuses("p account anonymous yes", "allow or refuse, not 'yes'");
    refuses("p account list lab", "'lab' is one argument too many");
    refuses("p account add everyone", "not 'everyone'");
    refuses("p account add a,b", "without comma");
    refuses("p account remove lab --password-file f", "does not go with this action");
    refuses("p account list --certificate f", "does not go with this action");
    refuses("p account add lab --password-file f --certificate c", "not both");
    refuses("p account add lab --password geheim", "never stands on the command line");
    refuses("p account add lab --what", "unknown option");
}

/* Somebody types it behind the name: it is not repeated, for messages go into logs. */
static void a_password_is_not_repeated(void **state)
{
    (void)state;
    refuses("p account add lab geheim", "--password-file");
    assert_null(strstr(why.text, "geheim"));
    refuses("p account add lab --password=geheim", "--password-file");
    assert_null(strstr(why.text, "geheim"));
}

static void readers_of_send(void **state)
{
    (void)state;
    assert_int_equal(parse("p send a"), WC_OK);
    assert_false(options.send.has_readers);
    assert_int_equal(options.send.readers.set, WC_READERS_EVERYONE);
    assert_int_equal(parse("p send a --read accounts"), WC_OK);
    assert_true(options.send.has_readers);
    assert_int_equal(options.send.readers.set, WC_READERS_ACCOUNTS);
    assert_int_equal(parse("p send a --read lab,office"), WC_OK);
    assert_int_equal(options.send.readers.set, WC_READERS_LISTED);
    assert_int_equal(options.send.readers.listed_count, 2);
    assert_string_equal(options.send.readers.listed[1], "office");
    refuses("p send a --read lab,,office", "--read takes");
    refuses("p send a --read everyone,lab", "--read takes");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions),
        cmocka_unit_test(what_is_wrong),
        cmocka_unit_test(a_password_is_not_repeated),
        cmocka_unit_test(readers_of_send),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
