/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "common/io/keyfile.h"
#include "common/io/password.h"

#define TEXT_BYTES (WC_KEYFILE_BYTES_MAX + 2)
#define CTRL_C     3

/* The first line of `text`. */
static enum wc_err take_line(char ret[WC_SECRET_BYTES], const char *text, struct wc_why *why)
{
    size_t byte_count = strcspn(text, "\n");
    if (byte_count && text[byte_count - 1] == '\r')
        byte_count--;
    if (byte_count >= WC_SECRET_BYTES)
        byte_count = WC_SECRET_BYTES; /* too long, which the check says */
    char line[WC_SECRET_BYTES + 1];
    memcpy(line, text, byte_count);
    line[byte_count] = '\0';
    enum wc_err err = wc_password_check(line, why);
    if (!err)
        memcpy(ret, line, byte_count + 1);
    explicit_bzero(line, sizeof(line));
    return err;
}

static enum wc_err from_file(char ret[WC_SECRET_BYTES], const char *path, struct wc_why *why)
{
    struct wc_keyfile file;
    char text[TEXT_BYTES];
    enum wc_err err = wc_keyfile_at(&file, path, why);
    if (!err)
        err = wc_keyfile_read(&file, true, text);
    if (err == WC_E_NOT_FOUND)
        err = wc_why_set(why, WC_E_IO, EX_NOINPUT, "cannot read the password file %s: no such file",
                         file.shown);
    if (!err)
        err = take_line(ret, text, why);
    explicit_bzero(text, sizeof(text));
    return err;
}

/* The environment of a process can be read as long as it lives, and its children get it. */
static void forget_environment(char *value)
{
    explicit_bzero(value, strlen(value));
    unsetenv(WC_SECRET_VARIABLE);
}

static void put(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0)
        return; /* nobody to ask */
}

/* A line that was typed, without its end. False: there is none. */
static bool read_line(int fd, char *ret, size_t capacity)
{
    size_t count = 0;
    for (char byte; count + 1 < capacity;) {
        ssize_t got = read(fd, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if ((got <= 0 && count == 0) || (got > 0 && byte == CTRL_C))
            return false;
        if (got <= 0 || byte == '\n')
            break;
        ret[count++] = byte;
    }
    ret[count] = '\0';
    return true;
}

static bool ask(int fd, const char *prompt, char *ret, size_t capacity)
{
    struct termios before;
    if (tcgetattr(fd, &before))
        return false;
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    quiet.c_cc[VEOL] = CTRL_C; /* ends the line, and not the program with the echo still off */
    tcsetattr(fd, TCSAFLUSH, &quiet); /* before the prompt: what is typed after it counts */
    put(fd, prompt);
    bool ok = read_line(fd, ret, capacity);
    tcsetattr(fd, TCSAFLUSH, &before);
    put(fd, "\n");
    return ok;
}

static enum wc_err from_person(char ret[WC_SECRET_BYTES], const struct wc_secret_source *source,
                               struct wc_why *why)
{
    char first[2 * WC_SECRET_BYTES];
    char second[sizeof(first)];
    enum wc_err err = WC_OK;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    bool ok = fd >= 0 && ask(fd, source->prompt, first, sizeof(first)) &&
              (!source->twice || ask(fd, "The same again: ", second, sizeof(second)));
    if (!ok)
        err = wc_why_set(why, WC_E_IO, EX_NOINPUT,
                         "no password was typed; name a file with "
                         "--password-file, or set " WC_SECRET_VARIABLE);
    else if (source->twice && strcmp(first, second) != 0)
        err = wc_why_set(why, WC_E_FORMAT, EX_DATAERR, "the two passwords differ; try again");
    else
        err = take_line(ret, first, why);
    if (fd >= 0)
        close(fd);
    explicit_bzero(first, sizeof(first));
    explicit_bzero(second, sizeof(second));
    return err;
}

enum wc_err wc_secret_refuse(struct wc_why *why)
{
    return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                      "a password never stands on the command line, where others can see it; use "
                      "--password-file FILE");
}

enum wc_err wc_secret_read(char ret[WC_SECRET_BYTES], const struct wc_secret_source *source,
                           struct wc_why *why)
{
    char *value = getenv(WC_SECRET_VARIABLE);
    enum wc_err err;
    if (source->file)
        err = from_file(ret, source->file, why);
    else if (value)
        err = take_line(ret, value, why);
    else if (source->prompt && isatty(STDIN_FILENO))
        err = from_person(ret, source, why);
    else
        err = wc_why_set(why, WC_E_NOT_FOUND, EX_USAGE,
                         "no password: name a file with --password-file, set " WC_SECRET_VARIABLE
                         ", or run this at a terminal");
    if (value)
        forget_environment(value);
    if (err)
        explicit_bzero(ret, WC_SECRET_BYTES);
    return err;
}
