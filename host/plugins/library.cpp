// SPDX-License-Identifier: Apache-2.0
#include "plugins/library.hpp"

#include <dunlin/digest.hpp>
#include <dunlin/error.hpp>

#include <sys/utsname.h>
#include <boost/dll/shared_library.hpp>

#include <fstream>
#include <list>
#include <sstream>
#include <system_error>

namespace dunlin::host {

namespace {

namespace dll = boost::dll;

std::string abi_text(int major, int minor) {
    return std::to_string(major) + "." + std::to_string(minor);
}

std::string host_has() {
    return ", this host has " + abi_text(DUNLIN_ABI_MAJOR, DUNLIN_ABI_MINOR);
}

}  // namespace

std::string read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    if (!in) throw Error(DUNLIN_E_NOT_FOUND, file.string() + " cannot be read");
    return out.str();
}

std::string platform_name() {
    utsname name{};
    uname(&name);
    return std::string("linux-") + name.machine;
}

void check_sidecar(const Plugin& plugin) {
    const auto& m = plugin.manifest;
    const auto need = [&](bool holds, dunlin_status status, const std::string& otherwise) {
        if (!holds) throw Error(status, m.id + " " + m.version + otherwise);
    };
    const auto major = std::to_string(DUNLIN_ABI_MAJOR);
    need(m.abi_major == DUNLIN_ABI_MAJOR, DUNLIN_E_UNSUPPORTED,
         " is made for plugin ABI " + std::to_string(m.abi_major) + host_has() +
             "; install a build of it for ABI " + major);
    need(m.abi_minor_required <= DUNLIN_ABI_MINOR, DUNLIN_E_UNSUPPORTED,
         " needs plugin ABI " + abi_text(m.abi_major, m.abi_minor_required) + " or newer" +
             host_has() + "; update the host, or install an older version of the plugin");
    need(!m.file.empty(), DUNLIN_E_DATA,
         " has no \"artifact\" in its plugin.json; install the folder that the build made, not the "
         "source");
    need(m.platform == platform_name(), DUNLIN_E_UNSUPPORTED,
         " is built for " + m.platform + ", this is " + platform_name() +
             "; install a build for it");
    need(sha256_of(read_file(plugin.folder / m.file)) == m.sha256, DUNLIN_E_DATA,
         ": " + m.file +
             " is not the file that plugin.json describes (SHA-256 differs); install "
             "the plugin again");
}

const dunlin_plugin_desc& load_descriptor(const Plugin& plugin, const PluginCaller& call) {
    const auto& m = plugin.manifest;
    const auto need = [&](bool holds, dunlin_status status, const std::string& otherwise) {
        if (holds) return;
        throw Error(status, m.id + " " + m.version + ": " + otherwise +
                                "; install the plugin again, or report this to its author");
    };
    const dunlin_plugin_desc* desc = nullptr;
    try {
        // Never destroyed: code of a plugin may run until the last instruction of the process.
        static auto& libraries = *new std::list<dll::shared_library>();
        auto& library =
            libraries.emplace_back(std::filesystem::absolute(plugin.folder / m.file),
                                   dll::load_mode::rtld_now | dll::load_mode::rtld_local);
        need(library.has(DUNLIN_QUERY_SYMBOL), DUNLIN_E_DATA,
             m.file + " does not export " + DUNLIN_QUERY_SYMBOL);
        auto& query = library.get<const dunlin_plugin_desc*()>(DUNLIN_QUERY_SYMBOL);
        call(DUNLIN_QUERY_SYMBOL, [&](dunlin_err*) {
            desc = query();
            return DUNLIN_OK;
        });
    } catch (const std::system_error& e) {
        need(false, DUNLIN_E_DATA, m.file + " cannot be loaded: " + e.what());
    }
    need(desc && desc->magic == DUNLIN_MAGIC, DUNLIN_E_DATA,
         m.file + " returns no descriptor of a Dunlin plugin");
    need(desc->struct_size >= sizeof *desc, DUNLIN_E_DATA,
         "its descriptor is shorter than the contract says");
    need(desc->abi_major == DUNLIN_ABI_MAJOR && desc->abi_minor_required <= DUNLIN_ABI_MINOR,
         DUNLIN_E_UNSUPPORTED,
         "its library needs plugin ABI " + abi_text(desc->abi_major, desc->abi_minor_required) +
             host_has());
    need(desc->pointer_bits == 8 * sizeof(void*), DUNLIN_E_UNSUPPORTED,
         "its library is built for " + std::to_string(desc->pointer_bits) + "-bit pointers");
    need(m.id == desc->id && m.version == desc->version, DUNLIN_E_DATA,
         std::string("its library says it is ") + desc->id + " " + desc->version);
    auto beside = m.document;
    beside.erase("artifact");
    auto embedded = Json::parse(desc->manifest_json, nullptr, /*allow_exceptions=*/false);
    if (embedded.is_object()) embedded.erase("artifact");
    need(embedded == beside, DUNLIN_E_DATA,
         "plugin.json differs from the manifest inside its library");
    return *desc;
}

std::string quarantine_reason(const Plugin& plugin, const std::filesystem::path& folder) {
    return "a process died while it loaded " + plugin.id() + " " + plugin.manifest.version +
           "; install another version of it, or delete " +
           LoadingMarker::path_of(folder, plugin.id()).string() + " to try again";
}

void bring_up(Plugin& plugin, const dunlin_host* services, const PluginCaller& call) {
    const auto& desc = load_descriptor(plugin, call);
    call("create", [&](dunlin_err* err) { return desc.create(services, &plugin.instance, err); });
    auto* instance = plugin.instance;
    if (!instance || instance->struct_size < sizeof(dunlin_plugin)) {
        plugin.instance = nullptr;
        throw Error(DUNLIN_E_DATA, "the plugin " + plugin.id() + " " + plugin.manifest.version +
                                       " made no instance as the contract describes it; report "
                                       "this to its author");
    }
    call("init", [&](dunlin_err* err) { return instance->init(instance, err); });
    call("start", [&](dunlin_err* err) { return instance->start(instance, err); });
}

const void* extension_of(const Plugin& plugin, const char* id, std::size_t size,
                         const PluginCaller& call) {
    const void* out = nullptr;
    call("get_extension", [&](dunlin_err*) {
        out = plugin.instance->get_extension(plugin.instance, id);
        return DUNLIN_OK;
    });
    // Every table begins with its size.
    if (out && *static_cast<const uint32_t*>(out) >= size) return out;
    const auto what = out ? " offers a table of " + std::string(id) + " that is too short"
                          : " declares " + std::string(id) + " but does not implement it";
    throw Error(DUNLIN_E_DATA, "the plugin " + plugin.id() + " " + plugin.manifest.version + what +
                                   "; report this to its author");
}

}  // namespace dunlin::host
