/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "types.h"

/* Bulk rows cross the contract as Arrow C data interface structs. The layouts below are the ones
 * published by Apache Arrow, under its canonical guards, so that they may stand beside others.
 *
 * A batch is a struct array (format "+s") whose children are the columns. Formats in use:
 *   l int64 · i int32 · g float64 · b bool · tdD date (days since 1970-01-01) · tsu:UTC timestamp
 *   (microseconds) · u UTF-8 text · z bytes · a dictionary of u indexed by i.
 * Money is an l column in units of 1/10000 beside a u column with its ISO 4217 currency. A reader
 * accepts any offset and any validity bitmap, ignores columns it does not know, and refuses a
 * batch that lacks one it requires with DUNLIN_E_DATA.
 *
 * Whoever receives a struct with a non-NULL release owns it and calls release exactly once. */

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

/* Shape of a batch: names and types of its columns. */
struct ArrowSchema {
    const char *format;   /* Type, see above. */
    const char *name;     /* Column name. */
    const char *metadata; /* Arrow-encoded key/value pairs, or NULL. */
    int64_t flags;        /* ARROW_FLAG_… */
    int64_t n_children;   /* Columns of a struct. */
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;          /* Value type of a dictionary column, or NULL. */
    void (*release)(struct ArrowSchema *);   /* NULL once released. */
    void *private_data;                      /* The producer's. */
};

/* One batch of rows, or one column of it. */
struct ArrowArray {
    int64_t length;     /* Rows. */
    int64_t null_count; /* -1: not counted. */
    int64_t offset;     /* First row within the buffers. */
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers; /* Validity (may be NULL), then values or offsets, then bytes. */
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *); /* NULL once released. */
    void *private_data;                   /* The producer's. */
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

/* Batches of one shape, pulled one after the other on one thread. */
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out); /* 0, or an errno. */
    /* 0 and a batch; 0 and an out whose release is NULL at the end; an errno otherwise. */
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    /* Text "<status> <message>" of the last failure, valid until the next call; may be NULL. */
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *); /* NULL once released. */
    void *private_data;                         /* The producer's. */
};

#endif /* ARROW_C_STREAM_INTERFACE */

#ifdef __cplusplus
}
#endif
