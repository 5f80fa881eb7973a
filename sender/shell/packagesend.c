/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An argument that could be an id is one if there is such a package, or if there is no such file:
 * then the finding says that neither is there. A name that is both is nobody's to guess. */
#include "sender/shell/packagesend.h"

#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "common/core/manifest.h"
#include "sender/shell/session.h"

static enum wc_err check_options(const struct wc_send_options *o, const char *id,
                                 struct wc_why *why)
{
    const char *option = o->id ? "--id" : o->symbol_bytes ? "--symbol-size" : NULL;
    if (!option)
        return WC_OK;
    return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                      "%s does not go with the published package %s: it was settled when it was "
                      "published; leave it out, or publish again",
                      option, id);
}

enum wc_err wc_packagesend_choose(const char **ret_id, const struct wc_send_options *o,
                                  struct wc_why *why)
{
    struct stat st;
    const char *name = o->paths[0];
    *ret_id = NULL;
    if (o->path_count != 1 || wc_package_id_check(name, strlen(name)) != WC_OK)
        return WC_OK;
    bool is_file = lstat(name, &st) == 0;
    bool is_package = wc_package_exists(o->state_dir, name);
    if (is_file && is_package)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "%s is a published package and a file here; write ./%s for the file, or "
                          "go to another folder for the package",
                          name, name);
    if (is_file)
        return WC_OK;
    *ret_id = name;
    return is_package ? check_options(o, name, why) : WC_OK;
}

enum wc_err wc_packagesend_open(struct wc_package_opened *ret, const char *state_dir,
                                const char *id, const struct wc_identity *identity,
                                struct wc_why *why)
{
    struct wc_package_sight sight;
    enum wc_err err = wc_packagelook_open(ret, &sight, state_dir, id, identity, why);
    if (err)
        return err;
    sight.could_be_file = true;
    return wc_package_judge(&sight, why);
}

enum wc_err wc_packagesend_fits(const struct wc_manifest *m, const struct wc_netif *netif,
                                uint8_t family, struct wc_why *why)
{
    uint32_t symbol_bytes = m->partition.symbol_bytes;
    if (!netif->mtu || symbol_bytes <= wc_session_symbol_bytes_max(netif->mtu, family))
        return WC_OK;
    return wc_why_set(why, WC_E_TOO_LARGE, EX_CONFIG,
                      "package %s was published with symbols of %u bytes, which do not fit the MTU "
                      "of %s (%u); publish it again with --symbol-size %u",
                      m->id, symbol_bytes, netif->name, netif->mtu,
                      wc_session_symbol_bytes(netif->mtu, family));
}
