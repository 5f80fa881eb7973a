/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/identity.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/io/digest.h"
#include "common/io/keyfile.h"

#define KEY         "SerializedMCSKey"
#define CERTIFICATE "SignedSerializedMCSKey"

struct fixture {
    char root[64];
    char dir[96];
    char why[WC_SENTENCE_BYTES_MAX + 1];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    if (!f)
        return -1;
    snprintf(f->root, sizeof(f->root), "/tmp/wc_identity_XXXXXX");
    if (!mkdtemp(f->root))
        return -1;
    snprintf(f->dir, sizeof(f->dir), "%s/a/b", f->root);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {
        "/a/b/" KEY,   "/a/b/" CERTIFICATE,   "/a/b/.lock",   "/a/b",   "/a",
        "/other/" KEY, "/other/" CERTIFICATE, "/other/.lock", "/other", ""};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s%s", f->root, names[i]);
        remove(path);
    }
    int left = access(f->root, F_OK); /* a forgotten temporary file would keep it */
    free(f);
    return left == 0 ? -1 : 0;
}

static const char *path_of(const struct fixture *f, const char *name)
{
    static char path[160];
    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    return path;
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static struct wc_identity *open_identity(struct fixture *f, const char *dir)
{
    struct wc_identity *id = NULL;
    enum wc_err err = wc_identity_open(&id, dir, f->why);
    if (err)
        print_error("%s\n", f->why);
    assert_int_equal(err, WC_OK);
    return id;
}

static void open_digest(struct fixture *f, uint8_t ret[WC_DIGEST_BYTES])
{
    struct wc_identity *id = open_identity(f, f->dir);
    wc_identity_key_digest(id, ret);
    wc_identity_free(id);
}

static void assert_fails(struct fixture *f, enum wc_err expected, const char *mentions)
{
    struct wc_identity *id = NULL;
    f->why[0] = '\0';
    assert_int_equal(wc_identity_open(&id, f->dir, f->why), expected);
    assert_null(id);
    if (!strstr(f->why, mentions) || !strstr(f->why, KEY))
        fail_msg("the sentence does not say \"%s\": %s", mentions, f->why);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void made_on_first_use(void **state)
{
    struct fixture *f = *state;
    mode_t mask = umask(0);
    uint8_t first[WC_DIGEST_BYTES];
    uint8_t again[WC_DIGEST_BYTES];
    open_digest(f, first);
    umask(mask);
    assert_int_equal(mode_of(f->dir), 0700);
    assert_int_equal(mode_of(path_of(f, KEY)), 0600);
    assert_int_equal(mode_of(path_of(f, CERTIFICATE)), 0600);
    open_digest(f, again);
    assert_memory_equal(first, again, sizeof(first));
}

static void two_directories_two_keys(void **state)
{
    struct fixture *f = *state;
    uint8_t a[WC_DIGEST_BYTES];
    uint8_t b[WC_DIGEST_BYTES];
    open_digest(f, a);
    snprintf(f->dir, sizeof(f->dir), "%s/other/", f->root);
    open_digest(f, b);
    assert_memory_not_equal(a, b, sizeof(a));
}

static void certificate_alone_missing_is_remade(void **state)
{
    struct fixture *f = *state;
    uint8_t a[WC_DIGEST_BYTES];
    uint8_t b[WC_DIGEST_BYTES];
    open_digest(f, a);
    unlink(path_of(f, CERTIFICATE));
    open_digest(f, b);
    assert_memory_equal(a, b, sizeof(a));
    assert_int_equal(access(path_of(f, CERTIFICATE), F_OK), 0);
}

static void key_alone_missing_is_an_error(void **state)
{
    struct fixture *f = *state;
    uint8_t digest[WC_DIGEST_BYTES];
    open_digest(f, digest);
    unlink(path_of(f, KEY));
    assert_fails(f, WC_E_FORMAT, "is missing");
    assert_int_not_equal(access(path_of(f, KEY), F_OK), 0);
}

static void damaged_files_are_told(void **state)
{
    struct fixture *f = *state;
    uint8_t digest[WC_DIGEST_BYTES];
    open_digest(f, digest);
    write_file(path_of(f, CERTIFICATE), "");
    assert_fails(f, WC_E_FORMAT, CERTIFICATE " is empty");
    write_file(path_of(f, CERTIFICATE), "-----BEGIN CERTIFICATE-----\nAAAA\n");
    assert_fails(f, WC_E_FORMAT, "no certificate");
    write_file(path_of(f, KEY), "");
    assert_fails(f, WC_E_FORMAT, "/" KEY " is empty");
    write_file(path_of(f, KEY), "garbage\n\x01\x02");
    assert_fails(f, WC_E_FORMAT, "no Ed25519 private key");
    char *large = malloc(20001);
    memset(large, 'A', 20000);
    large[20000] = '\0';
    write_file(path_of(f, KEY), large);
    free(large);
    assert_fails(f, WC_E_FORMAT, "too large");
    unlink(path_of(f, KEY));
    assert_int_equal(mkdir(path_of(f, KEY), 0700), 0);
    assert_fails(f, WC_E_FORMAT, "not a regular file");
    rmdir(path_of(f, KEY));
}

/* prime256v1 in PEM: a sound key of the wrong kind. */
static void key_of_another_algorithm(void **state)
{
    struct fixture *f = *state;
    uint8_t digest[WC_DIGEST_BYTES];
    open_digest(f, digest);
    write_file(path_of(f, KEY), "-----BEGIN PRIVATE KEY-----\n"
                                "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJRFt2dFuAjWtnhpz\n"
                                "geWIPqmuvXfu7kd9JAumuh3orSKhRANCAARYPwTKch+tKdaDbDpsjXtxsxoFzBfr\n"
                                "KXBDp6bxDSi0tkc44kQ+g19VHyZF4zQAjOIderd93MhMx0R+E8iaSStE\n"
                                "-----END PRIVATE KEY-----\n");
    assert_fails(f, WC_E_FORMAT, "no Ed25519 private key");
}

/* An encrypted key must not make a service ask a question. */
static void key_with_passphrase(void **state)
{
    struct fixture *f = *state;
    uint8_t digest[WC_DIGEST_BYTES];
    open_digest(f, digest);
    write_file(path_of(f, KEY), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                                "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiMn7AI0VZbAgICCAAw\n"
                                "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEApg+OR/jSyxr6GHqfLv9o4EQPgm\n"
                                "IK1gd2vvaMIN7GE1PI9SYqjj7H8f0fI87sZEthVT+3RzkACJ7soWsS3d6/btmQMh\n"
                                "NXeeierI7gcQWjeB5gs=\n"
                                "-----END ENCRYPTED PRIVATE KEY-----\n");
    assert_fails(f, WC_E_FORMAT, "no Ed25519 private key");
}

static void open_permissions_are_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t digest[WC_DIGEST_BYTES];
    open_digest(f, digest);
    chmod(path_of(f, KEY), 0644);
    assert_fails(f, WC_E_AUTH, "chmod 600");
    chmod(path_of(f, KEY), 0620);
    assert_fails(f, WC_E_AUTH, "0620");
    chmod(path_of(f, KEY), 0600);
    chmod(path_of(f, CERTIFICATE), 0644); /* public anyway */
    open_digest(f, digest);
}

static void pair_must_match(void **state)
{
    struct fixture *f = *state;
    char other[160];
    uint8_t digest[WC_DIGEST_BYTES];
    open_digest(f, digest);
    snprintf(other, sizeof(other), "%s/other", f->root);
    wc_identity_free(open_identity(f, other));
    snprintf(other, sizeof(other), "%s/other/" CERTIFICATE, f->root);
    assert_int_equal(rename(other, path_of(f, CERTIFICATE)), 0);
    assert_fails(f, WC_E_FORMAT, "another key");
    assert_non_null(strstr(f->why, "key verify")); /* which knows what mends it */
}

/* Does the process wait for a lock of a file? */
static bool waits_for_lock(pid_t pid)
{
    char line[256];
    char wanted[32];
    bool found = false;
    snprintf(wanted, sizeof(wanted), " %d ", (int)pid);
    FILE *locks = fopen("/proc/locks", "re");
    assert_non_null(locks);
    while (fgets(line, sizeof(line), locks))
        found = found || (strstr(line, "->") && strstr(line, wanted));
    fclose(locks);
    return found;
}

/* Who starts while a key is replaced waits for the end of that. */
static void pair_that_is_being_replaced(void **state)
{
    struct fixture *f = *state;
    struct wc_why why;
    char other[160];
    char old[160];
    uint8_t digest[WC_DIGEST_BYTES];
    open_digest(f, digest);
    snprintf(other, sizeof(other), "%s/other", f->root);
    wc_identity_free(open_identity(f, other));
    int held = wc_keyfile_lock(f->dir, &why);
    assert_true(held >= 0);
    snprintf(old, sizeof(old), "%s/other/" KEY, f->root);
    assert_int_equal(rename(old, path_of(f, KEY)), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct wc_identity *id = NULL;
        close(held);
        _exit(wc_identity_open(&id, f->dir, f->why) == WC_OK ? 0 : 1);
    }
    int status = -1;
    pid_t ended = 0;
    while (!ended && !waits_for_lock(pid))
        ended = waitpid(pid, &status, WNOHANG);
    snprintf(old, sizeof(old), "%s/other/" CERTIFICATE, f->root);
    assert_int_equal(rename(old, path_of(f, CERTIFICATE)), 0);
    close(held);
    if (!ended)
        assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void directory_that_cannot_be_written(void **state)
{
    struct fixture *f = *state;
    char file[128];
    snprintf(file, sizeof(file), "%s/other", f->root);
    write_file(file, "x"); /* a file where a directory should be */
    struct wc_identity *id = NULL;
    snprintf(f->dir, sizeof(f->dir), "%s/other/state", f->root);
    assert_int_equal(wc_identity_open(&id, f->dir, f->why), WC_E_IO);
    assert_non_null(strstr(f->why, "other"));
    if (geteuid() == 0)
        return; /* root may write anywhere */
    char locked[128];
    snprintf(locked, sizeof(locked), "%s/a", f->root);
    assert_int_equal(mkdir(locked, 0500), 0);
    snprintf(f->dir, sizeof(f->dir), "%s/a/b", f->root);
    assert_int_equal(wc_identity_open(&id, f->dir, f->why), WC_E_IO);
    assert_non_null(strstr(f->why, "ermission denied"));
}

static void remains_of_an_interrupted_start(void **state)
{
    struct fixture *f = *state;
    uint8_t digest[WC_DIGEST_BYTES];
    open_digest(f, digest);
    unlink(path_of(f, CERTIFICATE));
    unlink(path_of(f, KEY));
    write_file(path_of(f, KEY ".new"), "half a k");
    open_digest(f, digest);
    assert_int_not_equal(access(path_of(f, KEY ".new"), F_OK), 0);
}

/* Many processes at once, first use: all end with the key that is on disk. */
static void concurrent_first_use(void **state)
{
    enum { PROCESSES = 16 };
    struct fixture *f = *state;
    int ends[2];
    int gate[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(gate), 0);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid > 0)
            continue;
        uint8_t digest[WC_DIGEST_BYTES];
        struct wc_identity *id = NULL;
        char byte;
        close(gate[1]);
        bool ok = read(gate[0], &byte, 1) == 0 && wc_identity_open(&id, f->dir, f->why) == WC_OK;
        if (ok) {
            wc_identity_key_digest(id, digest);
            ok = write(ends[1], digest, sizeof(digest)) == (ssize_t)sizeof(digest);
        }
        _exit(ok ? 0 : 1);
    }
    close(gate[0]);
    close(gate[1]); /* go */
    close(ends[1]);
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    uint8_t expected[WC_DIGEST_BYTES];
    uint8_t digest[WC_DIGEST_BYTES];
    open_digest(f, expected);
    for (int i = 0; i < PROCESSES; i++) {
        assert_int_equal(read(ends[0], digest, sizeof(digest)), sizeof(digest));
        assert_memory_equal(digest, expected, sizeof(digest));
    }
    close(ends[0]);
}

static void sign_gives_a_signature(void **state)
{
    struct fixture *f = *state;
    struct wc_identity *id = open_identity(f, f->dir);
    uint8_t a[WC_SIGNATURE_BYTES_MAX];
    uint8_t b[WC_SIGNATURE_BYTES_MAX];
    uint16_t byte_count = 0;
    assert_int_equal(wc_identity_sign(id, "manifest", 8, a, &byte_count), WC_OK);
    assert_int_equal(byte_count, 64);
    assert_int_equal(wc_identity_sign(id, "manifesu", 8, b, &byte_count), WC_OK);
    assert_memory_not_equal(a, b, 64);
    wc_identity_free(id);
    wc_identity_free(NULL);
    wc_publickey_free(NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(made_on_first_use),
        TEST(two_directories_two_keys),
        TEST(certificate_alone_missing_is_remade),
        TEST(key_alone_missing_is_an_error),
        TEST(damaged_files_are_told),
        TEST(key_of_another_algorithm),
        TEST(key_with_passphrase),
        TEST(open_permissions_are_refused),
        TEST(pair_must_match),
        TEST(pair_that_is_being_replaced),
        TEST(directory_that_cannot_be_written),
        TEST(remains_of_an_interrupted_start),
        TEST(concurrent_first_use),
        TEST(sign_gives_a_signature),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
