/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/runas.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sysexits.h>
#include <unistd.h>

static const struct passwd *find(const char *name)
{
    char *end;
    const struct passwd *user = getpwnam(name);
    if (user)
        return user;
    errno = 0;
    unsigned long number = strtoul(name, &end, 10);
    bool is_number = *name >= '0' && *name <= '9' && *end == '\0' && !errno && number < UINT32_MAX;
    return is_number ? getpwuid((uid_t)number) : NULL;
}

enum wc_err wc_runas(const char *name, struct wc_why *why)
{
    const struct passwd *user = find(name);
    if (!user)
        return wc_why_set(why, WC_E_NOT_FOUND, EX_USAGE,
                          "there is no user '%.80s' on this machine; name the one whose service "
                          "sends (--user)",
                          name);
    if (user->pw_uid == geteuid())
        return WC_OK;
    if (geteuid() != 0)
        return wc_why_set(why, WC_E_AUTH, EX_NOPERM,
                          "only root may look with another user's rights; run this as root, or "
                          "without --user");
    if (initgroups(user->pw_name, user->pw_gid) || setgid(user->pw_gid) || setuid(user->pw_uid))
        return wc_why_set(why, WC_E_SYS, EX_OSERR, "cannot become user %.80s: %s", user->pw_name,
                          wc_why_errno_text(errno));
    return WC_OK;
}

const char *wc_runas_name(uint32_t user, char ret[WC_RUNAS_NAME_BYTES])
{
    const struct passwd *entry = getpwuid((uid_t)user);
    if (entry)
        snprintf(ret, WC_RUNAS_NAME_BYTES, "%s", entry->pw_name);
    else
        snprintf(ret, WC_RUNAS_NAME_BYTES, "%u", user);
    return ret;
}
