/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cancel.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_TOOLS "dunlin.tools/1"

/* One run of a helper program. Everything but the two writers is borrowed for the call. */
typedef struct dunlin_tool_run {
    uint32_t struct_size;   /* Written by the plugin. */
    int32_t timeout_ms;     /* Then its process group is killed; 0: the operator's, which is the most. */
    dunlin_str tool;        /* Name of a tool the manifest asks for and the operator configured. */
    const dunlin_str *args; /* n_args arguments; no shell ever sees them. */
    uint32_t n_args;
    int32_t exit_code;      /* Written by the host: 0..255, or 256 + n when signal n ended it. */
    dunlin_str input;       /* Standard input; may be empty. */
    dunlin_writer output;   /* Receives standard output, in pieces. */
    dunlin_writer errors;   /* Receives standard error, in pieces; the first 64 KiB. */
} dunlin_tool_run;

/* Declared helper programs (a PDF renderer, an OCR) with limits of time, memory, processes and
 * output. They run in an empty private folder, with a fixed small environment, and without network
 * where the system permits that.
 *
 * A tool that the operator declared as resident is started once and then serves one run after the
 * other. For each it gets a line {"args":[…],"input":N} and N bytes on its standard input, and
 * answers on its standard output with a line {"exit_code":…,"size":N} and N bytes: its output, or
 * when the exit code is not 0 its errors. Whoever calls run() sees no difference but the time. */
typedef struct dunlin_tools_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */
    /* [any] Runs a tool to its end; needs the permission "tool:<name>". Never called inside a
     * transaction (DUNLIN_E_INVALID). `cancel` may be NULL. More memory than allowed is refused to
     * the program, which shows as its exit code.
     * DUNLIN_OK: it ran, look at exit_code. DUNLIN_E_DENIED: no grant. DUNLIN_E_NOT_FOUND: the
     * operator configured none, or its program is not there. DUNLIN_E_TIMEOUT,
     * DUNLIN_E_CANCELLED: it was killed. DUNLIN_E_LIMIT: it wrote more than allowed and was killed.
     * DUNLIN_E_UNAVAILABLE: it could not be started, or a resident one ended in the middle. */
    dunlin_status(DUNLIN_CALL *run)(dunlin_ctx *ctx, dunlin_tool_run *run, dunlin_cancel *cancel,
                                    dunlin_err *err);
} dunlin_tools_v1;

#ifdef __cplusplus
}
#endif
