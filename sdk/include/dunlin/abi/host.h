/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the host hands to create(). Every service is a table fetched by its id. */
typedef struct dunlin_host {
    uint32_t struct_size; /* Written by the host. */
    uint16_t abi_major;   /* Of the host. */
    uint16_t abi_minor;   /* Of the host; at least the plugin's abi_minor_required. */
    dunlin_ctx *ctx;      /* First argument of get_service and of most services. */

    /* [any] Fetches the service table "dunlin.<name>/<rev>". The table lives until destroy()
     * returns. `id` is a terminated string.
     * DUNLIN_E_UNSUPPORTED: this host has no such service. DUNLIN_E_DENIED: it has, but the
     * manifest does not list it. */
    dunlin_status(DUNLIN_CALL *get_service)(dunlin_ctx *ctx, const char *id, const void **table,
                                            dunlin_err *err);

    /* [any] Says why a call failed: hands both texts to err->set, and does nothing when err is
     * NULL. `message` names the thing and the remedy, for a person; `detail_json` may be empty. */
    void(DUNLIN_CALL *err_set)(dunlin_err *err, dunlin_status status, dunlin_str message,
                               dunlin_str detail_json);
} dunlin_host;

#ifdef __cplusplus
}
#endif
