/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_LOG "dunlin.log/1"

/* Levels. Numbers are never reused. */
enum { DUNLIN_LOG_DEBUG = 0, DUNLIN_LOG_INFO = 1, DUNLIN_LOG_WARN = 2, DUNLIN_LOG_ERROR = 3 };

/* Structured log: one JSON object a line, with the plugin's id added by the host. */
typedef struct dunlin_log_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */
    /* [any] fields_json is an object or empty. Values of secrets the plugin was given are
     * replaced before anything is written. Never fails. */
    void(DUNLIN_CALL *log)(dunlin_ctx *ctx, int32_t level, dunlin_str message,
                           dunlin_str fields_json);
} dunlin_log_v1;

#ifdef __cplusplus
}
#endif
