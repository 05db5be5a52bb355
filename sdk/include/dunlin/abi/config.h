/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_CONFIG "dunlin.config/1"

typedef struct dunlin_held_secret dunlin_held_secret; /* One that nobody else renews now; host-owned. */

/* The operator's settings for this plugin. */
typedef struct dunlin_config_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */

    /* [any] The section [plugins.<id>] as JSON, valid against the manifest's config_schema. Does
     * not change between init and destroy. */
    dunlin_status(DUNLIN_CALL *get)(dunlin_ctx *ctx, const dunlin_writer *json, dunlin_err *err);

    /* [any] A secret by name, from a file or the environment; needs the permission
     * "secret:<name>". DUNLIN_E_DENIED without it, DUNLIN_E_NOT_FOUND when the operator gave none.
     * The value is replaced in every later log line of the process. What keep_secret() kept stands
     * for the operator's value until the operator provides another one. */
    dunlin_status(DUNLIN_CALL *secret)(dunlin_ctx *ctx, dunlin_str name,
                                       const dunlin_writer *value, dunlin_err *err);

    /* [any] Holds a secret that changes by being used, such as a refresh token: waits until nobody
     * else does, in any process on any host of this instance, and receives the value as it is then,
     * which others may have changed meanwhile. A secret is shared by all who were granted it, and
     * so is what they keep. One at a time, within a call into the plugin that has no transaction;
     * it ends with that call at the latest, and another one may take it over after two minutes.
     *
     * Errors as secret() has them; DUNLIN_E_UNSUPPORTED when the operator gave no key to seal kept
     * values with, DUNLIN_E_TIMEOUT when somebody else holds it for a minute. */
    dunlin_status(DUNLIN_CALL *hold_secret)(dunlin_ctx *ctx, dunlin_str name, dunlin_cancel *cancel,
                                            const dunlin_writer *current, dunlin_held_secret **out,
                                            dunlin_err *err);
    /* [call] Replaces the value for everybody, in the database, sealed. With DUNLIN_OK it is there
     * after any crash, and nobody is kept waiting any more: use what came with it only then. At
     * most 64 KiB; of a JSON object each text is replaced in log lines, too. DUNLIN_E_CONFLICT:
     * another one took the secret over, and nothing was kept; hold it anew and look. */
    dunlin_status(DUNLIN_CALL *keep_secret)(dunlin_held_secret *held, dunlin_str value,
                                            dunlin_err *err);
    /* [call] Frees it, kept or not. */
    void(DUNLIN_CALL *release_secret)(dunlin_held_secret *held);
} dunlin_config_v1;

#ifdef __cplusplus
}
#endif
