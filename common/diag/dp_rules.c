/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In the order in which one thing hangs on another: the clock, the folder, the interface, the port,
 * the group, and what makes a session slow or small. */
#include "common/diag/dp_rules.h"

#include "common/core/hresult.h"
#include "common/core/text.h"
#include "common/diag/phrase.h"

#define CLOCK_SLACK_S     3600
#define LINK_BPS_MIN      1000000000ull
#define MODE_OTHERS_WRITE 0022u
#define MODE_OTHERS       0077u

/* sysexits.h */
#define EXIT_USAGE       64
#define EXIT_UNAVAILABLE 69
#define EXIT_NOPERM      77
#define EXIT_CONFIG      78

#define KIND(variable, id, severity, hresult, exit_code)                                          \
    static const struct wc_finding_kind variable = {"check." id, WC_SEVERITY_##severity, hresult, \
                                                    exit_code}

KIND(clock_unset, "clock", ERROR, WC_HR_FAIL, EXIT_CONFIG);
KIND(clock_back, "clock", WARNING, WC_HR_FAIL, 0);
KIND(other_user, "other-user", NOTICE, WC_HR_OK, 0);
KIND(dir_wrong, "state-dir", ERROR, WC_HR_ACCESS_DENIED, EXIT_NOPERM);
KIND(dir_readonly, "state-dir", WARNING, WC_HR_ACCESS_DENIED, 0);
KIND(dir_open, "state-dir-open", ERROR, WC_HR_ACCESS_DENIED, EXIT_NOPERM);
KIND(dir_visible, "state-dir-open", WARNING, WC_HR_ACCESS_DENIED, 0);
KIND(files_open, "files-open", ERROR, WC_HR_ACCESS_DENIED, EXIT_NOPERM);
KIND(leftovers, "leftovers", NOTICE, WC_HR_OK, 0);
KIND(no_key, "no-key", NOTICE, WC_HR_OK, 0);
KIND(netif_none, "interface-none", ERROR, WC_HR_NETWORK, EXIT_CONFIG);
KIND(netif_several, "interface-several", ERROR, WC_HR_NETWORK, EXIT_USAGE);
KIND(netif_unknown, "interface-unknown", ERROR, WC_HR_NOT_FOUND, EXIT_USAGE);
KIND(netif_down, "interface-down", ERROR, WC_HR_NETWORK, EXIT_CONFIG);
KIND(netif_no_multicast, "interface-no-multicast", ERROR, WC_HR_NETWORK, EXIT_CONFIG);
KIND(netif_no_address, "interface-no-address", ERROR, WC_HR_NETWORK, EXIT_CONFIG);
KIND(netif_no_socket, "interface-no-socket", ERROR, WC_HR_NETWORK, EXIT_CONFIG);
KIND(netif_loopback, "interface-loopback", NOTICE, WC_HR_OK, 0);
KIND(netif_slow, "interface-slow", NOTICE, WC_HR_OK, 0);
KIND(port_taken, "port-taken", ERROR, WC_HR_PORT_TAKEN, EXIT_UNAVAILABLE);
KIND(port_moved, "port-taken", WARNING, WC_HR_PORT_TAKEN, 0);
KIND(port_forbidden, "port-forbidden", ERROR, WC_HR_ACCESS_DENIED, EXIT_NOPERM);
KIND(port_failed, "port-failed", ERROR, WC_HR_NETWORK, EXIT_UNAVAILABLE);
KIND(group_bad, "group-bad", ERROR, WC_HR_NETWORK, EXIT_USAGE);
KIND(group_source, "group-source-specific", NOTICE, WC_HR_OK, 0);
KIND(buffer_small, "send-buffer", NOTICE, WC_HR_OK, 0);
KIND(files_few, "open-files", WARNING, WC_HR_OK, 0);

struct judge {
    const struct wc_dp_sight *s;
    struct wc_findings *list;
    struct wc_finding spare; /* when the list is full */
};

static struct wc_finding *say(struct judge *j, const struct wc_finding_kind *kind,
                              const char *sentence, const char *evidence, const char *fix)
{
    struct wc_finding *f = wc_findings_add(j->list, kind);
    if (!f)
        f = &j->spare;
    WC_PHRASE(f->sentence, sentence);
    WC_PHRASE(f->evidence, evidence);
    WC_PHRASE(f->fix, fix);
    return f;
}

/* --- the clock -------------------------------------------------------------------------------- */

static void judge_clock(struct judge *j)
{
    const struct wc_dp_sight *s = j->s;
    char now[WC_PHRASE_TIME_BYTES];
    char newest[WC_PHRASE_TIME_BYTES];
    struct wc_finding *f;
    wc_phrase_time(now, s->now_s);
    if (s->now_s < WC_DP_CLOCK_MIN_S) {
        f = say(j, &clock_unset, "the clock of this machine is not set", "",
                "set it (timedatectl, chronyc, date): certificates would seem not yet valid, and "
                "receivers that know the site would refuse this sender");
        WC_PHRASE(f->evidence, "it says ", now);
    } else if (s->newest_file_s > s->now_s + CLOCK_SLACK_S) {
        f = say(j, &clock_back,
                "the clock of this machine has gone back, or was wrong when its "
                "key was made",
                "", "compare it with another clock; when it is right: wimcast-sender key sign");
        WC_PHRASE(f->evidence, "it says ", now, ", the newest file of the keys is of ",
                  wc_phrase_time(newest, s->newest_file_s));
    }
}

/* --- the folder ------------------------------------------------------------------------------- */

static const char *mode_text(char ret[5], uint32_t mode)
{
    for (unsigned i = 0; i < 4; i++)
        ret[i] = (char)('0' + (mode >> (9 - 3 * i)) % 8);
    ret[4] = '\0';
    return ret;
}

static void judge_modes(struct judge *j)
{
    const struct wc_dp_dir *d = &j->s->dir;
    char mode[5];
    char count[WC_PHRASE_NUMBER_BYTES];
    char path[WC_TEXT_SHELL_BYTES];
    struct wc_finding *f;
    if (d->mode & MODE_OTHERS) {
        bool can_write = d->mode & MODE_OTHERS_WRITE;
        f = say(j, can_write ? &dir_open : &dir_visible,
                can_write ? "other users may replace the key of this sender"
                          : "other users may look into the state directory",
                "", "");
        WC_PHRASE(f->evidence, d->path, " has mode ", mode_text(mode, d->mode));
        WC_PHRASE(f->fix, "wimcast-sender check --fix, or: chmod 700 ",
                  wc_text_shell(path, sizeof(path), d->path));
    }
    if (d->open_count) {
        f = say(
            j, &files_open, "files in the state directory are open to other users", "",
            "wimcast-sender check --fix, or chmod 600 each; if a secret was open for long, make "
            "a new one");
        WC_PHRASE(f->evidence, wc_phrase_number(count, d->open_count), " of them, such as ",
                  d->open_name, " with mode ", mode_text(mode, d->open_mode));
    }
    if (d->leftover_count) {
        f = say(j, &leftovers, "writes to the state directory were interrupted", "",
                "nothing is lost; wimcast-sender check --fix removes what they left");
        WC_PHRASE(f->evidence, wc_phrase_number(count, d->leftover_count),
                  " unfinished files, such as ", d->leftover_name);
    }
}

static void judge_rights(struct judge *j)
{
    const struct wc_dp_dir *d = &j->s->dir;
    char owner[WC_PHRASE_NUMBER_BYTES];
    char user[WC_PHRASE_NUMBER_BYTES];
    char path[WC_TEXT_SHELL_BYTES];
    struct wc_finding *f;
    if (d->exists && d->user == 0 && d->owner != 0) {
        f = say(j, &other_user,
                "the state directory belongs to another user, and root may do "
                "everything: what that one may not do was not found",
                "", "");
        WC_PHRASE(f->evidence, d->path, " belongs to ", d->owner_name);
        WC_PHRASE(f->fix, "look with that user's eyes: wimcast-sender check --user ",
                  d->owner_name);
    }
    if (d->is_writable)
        return;
    bool is_fatal = j->s->has_no_key || !d->exists;
    f = say(j, is_fatal ? &dir_wrong : &dir_readonly,
            is_fatal ? "this user cannot make a key here"
                     : "this user cannot write to the state directory: publishing and changing "
                       "keys or accounts will fail",
            "", "");
    WC_PHRASE(f->evidence, d->path, d->exists ? " belongs to user " : " cannot be made by user ",
              d->exists ? wc_phrase_number(owner, d->owner) : wc_phrase_number(user, d->user),
              d->exists ? ", this is user " : "", d->exists ? wc_phrase_number(user, d->user) : "");
    WC_PHRASE(f->fix, "as root: install -d -m 700 -o USER ",
              wc_text_shell(path, sizeof(path), d->path),
              ", and chown -R USER what is in it; or choose another --state-dir");
}

static void judge_dir(struct judge *j)
{
    const struct wc_dp_dir *d = &j->s->dir;
    struct wc_finding *f;
    if (d->exists && !d->is_folder) {
        f = say(j, &dir_wrong, "the state directory is not a directory", "",
                "move that file away, or choose another --state-dir");
        WC_PHRASE(f->evidence, d->path);
        return;
    }
    if (d->exists)
        judge_modes(j);
    judge_rights(j);
    if (j->s->has_no_key) {
        f = say(j, &no_key, "there is no MCS key yet: the first send makes one, signed by itself",
                "", "if a site is to sign it: wimcast-sender key init");
        WC_PHRASE(f->evidence, "nothing of a key in ", d->path);
    }
}

/* --- the interface ---------------------------------------------------------------------------- */

#define FIX_CHOOSE "choose another with --interface"

static void say_netif(struct judge *j, const struct wc_finding_kind *kind, const char *is,
                      const char *evidence, const char *fix)
{
    struct wc_finding *f = say(j, kind, "", evidence, fix);
    WC_PHRASE(f->sentence, "interface ", j->s->netif.name, is);
}

static void judge_good_netif(struct judge *j)
{
    const struct wc_dp_netif *n = &j->s->netif;
    char mbit[WC_PHRASE_NUMBER_BYTES];
    char evidence[WC_FINDING_TEXT_BYTES];
    if (n->is_loopback) {
        say_netif(j, &netif_loopback, " is the loopback: only receivers on this machine hear it",
                  "it was named with --interface", "for a network, name its interface");
    } else if (n->speed_bps && n->speed_bps < LINK_BPS_MIN) {
        WC_PHRASE(evidence, "its link runs at ", wc_phrase_number(mbit, n->speed_bps / 1000000),
                  " Mbit/s");
        say_netif(j, &netif_slow, " is slower than a gigabit", evidence,
                  "look at cable, switch port and ethtool: one bad pair of wires makes 100 Mbit/s "
                  "of a gigabit");
    }
}

static void judge_netif(struct judge *j)
{
    const struct wc_dp_netif *n = &j->s->netif;
    const char *family = n->family == 6 ? "IPv6" : "IPv4";
    char text[WC_FINDING_TEXT_BYTES];
    switch (n->state) {
    case WC_DP_NETIF_GOOD:
        judge_good_netif(j);
        return;
    case WC_DP_NETIF_NONE:
        WC_PHRASE(text, "looked for one that is up, with multicast and an ", family, " address");
        say(j, &netif_none, "no interface can carry a session", text,
            "bring one up (ip link, ip address), or name one with --interface");
        return;
    case WC_DP_NETIF_SEVERAL:
        say(j, &netif_several, "several interfaces could carry a session, and none was named",
            n->detail, "name one with --interface");
        return;
    case WC_DP_NETIF_UNKNOWN:
        WC_PHRASE(text, "there are: ", n->detail);
        say_netif(j, &netif_unknown, " does not exist, as a name or as an address", text,
                  FIX_CHOOSE);
        return;
    case WC_DP_NETIF_DOWN:
        WC_PHRASE(text, "bring it up (ip link set ", n->name,
                  " up), plug in its cable, or " FIX_CHOOSE);
        say_netif(j, &netif_down, " is down", "it is not up and running: switched off, or no link",
                  text);
        return;
    case WC_DP_NETIF_NO_MULTICAST:
        WC_PHRASE(text, "enable it (ip link set ", n->name, " multicast on), or " FIX_CHOOSE);
        say_netif(j, &netif_no_multicast, " has no multicast", "its flag MULTICAST is off", text);
        return;
    case WC_DP_NETIF_NO_ADDRESS:
        WC_PHRASE(text, "it is up, without any ", family, " address");
        say_netif(j, &netif_no_address, " has no address of the group's family", text,
                  "give it one (ip address add, DHCP), or " FIX_CHOOSE);
        return;
    case WC_DP_NETIF_NO_SOCKET:
        say_netif(j, &netif_no_socket, " cannot be sent on", n->detail,
                  "mend what is seen here, or " FIX_CHOOSE);
        return;
    }
}

/* --- port and group --------------------------------------------------------------------------- */

static void judge_port(struct judge *j)
{
    const struct wc_dp_port *p = &j->s->port;
    char number[WC_PHRASE_NUMBER_BYTES];
    char next[WC_PHRASE_NUMBER_BYTES];
    struct wc_finding *f;
    bool moves = !p->is_given && p->next;
    if (p->state == WC_DP_PORT_FREE)
        return;
    wc_phrase_number(number, p->number);
    wc_phrase_number(next, p->next);
    if (p->state == WC_DP_PORT_TAKEN) {
        f = say(j, moves ? &port_moved : &port_taken, "", "", "");
        WC_PHRASE(f->sentence, "TCP port ", number, " is taken",
                  moves ? ": a session now would get " : "", moves ? next : "");
        WC_PHRASE(f->fix, "see by whom: ss -ltnp 'sport = :", number,
                  "'; end it (a session that runs already?), or choose another with --port");
    } else if (p->state == WC_DP_PORT_FORBIDDEN) {
        f = say(j, &port_forbidden, "", "", "choose one above 1023 with --port");
        WC_PHRASE(f->sentence, "this user may not listen on TCP port ", number);
    } else {
        f = say(j, &port_failed, "", "", "mend what is seen here, or choose another with --port");
        WC_PHRASE(f->sentence, "receivers could not connect to TCP port ", number);
    }
    WC_PHRASE(f->evidence, "listening there: ", p->detail);
}

static void judge_group(struct judge *j)
{
    const struct wc_dp_group *g = &j->s->group;
    struct wc_finding *f;
    if (g->fault[0]) {
        f = say(j, &group_bad, "", g->fault,
                "choose another with --mcast-data-address: one of 239.1.0.0 to 239.127.255.255, or "
                "of ff15::/16; or leave it out");
        WC_PHRASE(f->sentence, "the multicast group ", g->text, " cannot be used");
    } else if (g->is_source_specific) {
        f = say(j, &group_source, "", "it lies in 232.0.0.0/8 or ff3x::/32",
                "nothing, if the switches snoop IGMPv3 (MLDv2); else choose one of 239.1.0.0 to "
                "239.127.255.255, or of ff15::/16");
        WC_PHRASE(f->sentence, "the group ", g->text, " is joined with its source alone");
    }
}

/* --- what the system gives -------------------------------------------------------------------- */

static void judge_limits(struct judge *j)
{
    const struct wc_dp_sight *s = j->s;
    char has[WC_PHRASE_NUMBER_BYTES];
    char due[WC_PHRASE_NUMBER_BYTES];
    struct wc_finding *f;
    if (s->send_buffer_bytes < s->send_buffer_due_bytes) {
        f = say(j, &buffer_small,
                "the system gives sockets a small send buffer: above a gigabit "
                "that costs speed",
                "", "");
        WC_PHRASE(f->evidence, wc_phrase_number(has, s->send_buffer_bytes),
                  " bytes, a session "
                  "asks for ",
                  wc_phrase_number(due, s->send_buffer_due_bytes));
        WC_PHRASE(f->fix, "sysctl -w net.core.wmem_max=", due, ", or run the sender as root");
    }
    if (s->open_files_max < s->open_files_due) {
        f = say(j, &files_few, "this user may open too few files for all receivers", "", "");
        WC_PHRASE(f->evidence, wc_phrase_number(has, s->open_files_max), ", a full session needs ",
                  wc_phrase_number(due, s->open_files_due));
        WC_PHRASE(f->fix, "raise the hard limit: LimitNOFILE= of the service, or "
                          "/etc/security/limits.conf");
    }
}

void wc_dp_rules(const struct wc_dp_sight *sight, struct wc_findings *list)
{
    struct judge j = {.s = sight, .list = list};
    judge_clock(&j);
    judge_dir(&j);
    judge_netif(&j);
    judge_port(&j);
    judge_group(&j);
    judge_limits(&j);
}
