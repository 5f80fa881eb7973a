/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/sitework.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct wc_why why;

static void must(enum wc_err err)
{
    if (!err)
        return;
    fprintf(stderr, "sitework: %s\n", why.text);
    abort();
}

void wc_sitework_site(struct wc_workdir *w, const char *site)
{
    must(wc_site_make(wc_workdir_at(w, site), 1700000000, &why));
}

struct wc_keychain wc_sitework_chain(struct wc_workdir *w, const char *dp, const char *site,
                                     int64_t now_s)
{
    static const struct wc_key_names none = {.count = 0};
    return (struct wc_keychain){
        .state_dir = wc_workdir_at(w, dp),
        .site_dir = wc_workdir_at(w, site ? site : "nowhere"),
        .names = &none,
        .term = {.now_s = now_s, .days = 30},
        .why = &why,
    };
}

void wc_sitework_dp(struct wc_workdir *w, const char *dp, const char *site, int64_t now_s,
                    uint32_t days, const char *name)
{
    struct wc_key_names names = {.count = 0};
    struct wc_keychain_deed deed;
    struct wc_keychain k = wc_sitework_chain(w, dp, site, now_s);
    if (*name)
        must(wc_key_names_add(&names, name));
    k.names = &names;
    k.term.days = days;
    must(site ? wc_keychain_reset(&k, &deed) : wc_keychain_reset_alone(&k, &deed));
}

struct wc_key_sight wc_sitework_look(struct wc_workdir *w, const char *dp, const char *site,
                                     const char *name, int64_t now_s)
{
    struct wc_key_sight s;
    struct wc_keycheck_place place = {.state_dir = wc_workdir_at(w, dp),
                                      .site_dir = site ? wc_workdir_at(w, site) : NULL,
                                      .name = name,
                                      .now_s = now_s};
    wc_keycheck_files(&s, &place);
    return s;
}

static size_t read_all(struct wc_workdir *w, const char *path, char *text, size_t capacity)
{
    FILE *file = fopen(wc_workdir_at(w, path), "re");
    size_t count = file ? fread(text, 1, capacity - 1, file) : 0;
    if (!file || fclose(file) || !count)
        abort();
    text[count] = '\0';
    return count;
}

/* The signature is the end of the DER: its last whole line in base 64 before END. */
void wc_sitework_forge(struct wc_workdir *w, const char *path)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    size_t count = read_all(w, path, text, sizeof(text));
    char *end = strstr(text, "-----END");
    if (!end || end - text < 70)
        abort();
    char *at = end - 20;
    while (*at == '\n' || *at == '=')
        at--;
    *at = *at == 'A' ? 'B' : 'A';
    wc_workdir_write(w, path, text, count);
}

void wc_sitework_copy(struct wc_workdir *w, const char *from, const char *to)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    size_t count = read_all(w, from, text, sizeof(text));
    wc_workdir_write(w, to, text, count);
}
