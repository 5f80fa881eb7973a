/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names go in as structures, never as OpenSSL's configuration texts: a comma in one could say more
 * than was meant there. */
#include "common/io/certify.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/io/netaddr.h"
#include "common/io/netif.h"
#include "common/io/seal.h"

#define VERSION3     2
#define VERSION1     0
#define NETIF_MAX    64u
#define DAY_SECONDS  86400
#define COMMON_BYTES 128

/* --- names ---------------------------------------------------------------------------------- */

static bool is_host_name(const char *name)
{
    size_t count = strlen(name);
    if (count == 0 || count >= WC_KEY_NAME_BYTES || name[0] == '-' || name[0] == '.')
        return false;
    for (; *name; name++) {
        bool good = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                    (*name >= '0' && *name <= '9') || *name == '.' || *name == '-' || *name == '_';
        if (!good)
            return false;
    }
    return true;
}

bool wc_key_names_has(const struct wc_key_names *names, const char *name)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (strcasecmp(names->items[i], name) == 0)
            return true;
    return false;
}

enum wc_err wc_key_names_add(struct wc_key_names *names, const char *name)
{
    char item[WC_KEY_NAME_BYTES];
    struct wc_addr addr;
    size_t count = strcspn(name, "%");
    if (count >= sizeof(item))
        return WC_E_FORMAT;
    memcpy(item, name, count);
    item[count] = '\0';
    if (strchr(item, ':') && !wc_netaddr_parse(item, &addr))
        return WC_E_FORMAT;
    if (!strchr(item, ':') && (name[count] || !is_host_name(item)))
        return WC_E_FORMAT;
    if (wc_key_names_has(names, item))
        return WC_OK;
    if (names->count == WC_KEY_NAMES_MAX)
        return WC_E_FULL;
    memcpy(names->items[names->count++], item, count + 1);
    return WC_OK;
}

void wc_key_host_name(char ret[WC_KEY_HOST_NAME_BYTES])
{
    if (gethostname(ret, WC_KEY_HOST_NAME_BYTES - 1) || !is_host_name(ret))
        snprintf(ret, WC_KEY_HOST_NAME_BYTES, "wimcast");
    ret[WC_KEY_HOST_NAME_BYTES - 1] = '\0';
}

static void add_address(struct wc_key_names *names, const struct wc_addr *addr)
{
    char text[WC_NETADDR_TEXT_BYTES];
    if (addr->family)
        (void)!wc_key_names_add(names, wc_netaddr_format(addr, false, text));
}

void wc_key_names_of_host(struct wc_key_names *ret)
{
    char host[WC_KEY_HOST_NAME_BYTES];
    struct wc_netif list[NETIF_MAX];
    size_t count = wc_netif_list(list, NETIF_MAX);
    ret->count = 0;
    wc_key_host_name(host);
    (void)!wc_key_names_add(ret, host);
    for (size_t i = 0; i < count; i++) {
        add_address(ret, &list[i].v4);
        add_address(ret, &list[i].v6);
    }
    (void)!wc_key_names_add(ret, "localhost");
}

/* NULL: out of memory. */
static GENERAL_NAME *general_name(const char *name)
{
    GENERAL_NAME *general = GENERAL_NAME_new();
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
    ERR_clear_error();
    if (!general) {
        ASN1_OCTET_STRING_free(address);
        return NULL;
    }
    if (address) {
        GENERAL_NAME_set0_value(general, GEN_IPADD, address);
        return general;
    }
    ASN1_IA5STRING *host = ASN1_IA5STRING_new();
    if (!host || ASN1_STRING_set(host, name, -1) != 1) {
        ASN1_IA5STRING_free(host);
        GENERAL_NAME_free(general);
        return NULL;
    }
    GENERAL_NAME_set0_value(general, GEN_DNS, host);
    return general;
}

static GENERAL_NAMES *general_names(const struct wc_key_names *names)
{
    GENERAL_NAMES *list = GENERAL_NAMES_new();
    for (uint32_t i = 0; list && i < names->count; i++) {
        GENERAL_NAME *name = general_name(names->items[i]);
        if (!name || sk_GENERAL_NAME_push(list, name) <= 0) {
            GENERAL_NAME_free(name);
            GENERAL_NAMES_free(list);
            return NULL;
        }
    }
    return list;
}

/* false: it is left out. */
static bool take_general(const GENERAL_NAME *general, struct wc_key_names *ret)
{
    char text[WC_KEY_NAME_BYTES] = "";
    int type = 0;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(general, &type);
    int count = type == GEN_DNS || type == GEN_IPADD ? ASN1_STRING_length(value) : 0;
    const unsigned char *bytes = count ? ASN1_STRING_get0_data(value) : NULL;
    if (type == GEN_DNS && (size_t)count < sizeof(text) && !memchr(bytes, '\0', (size_t)count))
        memcpy(text, bytes, (size_t)count);
    else if (type == GEN_IPADD && count == 4)
        inet_ntop(AF_INET, bytes, text, sizeof(text));
    else if (type == GEN_IPADD && count == 16)
        inet_ntop(AF_INET6, bytes, text, sizeof(text));
    return wc_key_names_add(ret, text) == WC_OK;
}

/* Takes `list`, which may be NULL. Returns how many are left out. */
static uint32_t take_generals(GENERAL_NAMES *list, struct wc_key_names *ret)
{
    uint32_t left_out = 0;
    ret->count = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(list); i++)
        left_out += take_general(sk_GENERAL_NAME_value(list, i), ret) ? 0 : 1;
    GENERAL_NAMES_free(list);
    ERR_clear_error();
    return left_out;
}

void wc_certify_names(X509 *certificate, struct wc_key_names *ret)
{
    (void)take_generals(X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL), ret);
}

uint32_t wc_certify_request_names(X509_REQ *request, struct wc_key_names *ret)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    uint32_t left_out =
        take_generals(X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL), ret);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return left_out;
}

/* --- certificates --------------------------------------------------------------------------- */

static bool set_common_name(X509_NAME *name, const char *text)
{
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)text, -1, -1, 0) ==
           1;
}

/* The first name that fits, for people: it decides nothing. */
static bool set_subject(X509_NAME *subject, const struct wc_key_names *names)
{
    char host[WC_KEY_HOST_NAME_BYTES];
    if (names->count && strlen(names->items[0]) < sizeof(host))
        return set_common_name(subject, names->items[0]);
    wc_key_host_name(host);
    return set_common_name(subject, host);
}

static bool extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool set_basics(X509 *certificate, EVP_PKEY *key, const struct wc_key_term *term)
{
    uint64_t serial;
    wc_random_bytes(&serial, sizeof(serial));
    return X509_set_version(certificate, VERSION3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(certificate), term->now_s - WC_KEY_BACKDATE_S) &&
           ASN1_TIME_set(X509_getm_notAfter(certificate),
                         term->now_s + (int64_t)term->days * DAY_SECONDS) &&
           X509_set_pubkey(certificate, key) == 1;
}

static bool set_names(X509 *certificate, const struct wc_key_names *names)
{
    GENERAL_NAMES *list = general_names(names);
    bool ok = list && (names->count == 0 ||
                       X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 0, 0) == 1);
    GENERAL_NAMES_free(list);
    return ok;
}

/* Of an MCS key, signed by `issuer_key`; `issuer` NULL: by itself. */
static X509 *certify(EVP_PKEY *key, const struct wc_key_names *names, X509 *issuer,
                     EVP_PKEY *issuer_key, const struct wc_key_term *term)
{
    X509 *c = X509_new();
    bool ok = c && set_basics(c, key, term) && set_subject(X509_get_subject_name(c), names) &&
              X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer : c)) == 1 &&
              extend(c, issuer ? issuer : c, NID_basic_constraints, "critical,CA:FALSE") &&
              extend(c, issuer ? issuer : c, NID_key_usage, "critical,digitalSignature") &&
              extend(c, issuer ? issuer : c, NID_ext_key_usage, "serverAuth") &&
              extend(c, issuer ? issuer : c, NID_subject_key_identifier, "hash") &&
              (!issuer || extend(c, issuer, NID_authority_key_identifier, "keyid")) &&
              set_names(c, names) && X509_sign(c, issuer_key, NULL) > 0;
    if (ok)
        return c;
    X509_free(c);
    return NULL;
}

X509 *wc_certify_self(EVP_PKEY *key, const struct wc_key_names *names,
                      const struct wc_key_term *term)
{
    return certify(key, names, NULL, key, term);
}

X509 *wc_certify_signed(EVP_PKEY *key, const struct wc_key_names *names, X509 *site,
                        EVP_PKEY *site_key, const struct wc_key_term *term)
{
    return certify(key, names, site, site_key, term);
}

/* Its name holds some digits of the key, so that two sites are never called the same. */
X509 *wc_certify_site(EVP_PKEY *key, const struct wc_key_term *term)
{
    char host[WC_KEY_HOST_NAME_BYTES];
    char common[COMMON_BYTES];
    uint8_t digest[WC_DIGEST_BYTES];
    X509 *c = X509_new();
    wc_key_host_name(host);
    bool ok = c && wc_keypem_digest(key, digest);
    if (ok)
        snprintf(common, sizeof(common), "wimcast site %.40s %02x%02x%02x%02x", host, digest[0],
                 digest[1], digest[2], digest[3]);
    ok = ok && set_basics(c, key, term) && set_common_name(X509_get_subject_name(c), common) &&
         X509_set_issuer_name(c, X509_get_subject_name(c)) == 1 &&
         extend(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
         extend(c, c, NID_key_usage, "critical,keyCertSign") &&
         extend(c, c, NID_subject_key_identifier, "hash") && X509_sign(c, key, NULL) > 0;
    if (ok)
        return c;
    X509_free(c);
    return NULL;
}

X509_REQ *wc_certify_request(EVP_PKEY *key, const struct wc_key_names *names)
{
    X509_REQ *request = X509_REQ_new();
    GENERAL_NAMES *list = general_names(names);
    STACK_OF(X509_EXTENSION) *extensions = NULL;
    bool ok = request && list && X509_REQ_set_version(request, VERSION1) == 1 &&
              set_subject(X509_REQ_get_subject_name(request), names) &&
              X509_REQ_set_pubkey(request, key) == 1;
    if (ok && names->count)
        ok = X509V3_add1_i2d(&extensions, NID_subject_alt_name, list, 0, 0) == 1 &&
             X509_REQ_add_extensions(request, extensions) == 1;
    ok = ok && X509_REQ_sign(request, key, NULL) > 0;
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    GENERAL_NAMES_free(list);
    if (ok)
        return request;
    X509_REQ_free(request);
    return NULL;
}
