/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_IDS "dunlin.ids/1"

/* Ids without a database sequence: 63 bits, positive, time-ordered, unique over all processes of an
 * instance (41 bits milliseconds since 2020, 10 bits leased node, 12 bits sequence). In JSON an id
 * is a string. */
typedef struct dunlin_ids_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */
    /* [any] Writes n fresh ids, ascending. DUNLIN_E_UNAVAILABLE: this process lost its node. */
    dunlin_status(DUNLIN_CALL *next)(dunlin_ctx *ctx, uint64_t n, int64_t *out, dunlin_err *err);
} dunlin_ids_v1;

#ifdef __cplusplus
}
#endif
