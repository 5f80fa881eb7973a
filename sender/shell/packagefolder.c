/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/packagefolder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/manifest.h"
#include "sender/shell/package.h"

#define FOLDER_NAME      "packages"
#define MANIFEST_PREFIX  "manifest."
#define SIGNATURE_SUFFIX ".sig"

/* --- names --- */

/* STATE/packages. */
static enum wc_err all_name(char ret[PATH_MAX], const char *state_dir, struct wc_why *why)
{
    int count = snprintf(ret, PATH_MAX, "%s/" FOLDER_NAME, state_dir);
    if (count > 0 && count < PATH_MAX)
        return WC_OK;
    return wc_why_set(why, WC_E_IO, EX_CONFIG,
                      "the state directory's name is too long; use a shorter --state-dir");
}

enum wc_err wc_packagefolder_name(char ret[PATH_MAX], const char *state_dir, const char *id,
                                  struct wc_why *why)
{
    if (wc_package_id_check(id, strlen(id)))
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "'%.80s' is no package id: 1 to %u letters, digits, '.', '_' or '-', the "
                          "first neither '.' nor '-'",
                          id, WC_NAME_BYTES_MAX);
    enum wc_err err = all_name(ret, state_dir, why);
    if (err)
        return err;
    size_t at = strlen(ret);
    int count = snprintf(ret + at, PATH_MAX - at, "/%s", id);
    if (count > 0 && (size_t)count < PATH_MAX - at)
        return WC_OK;
    return wc_why_set(why, WC_E_IO, EX_CONFIG,
                      "the state directory's name is too long; use a shorter --state-dir");
}

const char *wc_packagefolder_manifest(char ret[WC_PACKAGE_FILE_NAME_BYTES], uint32_t version)
{
    snprintf(ret, WC_PACKAGE_FILE_NAME_BYTES, MANIFEST_PREFIX "%u", version);
    return ret;
}

const char *wc_packagefolder_signature(char ret[WC_PACKAGE_FILE_NAME_BYTES], uint32_t version)
{
    snprintf(ret, WC_PACKAGE_FILE_NAME_BYTES, MANIFEST_PREFIX "%u" SIGNATURE_SUFFIX, version);
    return ret;
}

int wc_packagefolder_lock(const char *state_dir, struct wc_why *why)
{
    char all[PATH_MAX];
    return all_name(all, state_dir, why) ? -1 : wc_keyfile_lock(all, why);
}

/* --- one folder --- */

/* The version in "manifest.VERSION"; 0: the name is another. */
static uint32_t version_of(const char *name)
{
    if (strncmp(name, MANIFEST_PREFIX, strlen(MANIFEST_PREFIX)) != 0)
        return 0;
    const char *digits = name + strlen(MANIFEST_PREFIX);
    uint64_t version = 0;
    for (; *digits >= '0' && *digits <= '9' && version <= UINT32_MAX; digits++)
        version = version * 10 + (uint64_t)(*digits - '0');
    return *digits || version > UINT32_MAX ? 0 : (uint32_t)version;
}

bool wc_packagefolder_is_file(const char *name)
{
    char manifest[WC_PACKAGE_FILE_NAME_BYTES];
    size_t bytes = strlen(name), end_bytes = strlen(SIGNATURE_SUFFIX);
    bool is_signature = bytes > end_bytes && !strcmp(name + bytes - end_bytes, SIGNATURE_SUFFIX);
    snprintf(manifest, sizeof(manifest), "%.*s", (int)(is_signature ? bytes - end_bytes : bytes),
             name);
    return strcmp(name, WC_PACKAGE_RECORD_NAME) == 0 || version_of(manifest) > 0;
}

void wc_packagefolder_sweep(const char *folder, uint32_t version)
{
    char manifest[WC_PACKAGE_FILE_NAME_BYTES];
    char signature[WC_PACKAGE_FILE_NAME_BYTES];
    wc_packagefolder_manifest(manifest, version);
    wc_packagefolder_signature(signature, version);
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *name = entry->d_name;
        bool is_part = strncmp(name, MANIFEST_PREFIX, strlen(MANIFEST_PREFIX)) == 0;
        bool is_kept = version && (!strcmp(name, manifest) || !strcmp(name, signature));
        if (is_part && !is_kept)
            (void)unlinkat(dirfd(dir), name, 0);
    }
    closedir(dir);
}

uint32_t wc_package_last_version(const char *state_dir, const char *id)
{
    char folder[PATH_MAX];
    struct wc_package p;
    struct wc_package_sight sight;
    if (wc_package_read(&p, &sight, state_dir, id, NULL))
        return 0;
    wc_package_deinit(&p);
    uint32_t last = sight.version; /* 0 without a good record */
    DIR *dir = wc_packagefolder_name(folder, state_dir, id, NULL) ? NULL : opendir(folder);
    if (!dir)
        return last;
    for (struct dirent *entry; (entry = readdir(dir));) {
        uint32_t version = version_of(entry->d_name);
        if (version > last)
            last = version;
    }
    closedir(dir);
    return last;
}

bool wc_package_exists(const char *state_dir, const char *id)
{
    char folder[PATH_MAX];
    if (wc_packagefolder_name(folder, state_dir, id, NULL))
        return false;
    int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir < 0)
        return errno == EACCES; /* then reading it says so */
    bool exists = faccessat(dir, WC_PACKAGE_RECORD_NAME, F_OK, 0) == 0 || errno == EACCES;
    close(dir);
    return exists;
}

/* Under the lock. */
static enum wc_err remove_folder(const char *folder, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = dir >= 0 && (!unlinkat(dir, WC_PACKAGE_RECORD_NAME, 0) || errno == ENOENT);
    int error = errno;
    if (ok) {
        (void)unlinkat(dir, WC_PACKAGE_RECORD_NAME ".new", 0);
        wc_packagefolder_sweep(folder, 0);
        (void)rmdir(folder); /* what else is in there is not ours */
    }
    if (dir >= 0)
        close(dir);
    if (ok)
        return WC_OK;
    return wc_why_set(why, WC_E_IO, wc_why_output_exit(error), "cannot remove %s: %s",
                      wc_why_path(shown, folder), wc_why_errno_text(error));
}

enum wc_err wc_package_remove(const char *state_dir, const char *id, struct wc_why *why)
{
    char folder[PATH_MAX];
    struct stat st;
    enum wc_err err = wc_packagefolder_name(folder, state_dir, id, why);
    if (err)
        return err;
    if (lstat(folder, &st) && errno == ENOENT) {
        struct wc_package_sight sight = {.record = WC_PACKAGE_FILE_MISSING};
        snprintf(sight.id, sizeof(sight.id), "%s", id);
        wc_why_path(sight.place, folder);
        return wc_package_judge(&sight, why);
    }
    int lock = wc_packagefolder_lock(state_dir, why);
    if (lock < 0)
        return WC_E_IO;
    err = remove_folder(folder, why);
    close(lock);
    return err;
}

/* --- all folders --- */

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

struct list {
    char (*ids)[WC_NAME_BYTES_MAX + 1];
    uint32_t count, capacity;
};

static enum wc_err list_add(struct list *list, const char *id)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity ? 2 * list->capacity : 16;
        char(*ids)[WC_NAME_BYTES_MAX + 1] = reallocarray(list->ids, capacity, sizeof(list->ids[0]));
        if (!ids)
            return WC_E_NOMEM;
        list->ids = ids;
        list->capacity = capacity;
    }
    snprintf(list->ids[list->count++], sizeof(list->ids[0]), "%.64s", id); /* an id: it fits */
    return WC_OK;
}

enum wc_err wc_package_list(const char *state_dir, char (**ret_ids)[WC_NAME_BYTES_MAX + 1],
                            uint32_t *ret_count, struct wc_why *why)
{
    char all[PATH_MAX];
    char shown[WC_WHY_PATH_BYTES];
    struct list list = {0};
    enum wc_err err = all_name(all, state_dir, why);
    if (err)
        return err;
    DIR *dir = opendir(all);
    if (!dir && errno != ENOENT)
        return wc_why_set(why, WC_E_IO, wc_why_input_exit(errno),
                          "cannot read %s: %s; run as the user who published",
                          wc_why_path(shown, all), wc_why_errno_text(errno));
    for (struct dirent *entry; !err && dir && (entry = readdir(dir));) {
        if (wc_package_exists(state_dir, entry->d_name))
            err = list_add(&list, entry->d_name);
    }
    if (dir)
        closedir(dir);
    if (err) {
        free(list.ids);
        return wc_why_set(why, err, EX_OSERR, "out of memory");
    }
    if (list.count)
        qsort(list.ids, list.count, sizeof(list.ids[0]), by_text);
    *ret_ids = list.ids;
    *ret_count = list.count;
    return WC_OK;
}
