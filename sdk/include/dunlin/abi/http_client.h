/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cancel.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_SVC_HTTP_CLIENT "dunlin.http_client/1"

/* One outbound request. Everything is borrowed for the call. */
typedef struct dunlin_http_request {
    uint32_t struct_size;    /* Written by the plugin. */
    int32_t timeout_ms;      /* For the whole exchange; 0: the operator's default. */
    dunlin_str method;       /* "GET", "POST", … */
    dunlin_str url;          /* https://… or http://…, see send() for what is granted. */
    dunlin_str headers_json; /* [["name","value"],…] or empty; no Host and no Content-Length. */
    dunlin_str body;         /* May be empty. */
    int64_t body_limit;      /* Most bytes of the reply's body; 0: the operator's default. */
} dunlin_http_request;

/* What came back; a redirect is a reply like any other. The caller sets struct_size and the two writers, the host the rest. */
typedef struct dunlin_http_response {
    uint32_t struct_size;        /* Written by the plugin. */
    int32_t http_status;         /* 200, 404, …; every one of them is DUNLIN_OK. */
    int64_t retry_after_ms;      /* What the other side asked for; -1 when it did not. */
    dunlin_writer headers_json;  /* Receives [["name","value"],…], names in lower case, once. */
    dunlin_writer body;          /* Receives the body in pieces, as it comes. */
} dunlin_http_response;

/* The way out to other systems: TLS, certificates, connections kept alive and limits are the
 * host's. */
typedef struct dunlin_http_client_v1 {
    uint32_t struct_size; /* Written by the host. */
    uint32_t reserved;    /* 0. */
    /* [any] Sends one request and waits for the reply, which has been written when it returns.
     * Granted is what the operator wrote: the scheme, host and port of each setting whose schema
     * has the format "uri", in the plugin's section or in one of its sources; besides, https to
     * what the manifest's permissions name as "egress:<host>:<port>". `cancel` may be NULL.
     * Nothing is sent twice: retries are the caller's, who alone knows whether the request may be
     * repeated.
     * Waits where the plugin's requests to this host are limited, see "rate" in abi/connector.h.
     * DUNLIN_E_DENIED: no such grant, or a certificate that does not verify. DUNLIN_E_INVALID: not
     * a URL, or called inside a transaction of the calling plugin. DUNLIN_E_UNAVAILABLE: not
     * connected, or the day's requests are used up: nothing was sent. DUNLIN_E_TIMEOUT: it may have arrived. DUNLIN_E_LIMIT: a body
     * above the limit; what came so far was written. DUNLIN_E_CANCELLED: cancel asked for it. */
    dunlin_status(DUNLIN_CALL *send)(dunlin_ctx *ctx, const dunlin_http_request *request,
                                     dunlin_cancel *cancel, dunlin_http_response *response,
                                     dunlin_err *err);
} dunlin_http_client_v1;

#ifdef __cplusplus
}
#endif
