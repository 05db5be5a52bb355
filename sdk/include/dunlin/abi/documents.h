/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cancel.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_DOCUMENTS "dunlin.documents/1"

/* The documents behind the rows that connectors bring, asked for when somebody wants one. */
typedef struct dunlin_documents_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */
    /* [any] Fetches the document of a row ("invoice", "17") from the system that a source of the
     * configuration reads, under the rates of that source, and waits for it. `bytes` receives it in
     * pieces, as it comes; after a failure what came must not be used. `cancel` may be NULL.
     * DUNLIN_E_NOT_FOUND: no such source, or the other system has no document for that row.
     * DUNLIN_E_UNSUPPORTED: the source's connector hands out none of that entity.
     * DUNLIN_E_INVALID: called inside a transaction of the calling plugin.
     * DUNLIN_E_UNAVAILABLE: not now; detail_json {"retry_after_ms":N} when that is known.
     * DUNLIN_E_LIMIT: larger than a blob may be, see abi/blobs.h. Otherwise what the connector
     * failed with. */
    dunlin_status(DUNLIN_CALL *fetch)(dunlin_ctx *ctx, dunlin_str source, dunlin_str entity,
                                      dunlin_str external_id, dunlin_cancel *cancel,
                                      const dunlin_writer *bytes, dunlin_err *err);
} dunlin_documents_v1;

#ifdef __cplusplus
}
#endif
