/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_CONFIG "dunlin.config/1"

/* The operator's settings for this plugin. */
typedef struct dunlin_config_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */

    /* [any] The section [plugins.<id>] as JSON, valid against the manifest's config_schema. Does
     * not change between init and destroy. */
    dunlin_status(DUNLIN_CALL *get)(dunlin_ctx *ctx, const dunlin_writer *json, dunlin_err *err);

    /* [any] A secret by name, from a file or the environment; needs the permission
     * "secret:<name>". DUNLIN_E_DENIED without it, DUNLIN_E_NOT_FOUND when the operator gave none.
     * The value is replaced in every later log line of the process. */
    dunlin_status(DUNLIN_CALL *secret)(dunlin_ctx *ctx, dunlin_str name,
                                       const dunlin_writer *value, dunlin_err *err);
} dunlin_config_v1;

#ifdef __cplusplus
}
#endif
