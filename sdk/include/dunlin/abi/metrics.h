/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_METRICS "dunlin.metrics/1"

/* Numbers for /metrics, in Prometheus' sense. Names are [a-z_]+; the host puts "dunlin_<plugin>_"
 * in front. At most 200 series a plugin; further ones are dropped and counted. */
typedef struct dunlin_metrics_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */
    /* [any] Adds to a counter; labels_json is a flat object of texts, or empty. */
    void(DUNLIN_CALL *add)(dunlin_ctx *ctx, dunlin_str name, dunlin_str labels_json, int64_t delta);
    /* [any] Sets a gauge. */
    void(DUNLIN_CALL *set)(dunlin_ctx *ctx, dunlin_str name, dunlin_str labels_json, double value);
} dunlin_metrics_v1;

#ifdef __cplusplus
}
#endif
