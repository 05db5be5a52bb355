/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "arrow.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_DB "dunlin.db/1"

/* begin() flags. */
enum {
    DUNLIN_TX_READ = 0, /* A snapshot; every write is refused. */
    DUNLIN_TX_WRITE = 1 /* Takes the writer's place at once (SQLite: BEGIN IMMEDIATE). */
};

/* Types a column can have in one row. */
enum {
    DUNLIN_COL_NULL = 0,
    DUNLIN_COL_I64 = 1,
    DUNLIN_COL_F64 = 2,
    DUNLIN_COL_TEXT = 3,
    DUNLIN_COL_BLOB = 4
};

/* bulk_write() modes. */
enum {
    DUNLIN_BULK_INSERT = 0, /* Every row is new; an existing key fails the call (fastest). */
    DUNLIN_BULK_UPSERT = 1  /* Insert, or replace the named columns of the row with that key. */
};

/* The database, through the host's transaction.
 *
 * SQL is the common part of SQLite and PostgreSQL with `?` parameters, one statement a call, and
 * may name the plugin's own tables (those that start with its id and "_") and the published views
 * its manifest lists under db.read. Anything else is DUNLIN_E_DENIED.
 * A transaction and its statements are used on one thread at a time; no outbound call and no wait
 * for a person belongs inside one. Parameter and column indexes start at 0. */
typedef struct dunlin_db_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */

    /* [any] Opens a transaction of the plugin's own, for jobs and long work. Inside a handler that
     * was given one, use that. DUNLIN_E_UNAVAILABLE: no connection or writer's place in time. */
    dunlin_status(DUNLIN_CALL *begin)(dunlin_ctx *ctx, uint32_t flags, dunlin_tx **out,
                                      dunlin_err *err);
    /* [call] Makes everything since begin permanent, events included, and frees tx, also when it
     * fails (then nothing took effect). Only for a tx from begin(). */
    dunlin_status(DUNLIN_CALL *commit)(dunlin_tx *tx, dunlin_err *err);
    /* [call] Undoes everything and frees tx. Only for a tx from begin(). */
    void(DUNLIN_CALL *rollback)(dunlin_tx *tx);

    /* [call] Prepares one statement; kept and reused by its text while the connection lives. */
    dunlin_status(DUNLIN_CALL *prepare)(dunlin_tx *tx, dunlin_str sql, dunlin_stmt **out,
                                        dunlin_err *err);
    /* [call] Ends the use of a statement. Must precede the end of its transaction. */
    void(DUNLIN_CALL *finalize)(dunlin_stmt *stmt);
    /* [call] Forgets rows and parameters, so that the statement can run again. */
    dunlin_status(DUNLIN_CALL *reset)(dunlin_stmt *stmt, dunlin_err *err);

    /* [call] Parameters; text and bytes are copied. */
    dunlin_status(DUNLIN_CALL *bind_null)(dunlin_stmt *stmt, uint32_t index, dunlin_err *err);
    dunlin_status(DUNLIN_CALL *bind_i64)(dunlin_stmt *stmt, uint32_t index, int64_t value,
                                         dunlin_err *err);
    dunlin_status(DUNLIN_CALL *bind_f64)(dunlin_stmt *stmt, uint32_t index, double value,
                                         dunlin_err *err);
    dunlin_status(DUNLIN_CALL *bind_text)(dunlin_stmt *stmt, uint32_t index, dunlin_str value,
                                          dunlin_err *err);
    dunlin_status(DUNLIN_CALL *bind_blob)(dunlin_stmt *stmt, uint32_t index, dunlin_str value,
                                          dunlin_err *err);

    /* [call] Runs the statement up to its next row. DUNLIN_OK: there is a row. DUNLIN_DONE: there
     * is none (any more). DUNLIN_E_EXISTS, DUNLIN_E_CONFLICT: a constraint or a concurrent writer
     * said no. */
    dunlin_status(DUNLIN_CALL *step)(dunlin_stmt *stmt, dunlin_err *err);
    /* [call] Rows changed by the statement that last ended with DUNLIN_DONE. */
    int64_t(DUNLIN_CALL *changes)(dunlin_stmt *stmt);

    /* [call] The current row. Text and bytes are valid until the next step, reset or finalize.
     * is_null may be NULL; a NULL column reads as 0 or empty. DUNLIN_E_INVALID: no such column.
     * DUNLIN_E_DATA: the value does not convert without loss. */
    uint32_t(DUNLIN_CALL *column_count)(dunlin_stmt *stmt);
    dunlin_str(DUNLIN_CALL *column_name)(dunlin_stmt *stmt, uint32_t index);
    int32_t(DUNLIN_CALL *column_type)(dunlin_stmt *stmt, uint32_t index);
    dunlin_status(DUNLIN_CALL *column_i64)(dunlin_stmt *stmt, uint32_t index, int64_t *out,
                                           int32_t *is_null);
    dunlin_status(DUNLIN_CALL *column_f64)(dunlin_stmt *stmt, uint32_t index, double *out,
                                           int32_t *is_null);
    dunlin_status(DUNLIN_CALL *column_text)(dunlin_stmt *stmt, uint32_t index, dunlin_str *out,
                                            int32_t *is_null);
    dunlin_status(DUNLIN_CALL *column_blob)(dunlin_stmt *stmt, uint32_t index, dunlin_str *out,
                                            int32_t *is_null);

    /* [call] Runs the statement once for every row of the stream, column n bound to parameter n.
     * Takes ownership of the stream, also on failure. `rows` receives the rows changed. */
    dunlin_status(DUNLIN_CALL *exec_batch)(dunlin_stmt *stmt, struct ArrowArrayStream *in,
                                           int64_t *rows, dunlin_err *err);

    /* [call] Runs the statement and hands its rows out as batches. Column types come from the
     * suffix of the column alias: "name:l", "name:i", "name:tdD", "name:g", "name:b", "name:u"
     * (the default is u); the suffix is removed. The stream belongs to the caller, who releases it
     * before the statement is finalized. Memory is flat in the number of rows. */
    dunlin_status(DUNLIN_CALL *query_stream)(dunlin_stmt *stmt, struct ArrowArrayStream *out,
                                             dunlin_err *err);

    /* [call] Writes a stream of rows into one own table by the store's fastest path (SQLite: one
     * prepared statement; PostgreSQL: COPY, through a staging table for UPSERT). Column names are
     * the stream's. `keys` names the unique columns, n_keys of them; sort rows by them. Takes
     * ownership of the stream, also on failure. `rows` receives the rows written. */
    dunlin_status(DUNLIN_CALL *bulk_write)(dunlin_tx *tx, dunlin_str table, const dunlin_str *keys,
                                           uint32_t n_keys, int32_t mode,
                                           struct ArrowArrayStream *in, int64_t *rows,
                                           dunlin_err *err);

    /* [call] Looks rows up by key, a batch at a time. The stream's columns are named after the key
     * columns of `table` (an own table or a readable view). `out` yields exactly one row for each
     * input row, in order, with the columns named in `columns` (each "name:format" as in
     * query_stream), all null where there is no such row; the keys must be unique in the table.
     * Takes ownership of `in`, also on failure. */
    dunlin_status(DUNLIN_CALL *bulk_lookup)(dunlin_tx *tx, dunlin_str table,
                                            struct ArrowArrayStream *in, const dunlin_str *columns,
                                            uint32_t n_columns, struct ArrowArrayStream *out,
                                            dunlin_err *err);
} dunlin_db_v1;

#ifdef __cplusplus
}
#endif
