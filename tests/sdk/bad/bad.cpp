// Plugins with one flaw each, see CMakeLists.txt. Written against the bare contract, because the
// C++ layer does not let these flaws through.
#include <dunlin/abi/commands.h>
#include <dunlin/abi/plugin.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

#include "dunlin_manifest.h"

namespace {

dunlin_status DUNLIN_CALL succeed(dunlin_plugin*, dunlin_err*) {
    return DUNLIN_OK;
}
dunlin_status DUNLIN_CALL stop(dunlin_plugin*, int64_t, dunlin_err*) {
    return DUNLIN_OK;
}
void DUNLIN_CALL destroy(dunlin_plugin* plugin) {
    delete plugin;
}

dunlin_status DUNLIN_CALL handle(dunlin_plugin*, const dunlin_call*, const dunlin_writer* reply,
                                 dunlin_err*) {
    if (BAD_THROWS) throw std::runtime_error("thrown across the boundary");
    return reply->write(reply->ctx, "{}", 2);
}

const void* DUNLIN_CALL get_extension(dunlin_plugin*, const char* id) {
    static const dunlin_command_handler_v1 commands{sizeof commands, 0, &handle};
    return std::strcmp(id, DUNLIN_EXT_COMMAND_HANDLER) == 0 ? &commands : nullptr;
}

dunlin_status DUNLIN_CALL create(const dunlin_host*, dunlin_plugin** out, dunlin_err*) {
    *out = new (std::nothrow) dunlin_plugin{
        sizeof(dunlin_plugin), 0, nullptr, &succeed, &succeed, &stop, &destroy, &get_extension};
    return *out ? DUNLIN_OK : DUNLIN_E_LIMIT;
}

}  // namespace

extern "C" DUNLIN_EXPORT const dunlin_plugin_desc* DUNLIN_CALL dunlin_plugin_query_v1() {
    if (BAD_ABORTS) std::abort();
    static const dunlin_plugin_desc desc{DUNLIN_MAGIC,
                                         sizeof(dunlin_plugin_desc),
                                         BAD_MAJOR,
                                         BAD_MINOR,
                                         BAD_MINOR,
                                         static_cast<uint16_t>(sizeof(void*) * 8),
                                         BAD_ID,
                                         "1.0.0",
                                         DUNLIN_SDK_VERSION,
                                         DUNLIN_PLUGIN_MANIFEST,
                                         &create};
    return &desc;
}
