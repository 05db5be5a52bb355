/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "../cancel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Draft: served only when the manifest lists it under "drafts" and the operator allows drafts. */
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

/* Mail in and out: accounts, credentials, TLS and limits are the operator's. */
typedef struct dunlin_mail_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */

    /* [any] Hands one message to the account's SMTP server and waits for its answer; needs the
     * permission "mail.submit". Never called inside a transaction, and never twice for the same
     * message unless the status says that it did not go out. `receipt_json` receives
     * {"accepted":[address,…],"refused":[{"address":…,"reason":…}],"reply":…}.
     * DUNLIN_OK: at least one recipient was accepted. DUNLIN_E_DATA: all were refused for good.
     * DUNLIN_E_UNAVAILABLE: not accepted yet, try later. DUNLIN_E_TIMEOUT: it may have gone out.
     * DUNLIN_E_DENIED: no grant, or an overridden business date: nothing leaves the house then.
     * DUNLIN_E_NOT_FOUND: the operator has no such account. DUNLIN_E_LIMIT: too large, or more
     * messages than the account may send in this hour. */
    dunlin_status(DUNLIN_CALL *submit)(dunlin_ctx *ctx, const dunlin_mail_message *message,
                                       dunlin_cancel *cancel, const dunlin_writer *receipt_json,
                                       dunlin_err *err);

    /* [any] Lists what waits in an incoming account (POP3 or a maildir), oldest first, at most
     * n_max messages; needs the permission "mail.fetch". Never called inside a transaction.
     * `list_json` receives [{"uid":…,"size":…}]; a uid names the same message on every call.
     * DUNLIN_E_UNAVAILABLE: the server is away or another process holds the mailbox. */
    dunlin_status(DUNLIN_CALL *list)(dunlin_ctx *ctx, dunlin_str account, uint32_t n_max,
                                     dunlin_cancel *cancel, const dunlin_writer *list_json,
                                     dunlin_err *err);
    /* [any] Reads one message, as it was received. It stays in the mailbox.
     * DUNLIN_E_NOT_FOUND: somebody else removed it. DUNLIN_E_LIMIT: the writer took no more. */
    dunlin_status(DUNLIN_CALL *fetch)(dunlin_ctx *ctx, dunlin_str account, dunlin_str uid,
                                      dunlin_cancel *cancel, const dunlin_writer *mime,
                                      dunlin_err *err);
    /* [any] Removes one message, after the transaction that stored it was committed. One that is
     * gone already is a success. */
    dunlin_status(DUNLIN_CALL *remove)(dunlin_ctx *ctx, dunlin_str account, dunlin_str uid,
                                       dunlin_cancel *cancel, dunlin_err *err);
} dunlin_mail_v1;

#ifdef __cplusplus
}
#endif
