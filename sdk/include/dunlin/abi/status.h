/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "types.h"

/* A status says what the caller can do next. Numbers are never reused or renumbered. */
enum {
    DUNLIN_OK = 0,
    DUNLIN_E_INVALID = 1,     /* The request is wrong: correct it, then send it again. */
    DUNLIN_E_NOT_FOUND = 2,   /* The thing named does not exist, or may not be seen. */
    DUNLIN_E_EXISTS = 3,      /* It is there already. */
    DUNLIN_E_CONFLICT = 4,    /* Somebody else was faster, or the state says no: read again. */
    DUNLIN_E_DENIED = 5,      /* A permission, grant or rule says no. */
    DUNLIN_E_UNSUPPORTED = 6, /* This host, plugin or store cannot do that. */
    DUNLIN_E_UNAVAILABLE = 7, /* Try again later: a lock, a network, a remote limit. */
    DUNLIN_E_TIMEOUT = 8,     /* The deadline passed; whether it took effect is not known. */
    DUNLIN_E_CANCELLED = 9,   /* Stopped because somebody asked for it. */
    DUNLIN_E_LIMIT = 10,      /* Too large, too many, too deep. */
    DUNLIN_E_DATA = 11,       /* Stored or received data is broken: do not retry. */
    DUNLIN_E_INTERNAL = 12,   /* A bug on the side that answered. */
    DUNLIN_DONE = 100         /* Not an error: there is no further row, page or message. */
};
