/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_EVENTS "dunlin.events/1"

/* Facts, written in the transaction that makes them true. */
typedef struct dunlin_events_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */
    /* [call] Writes the event into tx: it exists exactly if tx commits. `topic` is one the
     * manifest emits ("<plugin>.<fact>"); events of one `key` are delivered in the order in which
     * their transactions commit; the payload is valid against the topic's schema. DUNLIN_E_DENIED,
     * DUNLIN_E_INVALID otherwise. */
    dunlin_status(DUNLIN_CALL *emit)(dunlin_tx *tx, dunlin_str topic, dunlin_str key,
                                     dunlin_str payload_json, dunlin_err *err);
} dunlin_events_v1;

#define DUNLIN_EXT_EVENT_HANDLER "dunlin.event_handler/1"

/* One event as its subscriber gets it. Texts are valid for the call. */
typedef struct dunlin_event {
    uint32_t struct_size; /* Written by the host. */
    uint32_t attempt;     /* 1 the first time. */
    int64_t id;           /* Of the event: the same on every delivery. */
    int64_t occurred_us;  /* The instant of the transaction that emitted it. */
    int32_t cause_date;   /* The business date of that transaction. */
    int32_t reserved;     /* 0. */
    dunlin_str topic;
    dunlin_str key;
    dunlin_str payload_json;
} dunlin_event;

/* Implemented by a plugin that subscribes to topics in its manifest. */
typedef struct dunlin_event_handler_v1 {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */
    /* [any] Delivered at least once, in order for each key. tx also advances the subscriber's
     * cursor, so what the handler writes in it happens exactly once.
     * DUNLIN_E_UNAVAILABLE, DUNLIN_E_CONFLICT, DUNLIN_E_TIMEOUT: tried again later with growing
     * pauses, later events of the key wait. Any other failure: a dead letter, the key goes on. */
    dunlin_status(DUNLIN_CALL *handle)(dunlin_plugin *plugin, dunlin_tx *tx,
                                       const dunlin_event *event, dunlin_err *err);
} dunlin_event_handler_v1;

#ifdef __cplusplus
}
#endif
