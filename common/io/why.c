/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/why.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* Paths come from others: nothing in them may steer a terminal. */
static void hide_controls(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
    }
}

enum wc_err wc_why_set(struct wc_why *why, enum wc_err err, int exit_code, const char *format, ...)
{
    if (!why)
        return err;
    why->exit_code = exit_code;
    why->hresult = 0;
    why->finding[0] = '\0';
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    hide_controls(why->text);
    return err;
}

enum wc_err wc_why_finding(struct wc_why *why, enum wc_err err, const char *id, uint32_t hresult,
                           int exit_code, const char *line)
{
    (void)wc_why_set(why, err, exit_code, "%s", line);
    return wc_why_mark(why, err, id, hresult);
}

enum wc_err wc_why_mark(struct wc_why *why, enum wc_err err, const char *id, uint32_t hresult)
{
    if (why) {
        why->hresult = hresult;
        snprintf(why->finding, sizeof(why->finding), "%s", id);
    }
    return err;
}

enum wc_err wc_why_errno(int error)
{
    switch (error) {
    case ENOENT:
        return WC_E_NOT_FOUND;
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case EXDEV:
    case ENAMETOOLONG:
        return WC_E_PATH;
    case ENOSPC:
    case EDQUOT:
        return WC_E_FULL;
    case EFBIG:
        return WC_E_TOO_LARGE;
    case ENOMEM:
        return WC_E_NOMEM;
    default:
        return WC_E_IO;
    }
}

/* What reading and writing have in common; 0: nothing. */
static int common_exit(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return EX_NOPERM;
    case EIO:
        return EX_IOERR;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return EX_OSERR;
    default:
        return 0;
    }
}

int wc_why_input_exit(int error)
{
    int code = common_exit(error);
    return code ? code : EX_NOINPUT;
}

int wc_why_output_exit(int error)
{
    int code = common_exit(error);
    return code ? code : EX_CANTCREAT;
}

const char *wc_why_errno_text(int error)
{
    const char *text = strerrordesc_np(error);
    return text ? text : "unknown system error";
}

const char *wc_why_path(char ret[WC_WHY_PATH_BYTES], const char *path)
{
    size_t byte_count = strlen(path);
    const char *lead = "";
    if (byte_count >= WC_WHY_PATH_BYTES) {
        lead = "...";
        path += byte_count - (WC_WHY_PATH_BYTES - 4);
        while (((unsigned char)*path & 0xc0) == 0x80) /* not in the middle of a character */
            path++;
    }
    snprintf(ret, WC_WHY_PATH_BYTES, "%s%s", lead, path);
    return ret;
}

const char *wc_why_bytes(char ret[WC_WHY_BYTES_BYTES], uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        snprintf(ret, WC_WHY_BYTES_BYTES, "%u bytes", (unsigned)bytes);
        return ret;
    }
    double amount = (double)bytes / 1024;
    size_t unit = 0;
    while (amount >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        amount /= 1024;
        unit++;
    }
    snprintf(ret, WC_WHY_BYTES_BYTES, "%.1f %s", amount, units[unit]);
    return ret;
}
