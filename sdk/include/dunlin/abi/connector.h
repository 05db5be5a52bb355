/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "arrow.h"
#include "cancel.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_EXT_CONNECTOR "dunlin.connector/1"

typedef struct dunlin_source dunlin_source; /* One configured system; owned by the connector. */
typedef struct dunlin_pull dunlin_pull;     /* One run over one entity; owned by the connector. */

/* A page of rows with everything that commits together with them. The caller owns the page and the
 * two Arrow structs it points to (empty on entry); the connector fills them and gives the content
 * away. Texts are valid until the next call with the same pull. */
typedef struct dunlin_page {
    uint32_t struct_size;       /* Written by the host. */
    uint32_t reserved;          /* 0. */
    struct ArrowSchema *schema; /* Filled by the connector; released by the host. */
    struct ArrowArray *rows;    /* The canonical columns of the entity; may have 0 rows. */
    dunlin_str next_cursor;     /* Give it to pull() to go on behind this page. */
    /* Rows that could not be read: [{"external_id":…,"position":"orders.csv:17","code":…,
     * "reason":…,"raw":…}] or empty. They go to quarantine; the rest goes on. */
    dunlin_str errors_json;
    int64_t done;  /* Rows or bytes so far, in the unit of total. */
    int64_t total; /* -1 when not known. */
} dunlin_page;

/* Implemented by a plugin that reads from (and writes back to) another system. The host owns
 * cursors, transactions, retries, quarantine, rates and leases; the connector speaks the protocol. */
typedef struct dunlin_connector_v1 {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */

    /* [any] What it can do: {"entities":[{"name":…,"incremental":0|1,"deletes":0|1}],
     * "write_backs":[…]}. No I/O. */
    dunlin_status(DUNLIN_CALL *describe)(dunlin_plugin *plugin, const dunlin_writer *json,
                                         dunlin_err *err);

    /* [any] Makes a source from its section of the configuration, already valid against the
     * manifest's source_schema. No I/O yet. */
    dunlin_status(DUNLIN_CALL *open)(dunlin_plugin *plugin, dunlin_str name, dunlin_str config_json,
                                     dunlin_source **out, dunlin_err *err);
    /* [any] Frees the source; its pulls have ended. */
    void(DUNLIN_CALL *close)(dunlin_source *source);

    /* [any] Can it be reached, with these credentials? On failure the message is one sentence that
     * says what to do. `json` receives what a person should see on success. */
    dunlin_status(DUNLIN_CALL *check)(dunlin_source *source, dunlin_cancel *cancel,
                                      const dunlin_writer *json, dunlin_err *err);

    /* [any] Begins to read an entity behind `cursor` (empty: from the start). */
    dunlin_status(DUNLIN_CALL *pull)(dunlin_source *source, dunlin_str entity, dunlin_str cursor,
                                     dunlin_cancel *cancel, dunlin_pull **out, dunlin_err *err);
    /* [any], one thread at a time. DUNLIN_OK: a page. DUNLIN_DONE: there is no further one. The
     * same cursor yields the same rows as long as the source did not change. */
    dunlin_status(DUNLIN_CALL *next)(dunlin_pull *pull, dunlin_page *page, dunlin_err *err);
    /* [any] Ends a pull, read to its end or not. */
    void(DUNLIN_CALL *end)(dunlin_pull *pull);

    /* [any] Optional (may be NULL): carries out write-backs, [{"key":…,"kind":…,"body":…}]; one
     * receipt each, in order, [{"key":…,"state":"confirmed|rejected|conflict|unknown","remote_id":…,
     * "reason":…}]. */
    dunlin_status(DUNLIN_CALL *push)(dunlin_source *source, dunlin_str writes_json,
                                     dunlin_cancel *cancel, const dunlin_writer *receipts_json,
                                     dunlin_err *err);
} dunlin_connector_v1;

#ifdef __cplusplus
}
#endif
