/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_BLOBS "dunlin.blobs/1"

typedef struct dunlin_blob_writer dunlin_blob_writer; /* A blob being written; host-owned. */

/* What is known of a blob. */
typedef struct dunlin_blob {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */
    int64_t id;
    int64_t size;       /* In bytes. */
    int64_t created_us; /* When the first of its owners wrote it. */
    char sha256[64];    /* Hex digits, without an end mark. */
} dunlin_blob;

/* Bytes too large for a row: documents, letters, pictures. Kept in the database in chunks, because
 * hosts share no disk, and written in the caller's transaction: they exist exactly if it commits.
 *
 * `key` is the value of the partition key that a blob belongs to (0: none), so that it lies beside
 * its rows. Each plugin sees its own blobs only, whoever asks: which rows a principal may see is
 * the plugin's to know. The same bytes under the same key are kept once: the second finish() gives
 * the id of the first, and the blob has one owner more. */
typedef struct dunlin_blobs_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */

    /* [call] Begins a blob. A transaction in which one was begun and neither finished nor discarded
     * does not commit. DUNLIN_E_DENIED: tx is read-only. */
    dunlin_status(DUNLIN_CALL *create)(dunlin_tx *tx, int64_t key, dunlin_blob_writer **out,
                                       dunlin_err *err);
    /* [call] Appends bytes, of any number at a time. After a failure only discard() is allowed.
     * DUNLIN_E_LIMIT: larger than the operator allows. */
    dunlin_status(DUNLIN_CALL *append)(dunlin_blob_writer *writer, dunlin_str bytes,
                                       dunlin_err *err);
    /* [call] Ends the blob and frees the writer, also when it fails; `blob` receives what is known
     * of it. */
    dunlin_status(DUNLIN_CALL *finish)(dunlin_blob_writer *writer, dunlin_blob *blob,
                                       dunlin_err *err);
    /* [call] Gives a blob up and frees the writer. */
    void(DUNLIN_CALL *discard)(dunlin_blob_writer *writer);

    /* [call] DUNLIN_E_NOT_FOUND: no such blob of this plugin under this key. */
    dunlin_status(DUNLIN_CALL *info)(dunlin_tx *tx, int64_t key, int64_t id, dunlin_blob *blob,
                                     dunlin_err *err);
    /* [call] Writes the bytes, a chunk at a time. DUNLIN_E_NOT_FOUND. DUNLIN_E_DATA: they are not
     * what was written; what came so far must not be used. */
    dunlin_status(DUNLIN_CALL *read)(dunlin_tx *tx, int64_t key, int64_t id,
                                     const dunlin_writer *bytes, dunlin_err *err);
    /* [call] One owner less; with the last one the bytes go. Each finish() needs one. One that is
     * gone already is a success. DUNLIN_E_DENIED: tx is read-only. */
    dunlin_status(DUNLIN_CALL *remove)(dunlin_tx *tx, int64_t key, int64_t id, dunlin_err *err);
} dunlin_blobs_v1;

#ifdef __cplusplus
}
#endif
