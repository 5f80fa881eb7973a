/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results go to standard output, as text or JSON; what goes wrong to standard error. A private key
 * is never shown: only digests of public ones are. */
#include "sender/shell/key.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/core/text.h"
#include "common/diag/key_rules.h"
#include "common/diag/phrase.h"
#include "common/io/digest.h"
#include "common/io/keychain.h"
#include "common/io/keycheck.h"
#include "common/io/keyrequest.h"
#include "sender/shell/console.h"

#define NAMES_TEXT_BYTES (WC_KEY_NAMES_MAX * (WC_KEY_NAME_BYTES + 2))

struct key_run {
    const struct wc_key_options *o;
    struct wc_keychain chain;
    struct wc_console console;
};

/* --- what there is --------------------------------------------------------------------------- */

static void look(const struct key_run *r, const char *name, struct wc_key_sight *ret)
{
    struct wc_keycheck_place place = {.state_dir = r->o->state_dir,
                                      .site_dir = r->o->site_dir,
                                      .name = name,
                                      .now_s = r->chain.term.now_s};
    wc_keycheck_files(ret, &place);
}

static const char *file_text(enum wc_key_file state)
{
    static const char *const texts[] = {
        [WC_KEY_FILE_GOOD] = "good",
        [WC_KEY_FILE_MISSING] = "missing",
        [WC_KEY_FILE_EMPTY] = "empty",
        [WC_KEY_FILE_MALFORMED] = "malformed",
        [WC_KEY_FILE_EXPOSED] = "exposed",
        [WC_KEY_FILE_FOREIGN] = "foreign",
        [WC_KEY_FILE_UNREADABLE] = "unreadable",
    };
    return texts[state];
}

static const char *signer_text(const struct wc_key_sight *s)
{
    static const char *const texts[] = {
        [WC_KEY_SIGNER_NONE] = "nobody",
        [WC_KEY_SIGNER_SELF] = "itself",
        [WC_KEY_SIGNER_SITE] = "site",
        [WC_KEY_SIGNER_OTHER] = "another site",
        [WC_KEY_SIGNER_FALSE] = "not the site that it names",
    };
    return texts[s->signer];
}

static bool has_certificate(const struct wc_key_sight *s)
{
    return s->certificate == WC_KEY_FILE_GOOD;
}

static void show_event(struct key_run *r, const struct wc_key_sight *s)
{
    char time_text[WC_PHRASE_TIME_BYTES];
    bool certified = has_certificate(s);
    wc_jsonl_begin(r->console.events, "key");
    wc_jsonl_str(r->console.events, "state_dir", r->o->state_dir);
    wc_jsonl_str(r->console.events, "key_file", file_text(s->key));
    wc_jsonl_str(r->console.events, "certificate_file", file_text(s->certificate));
    if (s->has_key_digest)
        wc_jsonl_hex(r->console.events, "key", s->key_digest, WC_DIGEST_BYTES);
    else
        wc_jsonl_null(r->console.events, "key");
    wc_jsonl_str(r->console.events, "signed_by", signer_text(s));
    if (s->has_signer_digest)
        wc_jsonl_hex(r->console.events, "signer_key", s->signer_digest, WC_DIGEST_BYTES);
    else
        wc_jsonl_null(r->console.events, "signer_key");
    if (s->has_pin)
        wc_jsonl_hex(r->console.events, "site_key", s->pin, WC_DIGEST_BYTES);
    else
        wc_jsonl_null(r->console.events, "site_key");
    wc_jsonl_str(r->console.events, "names", certified ? s->names : NULL);
    wc_jsonl_str(r->console.events, "not_before",
                 certified ? wc_phrase_time(time_text, s->not_before_s) : NULL);
    wc_jsonl_str(r->console.events, "not_after",
                 certified ? wc_phrase_time(time_text, s->not_after_s) : NULL);
    wc_jsonl_bool(r->console.events, "request_waits", s->has_request);
    wc_jsonl_bool(r->console.events, "new_key_waits", s->has_next);
}

static void show_text(const struct key_run *r, const struct wc_key_sight *s)
{
    char text[WC_PHRASE_DIGEST_BYTES];
    char from[WC_PHRASE_TIME_BYTES];
    char until[WC_PHRASE_TIME_BYTES];
    printf("state directory  %s\n", r->o->state_dir);
    printf("MCS key          %s\n",
           s->has_key_digest ? wc_phrase_digest(text, s->key_digest) : file_text(s->key));
    if (has_certificate(s)) {
        printf("names            %s\n", s->names[0] ? s->names : "none");
        printf("holds            %s to %s\n", wc_phrase_time(from, s->not_before_s),
               wc_phrase_time(until, s->not_after_s));
        printf("signed by        %s%s%s\n", signer_text(s), s->has_signer_digest ? ", " : "",
               s->has_signer_digest ? wc_phrase_digest(text, s->signer_digest) : "");
    } else {
        printf("certificate      %s\n", file_text(s->certificate));
    }
    if (s->has_pin)
        printf("site key         %s%s\n", wc_phrase_digest(text, s->pin),
               s->belongs_to_a_site ? "" : " (at hand; this sender has not joined it)");
    if (s->has_next)
        printf("new key          %s/" WC_KEYCHAIN_NEXT_NAME " waits for its certificate\n",
               r->o->state_dir);
    if (s->has_request)
        printf("request          %s/" WC_KEYCHAIN_REQUEST_NAME " waits for a signature\n",
               r->o->state_dir);
}

static int run_show(struct key_run *r)
{
    struct wc_key_sight s;
    look(r, NULL, &s);
    if (!r->console.events)
        show_text(r, &s);
    show_event(r, &s);
    bool is_there =
        s.key == WC_KEY_FILE_GOOD || s.key == WC_KEY_FILE_EXPOSED || s.key == WC_KEY_FILE_FOREIGN;
    return wc_console_end(&r->console, is_there ? EX_OK : EX_NOINPUT);
}

/* --- what is wrong --------------------------------------------------------------------------- */

static int run_verify(struct key_run *r)
{
    static struct wc_findings findings; /* large, and used once */
    struct wc_key_sight s;
    look(r, r->o->names.count ? r->o->names.items[0] : NULL, &s);
    wc_key_rules(&s, &findings);
    return wc_console_findings(&r->console, &findings, "a session can use this key");
}

/* --- what is done ---------------------------------------------------------------------------- */

static void format_names(char *text, size_t capacity, const struct wc_key_names *names)
{
    size_t at = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < names->count && at < capacity; i++)
        at += (size_t)snprintf(text + at, capacity - at, "%s%s", i ? ", " : "", names->items[i]);
}

static void print_names(const struct wc_keychain_deed *deed)
{
    char text[NAMES_TEXT_BYTES];
    format_names(text, sizeof text, &deed->names);
    printf("made out to: %s\n", text);
}

/* Names by which receivers may ask for this sender, and will not find it any more. */
static void warn_of_names(struct key_run *r, const struct wc_keychain_deed *deed)
{
    char text[NAMES_TEXT_BYTES];
    format_names(text, sizeof text, &deed->lost);
    if (deed->lost.count)
        wc_term_say(r->console.term, WC_TERM_WARNING,
                    "it is no longer made out to: %s; to keep a name, give --name for it and for "
                    "each other one",
                    text);
    if (deed->lost_unknown)
        wc_term_say(r->console.term, WC_TERM_WARNING,
                    "the certificate before cannot be read; if it had other names than these, give "
                    "--name for each");
    if (deed->left_out)
        wc_term_say(r->console.term, WC_TERM_WARNING,
                    "names of the request are left out: %u; a certificate holds %u host names and "
                    "addresses at most, and nothing else; give --name for those that matter",
                    deed->left_out, WC_KEY_NAMES_MAX);
}

static void names_event(struct key_run *r, const struct wc_keychain_deed *deed)
{
    char text[NAMES_TEXT_BYTES];
    format_names(text, sizeof text, &deed->lost);
    wc_jsonl_str(r->console.events, "names_lost", deed->lost.count ? text : NULL);
    wc_jsonl_uint(r->console.events, "names_left_out", deed->left_out);
}

static void print_way(const struct key_run *r, const struct wc_keychain_deed *deed)
{
    char word[2 * WC_SENDER_SITE_DIR_BYTES];
    if (deed->found_other_site)
        printf("the site key in %s is of another site than this sender, so:\n", r->o->site_dir);
    else
        printf("the site key is not at hand (no %s/" WC_SITE_KEY_NAME "), so:\n", r->o->site_dir);
    printf("  1. carry %s to the machine with the site key, and run there:\n"
           "     wimcast-sender key sign " WC_KEYCHAIN_REQUEST_NAME "\n"
           "  2. carry what it writes, SignedSerializedMCSKey, back, and run here:\n"
           "     wimcast-sender key sign --install SignedSerializedMCSKey\n",
           deed->path);
    if (deed->found_other_site)
        printf("to change to that site instead:\n     wimcast-sender key reset --site-dir %s\n",
               wc_text_shell(word, sizeof word, r->o->site_dir));
    if (r->o->action == WC_KEY_RESET)
        printf("until then %s; for a new key that no site signs:\n"
               "     wimcast-sender key reset --self-signed\n",
               deed->old_stays ? "the old key stays in use" : "this sender cannot send");
}

/* Of this machine's key. */
static int tell(struct key_run *r, const struct wc_keychain_deed *deed)
{
    struct wc_key_sight s;
    char digest[WC_PHRASE_DIGEST_BYTES];
    bool carry = !deed->is_signed && !r->o->alone;
    look(r, NULL, &s);
    if (wc_console_is_text(&r->console)) {
        if (s.has_key_digest)
            printf("%sMCS key %s in %s\n", deed->made_key && !carry ? "new " : "",
                   wc_phrase_digest(digest, s.key_digest), r->o->state_dir);
        if (deed->is_signed)
            printf("signed by the site key %s\n", wc_phrase_digest(digest, s.signer_digest));
        print_names(deed);
        if (carry)
            print_way(r, deed);
        else
            printf("in use from the next start of wimcast-sender send on\n");
    }
    warn_of_names(r, deed);
    show_event(r, &s);
    wc_jsonl_bool(r->console.events, "made", deed->made_key);
    wc_jsonl_str(r->console.events, "carry", carry ? deed->path : NULL);
    names_event(r, deed);
    return wc_console_end(&r->console, EX_OK);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int run_sign_request(struct key_run *r)
{
    struct wc_keychain_deed deed;
    char output[PATH_MAX];
    char word[2 * PATH_MAX];
    int folder_bytes = (int)(base_name(r->o->request) - r->o->request);
    int count = snprintf(output, sizeof output, "%.*s" WC_IDENTITY_CERTIFICATE_NAME, folder_bytes,
                         r->o->request);
    if (count < 0 || (size_t)count >= sizeof output)
        output[0] = '\0';
    const char *path = r->o->output ? r->o->output : output;
    if (wc_keyrequest_sign(&r->chain, r->o->request, path, &deed))
        return wc_console_fail(&r->console);
    if (wc_console_is_text(&r->console)) {
        printf("signed: %s\n", deed.path);
        print_names(&deed);
        printf("carry it back to its sender, and run there:\n"
               "  wimcast-sender key sign --install %s\n",
               wc_text_shell(word, sizeof word, base_name(path)));
    }
    warn_of_names(r, &deed);
    wc_jsonl_begin(r->console.events, "signed");
    wc_jsonl_str(r->console.events, "path", deed.path);
    names_event(r, &deed);
    return wc_console_end(&r->console, EX_OK);
}

static int run_sign(struct key_run *r)
{
    struct wc_keychain_deed deed;
    if (r->o->request)
        return run_sign_request(r);
    enum wc_err err = r->o->install ? wc_keychain_install(&r->chain, r->o->install, &deed)
                                    : wc_keychain_sign(&r->chain, &deed);
    return err ? wc_console_fail(&r->console) : tell(r, &deed);
}

static int run_init(struct key_run *r)
{
    struct wc_keychain_deed deed;
    return wc_keychain_init(&r->chain, &deed) ? wc_console_fail(&r->console) : tell(r, &deed);
}

static int run_reset(struct key_run *r)
{
    struct wc_keychain_deed deed;
    enum wc_err err = r->o->alone ? wc_keychain_reset_alone(&r->chain, &deed)
                                  : wc_keychain_reset(&r->chain, &deed);
    return err ? wc_console_fail(&r->console) : tell(r, &deed);
}

static int run_site_init(struct key_run *r)
{
    struct wc_site *site = NULL;
    uint8_t digest[WC_DIGEST_BYTES];
    char text[WC_PHRASE_DIGEST_BYTES];
    if (wc_site_make(r->o->site_dir, r->chain.term.now_s, &r->console.why) ||
        wc_site_open(&site, r->o->site_dir, &r->console.why))
        return wc_console_fail(&r->console);
    wc_site_digest(site, digest);
    wc_site_free(site);
    if (wc_console_is_text(&r->console))
        printf("site key %s in %s\n"
               "keep a copy of " WC_SITE_KEY_NAME " where nobody else can read it\n"
               "for receivers:  wimcast-sender key export --output FILE\n"
               "sign a sender's key where it is:  wimcast-sender key init (or reset)\n",
               wc_phrase_digest(text, digest), r->o->site_dir);
    wc_jsonl_begin(r->console.events, "site");
    wc_jsonl_hex(r->console.events, "site_key", digest, sizeof digest);
    wc_jsonl_str(r->console.events, "site_dir", r->o->site_dir);
    return wc_console_end(&r->console, EX_OK);
}

static int run_export(struct key_run *r)
{
    char pem[WC_KEYPEM_TEXT_BYTES];
    if (wc_keychain_export(&r->chain, pem))
        return wc_console_fail(&r->console);
    bool is_stdout = !r->o->output || strcmp(r->o->output, "-") == 0;
    if (is_stdout && r->console.events) {
        wc_jsonl_begin(r->console.events, "export");
        wc_jsonl_str(r->console.events, "certificate", pem);
        return wc_console_end(&r->console, EX_OK);
    }
    FILE *file = is_stdout ? stdout : fopen(r->o->output, "we");
    bool ok = file && fputs(pem, file) >= 0 && fflush(file) == 0;
    if (file && !is_stdout)
        ok = fclose(file) == 0 && ok;
    if (!ok) {
        (void)wc_why_set(&r->console.why, WC_E_IO, EX_CANTCREAT, "cannot write %.200s",
                         is_stdout ? "to standard output" : r->o->output);
        return wc_console_fail(&r->console);
    }
    if (!is_stdout && wc_console_is_text(&r->console))
        printf("receivers take it with:  wimcast-receiver fetch --site-key %s ...\n", r->o->output);
    wc_jsonl_begin(r->console.events, "export");
    wc_jsonl_str(r->console.events, "path", r->o->output);
    return wc_console_end(&r->console, EX_OK);
}

int wc_key_run(const struct wc_key_options *options, const struct wc_args_common *common)
{
    static int (*const actions[])(struct key_run *) = {
        [WC_KEY_SITE_INIT] = run_site_init, [WC_KEY_INIT] = run_init,
        [WC_KEY_SIGN] = run_sign,           [WC_KEY_SHOW] = run_show,
        [WC_KEY_VERIFY] = run_verify,       [WC_KEY_RESET] = run_reset,
        [WC_KEY_EXPORT] = run_export,
    };
    struct key_run r = {.o = options};
    r.chain = (struct wc_keychain){
        .state_dir = options->state_dir,
        .site_dir = options->site_dir,
        .names = &options->names,
        .term = {.now_s = (int64_t)time(NULL), .days = options->days},
        .may_change_site = options->action == WC_KEY_RESET && options->has_site_dir,
        .why = &r.console.why,
    };
    bool is_open = wc_console_open(&r.console, common);
    int exit_code = is_open ? actions[options->action](&r) : EX_OSERR;
    wc_console_close(&r.console);
    return exit_code;
}
