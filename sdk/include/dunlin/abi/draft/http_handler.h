/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "../cancel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Draft: asked for only when the manifest lists it under "drafts" and the operator allows it. */
#define DUNLIN_EXT_HTTP_HANDLER "dunlin.http_handler/1"

/* One raw request below /p/<plugin id>/. Everything is borrowed for the call. */
typedef struct dunlin_http_in {
    uint32_t struct_size;      /* Written by the host. */
    int32_t today;             /* Business date in the instance's zone. */
    int64_t now_us;            /* The instant the request came in. */
    dunlin_cancel *cancel;     /* Asks when the client went away; may be NULL. */
    dunlin_str method;         /* "GET", "POST", … */
    dunlin_str path;           /* Behind the prefix, decoded, without "..": "hooks/stripe". */
    dunlin_str query;          /* Raw, without "?"; may be empty. */
    dunlin_str headers_json;   /* [["name","value"],…], names in lower case, no authorization. */
    dunlin_str body;           /* Whole; at most the operator's limit. */
    dunlin_str principal_json; /* As in dunlin_call; empty for a caller who did not sign in. */
} dunlin_http_in;

/* The answer. The host sets struct_size and the writers, the plugin the rest. */
typedef struct dunlin_http_out {
    uint32_t struct_size;       /* Written by the host. */
    int32_t http_status;        /* 200 on entry. */
    dunlin_writer headers_json; /* Takes [["name","value"],…], once, before the body. */
    dunlin_writer body;         /* Takes the body in pieces. */
} dunlin_http_out;

/* Implemented by a plugin that must speak HTTP itself: a web hook, a file. Whatever can be a
 * command is one, because a command brings schema, permission, audit and transaction along. */
typedef struct dunlin_http_handler_v1 {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */
    /* [any] Answers one request, outside any transaction. On anything but DUNLIN_OK what was
     * written is thrown away, and the client gets a problem document made from status and error. */
    dunlin_status(DUNLIN_CALL *handle)(dunlin_plugin *plugin, const dunlin_http_in *request,
                                       dunlin_http_out *response, dunlin_err *err);
} dunlin_http_handler_v1;

#ifdef __cplusplus
}
#endif
