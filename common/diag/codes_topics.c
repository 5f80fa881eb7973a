/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a code means when machines are deployed by multicast, and what to do: by topic, for many
 * codes say the same. */
#include "common/diag/codes.h"

static const struct {
    const char *meaning;
    const char *fix;
} topics[] = {
    [WC_TOPIC_SUCCESS] = {"nothing is wrong", "nothing"},
    [WC_TOPIC_FAIL] =
        {"at a multicast session it is the MCS key, more often than not: missing, or not signed, "
         "so "
         "that the answer to a client that asks for it is empty",
         "read the first error in the log (wimcast-receiver log FILE); on wimcast: wimcast-sender "
         "key verify, then key sign; on ConfigMgr: is SignedSerializedMCSKey in "
         "HKLM\\SOFTWARE\\Microsoft\\SMS\\MCS of the distribution point filled? If not, have the "
         "management point sign it: take multicast off the distribution point and put it on again, "
         "and wait"},
    [WC_TOPIC_EMPTY] =
        {"an empty download: the session was joined, and not a byte came within the time. What is "
         "said of the hash afterwards is only an echo",
         "does the distribution point allow anonymous connections? Do not: the session is then "
         "opened without an account, and is not served. Else look at the way of multicast: IGMP "
         "snooping with a querier, the VLAN, the TTL, UDP ports in firewalls"},
    [WC_TOPIC_DAMAGE] =
        {"what came is not what was published: damaged on the way to the disk, or changed at the "
         "source after its hash was taken",
         "one machine only: test its memory and disk. All machines of one distribution point: "
         "publish the package anew there. All machines: was the source changed without updating "
         "the package?"},
    [WC_TOPIC_ACCESS] =
        {"the other side knows who asks, and says no; or a file is in use",
         "give the account that asks (network access account, multicast connection account) the "
         "right to read the content; a file here: close what uses it"},
    [WC_TOPIC_ACCOUNT] =
        {"who asks is not known: no account, a wrong or expired password, or clocks that differ",
         "check the network access account and the multicast connection account: name, password, "
         "not locked; set the clock of the client"},
    [WC_TOPIC_MISSING] =
        {"the package or a file of it is not where it was looked for",
         "is the package on this distribution point, in this version, and allowed to be "
         "transferred via multicast? Distribute it, and wait until that is done"},
    [WC_TOPIC_NETWORK] =
        {"the other side is not reached, or the connection to it broke",
         "is it switched on? Try to reach it from the client: cable, VLAN, address, firewall, "
         "proxy. A driver may be missing in the boot image"},
    [WC_TOPIC_NAME] = {"a name has no address here",
                       "check the name, and the name servers that the client got by DHCP"},
    [WC_TOPIC_TLS] =
        {"client and server cannot agree on a secure connection",
         "check the clock of the client first, then the certificate: its dates, its name, who "
         "issued it, and whether the boot image trusts that one"},
    [WC_TOPIC_SERVER] =
        {"the distribution point was reached, and failed by itself",
         "read its own logs at this time (IIS, mcsisapi.log), see that its services run and that "
         "its firewall lets WMI through; then try again"},
    [WC_TOPIC_SPACE] = {"there is no room for what comes",
                        "free some space, or choose a larger disk; FAT32 takes no file of 4 GB"},
    [WC_TOPIC_DISK] = {"the disk of this machine fails, or does not take what it is given",
                       "look at the disk and its cable; try another machine"},
    [WC_TOPIC_SIGNATURE] =
        {"a key, a certificate or a signature is missing or does not fit",
         "on wimcast: wimcast-sender key verify, then key sign; on ConfigMgr: look at the MCS key "
         "and the certificate of the distribution point"},
    [WC_TOPIC_SECURITY] =
        {"client and server of WDS want different protection of packets",
         "bring the boot image to the version of the server, and see that the package's option to "
         "encrypt multicast is the same for all"},
    [WC_TOPIC_WDS] = {"the multicast server of WDS refuses",
                      "look at WDS on the distribution point: wdsutil "
                      "/Get-AllMulticastTransmissions, and its event log; restart the service when "
                      "settings were changed"},
    [WC_TOPIC_WDSCLIENT] = {"the multicast client of WDS gave up",
                            "read what the server says at this time: its WDS event log, "
                            "mcsisapi.log, mcsprv.log"},
    [WC_TOPIC_SERVICE] = {"something of Windows that is needed is missing or does not run",
                          "start the service on the server; in a boot image: add the component "
                          "(WinPE-WDS-Tools for multicast)"},
    [WC_TOPIC_RESOURCE] = {"the machine has too little memory for it",
                           "give it more memory, or the boot image a larger scratch space"},
    [WC_TOPIC_CANCELLED] = {"somebody or something stopped it", "find out who, and run it again"},
    [WC_TOPIC_REBOOT] = {"nothing is wrong, but it counts only after a restart",
                         "restart the machine"},
    [WC_TOPIC_BUSY] = {"all places of the session are taken",
                       "wait until receivers are done, or use another distribution point"},
    [WC_TOPIC_PROTOCOL] = {"the two sides do not understand each other",
                           "install the same version of wimcast on both sides"},
    [WC_TOPIC_USAGE] = {"a program called Windows in a way that it does not take",
                        "read the lines before it: this code says little by itself"},
    [WC_TOPIC_UNKNOWN] = {"not in the table of this program: nothing is known of it here",
                          "read the lines before it in the log, and search for the code"},
};

const char *wc_code_meaning(enum wc_code_topic topic)
{
    return topics[topic].meaning;
}

const char *wc_code_fix(enum wc_code_topic topic)
{
    return topics[topic].fix;
}
