/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sequences that the field knows, each alone, with noise around it, torn, and in every form. */
#include "common/diag/log_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/hresult.h"
#include "common/diag/log_causes.h"

#define LOG_BYTES (1u << 20)

static struct wc_log_rules rules;
static struct wc_findings findings;
static char log_text[LOG_BYTES];
static size_t log_bytes;
static unsigned minute;

/* --- making logs ------------------------------------------------------------------------------ */

enum form { CMTRACE, SERVER, PASTED, PLAIN, FORM_COUNT };

static void add_raw(const char *text)
{
    assert_true(log_bytes + strlen(text) < sizeof log_text);
    strcpy(log_text + log_bytes, text);
    log_bytes += strlen(text);
}

static void add(enum form form, const char *message)
{
    char line[1024];
    unsigned hour = 8 + minute / 60 % 12, m = minute % 60, day = 1 + minute / 720;
    minute++;
    switch (form) {
    case CMTRACE:
        snprintf(line, sizeof line,
                 "<![LOG[%s]LOG]!><time=\"%02u:%02u:00.000-60\" date=\"04-%02u-2016\" "
                 "component=\"OSDApplyOS\" context=\"\" type=\"0\" thread=\"2340\" "
                 "file=\"x.cpp:1\">\r\n",
                 message, hour, m, day);
        break;
    case SERVER:
        snprintf(line, sizeof line,
                 "%s  $$<SMS_MCS><04-%02u-2016 %02u:%02u:00.000-60><thread=2340 (0x924)>\r\n",
                 message, day, hour, m);
        break;
    case PASTED:
        snprintf(line, sizeof line, "%s\tOSDApplyOS\t%u-4-2016 %u:%02u:00\t2340 (0x924)\n", message,
                 day, hour, m);
        break;
    default:
        snprintf(line, sizeof line, "%s\n", message);
        break;
    }
    add_raw(line);
}

static void begin(void)
{
    log_bytes = 0;
    minute = 0;
    log_text[0] = '\0';
}

/* The finding of index 0, or NULL. */
static const struct wc_finding *judge(void)
{
    static struct wc_log_reader reader;
    static struct wc_log_entry entry;
    static const char *const names[] = {"smsts.log"};
    const char *at = log_text;
    size_t left = log_bytes;
    wc_log_reader_init(&reader);
    wc_log_rules_init(&rules);
    while (wc_log_reader_next(&reader, &at, &left, &entry))
        wc_log_rules_take(&rules, &entry, 0);
    while (wc_log_reader_end(&reader, &entry))
        wc_log_rules_take(&rules, &entry, 0);
    wc_log_rules_end(&rules);
    findings = (struct wc_findings){0};
    wc_log_causes_report(&rules, names, &findings);
    return findings.count ? &findings.items[0] : NULL;
}

static void noise(enum form form, int count)
{
    static const char *const lines[] = {
        "Failed to open key Software\\Microsoft\\SMS\\47, HRESULT=80070002 (e:\\x.cpp,12)",
        "GetTsRegValue() is unsuccessful. 0x80070002.",
        "Found network adapter \"Intel(R) PRO/1000\" with IP Address 10.0.0.117.",
        "Set command line: smsswd.exe /run:LAB00001 cmd /c exit 0",
        "Process completed with exit code 0",
        "The task sequence execution engine successfully completed the action: Partition Disk",
        "Sending StatusMessage",
        "Setting URL = http://mp01.lab.local, Ports = 80,443, CRL = false",
    };
    for (int i = 0; i < count; i++)
        add(form, lines[(size_t)i % (sizeof lines / sizeof lines[0])]);
}

static const char *const key_sequence[] = {
    "CLibSMSMessageWinHttpTransport::Send: URL: dp01.lab.local:443  CCM_POST "
    "/SMS_MCS_AltAuth/.sms_mcs?op=keyinfo",
    "In SSL, but with no client cert",
    "Request was successful.",
    "pNext != NULL, HRESULT=80004005 (e:\\nts\\libsmsmessaging.cpp,2054)",
    "reply has no message header marker",
    "DoRequest (sReply, true), HRESULT=80004005 (e:\\nts\\libsmsmessaging.cpp,10358)",
    "oMcsRequest.GetMCSKey(mcsKeyInfoResponse), HRESULT=80004005 (e:\\mcsisapiclient.cpp,429)",
    "Failed to get MCS key (Code 0x80004005)",
    "ClientRequestToMCS::DoRequest failed. error = (0x80004005).",
    "Request to MCS 'dp01.lab.local' failed with error (Code 0x80004005).",
    "Multicast OpenSessionRequest failed (0x80004005).",
    "Sending status message: SMS_OSDeployment_PackageDownloadMulticastStatusFail",
    NULL,
};

#define DOWNLOAD                                                                         \
    "Using LocalPath:   C:\\_SMSTaskSequence\\Packages\\LAB00012",                       \
        "Opening firewall for X:\\sms\\bin\\i386\\OSDApplyOS.exe",                       \
        "Download: Server=dp01 Namespace=//dp01/SMSPKGD$/LAB00012 "                      \
        "RemoteObject=\\\\dp01/SMSPKGD$/LAB00012\\  "                                    \
        "LocalObject=C:\\_SMSTaskSequence\\Packages\\LAB00012.{6A6C8B1E-0000-0000-0000-" \
        "800700050000}"
#define SUCCESS                                                                       \
    "Progress: extract 100/100", "Completed Extract File Succesfully",                \
        "Download done setting progress bar to 100",                                  \
        "Succesfully performed multicast download from mcs://dp01.lab.local/SMS_MCS/" \
        ".sms_mcs?filePath=\\\\dp01\\x&PackageFlags=134217728&packageID=LAB00012&version=3"
#define HASHES(came)                                                                          \
    "Hash could not be matched for the downloded content. Original ContentHash = "            \
    "1111111111111111111111111111111111111111, Downloaded ContentHash = " came,               \
        "0L == TS::Utility::VerifyPackageHash(pszContentID, sDestination), HRESULT=80091007 " \
        "(e:\\nts\\tscore\\resolvesource.cpp,2901)"

static const char *const good_sequence[] = {
    "Send: URL: dp01.lab.local:443  CCM_POST /SMS_MCS/.sms_mcs?op=keyinfo",
    "Request was successful.",
    DOWNLOAD,
    "Done writing to file:C:\\_SMSTaskSequence\\Packages\\LAB00012\\i.wim  len=5236596736",
    "Done processing file completely.",
    SUCCESS,
    NULL,
};

static const char *const damage_sequence[] = {
    DOWNLOAD, "Done writing to file:C:\\i.wim  len=5236596736",
    SUCCESS,  HASHES("2222222222222222222222222222222222222222"),
    NULL,
};

static const char *const sparse_sequence[] = {
    DOWNLOAD,
    "Found sparse part of the file: 5236588544 8192",
    "File not processed completely. Partial results may exist.",
    SUCCESS,
    HASHES("2222222222222222222222222222222222222222"),
    NULL,
};

static const char *const empty_by_digest[] = {
    DOWNLOAD, SUCCESS, HASHES("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"), NULL};
static const char *const empty_by_sha256[] = {
    DOWNLOAD, SUCCESS, HASHES("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    NULL};
static const char *const empty_by_hole[] = {
    DOWNLOAD, "Found sparse part of the file: 0 5236596736",
    "File not processed completely. Partial results may exist.",
    "The hash value is incorrect, HRESULT=80091007", NULL};
static const char *const empty_by_code[] = {DOWNLOAD,
                                            "WaitForTransfer, HRESULT=800705b4 (e:\\x.cpp,77)",
                                            "Hash Value failed or hash value is incorrect", NULL};
static const char *const empty_by_half[] = {
    DOWNLOAD, "File not processed completely. Partial results may exist.", NULL};
static const char *const empty_alone[] = {
    "Download failed, HRESULT=800705b4; hash value is incorrect", NULL};

static void add_all(enum form form, const char *const *lines)
{
    for (; *lines; lines++)
        add(form, *lines);
}

/* --- one sequence, in every dress ------------------------------------------------------------- */

static void expect(const char *const *lines, const char *id, uint32_t hresult, const char *evidence)
{
    for (int form = 0; form < FORM_COUNT; form++) {
        for (int noise_count = 0; noise_count <= 300; noise_count += 100) {
            begin();
            noise((enum form)form, noise_count);
            add_all((enum form)form, lines);
            noise((enum form)form, noise_count);
            const struct wc_finding *f = judge();
            if (!id && f)
                fail_msg("form %d: %s: %s", form, f->kind->id, f->sentence);
            if (!id)
                continue;
            if (!f || strcmp(f->kind->id, id) != 0)
                fail_msg("form %d, noise %d: %s instead of %s", form, noise_count,
                         f ? f->kind->id : "nothing", id);
            assert_int_equal(f->kind->hresult, hresult);
            assert_int_equal(findings.count, 1);
            assert_int_equal(rules.session_count, 1);
            if (!strstr(f->evidence, evidence))
                fail_msg("no '%s' in: %s", evidence, f->evidence);
            assert_true(strlen(f->fix) > 20);
        }
    }
}

static void a_session_without_trouble(void **state)
{
    (void)state;
    expect(good_sequence, NULL, 0, NULL);
    assert_int_equal(rules.session_count, 1);
    assert_int_equal(rules.good_count, 1);
}

static void the_key_sequence(void **state)
{
    (void)state;
    expect(key_sequence, "log.key-not-signed", WC_HR_FAIL, "pNext != NULL, HRESULT=80004005");
    begin();
    add_all(CMTRACE, key_sequence);
    const struct wc_finding *f = judge();
    assert_non_null(strstr(f->evidence, "smsts.log:4: \"pNext"));
    assert_non_null(strstr(f->evidence, "smsts.log:7: \"oMcsRequest"));
    assert_non_null(strstr(f->evidence, "smsts.log:11: \"Multicast OpenSession"));
    assert_non_null(strstr(f->sentence, "dp01.lab.local"));
    assert_non_null(strstr(f->fix, "wimcast-sender key sign"));
    assert_non_null(strstr(f->fix, "SignedSerializedMCSKey"));
    assert_int_equal(f->kind->exit_code, 78);
}

/* Every line of the sequence may be lost but one that tells. */
static void the_key_sequence_with_lines_lost(void **state)
{
    (void)state;
    for (size_t lost = 0; key_sequence[lost]; lost++) {
        begin();
        for (size_t i = 0; key_sequence[i]; i++) {
            if (i != lost)
                add(CMTRACE, key_sequence[i]);
        }
        const struct wc_finding *f = judge();
        assert_non_null(f);
        assert_string_equal(f->kind->id, "log.key-not-signed");
        assert_int_equal(findings.count, 1);
    }
}

static void empty_downloads(void **state)
{
    (void)state;
    const char *id = "log.empty-download";
    expect(empty_by_digest, id, WC_HR_TIMEOUT, "Downloaded ContentHash = DA39A3EE");
    expect(empty_by_sha256, id, WC_HR_TIMEOUT, "Downloaded ContentHash = e3b0c442");
    expect(empty_by_hole, id, WC_HR_TIMEOUT, "Found sparse part of the file: 0 5236596736");
    expect(empty_by_code, id, WC_HR_TIMEOUT, "HRESULT=800705b4");
    expect(empty_by_half, id, WC_HR_TIMEOUT, "File not processed completely");
    expect(empty_alone, id, WC_HR_TIMEOUT, "800705b4");
    assert_non_null(strstr(findings.items[0].fix, "anonymous"));
    assert_null(strstr(findings.items[0].sentence, "mismatch"));
}

static void real_damage(void **state)
{
    (void)state;
    expect(damage_sequence, "log.hash-mismatch", WC_HR_HASH_VALUE, "Hash could not be matched");
    expect(sparse_sequence, "log.sparse-skipped", WC_HR_HASH_VALUE, "5236588544 8192");
    static const char *const newer[] = {
        DOWNLOAD, SUCCESS,
        "Hash could not be matched for the downloaded content. Original ContentHash = 11, "
        "Downloaded ContentHash = 22",
        NULL};
    expect(newer, "log.hash-mismatch", WC_HR_HASH_VALUE, "downloaded content");
    static const char *const part[] = {
        DOWNLOAD, "File not processed completely. Partial results may exist.", SUCCESS,
        HASHES("2222222222222222222222222222222222222222"), NULL};
    expect(part, "log.incomplete-download", WC_HR_HASH_VALUE, "not processed completely");
}

static void who_asks_and_who_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *line, *id;
        uint32_t hresult;
    } rows[] = {
        {"SendResourceRequest() failed. 80190191", "log.unauthorised", 0x80190191},
        {"Request failed with HTTP status 401", "log.unauthorised", 0x80190191},
        {"ERROR_LOGON_FAILURE 0x8007052e", "log.unauthorised", 0x8007052e},
        {"SendResourceRequest() failed. 80190193", "log.access-denied", 0x80190193},
        {"HTTP/1.1 403 Forbidden", "log.access-denied", 0x80190193},
        {"Send failed, HRESULT=80070005", "log.access-denied", WC_HR_ACCESS_DENIED},
        {"Access is denied", "log.access-denied", WC_HR_ACCESS_DENIED},
        {"SendResourceRequest() failed. 801901F4", "log.http-error", 0x801901f4},
        {"StatusCode: 503", "log.http-error", 0x801901f7},
        {"WinHttpSendRequest failed 80072ee7", "log.unreachable", 0x80072ee7},
        {"WinHttpSendRequest failed 0x8007274D", "log.unreachable", 0x8007274d},
        {"WinHttpSendRequest failed 80072f8f", "log.certificate", 0x80072f8f},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const lines[] = {"Send: URL: dp01:443  CCM_POST /SMS_MCS/.sms_mcs?op=keyinfo",
                                     rows[i].line, "Failed to get MCS key (Code 0x80004005)",
                                     "Multicast OpenSessionRequest failed (0x80004005).", NULL};
        expect(lines, rows[i].id, rows[i].hresult, rows[i].line);
    }
}

/* What came later, or before, or was let in at the second try, is no cause. */
static void codes_that_are_not_to_blame(void **state)
{
    (void)state;
    begin();
    add(CMTRACE, "Send: URL: dp01:443  CCM_POST /SMS_MCS_AltAuth/.sms_mcs?op=keyinfo");
    add(CMTRACE, "HTTP status 401");
    add_all(CMTRACE, key_sequence + 1);
    assert_string_equal(judge()->kind->id, "log.key-not-signed");
    begin();
    add(CMTRACE, "Failed to run it, HRESULT=80070005");
    add_all(CMTRACE, good_sequence);
    add(CMTRACE, "Failed to run it, HRESULT=80070005");
    add(CMTRACE, "Installation failed, 80190193");
    assert_null(judge());
    begin();
    add_all(CMTRACE, key_sequence);
    add(CMTRACE, "hash value is incorrect, 80091007"); /* of the download by unicast that follows */
    assert_string_equal(judge()->kind->id, "log.key-not-signed");
    assert_int_equal(findings.count, 1);
}

static void wds_refuses(void **state)
{
    (void)state;
    static const char *const lines[] = {DOWNLOAD, "WdsTransport session failed: 0xC1210105", NULL};
    expect(lines, "log.wds-refused", 0xc1210105, "0xC1210105");
    static const char *const alone[] = {"event 768, C121010A", NULL};
    expect(alone, "log.wds-refused", 0xc121010a, "C121010A");
}

static void sessions_of_one_kind_are_counted(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 5; i++) {
        add_all(CMTRACE, key_sequence);
        noise(CMTRACE, 20);
    }
    const struct wc_finding *f = judge();
    assert_int_equal(rules.session_count, 5);
    assert_string_equal(f->kind->id, "log.key-not-signed");
    assert_non_null(strstr(f->sentence, "5 sessions ended like this"));
}

static void several_sessions_each_by_its_own_cause(void **state)
{
    (void)state;
    begin();
    add_all(CMTRACE, key_sequence);
    add_all(CMTRACE, empty_by_digest);
    add_all(CMTRACE, good_sequence);
    add_all(CMTRACE, sparse_sequence);
    assert_non_null(judge());
    assert_int_equal(rules.session_count, 4);
    assert_int_equal(rules.good_count, 1);
    assert_int_equal(findings.count, 3);
    assert_string_equal(findings.items[0].kind->id, "log.key-not-signed");
    assert_string_equal(findings.items[1].kind->id, "log.empty-download");
    assert_string_equal(findings.items[2].kind->id, "log.sparse-skipped");
}

/* The client stays with a distribution point that is down. */
static void the_same_distribution_point_for_hours(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 10; i++) {
        minute = (unsigned)i * 48;
        add(CMTRACE, "Send: URL: dp02.lab.local:443  CCM_POST /SMS_MCS/.sms_mcs?op=keyinfo");
        add(CMTRACE, "WinHttpSendRequest failed 80072efd");
        add(CMTRACE, "Request to MCS 'dp02.lab.local' failed with error (Code 0x80072efd).");
        add(CMTRACE, "Multicast OpenSessionRequest failed (0x80072efd).");
    }
    assert_string_equal(judge()->kind->id, "log.unreachable");
    assert_int_equal(findings.count, 2);
    const struct wc_finding *f = &findings.items[1];
    assert_string_equal(f->kind->id, "log.same-distribution-point");
    assert_int_equal(f->kind->severity, WC_SEVERITY_WARNING);
    assert_non_null(strstr(f->sentence, "dp02.lab.local failed 10 times within 7 h 12 min"));
    assert_non_null(strstr(f->evidence, "smsts.log:3:"));
    assert_non_null(strstr(f->evidence, "smsts.log:39:"));
}

/* --- wimcast ---------------------------------------------------------------------------------- */

static const struct wc_finding *judge_text(const char *text)
{
    begin();
    add_raw(text);
    return judge();
}

static void what_wimcast_says_itself(void **state)
{
    (void)state;
    const struct wc_finding *f = judge_text(
        "trusting key sha256:ab of pc (10.0.0.1:9467), package install\n"
        "package install: 1 file, 2 MiB, from 239.1.2.3:9468 on eth0 to /mnt/install.wim\n"
        "error: 0x800705B4: empty download: no multicast from 10.0.0.1 reached eth0\n");
    assert_string_equal(f->kind->id, "log.wimcast-error");
    assert_int_equal(f->kind->hresult, WC_HR_TIMEOUT);
    assert_int_equal(f->kind->exit_code, 75);
    assert_memory_equal(f->sentence, "empty download", 14);
    assert_non_null(strstr(f->evidence, "smsts.log:3:"));
    assert_int_equal(rules.session_count, 1);

    f = judge_text("<![LOG[0x80004005: the manifest is not signed]LOG]!><time=\"10:00:00.000+000\" "
                   "date=\"01-02-2026\" component=\"wimcast-receiver\" context=\"\" type=\"3\" "
                   "thread=\"7\" file=\"display.c\">\n");
    assert_string_equal(f->kind->id, "log.wimcast-error");
    assert_int_equal(f->kind->exit_code, 78);

    f = judge_text("error: 0x8007052E: empty download: 0 of 2.0 MiB of install: account or "
                   "password is wrong: account lab\n");
    assert_string_equal(f->kind->id, "log.wimcast-error");
    assert_int_equal(f->kind->exit_code, 77);

    f = judge_text("{\"event\":\"error\",\"v\":1,\"hresult\":\"0x80070070\",\"sentence\":\"no "
                   "space\",\"exit_code\":73}\n");
    assert_int_equal(f->kind->hresult, WC_HR_DISK_FULL);
    assert_int_equal(f->kind->exit_code, 73);

    f = judge_text("warning: empty download: no multicast\ngoing on by unicast: allowed\n"
                   "verified: 2 MiB in /x, 1 s, 9 Mbit/s; 0 symbols lost, 0 repaired\n");
    assert_string_equal(f->kind->id, "log.went-by-unicast");
    assert_int_equal(f->kind->severity, WC_SEVERITY_WARNING);
    f = judge_text("warning: incomplete download: 1 of 2 bytes of i: multicast stopped\n"
                   "verified: 2 MiB in /x, 1 s, 9 Mbit/s; 0 symbols lost, 0 repaired\n");
    assert_string_equal(f->kind->id, "log.went-by-unicast");

    assert_null(judge_text("package i: 1 file, 2 MiB, from 239.1.2.3:9 on eth0 to /x\n"
                           "verified: 2 MiB in /x, 1 s, 9 Mbit/s; 0 symbols lost, 0 repaired\n"));
    assert_int_equal(rules.good_count, 1);
    assert_null(judge_text("{\"event\":\"package\",\"v\":1,\"package\":\"i\"}\n"
                           "{\"event\":\"summary\",\"v\":1,\"result\":\"ok\",\"hresult\":null}\n"));
    assert_int_equal(rules.good_count, 1);
}

static void what_the_sender_says(void **state)
{
    (void)state;
    const struct wc_finding *f = judge_text(
        "receivers join with:  wimcast-receiver fetch 'wimcast://10.0.0.1:9467/i#key=sha256:ab'\n"
        "warning: receiver pc-17 (10.0.0.117:5) lost: 10.0.0.117:5 no longer answers\n"
        "warning: failed: 1 of 2 receivers have all of 2 MiB, 0.5 s\n");
    assert_string_equal(f->kind->id, "log.receivers-failed");
    assert_memory_equal(f->sentence, "receiver pc-17", 14);
    assert_int_equal(findings.count, 1);
    f = judge_text("receivers join with:  wimcast-receiver fetch 'wimcast://x'\n"
                   "error: cannot read install.wim: input/output error; check the disk\n");
    assert_string_equal(f->kind->id, "log.wimcast-error");
    assert_memory_equal(f->sentence, "cannot read install.wim", 23);
    f = judge_text("receivers join with:  wimcast-receiver fetch 'wimcast://x'\n");
    assert_string_equal(f->kind->id, "log.unfinished");
    assert_int_equal(f->kind->severity, WC_SEVERITY_NOTICE);
}

/* Sender and receivers in one log: sessions are told apart. */
static void interleaved_programs(void **state)
{
    (void)state;
    static const char *const lines[][4] = {
        {"wimcast-sender", "1", "1", "wimcast-sender 0.1.0 begins"},
        {"wimcast-receiver", "2", "1", "wimcast-receiver 0.1.0 begins"},
        {"wimcast-receiver", "3", "1", "wimcast-receiver 0.1.0 begins"},
        {"wimcast-sender", "1", "1", "session is streaming"},
        {"wimcast-receiver", "2", "3", "0x80070070: no space"},
        {"wimcast-receiver", "3", "1", "verified: 2 MiB in /x; 0 symbols lost"},
        {"wimcast-sender", "1", "2", "receiver pc (10.0.0.2:1) failed: no space"},
    };
    begin();
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "<![LOG[%s]LOG]!><time=\"10:00:00.000+000\" date=\"01-02-2026\" component=\"%s\" "
                 "context=\"\" type=\"%s\" thread=\"%s\" file=\"display.c\">\n",
                 lines[i][3], lines[i][0], lines[i][2], lines[i][1]);
        add_raw(text);
    }
    (void)judge();
    assert_int_equal(rules.session_count, 3);
    assert_int_equal(rules.good_count, 1);
    assert_int_equal(findings.count, 2);
}

/* Many machines' logs at once: threads may have the same numbers. A log that was full goes on in
 * another file. */
static void logs_of_many_machines(void **state)
{
    (void)state;
    static struct wc_log_entry entry = {.form = WC_LOG_CMTRACE, .thread = 7, .line = 1};
    static const char *const messages[] = {"wimcast-receiver 0.1.0 begins", "package i: 1 file",
                                           "verified: 2 MiB"};
    strcpy(entry.component, "wimcast-receiver");
    wc_log_rules_init(&rules);
    for (size_t i = 0; i < 3; i++) {
        strcpy(entry.message, messages[i]);
        for (uint32_t source = 0; source < 64; source++)
            wc_log_rules_take(&rules, &entry, source);
    }
    wc_log_rules_end(&rules);
    assert_int_equal(rules.session_count, 64);
    assert_int_equal(rules.good_count, 64);
    wc_log_rules_init(&rules);
    for (uint32_t i = 0; i < 3; i++) {
        strcpy(entry.message, messages[i]);
        wc_log_rules_take(&rules, &entry, i);
    }
    wc_log_rules_end(&rules);
    assert_int_equal(rules.session_count, 1);
    assert_int_equal(rules.good_count, 1);
    assert_int_equal(rules.found_count, 0);
}

/* --- nothing ---------------------------------------------------------------------------------- */

static void other_logs_have_no_session(void **state)
{
    (void)state;
    for (int form = 0; form < FORM_COUNT; form++) {
        begin();
        noise((enum form)form, 200);
        add((enum form)form, "error: something else failed, 0x80070005");
        add((enum form)form, "HTTP status 500");
        assert_null(judge());
        assert_int_equal(rules.session_count, 0);
        assert_int_equal(rules.first_code, WC_HR_NOT_FOUND);
    }
    assert_null(judge_text(""));
    assert_int_equal(rules.entry_count, 0);
    assert_null(judge_text("\x01\x02garbage\xff\xfe<![LOG[<![LOG[<![LOG[ $$<$$<$$<><>(0x"));
    assert_int_equal(rules.session_count, 0);
}

/* Whatever a log is, findings and evidence fit, and the count of sessions has no effect. */
static void a_log_of_very_many_sessions(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 500; i++) {
        char line[200];
        snprintf(line, sizeof line, "Send: URL: dp%d:443  CCM_POST /SMS_MCS/.sms_mcs?op=keyinfo",
                 i);
        add(CMTRACE, line);
        add(CMTRACE, "reply has no message header marker");
        add(CMTRACE, "Failed to get MCS key (Code 0x80004005)");
    }
    assert_non_null(judge());
    assert_int_equal(rules.session_count, 500);
    assert_int_equal(findings.count, WC_LOG_FOUND_MAX);
    assert_int_equal(findings.dropped_count, 500 - WC_LOG_FOUND_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_without_trouble),
        cmocka_unit_test(the_key_sequence),
        cmocka_unit_test(the_key_sequence_with_lines_lost),
        cmocka_unit_test(empty_downloads),
        cmocka_unit_test(real_damage),
        cmocka_unit_test(who_asks_and_who_refuses),
        cmocka_unit_test(codes_that_are_not_to_blame),
        cmocka_unit_test(wds_refuses),
        cmocka_unit_test(sessions_of_one_kind_are_counted),
        cmocka_unit_test(several_sessions_each_by_its_own_cause),
        cmocka_unit_test(the_same_distribution_point_for_hours),
        cmocka_unit_test(what_wimcast_says_itself),
        cmocka_unit_test(what_the_sender_says),
        cmocka_unit_test(interleaved_programs),
        cmocka_unit_test(logs_of_many_machines),
        cmocka_unit_test(other_logs_have_no_session),
        cmocka_unit_test(a_log_of_very_many_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
