/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "arrow.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_EXT_SINK "dunlin.sink/1"

/* Rows of one batch by what became of them; they add up to the batch's length. */
typedef struct dunlin_apply_counts {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */
    int64_t inserted;
    int64_t updated;
    int64_t deleted; /* Tombstones that took effect. */
    int64_t unchanged;
    int64_t rejected;
} dunlin_apply_counts;

/* Implemented by a plugin that keeps what connectors bring. A connector's rows go to the sink that its manifest requires
 * (its first in start order), else to the one that requires no other sink; two of those are refused. */
typedef struct dunlin_sink_v1 {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */

    /* [any] The entities it takes, in the order in which a run must bring them:
     * {"entities":[{"name":…,"columns":[{"name":…,"format":…,"required":0|1}]}]}. */
    dunlin_status(DUNLIN_CALL *describe)(dunlin_plugin *plugin, const dunlin_writer *json,
                                         dunlin_err *err);

    /* [any] Brings a batch into tx. Rows are known by (source, entity, external_id): the same batch
     * again changes nothing. A bad row is rejected alone; `rejects_json` receives
     * [{"row":n,"code":…,"reason":…,"retry":0|1}], retry 1 where something it refers to may still
     * come. Of a tombstone only "external_id" and "deleted" need a value. schema and rows stay the caller's. A failure means the whole batch. */
    dunlin_status(DUNLIN_CALL *apply)(dunlin_plugin *plugin, dunlin_tx *tx, dunlin_str source,
                                      dunlin_str entity, const struct ArrowSchema *schema,
                                      const struct ArrowArray *rows, dunlin_apply_counts *counts,
                                      const dunlin_writer *rejects_json, dunlin_err *err);

    /* [any] Control totals after a run, as a list of {"name":…,"currency":…,"ours":…,"source":…,
     * "difference":…} for people and for the run report. */
    dunlin_status(DUNLIN_CALL *totals)(dunlin_plugin *plugin, dunlin_tx *tx, dunlin_str source,
                                       const dunlin_writer *json, dunlin_err *err);

    /* [any] The external ids it holds of a source and entity, without those deleted, in an order of
     * its own: ["…"], at most `limit`, behind `after` (empty: from the start). */
    dunlin_status(DUNLIN_CALL *keys)(dunlin_plugin *plugin, dunlin_tx *tx, dunlin_str source,
                                     dunlin_str entity, dunlin_str after, int64_t limit,
                                     const dunlin_writer *json, dunlin_err *err);
} dunlin_sink_v1;

#ifdef __cplusplus
}
#endif
