/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "../cancel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Draft: asked for only when the manifest lists it under "drafts" and the operator allows it. */
#define DUNLIN_EXT_CHANNEL "dunlin.channel/1"

/* One message on its way to a person. Texts are valid for the call. */
typedef struct dunlin_channel_message {
    uint32_t struct_size;      /* Written by the host. */
    uint32_t attempt;          /* 1 the first time. */
    dunlin_str key;            /* The same for every attempt: whoever can, sends one key once. */
    dunlin_str recipient_json; /* As describe() asks for it: {"email":…} or {"street":…,…}. */
    dunlin_str subject;        /* May be empty where the channel knows none. */
    dunlin_str media_type;     /* Of body: "text/plain", "text/html", "application/pdf". */
    dunlin_str body;
    dunlin_str attachments_json; /* [{"name":…,"media_type":…,"blob":id}] or empty. */
} dunlin_channel_message;

/* Implemented by a plugin that delivers messages: e-mail, letter, text message, portal. The host
 * decides when, keeps the outbox and the receipts; the channel only delivers. */
typedef struct dunlin_channel_v1 {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */

    /* [any] {"name":…,"kinds":["email",…],"media_types":[…],"recipient":{draft-07 schema},
     * "receipts":0|1}; receipts 1: status() tells what became of a message later. No I/O. */
    dunlin_status(DUNLIN_CALL *describe)(dunlin_plugin *plugin, const dunlin_writer *json,
                                         dunlin_err *err);
    /* [any] Sends one message, outside any transaction; the host noted the attempt before.
     * `receipt_json` receives {"state":"sent|delivered|refused","remote_id":…,"reason":…}.
     * DUNLIN_E_UNAVAILABLE: it did not go out, try later. DUNLIN_E_TIMEOUT: it may have gone out;
     * the host asks a person, unless describe() promises one delivery for each key. Any other
     * failure: never, with these contents. */
    dunlin_status(DUNLIN_CALL *send)(dunlin_plugin *plugin, const dunlin_channel_message *message,
                                     dunlin_cancel *cancel, const dunlin_writer *receipt_json,
                                     dunlin_err *err);
    /* [any] Optional (may be NULL): what became of messages sent before, [{"remote_id":…}] in,
     * [{"remote_id":…,"state":"sent|delivered|bounced|unknown","reason":…,"at_us":…}] out. */
    dunlin_status(DUNLIN_CALL *status)(dunlin_plugin *plugin, dunlin_str sent_json,
                                       dunlin_cancel *cancel, const dunlin_writer *states_json,
                                       dunlin_err *err);
} dunlin_channel_v1;

#ifdef __cplusplus
}
#endif
