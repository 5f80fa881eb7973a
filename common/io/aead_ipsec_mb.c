/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intel's Multi-Buffer Crypto for IPsec: its direct calls take a whole message at once. */
#include <intel-ipsec-mb.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/aead.h"

#define ALIGNMENT 64

struct wc_aead {
    struct gcm_key_data key; /* aligned as the library's assembler wants it */
    struct gcm_context_data context;
    IMB_MGR *mgr;
};

static void aead_free(struct wc_aead *a)
{
    if (!a)
        return;
    if (a->mgr)
        free_mb_mgr(a->mgr);
    explicit_bzero(a, sizeof(*a));
    free(a);
}

static enum wc_err aead_new(struct wc_aead **ret, const uint8_t *key)
{
    size_t bytes = (sizeof(struct wc_aead) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct wc_aead *a = aligned_alloc(ALIGNMENT, bytes);
    if (!a)
        return WC_E_NOMEM;
    memset(a, 0, bytes);
    a->mgr = alloc_mb_mgr(0);
    if (!a->mgr) {
        aead_free(a);
        return WC_E_NOMEM;
    }
    init_mb_mgr_auto(a->mgr, NULL);
    if (!(a->mgr->features & IMB_FEATURE_AESNI) || imb_get_errno(a->mgr) != 0) {
        aead_free(a);
        return WC_E_CRYPTO;
    }
    IMB_AES256_GCM_PRE(a->mgr, key, &a->key);
    *ret = a;
    return WC_OK;
}

static enum wc_err aead_protect(struct wc_aead *a, const uint8_t *nonce, const uint8_t *aad,
                                uint32_t aad_bytes, const uint8_t *plain, uint32_t byte_count,
                                uint8_t *ret_sealed)
{
    IMB_AES256_GCM_ENC(a->mgr, &a->key, &a->context, ret_sealed, plain, byte_count, nonce, aad,
                       aad_bytes, ret_sealed + byte_count, WC_AEAD_TAG_BYTES);
    return WC_OK;
}

/* In a time that does not depend on where they differ. */
static bool is_same_tag(const uint8_t *a, const uint8_t *b)
{
    uint8_t differs = 0;
    for (int i = 0; i < WC_AEAD_TAG_BYTES; i++)
        differs |= a[i] ^ b[i];
    return differs == 0;
}

static enum wc_err aead_open(struct wc_aead *a, const uint8_t *nonce, const uint8_t *aad,
                             uint32_t aad_bytes, const uint8_t *sealed, uint32_t byte_count,
                             uint8_t *ret_plain)
{
    uint8_t came[WC_AEAD_TAG_BYTES], tag[WC_AEAD_TAG_BYTES];
    memcpy(came, sealed + byte_count, sizeof(came));
    IMB_AES256_GCM_DEC(a->mgr, &a->key, &a->context, ret_plain, sealed, byte_count, nonce, aad,
                       aad_bytes, tag, WC_AEAD_TAG_BYTES);
    return is_same_tag(came, tag) ? WC_OK : WC_E_AUTH;
}

const struct wc_aead_ops wc_aead_ipsec_mb = {
    .name = "IPsec-MB",
    .new = aead_new,
    .free = aead_free,
    .protect = aead_protect,
    .open = aead_open,
};
