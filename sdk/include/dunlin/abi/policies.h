/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_POLICIES "dunlin.policies/1"

/* Versioned documents that decide how a plugin behaves: a scoring strategy, a fee table. A version
 * is never changed; every decision can name the one it used. */
typedef struct dunlin_policies_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */
    /* [call] The version of the plugin's policy `kind` for `scope` (empty: the general one) in
     * force on a date: {"version":n,"scope":…,"valid_from":date,"author":…,"body":…}.
     * DUNLIN_E_NOT_FOUND: there is none yet; the plugin then uses its named default. */
    dunlin_status(DUNLIN_CALL *get)(dunlin_tx *tx, dunlin_str kind, dunlin_str scope, int32_t on,
                                    const dunlin_writer *json, dunlin_err *err);
    /* [call] Adds a version, in force from valid_from on; `version` receives its number. The author
     * is the transaction's principal. */
    dunlin_status(DUNLIN_CALL *put)(dunlin_tx *tx, dunlin_str kind, dunlin_str scope,
                                    int32_t valid_from, dunlin_str body_json, int64_t *version,
                                    dunlin_err *err);
} dunlin_policies_v1;

#ifdef __cplusplus
}
#endif
