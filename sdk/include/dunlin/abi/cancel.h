/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_CANCEL "dunlin.cancel/1"

/* How a long call learns that it should stop, and tells how far it is. */
typedef struct dunlin_cancel_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */
    /* [any] 1 when the call should return DUNLIN_E_CANCELLED soon. Cheap: ask every few thousand
     * rows. A NULL cancel never asks. */
    int32_t(DUNLIN_CALL *requested)(dunlin_cancel *cancel);
    /* [any] done of total (-1: not known), in units of the work, with a short note that may be
     * empty. Also renews the lease of a job. */
    void(DUNLIN_CALL *progress)(dunlin_cancel *cancel, int64_t done, int64_t total,
                                dunlin_str note);
} dunlin_cancel_v1;

#ifdef __cplusplus
}
#endif
