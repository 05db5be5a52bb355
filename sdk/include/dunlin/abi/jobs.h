/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cancel.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_JOBS "dunlin.jobs/1"

/* Work for later, or for no one's waiting time. */
typedef struct dunlin_jobs_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */
    /* [call] Queues a job of a kind the manifest declares; it exists exactly if tx commits. With a
     * non-empty dedup_key, a job of the same kind and key that is still queued or running makes
     * this a success without effect. run_at_us 0: as soon as possible. */
    dunlin_status(DUNLIN_CALL *enqueue)(dunlin_tx *tx, dunlin_str kind, dunlin_str dedup_key,
                                        dunlin_str args_json, int64_t run_at_us, dunlin_err *err);
} dunlin_jobs_v1;

#define DUNLIN_EXT_JOB_HANDLER "dunlin.job_handler/1"

/* One run of a job. Texts are valid for the call. */
typedef struct dunlin_job {
    uint32_t struct_size; /* Written by the host. */
    uint32_t attempt;     /* 1 the first time. */
    int64_t id;
    int64_t now_us;       /* When this run began. */
    int32_t today;        /* Its business date, in the instance's zone. */
    int32_t reserved;     /* 0. */
    dunlin_str kind;
    dunlin_str args_json;
    dunlin_cancel *cancel; /* For the cancel service; never NULL. */
} dunlin_job;

/* Implemented by a plugin that declares jobs in its manifest. */
typedef struct dunlin_job_handler_v1 {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */
    /* [any] Runs on one host at a time (leased), at least once: after a crash it runs again, so
     * its effects go through transactions that notice what was done already.
     * DUNLIN_E_UNAVAILABLE, DUNLIN_E_CONFLICT, DUNLIN_E_TIMEOUT: tried again with growing pauses.
     * Any other failure: the job is failed and listed. */
    dunlin_status(DUNLIN_CALL *run)(dunlin_plugin *plugin, const dunlin_job *job, dunlin_err *err);
} dunlin_job_handler_v1;

#ifdef __cplusplus
}
#endif
