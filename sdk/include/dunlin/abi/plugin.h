/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DUNLIN_MAGIC 0x314E5544u /* "DUN1", little endian. */

/* A plugin instance. Made by create(), filled by the plugin, called by the host in this order:
 * init, start, (extensions), stop, destroy. init may be followed by destroy without start. */
struct dunlin_plugin {
    uint32_t struct_size; /* Written by the plugin. */
    uint32_t reserved;    /* 0. */
    void *self;           /* The plugin's own; the host never touches it. */

    /* [main] Fetch services. No thread, no file, no socket, no database. A failure blocks the
     * plugin and what requires it; the host starts without them. */
    dunlin_status(DUNLIN_CALL *init)(dunlin_plugin *plugin, dunlin_err *err);

    /* [main] After the migrations of this plugin and the start of everything it requires.
     * Extensions are called only after start returned DUNLIN_OK. */
    dunlin_status(DUNLIN_CALL *start)(dunlin_plugin *plugin, dunlin_err *err);

    /* [main] No extension is called any more. On return every thread of the plugin has ended.
     * deadline_us is a duration; a plugin that needs longer is named in the log. */
    dunlin_status(DUNLIN_CALL *stop)(dunlin_plugin *plugin, int64_t deadline_us, dunlin_err *err);

    /* [main] Frees the instance. The library stays mapped. */
    void(DUNLIN_CALL *destroy)(dunlin_plugin *plugin);

    /* [any] The table of an extension point, or NULL when the plugin does not implement it. `id`
     * is a terminated string; the table lives until destroy(). */
    const void *(DUNLIN_CALL *get_extension)(dunlin_plugin *plugin, const char *id);
};

/* Who a plugin is. Constant data: reading it has no side effect. */
typedef struct dunlin_plugin_desc {
    uint32_t magic;              /* DUNLIN_MAGIC. */
    uint32_t struct_size;        /* Written by the plugin. */
    uint16_t abi_major;          /* DUNLIN_ABI_MAJOR it was built with: must equal the host's. */
    uint16_t abi_minor_built;    /* DUNLIN_ABI_MINOR it was built with: for messages only. */
    uint16_t abi_minor_required; /* Oldest host minor it can live with. */
    uint16_t pointer_bits;       /* 64. */
    const char *id;              /* [a-z][a-z0-9_]{1,23}, terminated; never changes. */
    const char *version;         /* Of the plugin, "1.4.0". */
    const char *sdk_version;     /* DUNLIN_SDK_VERSION it was built with. */
    const char *manifest_json;   /* The manifest, equal to plugin.json but for "artifact". */

    /* [main] Makes the instance. `host` lives until destroy(). Calls no service. */
    dunlin_status(DUNLIN_CALL *create)(const dunlin_host *host, dunlin_plugin **out,
                                       dunlin_err *err);
} dunlin_plugin_desc;

/* The one exported symbol. [main] Pure: same pointer each time, no thread, no file. */
typedef const dunlin_plugin_desc *(DUNLIN_CALL *dunlin_plugin_query_v1_fn)(void);
#define DUNLIN_QUERY_SYMBOL "dunlin_plugin_query_v1"

#ifdef __cplusplus
}
#endif
