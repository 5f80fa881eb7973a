/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folders of packages: names in them, and what is done to a folder as a whole (the rest of
 * package.h: listing, removing, the last version). */
#ifndef WC_SENDER_SHELL_PACKAGEFOLDER_H
#define WC_SENDER_SHELL_PACKAGEFOLDER_H

#include "common/io/keyfile.h"

#define WC_PACKAGE_RECORD_NAME     "package.json"
#define WC_PACKAGE_FILE_NAME_BYTES 32u

/* STATE/packages/ID. WC_E_FORMAT: `id` is none; WC_E_IO: too long. */
WC_MUST_USE enum wc_err wc_packagefolder_name(char ret[PATH_MAX], const char *state_dir,
                                              const char *id, struct wc_why *why);

/* "manifest.3", "manifest.3.sig". Both return `ret`. */
const char *wc_packagefolder_manifest(char ret[WC_PACKAGE_FILE_NAME_BYTES], uint32_t version);
const char *wc_packagefolder_signature(char ret[WC_PACKAGE_FILE_NAME_BYTES], uint32_t version);

/* Can a file in the folder of a package have this name: the record, a manifest or its signature? */
bool wc_packagefolder_is_file(const char *name);

/* Wait until nobody else changes packages. Returns a descriptor that holds the lock until closed,
 * or -1. STATE/packages must be there. */
int wc_packagefolder_lock(const char *state_dir, struct wc_why *why);

/* Remove the manifests and signatures of all versions but this (0: of all), and what interrupted
 * writing left. */
void wc_packagefolder_sweep(const char *folder, uint32_t version);

#endif
