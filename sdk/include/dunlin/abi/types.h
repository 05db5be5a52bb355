/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "version.h"

/* Rules that hold for every header in this folder.
 *
 * Layout   Fixed-width integers only: no enum, bool, long, time_t or bit-field in a struct. Tables
 *          and growing structs start with struct_size, written by whoever produces them, and grow
 *          only at the end. A reader tests DUNLIN_HAS before it touches a member of a later minor.
 * Strings  dunlin_str is borrowed UTF-8: valid for the duration of the call unless its comment says
 *          longer, not terminated, data may be NULL when len is 0.
 * Results  Variable-length results go through the caller's dunlin_writer. Nothing is allocated on
 *          one side and freed on the other; only Arrow structs carry their own release.
 * Errors   A dunlin_status, plus a dunlin_err sink that may be NULL; whoever fails fills it through
 *          dunlin_host.err_set. No exception and no longjmp crosses a function declared here.
 * Threads  Each function states its thread. [main] the thread that loads and stops plugins;
 *          [any] any thread, several at a time; [call] the thread on which the host made the call
 *          that handed the object out, one at a time. */

#if defined(_WIN32)
#define DUNLIN_CALL __cdecl
#define DUNLIN_EXPORT __declspec(dllexport)
#else
#define DUNLIN_CALL
#define DUNLIN_EXPORT __attribute__((visibility("default")))
#endif

/* True when the table p, of type T, is long enough to have member m. */
#define DUNLIN_HAS(p, T, m) ((p)->struct_size >= offsetof(T, m) + sizeof(((T *)0)->m))

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed UTF-8 text. */
typedef struct dunlin_str {
    const char *data; /* May be NULL when len is 0; not terminated. */
    uint64_t len;     /* Bytes. */
} dunlin_str;

/* How a call ended; the numbers are in status.h and are never reused. */
typedef int32_t dunlin_status;

/* Where the callee writes a result of any length; the memory is the caller's. */
typedef struct dunlin_writer {
    void *ctx; /* Handed back to write; opaque to the callee. */
    /* [call] Appends n bytes. Anything but DUNLIN_OK (a limit was reached) must end the call with
     * that status. */
    dunlin_status(DUNLIN_CALL *write)(void *ctx, const void *bytes, uint64_t n);
} dunlin_writer;

/* Where a caller learns why its call failed; made by the caller, on its stack. The side that fails
 * does not call `set` itself but hands the sink to dunlin_host.err_set, which knows NULL. */
typedef struct dunlin_err {
    void *ctx; /* Handed back to set; opaque to the callee. */
    /* [call] Copies both texts if it wants to keep them. Called at most once for each failed call;
     * of several, the last one counts. Never fails. */
    void(DUNLIN_CALL *set)(void *ctx, dunlin_status status, dunlin_str message,
                           dunlin_str detail_json);
} dunlin_err;

typedef struct dunlin_ctx dunlin_ctx;       /* One per loaded plugin; host-owned, until destroy(). */
typedef struct dunlin_tx dunlin_tx;         /* A transaction as one plugin sees it. */
typedef struct dunlin_stmt dunlin_stmt;     /* A prepared statement of one transaction. */
typedef struct dunlin_cancel dunlin_cancel; /* Cancel flag and progress of one long call. */
typedef struct dunlin_plugin dunlin_plugin; /* A plugin instance, see plugin.h. */

#ifdef __cplusplus
}
#endif
