/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cancel.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_MAIL "dunlin.mail/1"

/* One message to submit. Everything is borrowed for the call. */
typedef struct dunlin_mail_message {
    uint32_t struct_size;  /* Written by the plugin. */
    uint32_t reserved;     /* 0. */
    dunlin_str account;    /* Name of an outgoing account of the operator. */
    dunlin_str sender;     /* Envelope sender, where bounces go; empty: the account's. */
    dunlin_str recipients; /* Envelope recipients as a JSON list of addresses; at least one. */
    dunlin_str mime;       /* The whole message, RFC 5322 with CRLF, at most 25 MiB. */
} dunlin_mail_message;

/* Mail out: accounts, credentials and TLS are the operator's. */
typedef struct dunlin_mail_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */

    /* [any] Hands one message to the account's SMTP server and waits for its answer; needs the
     * permission "mail.submit". Never called inside a transaction (DUNLIN_E_INVALID), which also
     * keeps it out of commands under another business date, and never twice for the same message
     * unless the status says that it did not go out. `cancel` may be NULL. `receipt_json` receives
     * {"accepted":[address,…],"refused":[{"address":…,"reason":…}],"reply":…}.
     * DUNLIN_OK: at least one recipient was accepted. DUNLIN_E_DATA: all were, or the message was,
     * refused for good. DUNLIN_E_UNAVAILABLE: not accepted yet, try later. DUNLIN_E_TIMEOUT: it may
     * have gone out: the server said nothing after it had all of it. DUNLIN_E_DENIED: no grant.
     * DUNLIN_E_NOT_FOUND: the operator has no such account. DUNLIN_E_LIMIT: too large.
     * DUNLIN_E_INVALID: an address is none. */
    dunlin_status(DUNLIN_CALL *submit)(dunlin_ctx *ctx, const dunlin_mail_message *message,
                                       dunlin_cancel *cancel, const dunlin_writer *receipt_json,
                                       dunlin_err *err);
} dunlin_mail_v1;

#ifdef __cplusplus
}
#endif
