/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions on a real loop. */
#include "sender/shell/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/io/accounts.h"
#include "sender/shell/lockout.h"
#include "tests/support/workdir.h"

#define MEMBERS 40u

enum { NO_ANSWER, MAY, REFUSED };

static struct wc_workdir dir;
static uv_loop_t loop;
static struct wc_access *door;
static struct wc_readers readers;
static struct wc_why why;
static int answers[MEMBERS];
static char ids[MEMBERS][WC_NAME_BYTES_MAX + 1];
static uint32_t answer_count;
static uint32_t warning_count;
static char warning[WC_SENTENCE_BYTES_MAX + 1];

/* libuv closes by a raw system call, which ThreadSanitizer does not see. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:epoll_ctl";
}

static void on_answer(void *ctx, uint32_t member, const struct wc_finding *refusal)
{
    (void)ctx;
    assert_int_equal(answers[member], NO_ANSWER);
    answers[member] = refusal ? REFUSED : MAY;
    snprintf(ids[member], sizeof(ids[0]), "%s", refusal ? refusal->kind->id : "");
    answer_count++;
}

static void on_warning(void *ctx, const char *sentence)
{
    (void)ctx;
    warning_count++;
    snprintf(warning, sizeof(warning), "%s", sentence);
}

static void save(bool anonymous, const char *lab_password)
{
    struct wc_accounts *a = NULL;
    struct wc_account lab = {.name = "lab"};
    struct wc_account pc = {.name = "pc", .by_certificate = true, .certificate = {7}};
    assert_int_equal(wc_accounts_open(&a, dir.path, &why), WC_OK);
    assert_int_equal(wc_password_make(&lab.password, lab_password), WC_OK);
    assert_int_equal(wc_accounts_put(a, &lab), WC_OK);
    assert_int_equal(wc_accounts_put(a, &pc), WC_OK);
    wc_accounts_set_anonymous(a, anonymous);
    assert_int_equal(wc_accounts_save(a, dir.path, &why), WC_OK);
    wc_accounts_close(a);
}

static int set_up(void **state)
{
    (void)state;
    wc_workdir_make(&dir);
    assert_int_equal(uv_loop_init(&loop), 0);
    save(true, "geheim");
    readers = (struct wc_readers){.set = WC_READERS_ACCOUNTS};
    answer_count = 0;
    warning_count = 0;
    memset(answers, 0, sizeof(answers));
    struct wc_access_config config = {.loop = &loop,
                                      .state_dir = dir.path,
                                      .readers = &readers,
                                      .package = "stage",
                                      .due_bytes = 4711,
                                      .member_max = MEMBERS,
                                      .answer = on_answer,
                                      .warn = on_warning};
    assert_int_equal(wc_access_open(&door, &config, &why), WC_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    uv_run(&loop, UV_RUN_DEFAULT);
    wc_access_free(door);
    assert_int_equal(uv_loop_close(&loop), 0);
    wc_workdir_remove(&dir);
    return 0;
}

static struct wc_addr host(uint8_t n)
{
    return (struct wc_addr){.family = 4, .bytes = {10, 0, 0, n}, .port = 40000};
}

static void ask(uint32_t member, uint8_t from, const char *account, const char *password,
                const uint8_t *certificate)
{
    struct wc_hello hello = {.version = WC_PROTOCOL_VERSION};
    struct wc_access_request request = {
        .hello = &hello, .peer = host(from), .certificate = certificate};
    snprintf(hello.account, sizeof(hello.account), "%s", account);
    snprintf(hello.password, sizeof(hello.password), "%s", password);
    answers[member] = NO_ANSWER;
    wc_access_ask(door, member, &request);
}

static void settle(void)
{
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void assert_answer(uint32_t member, const char *id)
{
    assert_int_equal(answers[member], *id ? REFUSED : MAY);
    assert_string_equal(ids[member], id);
}

static void each_is_judged(void **state)
{
    (void)state;
    static const uint8_t known[WC_DIGEST_BYTES] = {7}, unknown[WC_DIGEST_BYTES] = {8};
    ask(0, 1, "", "", NULL);
    ask(1, 1, "lab", "geheim", NULL);
    ask(2, 2, "lab", "wrong", NULL);
    ask(3, 3, "nobody", "geheim", NULL);
    ask(4, 4, "", "", known);
    ask(5, 5, "", "", unknown);
    ask(6, 6, "pc", "", known);
    ask(7, 7, "pc", "geheim", NULL); /* it has no password */
    ask(8, 8, "lab", "geheim", unknown);
    ask(9, 9, "lab", "", NULL);
    settle();
    assert_answer(0, "access.account-needed");
    assert_answer(1, "");
    assert_answer(2, "access.logon-failed");
    assert_answer(3, "access.logon-failed");
    assert_answer(4, "");
    assert_answer(5, "access.logon-failed");
    assert_answer(6, "");
    assert_answer(7, "access.logon-failed");
    assert_answer(8, "");
    assert_answer(9, "access.logon-failed");
}

static void the_listed_alone(void **state)
{
    (void)state;
    readers.set = WC_READERS_LISTED;
    readers.listed_count = 1;
    snprintf(readers.listed[0], sizeof(readers.listed[0]), "office");
    ask(0, 1, "lab", "geheim", NULL);
    settle();
    assert_answer(0, "access.denied");
    snprintf(readers.listed[0], sizeof(readers.listed[0]), "lab");
    ask(0, 1, "lab", "geheim", NULL);
    assert_answer(0, "");
}

/* All at once, and then once more: one look. */
static void one_account_costs_one_look(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MEMBERS; i++)
        ask(i, (uint8_t)i, "lab", "geheim", NULL);
    settle();
    for (uint32_t i = 0; i < MEMBERS; i++)
        assert_answer(i, "");
    assert_int_equal(answer_count, MEMBERS);
    assert_int_equal(wc_access_look_count(door), 1);
    ask(3, 3, "lab", "geheim", NULL);
    assert_answer(3, ""); /* at once */
    assert_int_equal(wc_access_look_count(door), 1);
    ask(3, 3, "lab", "geheim ", NULL);
    settle();
    assert_answer(3, "access.logon-failed");
    assert_int_equal(wc_access_look_count(door), 2);
}

/* An unknown name costs what a wrong password does. */
static void names_are_not_found_out(void **state)
{
    (void)state;
    ask(0, 1, "lab", "wrong", NULL);
    settle();
    assert_int_equal(wc_access_look_count(door), 1);
    ask(0, 1, "nobody", "wrong", NULL);
    settle();
    assert_int_equal(wc_access_look_count(door), 2);
    ask(0, 1, "pc", "wrong", NULL);
    settle();
    assert_int_equal(wc_access_look_count(door), 3);
}

static void guessing_is_locked_out(void **state)
{
    (void)state;
    char guess[16];
    uint32_t looked = 0, locked = 0;
    for (uint32_t i = 0; i < MEMBERS; i++) { /* at once */
        snprintf(guess, sizeof(guess), "guess %u", i);
        ask(i, 1, "lab", guess, NULL);
    }
    settle();
    for (uint32_t i = 0; i < MEMBERS; i++) {
        assert_int_equal(answers[i], REFUSED);
        looked += strcmp(ids[i], "access.logon-failed") == 0;
        locked += strcmp(ids[i], "access.locked-out") == 0;
    }
    assert_int_equal(looked, WC_LOCKOUT_FREE);
    assert_int_equal(looked + locked, MEMBERS);
    assert_int_equal(wc_access_look_count(door), WC_LOCKOUT_FREE);
    ask(0, 1, "lab", "geheim", NULL); /* even the right one */
    assert_answer(0, "access.locked-out");
    ask(0, 2, "lab", "geheim", NULL); /* from elsewhere */
    settle();
    assert_answer(0, "");
    ask(1, 1, "lab", "geheim", NULL); /* what is known does not open the door for guesses, too */
    assert_answer(1, "access.locked-out");
    ask(2, 1, "", "", NULL);
    assert_answer(2, "access.account-needed");
}

/* Behind one address may be a lab, each machine with an account of its own. */
static void right_ones_at_once_are_let_in(void **state)
{
    (void)state;
    struct wc_accounts *a = NULL;
    char name[WC_NAME_BYTES_MAX + 1];
    assert_int_equal(wc_accounts_open(&a, dir.path, &why), WC_OK);
    for (uint32_t i = 0; i < 24; i++) {
        struct wc_account account = {.by_certificate = false};
        snprintf(account.name, sizeof(account.name), "pc%u", i);
        assert_int_equal(wc_password_make(&account.password, account.name), WC_OK);
        assert_int_equal(wc_accounts_put(a, &account), WC_OK);
    }
    assert_int_equal(wc_accounts_save(a, dir.path, &why), WC_OK);
    wc_accounts_close(a);
    for (uint32_t i = 0; i < 24; i++) {
        snprintf(name, sizeof(name), "pc%u", i);
        ask(i, 1, name, name, NULL);
    }
    settle();
    for (uint32_t i = 0; i < 24; i++)
        assert_answer(i, "");
    assert_int_equal(answer_count, 24);
    /* Who leaves while it waits is not looked at. */
    for (uint32_t i = 0; i < WC_LOCKOUT_FREE + 3; i++) {
        snprintf(name, sizeof(name), "guess %u", i);
        ask(i, 2, "lab", name, NULL);
    }
    for (uint32_t i = 0; i < WC_LOCKOUT_FREE + 3; i++)
        wc_access_forget(door, i);
    settle();
    assert_int_equal(answer_count, 24);
    assert_true(wc_access_look_count(door) < 24 + WC_LOCKOUT_FREE);
}

static void who_is_gone_gets_no_answer(void **state)
{
    (void)state;
    ask(0, 1, "lab", "geheim", NULL);
    ask(1, 2, "lab", "other", NULL);
    wc_access_forget(door, 0);
    wc_access_forget(door, 1);
    wc_access_forget(door, 2);
    settle();
    assert_int_equal(answer_count, 0);
    ask(0, 1, "lab", "geheim", NULL);
    assert_answer(0, ""); /* what was found out is known */
}

static void changes_count_at_once(void **state)
{
    (void)state;
    char text[WC_SENTENCE_BYTES_MAX + 1];
    assert_true(wc_access_doubt(door, text)); /* anonymous is allowed, for nothing */
    ask(0, 1, "lab", "geheim", NULL);
    settle();
    assert_answer(0, "");
    save(false, "neu");
    ask(0, 1, "lab", "geheim", NULL);
    ask(1, 2, "lab", "neu", NULL);
    settle();
    assert_answer(0, "access.logon-failed");
    assert_answer(1, "");
    assert_false(wc_access_doubt(door, text));
    assert_int_equal(warning_count, 0);
}

/* What cannot be read opens no door and closes none; whoever looks after the sender hears of it. */
static void unreadable_changes_count_for_nothing(void **state)
{
    (void)state;
    save(false, "geheim");
    readers.set = WC_READERS_EVERYONE;
    ask(0, 2, "", "", NULL);
    assert_answer(0, "access.account-needed");
    for (int i = 0; i < 2; i++) { /* told once */
        wc_workdir_write(&dir, WC_ACCOUNTS_FILE_NAME, "{", 1);
        ask(0, 2, "", "", NULL);
        assert_answer(0, "access.account-needed");
        ask(1, 2, "lab", "geheim", NULL);
        settle();
        assert_answer(1, "");
        assert_int_equal(warning_count, 1);
    }
    assert_non_null(strstr(warning, "of before count on"));
    assert_int_equal(remove(wc_workdir_at(&dir, WC_ACCOUNTS_FILE_NAME)), 0);
    save(false, "neu"); /* readable again */
    ask(1, 2, "lab", "neu", NULL);
    settle();
    assert_answer(1, "");
    assert_int_equal(warning_count, 1);
    assert_int_equal(remove(wc_workdir_at(&dir, WC_ACCOUNTS_FILE_NAME)), 0);
    ask(0, 2, "", "", NULL);
    assert_answer(0, "access.account-needed");
    ask(1, 2, "lab", "neu", NULL);
    assert_answer(1, "");
    assert_int_equal(warning_count, 2);
    assert_non_null(strstr(warning, "is gone"));
    save(true, "neu");
    ask(0, 2, "", "", NULL);
    assert_answer(0, "");
}

static void doubts_before_anybody_joins(void **state)
{
    (void)state;
    struct wc_accounts *a = NULL;
    char text[WC_SENTENCE_BYTES_MAX + 1];
    assert_int_equal(wc_accounts_open(&a, dir.path, &why), WC_OK);
    assert_true(wc_accounts_remove(a, "lab") && wc_accounts_remove(a, "pc"));
    wc_accounts_set_anonymous(a, true);
    assert_int_equal(wc_accounts_save(a, dir.path, &why), WC_OK);
    wc_accounts_close(a);
    ask(1, 2, "", "", NULL);
    assert_answer(1, "access.account-needed");
    assert_true(wc_access_doubt(door, text)); /* no account can read it */
    assert_non_null(strstr(text, "account add"));
    readers.set = WC_READERS_EVERYONE;
    assert_false(wc_access_doubt(door, text));
    ask(1, 2, "", "", NULL);
    assert_answer(1, "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_is_judged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_listed_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_account_costs_one_look, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_are_not_found_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(guessing_is_locked_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(right_ones_at_once_are_let_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_gone_gets_no_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changes_count_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unreadable_changes_count_for_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(doubts_before_anybody_joins, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
