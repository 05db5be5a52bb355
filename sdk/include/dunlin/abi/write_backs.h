/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_WRITE_BACKS "dunlin.write_backs/1"

/* Something decided here that another system should have. Everything is borrowed for the call. */
typedef struct dunlin_write_back {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */
    dunlin_str source;    /* The name of the source it goes to. */
    dunlin_str kind;      /* "note"; one of those its connector lists, see abi/connector.h. */
    dunlin_str lane;      /* Writes of one lane are carried out one after another, in order. */
    dunlin_str entity;    /* What it is about, as the source calls it: "invoice", */
    dunlin_str external_id; /* "17". */
    dunlin_str body_json;   /* What to write; its members depend on the kind. */
    dunlin_str base_json;   /* What a person saw in the fields that body changes, or empty. */
    dunlin_str job;         /* A job of the plugin that is enqueued when it is settled, or empty:
                             * {"id":…,"kind":…,"entity":…,"external_id":…,"remote_id":…,"reason":…,
                             * "state":"confirmed|rejected|conflict|cancelled"}. */
} dunlin_write_back;

/* The way back into the systems that connectors read. */
typedef struct dunlin_write_backs_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */
    /* [any] Queues one in tx: it is sent after tx has committed, with one effect, and never when it
     * is rolled back. `id` receives its number.
     * DUNLIN_E_NOT_FOUND: no such source. DUNLIN_E_UNSUPPORTED: its connector lists no such kind;
     * the message names those it has. DUNLIN_E_DENIED: tx is read-only, or its date is overridden:
     * then nothing leaves the house. */
    dunlin_status(DUNLIN_CALL *queue)(dunlin_tx *tx, const dunlin_write_back *write, int64_t *id,
                                      dunlin_err *err);
} dunlin_write_backs_v1;

#ifdef __cplusplus
}
#endif
