/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "../cancel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Draft: asked for only when the manifest lists it under "drafts" and the operator allows it. */
#define DUNLIN_EXT_LOOKUP_PROVIDER "dunlin.lookup_provider/1"

/* Implemented by a plugin that asks an outside source about a person or a company: a register, an
 * address service, a telephone directory. Every request costs money and needs a legal ground, so
 * the host asks only on behalf of a command that recorded both. */
typedef struct dunlin_lookup_provider_v1 {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */

    /* [any] {"name":…,"kinds":["address","phone","register",…],"subject":{draft-07 schema},
     * "price":{"amount":…,"currency":…},"purposes":[…],"keeps_days":n}. No I/O. */
    dunlin_status(DUNLIN_CALL *describe)(dunlin_plugin *plugin, const dunlin_writer *json,
                                         dunlin_err *err);
    /* [any] Can it be reached, with these credentials? On failure the message is one sentence that
     * says what to do. `json` receives what a person should see on success. */
    dunlin_status(DUNLIN_CALL *check)(dunlin_plugin *plugin, dunlin_cancel *cancel,
                                      const dunlin_writer *json, dunlin_err *err);
    /* [any] Asks once, outside any transaction. `subject_json` is valid against the schema of
     * describe(), `purpose` is one of its purposes, `key` is the same when the host repeats a
     * request. `findings_json` receives [{"kind":…,"value":…,"confidence":0..100,
     * "observed":date,"source":…}], best first; an empty list is an answer.
     * DUNLIN_E_UNAVAILABLE: not asked or not charged, try later. DUNLIN_E_TIMEOUT: it may have been
     * charged. DUNLIN_E_LIMIT: the quota is used up. DUNLIN_E_DENIED: the source says no. */
    dunlin_status(DUNLIN_CALL *find)(dunlin_plugin *plugin, dunlin_str kind, dunlin_str key,
                                     dunlin_str purpose, dunlin_str subject_json,
                                     dunlin_cancel *cancel, const dunlin_writer *findings_json,
                                     dunlin_err *err);
} dunlin_lookup_provider_v1;

#ifdef __cplusplus
}
#endif
