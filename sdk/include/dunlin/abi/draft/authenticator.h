/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "../status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Draft: asked for only when the manifest lists it under "drafts" and the operator allows it. */
#define DUNLIN_EXT_AUTHENTICATOR "dunlin.authenticator/1"

/* Implemented by a plugin that knows who somebody is: a directory, a single sign-on. It says who
 * they are; what they may do is decided by the host from roles. */
typedef struct dunlin_authenticator_v1 {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */

    /* [any] {"name":…,"credentials":["password","bearer","code"]}: what verify() understands.
     * No I/O. */
    dunlin_status(DUNLIN_CALL *describe)(dunlin_plugin *plugin, const dunlin_writer *json,
                                         dunlin_err *err);
    /* [any] Verifies one credential: {"kind":"password","name":…,"password":…},
     * {"kind":"bearer","token":…} or {"kind":"code","code":…,"redirect_uri":…,"nonce":…}. It is
     * never logged, never kept and overwritten by the host after the call. `identity_json`
     * receives {"subject":…,"name":…,"email":…,"groups":[…],"expires_us":…}; `subject` names the
     * same person for ever.
     * DUNLIN_E_DENIED: wrong, locked or expired; the message never says which.
     * DUNLIN_E_UNAVAILABLE: cannot be verified at this moment, nobody is let in.
     * Takes the same time for a name that does not exist. */
    dunlin_status(DUNLIN_CALL *verify)(dunlin_plugin *plugin, dunlin_str credential_json,
                                       const dunlin_writer *identity_json, dunlin_err *err);
    /* [any] Optional (may be NULL): where a browser goes to sign in, for "code". `url` receives
     * the whole address with `state` and `nonce` in it. */
    dunlin_status(DUNLIN_CALL *sign_in_url)(dunlin_plugin *plugin, dunlin_str redirect_uri,
                                            dunlin_str state, dunlin_str nonce,
                                            const dunlin_writer *url, dunlin_err *err);
} dunlin_authenticator_v1;

#ifdef __cplusplus
}
#endif
