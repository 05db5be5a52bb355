/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "../status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Draft: served only when the manifest lists it under "drafts" and the operator allows drafts. */
#define DUNLIN_SVC_BLOBS "dunlin.blobs/1"

typedef struct dunlin_blob_writer dunlin_blob_writer; /* A blob being written; host-owned. */

/* Bytes too large for a row: documents, letters, pictures. Kept in the database in chunks, because
 * hosts share no disk, and written in the caller's transaction: they exist exactly if it commits.
 * Each plugin sees its own blobs only. The same bytes twice are kept once. */
typedef struct dunlin_blobs_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */

    /* [call] Begins a blob. `key` is the value of the partition key it belongs to (0: none), so
     * that it lies beside its rows. `media_type` is copied ("application/pdf"). */
    dunlin_status(DUNLIN_CALL *create)(dunlin_tx *tx, int64_t key, dunlin_str media_type,
                                       dunlin_blob_writer **out, dunlin_err *err);
    /* [call] Appends bytes. After a failure only discard() is allowed.
     * DUNLIN_E_LIMIT: larger than the operator allows. */
    dunlin_status(DUNLIN_CALL *append)(dunlin_blob_writer *writer, dunlin_str bytes,
                                       dunlin_err *err);
    /* [call] Ends the blob and frees the writer, also when it fails. `id` receives its id,
     * `sha256` 32 bytes. */
    dunlin_status(DUNLIN_CALL *finish)(dunlin_blob_writer *writer, int64_t *id, uint8_t *sha256,
                                       dunlin_err *err);
    /* [call] Gives a blob up and frees the writer. Must precede the end of tx. */
    void(DUNLIN_CALL *discard)(dunlin_blob_writer *writer);

    /* [call] {"size":…,"sha256":…,"media_type":…,"created_us":…}. DUNLIN_E_NOT_FOUND. */
    dunlin_status(DUNLIN_CALL *info)(dunlin_tx *tx, int64_t key, int64_t id,
                                     const dunlin_writer *json, dunlin_err *err);
    /* [call] Writes n bytes from offset on (fewer at the end; n 0: all that follow), a chunk at a
     * time. DUNLIN_E_NOT_FOUND. DUNLIN_E_DATA: the stored bytes do not match their hash. */
    dunlin_status(DUNLIN_CALL *read)(dunlin_tx *tx, int64_t key, int64_t id, uint64_t offset,
                                     uint64_t n, const dunlin_writer *bytes, dunlin_err *err);
    /* [call] Removes the blob with tx; one that is gone already is a success. */
    dunlin_status(DUNLIN_CALL *remove)(dunlin_tx *tx, int64_t key, int64_t id, dunlin_err *err);
} dunlin_blobs_v1;

#ifdef __cplusplus
}
#endif
