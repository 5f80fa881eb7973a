/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/reader_list.h"

#include <string.h>
#include <sysexits.h>

#include "common/core/text.h"

static enum wc_err refuse(const char *option, const char *text, struct wc_why *why)
{
    return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                      "%s takes everyone, accounts, or names of accounts with commas between (1 to "
                      "%u, of 1 to %u bytes), not '%.80s'",
                      option, WC_READERS_LISTED_MAX, WC_NAME_BYTES_MAX, text);
}

static bool is_listed(const struct wc_readers *readers, const char *name, size_t byte_count)
{
    for (uint32_t i = 0; i < readers->listed_count; i++) {
        if (strlen(readers->listed[i]) == byte_count &&
            memcmp(readers->listed[i], name, byte_count) == 0)
            return true;
    }
    return false;
}

static bool is_word(const char *name, size_t byte_count, const char *word)
{
    return byte_count == strlen(word) && memcmp(name, word, byte_count) == 0;
}

enum wc_err wc_reader_list_parse(const char *option, const char *text, struct wc_readers *ret,
                                 struct wc_why *why)
{
    struct wc_readers readers = {.set = WC_READERS_LISTED};
    bool is_everyone = strcmp(text, "everyone") == 0;
    if (is_everyone || strcmp(text, "accounts") == 0) {
        *ret = (struct wc_readers){.set = is_everyone ? WC_READERS_EVERYONE : WC_READERS_ACCOUNTS};
        return WC_OK;
    }
    for (const char *at = text;; at++) {
        size_t n = strcspn(at, ",");
        if (n == 0 || n > WC_NAME_BYTES_MAX || !wc_text_check(at, n) ||
            is_word(at, n, "everyone") || is_word(at, n, "accounts"))
            return refuse(option, text, why);
        if (!is_listed(&readers, at, n)) {
            if (readers.listed_count == WC_READERS_LISTED_MAX)
                return refuse(option, text, why);
            memcpy(readers.listed[readers.listed_count++], at, n);
        }
        at += n;
        if (!*at)
            break;
    }
    *ret = readers;
    return WC_OK;
}

const char *wc_reader_list_text(const struct wc_readers *readers, char ret[WC_READER_LIST_BYTES])
{
    size_t at = 0;
    if (readers->set != WC_READERS_LISTED)
        return strcpy(ret, readers->set == WC_READERS_EVERYONE ? "everyone" : "accounts");
    ret[0] = '\0';
    for (uint32_t i = 0; i < readers->listed_count; i++) {
        size_t n = strlen(readers->listed[i]);
        if (i)
            ret[at++] = ',';
        memcpy(ret + at, readers->listed[i], n + 1);
        at += n;
    }
    return ret;
}
