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

/* What a pull is asked for. */
enum {
    /* The rows that changed at or after since_us, all of them when there is no such time. */
    DUNLIN_PULL_CHANGES = 0,
    /* What exists: a batch of the one text column "external_id", every row of the stream. */
    DUNLIN_PULL_IDS = 1,
    /* The rows of ids_json as they are now; one that is gone comes with deleted = true. Only a
     * definite answer of the other system makes a row "gone", never a failure to read it. */
    DUNLIN_PULL_BY_ID = 2
};

/* Stands for "no time" in since_us, changed_max_us and server_us. */
#define DUNLIN_NO_TIME INT64_MIN

/* One run over one stream. Everything is borrowed for the call. Times are microseconds since
 * 1970-01-01 UTC by the clock of the other system, never by ours. */
typedef struct dunlin_pull_request {
    uint32_t struct_size; /* Written by the host. */
    uint32_t mode;        /* DUNLIN_PULL_… */
    dunlin_str entity;    /* "invoice" */
    /* next_cursor of the last page that was kept; empty: from the start. For a stream of the kind
     * "token" it is what the host keeps between runs, for the others it only lives within one. */
    dunlin_str resume;
    /* CHANGES of a "keyset" stream: where to begin, the overlap already taken off. A row whose
     * change equals it belongs to the answer. DUNLIN_NO_TIME: everything. */
    int64_t since_us;
    dunlin_str ids_json; /* BY_ID: ["17","18"], at most 1000. */
} dunlin_pull_request;

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
    /* "keyset": the latest change among the rows of this page, those in errors_json included. */
    int64_t changed_max_us;
    /* "keyset": the other system's clock when it was asked for the first page of this pull. */
    int64_t server_us;
} dunlin_page;

/* A message another system sent by itself. Everything is borrowed for the call. */
typedef struct dunlin_hook {
    uint32_t struct_size;    /* Written by the host. */
    uint32_t reserved;       /* 0. */
    dunlin_str headers_json; /* [["name","value"],…], names in lower case. */
    dunlin_str body;         /* The bytes as they came: signatures are over these. */
    int64_t now_us;          /* Our clock, for the age of a signature. */
} dunlin_hook;

/* Implemented by a plugin that reads from (and writes back to) another system. The host owns
 * cursors, transactions, retries, quarantine, rates and leases; the connector speaks the protocol.
 *
 * A status says what the host does: UNAVAILABLE and TIMEOUT are tried again with growing waits
 * (detail_json {"retry_after_ms":N} sets the wait), DENIED and INVALID end the run with the message
 * for a person, DATA ends the stream. */
typedef struct dunlin_connector_v1 {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */

    /* [any] What it can do, without I/O:
     * {"entities":[{"name":"invoice",
     *   "cursor":"none|token|keyset",   none: read whole each time; token: opaque, kept for ever;
     *                                   keyset: rows in the order of (change, id)
     *   "overlap_seconds":300,          keyset: how far back each run begins again; at least the
     *                                   longest transaction of the other system
     *   "retention_days":0,             how far back changes can be asked for; 0: for ever
     *   "deletes":"none|rows|sweep",    rows: with deleted = true; sweep: by comparing DUNLIN_PULL_IDS
     *   "by_id":true}],                 DUNLIN_PULL_BY_ID is understood
     *  "retries":5,                     how often a page that failed in passing is asked for again
     *                                   before the run ends; 0 when the next run is soon enough
     *  "rate":{"per_second":5,"burst":5,"per_day":0},   most requests; 0: not limited
     *  "write_backs":[{"kind":"note",
     *   "home":"native|note|activity|field",   where it is kept there
     *   "key":"native|search|none"}],          native: the other system refuses a second one itself;
     *                                          search: one can be found; none: neither
     *  "documents":["invoice"]}                entities of which document() hands out documents
     * "cursor" may be left out for "token" and the others for nothing of it. */
    dunlin_status(DUNLIN_CALL *describe)(dunlin_plugin *plugin, const dunlin_writer *json,
                                         dunlin_err *err);

    /* [any] Makes a source from its section of the configuration, already valid against the
     * manifest's source_schema. No I/O yet. A setting of the format "secret" names a secret that
     * dunlin.config/1 may be asked for; one of the format "uri" grants its host and port to
     * dunlin.http_client/1. */
    dunlin_status(DUNLIN_CALL *open)(dunlin_plugin *plugin, dunlin_str name, dunlin_str config_json,
                                     dunlin_source **out, dunlin_err *err);
    /* [any] Frees the source; its pulls have ended. */
    void(DUNLIN_CALL *close)(dunlin_source *source);

    /* [any] Can it be reached, with these credentials? On failure the message is one sentence that
     * says what to do. `json` receives what a person should see on success. */
    dunlin_status(DUNLIN_CALL *check)(dunlin_source *source, dunlin_cancel *cancel,
                                      const dunlin_writer *json, dunlin_err *err);

    /* [any] Begins a pull. `cancel` lives until end(). */
    dunlin_status(DUNLIN_CALL *pull)(dunlin_source *source, const dunlin_pull_request *request,
                                     dunlin_cancel *cancel, dunlin_pull **out, dunlin_err *err);
    /* [any], one thread at a time. DUNLIN_OK: a page. DUNLIN_DONE: there is no further one. The
     * same request yields the same rows as long as the source did not change. After a failure the
     * pull is ended, and a new one goes on from the last page that came. */
    dunlin_status(DUNLIN_CALL *next)(dunlin_pull *pull, dunlin_page *page, dunlin_err *err);
    /* [any] Ends a pull, read to its end or not. */
    void(DUNLIN_CALL *end)(dunlin_pull *pull);

    /* [any] Optional (may be NULL): carries out one write-back,
     * {"key":…,"kind":…,"target":{"entity":…,"external_id":…},"body":{…},"base":{…}|null}, and
     * receives {"state":"confirmed|rejected|conflict","remote_id":…,"reason":…,
     * "touched":[{"entity":…,"external_id":…}]}; the host reads the touched rows again at once.
     *
     * The key is kept in the other system with what was made. A write whose key is there already is
     * confirmed and has no second effect, also when several arrive at the same time; where the
     * other system cannot promise that, the host's lanes do. "base" is what a person saw in the
     * fields that "body" changes: when the other system has something else there now, which is not
     * what is wanted either, that is a conflict and nothing is written. rejected: the other system
     * will never take it; the reason is for a person.
     *
     * DUNLIN_E_UNAVAILABLE: it was certainly not carried out; it is tried again. Any other failure:
     * nobody knows, and find() is asked before anything else happens. */
    dunlin_status(DUNLIN_CALL *push)(dunlin_source *source, dunlin_str write_json,
                                     dunlin_cancel *cancel, const dunlin_writer *receipt_json,
                                     dunlin_err *err);

    /* [any] Optional (may be NULL): was a write-back with this key carried out? The write as push()
     * has it; receives the receipt as push() has it, or {"state":"absent"}, which only a definite
     * answer of the other system may say. Without it, or with "key":"none" for the kind, a write of
     * unknown outcome waits for a person. */
    dunlin_status(DUNLIN_CALL *find)(dunlin_source *source, dunlin_str write_json,
                                     dunlin_cancel *cancel, const dunlin_writer *receipt_json,
                                     dunlin_err *err);

    /* [any] Optional (may be NULL): what the other system itself says is open now,
     * [{"company":…,"currency":"EUR","open":"1234.50"}], invoices less credits and payments on
     * account. Compared with ours after each run. */
    dunlin_status(DUNLIN_CALL *totals)(dunlin_source *source, dunlin_cancel *cancel,
                                       const dunlin_writer *json, dunlin_err *err);

    /* [any] Optional (may be NULL): what a message that arrived at /hooks/<source> says has
     * changed, {"changed":[{"entity":"invoice","external_ids":["17"]}]}, without I/O. It is only a
     * hint: the host reads those rows by id, or the changes of the stream when none are named.
     * DUNLIN_E_DENIED: not signed by the other system, or too old. */
    dunlin_status(DUNLIN_CALL *hook)(dunlin_source *source, const dunlin_hook *hook,
                                     const dunlin_writer *json, dunlin_err *err);

    /* [any] Optional (may be NULL): the document behind a row, as the other system keeps it, or
     * prints it when it keeps none. `bytes` receives it in pieces of any size; what came before a
     * failure is not used. Only entities in "documents" are asked for. What kind of file it is, its
     * bytes say. DUNLIN_E_NOT_FOUND: there is none for this row. */
    dunlin_status(DUNLIN_CALL *document)(dunlin_source *source, dunlin_str entity,
                                         dunlin_str external_id, dunlin_cancel *cancel,
                                         const dunlin_writer *bytes, dunlin_err *err);
} dunlin_connector_v1;

#ifdef __cplusplus
}
#endif
