/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cancel.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_COMMANDS "dunlin.commands/1"

/* Other plugins' commands, in this transaction. */
typedef struct dunlin_commands_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */
    /* [call] Calls a command the manifest lists under "calls". It runs in a savepoint with the
     * caller's principal, now and today, and with its own plugin's rights on tx; a failure rolls
     * back to the savepoint and is returned. A query may call only queries; a cycle is
     * DUNLIN_E_INVALID. */
    dunlin_status(DUNLIN_CALL *call)(dunlin_tx *tx, dunlin_str command, dunlin_str request_json,
                                     const dunlin_writer *reply_json, dunlin_err *err);
} dunlin_commands_v1;

#define DUNLIN_EXT_COMMAND_HANDLER "dunlin.command_handler/1"

/* One command as its handler gets it. Texts are valid for the call. */
typedef struct dunlin_call {
    uint32_t struct_size; /* Written by the host. */
    int32_t today;        /* Business date in the instance's zone. */
    int64_t now_us;       /* The instant, fixed for the transaction. */
    dunlin_tx *tx;        /* Read-only for a query. The host ends it: never commit or roll back. */
    dunlin_cancel *cancel;     /* May be NULL. */
    dunlin_str command;        /* "receivables.aging". */
    dunlin_str request_json;   /* Valid against the command's request schema. */
    dunlin_str principal_json; /* {"name":…,"roles":[…],"scopes":{dimension:[…]}}. */
} dunlin_call;

/* Implemented by a plugin that declares commands in its manifest. */
typedef struct dunlin_command_handler_v1 {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */
    /* [any] Answers one command. The permission was checked and the request validated. On
     * DUNLIN_OK of an action the host writes the audit entry and commits; on anything else it
     * rolls back. */
    dunlin_status(DUNLIN_CALL *handle)(dunlin_plugin *plugin, const dunlin_call *call,
                                       const dunlin_writer *reply_json, dunlin_err *err);
} dunlin_command_handler_v1;

#ifdef __cplusplus
}
#endif
