// SPDX-License-Identifier: Apache-2.0
#include "cli/actions.hpp"
#include "instance_template.hpp"

#include <sys/stat.h>
#include <boost/algorithm/string/replace.hpp>

#include <fstream>
#include <iostream>
#include <regex>

namespace dunlin::host {

namespace fs = std::filesystem;

namespace {

/// NAME=CONNECTOR:FOLDER as a section; a folder is meant from where the caller stands.
std::string source_section(const std::string& text) {
    if (text.empty()) return {};
    std::smatch part;
    if (!std::regex_match(text, part, std::regex("([^=]+)=([^:]+):(.+)"))) {
        throw Error(DUNLIN_E_INVALID,
                    "--source \"" + text + "\" is not NAME=CONNECTOR:FOLDER, such as erp=csv:drop");
    }
    const auto folder = fs::absolute(part[3].str()).lexically_normal();
    return "\n[sources." + part[1].str() + "]\nconnector = " + Json(part[2].str()).dump() +
           "\n[sources." + part[1].str() + ".settings]\nfolder = " + Json(folder.string()).dump() +
           "\n";
}

/// JSON's escapes of a text are TOML's.
std::string configuration(const Invocation& in, const std::string& name) {
    std::string out = instance_template;
    // From the end: what is put in may look like a mark itself.
    for (const auto& [mark, text] : {std::pair("{url}", in.store_url), std::pair("{zone}", in.zone),
                                     std::pair("{name}", name)}) {
        boost::replace_first(out, mark, Json(text).dump());
    }
    return out + source_section(in.source);
}

void write(const fs::path& file, const std::string& text) {
    std::ofstream out(file, std::ios::binary);
    if (!(out << text).flush()) {
        throw Error(DUNLIN_E_UNAVAILABLE,
                    file.string() + " cannot be written; look at the disk and the permissions");
    }
}

/// One token for every role bundle that a manifest declares.
std::set<std::string> write_tokens(Host& host, const fs::path& folder) {
    std::set<std::string> roles{"administrator"};  // May everything, whatever is installed.
    for (const auto* plugin : host.plugins().in_order()) {
        for (const auto& [role, permissions] : plugin->manifest.roles) roles.insert(role);
    }
    for (const auto& role : roles) {
        write(folder / role, host.create_token(role, {role}, {}) + "\n");
    }
    return roles;
}

}  // namespace

void make_empty_folder(const fs::path& folder, const char* purpose) {
    std::error_code failed;
    if (fs::exists(folder, failed) && !(fs::is_directory(folder) && fs::is_empty(folder))) {
        throw Error(DUNLIN_E_EXISTS, folder.string() +
                                         " is not an empty folder; name one that is "
                                         "empty or does not exist for " +
                                         purpose);
    }
    fs::create_directories(folder, failed);
    if (!failed) fs::permissions(folder, fs::perms::owner_all, failed);
    if (failed) {
        throw Error(DUNLIN_E_DENIED, "the folder " + folder.string() + " cannot be made (" +
                                         failed.message() + "); choose another one");
    }
}

Ordered init(Invocation& in) {
    const auto folder = fs::absolute(in.folder).lexically_normal();
    const auto name = (folder.has_filename() ? folder : folder.parent_path()).filename().string();
    const auto text = configuration(in, name);
    make_empty_folder(folder, "the instance");
    ::umask(077);  // What is made in it is its owner's alone.
    try {
        for (const char* room : {"data", "secrets", "state", "tokens"}) {
            fs::create_directory(folder / room);
        }
        write(folder / "dunlin.toml", text);
        write(folder / "secrets" / sealing_key, random_text(32) + "\n");
        in.instance = folder;
        const auto tokens = folder / "tokens";
        const auto roles = write_tokens(in.start(), tokens);
        std::cout << "Made the instance " << folder.string() << "\n";
        for (const auto& role : roles) std::cout << "  token  " << (tokens / role).string() << "\n";
        std::cout << "Next: dunlin --instance " << folder.string() << " serve\n";
    } catch (...) {
        in.host.reset();
        // What half of an instance would be is in the way of the next attempt.
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(folder, ignored)) {
            fs::remove_all(entry.path(), ignored);
        }
        throw;
    }
    return {};
}

}  // namespace dunlin::host
