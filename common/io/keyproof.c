/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/keyproof.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/file.h"
#include "common/io/identity_internal.h"
#include "common/io/keycheck.h"
#include "common/io/keyfile.h"

#define SIGNATURE_BYTES 64u /* Ed25519 */

struct signature {
    uint8_t bytes[WC_SIGNATURE_BYTES_MAX + 1];
    size_t byte_count;
};

static enum wc_err read_signature(struct signature *ret, const char *path, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t count = fd < 0 ? -1 : read(fd, ret->bytes, sizeof(ret->bytes));
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (count < 0)
        return wc_why_set(why, error == ENOENT ? WC_E_NOT_FOUND : WC_E_IO, wc_why_input_exit(error),
                          "cannot read the signature %s: %s", wc_why_path(shown, path),
                          wc_why_errno_text(error));
    ret->byte_count = (size_t)count;
    return WC_OK;
}

static enum wc_err read_chain(X509 **ret_leaf, X509 **ret_second, const char *path,
                              struct wc_why *why)
{
    char text[WC_KEYPEM_TEXT_BYTES];
    struct wc_keyfile file;
    enum wc_err err = wc_keyfile_at(&file, path, why);
    if (!err)
        err = wc_keyfile_read(&file, false, text);
    if (err == WC_E_NOT_FOUND)
        return wc_why_set(why, err, EX_NOINPUT, "there is no certificate %s", file.shown);
    if (!err && !wc_keypem_parse_chain(text, ret_leaf, ret_second))
        err =
            wc_why_set(why, WC_E_FORMAT, EX_DATAERR, "%s holds no certificate in PEM", file.shown);
    return err;
}

static enum wc_err verify(struct wc_key_sight *ret, X509 *leaf, const struct wc_keyproof *proof,
                          const struct signature *signature)
{
    struct wc_publickey *key;
    enum wc_err err = wc_publickey_new(&key, leaf);
    if (err)
        return err;
    if (signature->byte_count < SIGNATURE_BYTES)
        ret->reply = WC_KEY_REPLY_UNSIGNED;
    else if (wc_publickey_verify(key, proof->bytes, proof->byte_count, signature->bytes,
                                 signature->byte_count))
        ret->reply = WC_KEY_REPLY_OTHER_KEY;
    ret->got_bytes = signature->byte_count;
    ret->due_bytes = SIGNATURE_BYTES;
    wc_publickey_free(key);
    return WC_OK;
}

enum wc_err wc_keyproof_look(struct wc_key_sight *ret, const struct wc_keyproof *proof,
                             struct wc_why *why)
{
    struct signature signature;
    struct wc_key_trust trust = {.site = proof->site};
    X509 *leaf = NULL;
    X509 *second = NULL;
    *ret = (struct wc_key_sight){.by_receiver = true};
    snprintf(ret->place, sizeof(ret->place), "%s", proof->certificate_path);
    enum wc_err err = read_signature(&signature, proof->signature_path, why);
    if (!err)
        err = read_chain(&leaf, &second, proof->certificate_path, why);
    if (err)
        return err;
    (void)!wc_keycheck_peer(ret, leaf, &second, second ? 1 : 0, &trust, proof->now_s);
    err = verify(ret, leaf, proof, &signature);
    X509_free(leaf);
    X509_free(second);
    if (err)
        return wc_why_set(why, err, EX_OSERR, "cannot verify a signature: %s", wc_err_text(err));
    return WC_OK;
}
