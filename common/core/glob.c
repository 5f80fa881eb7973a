/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/glob.h"

static char fold(char c)
{
    if (c == '\\')
        return '/';
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static const char *next_character(const char *text)
{
    do
        text++;
    while (((unsigned char)*text & 0xc0) == 0x80);
    return text;
}

/* The whole of `text`. After a star has failed, only the last one need be tried again, with one
 * character more. */
static bool match(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = text;
        } else if (*pattern == '?') {
            pattern++;
            text = next_character(text);
        } else if (fold(*pattern) == fold(*text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

bool wc_glob_path(const char *pattern, const char *path)
{
    char first = fold(*pattern);
    if (first == '/' || first == '*')
        return match(pattern, path);
    for (const char *at = path; *at; at++)
        if (*at == '/' && match(pattern, at + 1))
            return true;
    return false;
}
