/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_EXT_HEALTH "dunlin.health/1"

/* Implemented by a plugin that can say how it is: for /health and `dunlin doctor`. */
typedef struct dunlin_health_v1 {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */
    /* [any] Looks at its own state in a read-only transaction, within a second:
     * [{"name":…,"state":"ok|warn|fail","message":…,"remedy":…}]. */
    dunlin_status(DUNLIN_CALL *check)(dunlin_plugin *plugin, dunlin_tx *tx,
                                      const dunlin_writer *json, dunlin_err *err);
} dunlin_health_v1;

#ifdef __cplusplus
}
#endif
