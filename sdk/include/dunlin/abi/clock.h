/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_CLOCK "dunlin.clock/1"

/* Nobody but the host reads the clock. Instants are microseconds since 1970-01-01 UTC, business
 * dates are days since 1970-01-01 in a stated zone. */
typedef struct dunlin_clock_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */

    /* [any] The current instant: for durations and for work outside any transaction. */
    int64_t(DUNLIN_CALL *now_us)(dunlin_ctx *ctx);

    /* [call] The instant and business date fixed for a transaction: every reader in it sees the
     * same. `today` is in the instance's zone. `overridden` is 1 when somebody asked for another
     * business date: nothing may leave the house then. */
    dunlin_status(DUNLIN_CALL *of_tx)(dunlin_tx *tx, int64_t *now_us, int32_t *today,
                                      int32_t *overridden);

    /* [call] The same instant as a business date in `zone` (an IANA name), for instance a
     * company's; the overridden date where there is one. DUNLIN_E_INVALID: no such zone. */
    dunlin_status(DUNLIN_CALL *today_in)(dunlin_tx *tx, dunlin_str zone, int32_t *today,
                                         dunlin_err *err);
} dunlin_clock_v1;

#ifdef __cplusplus
}
#endif
