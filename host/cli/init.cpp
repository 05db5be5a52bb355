// SPDX-License-Identifier: Apache-2.0
#include "cli/actions.hpp"
#include "host.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

namespace dunlin::host {

namespace fs = std::filesystem;

namespace {

std::string quoted(const std::string& text) {
    // JSON's escapes of a text are TOML's.
    return Json(text).dump();
}

/// NAME=CONNECTOR:FOLDER as a section; a folder is meant from where the caller stands.
std::string source_section(const std::string& text) {
    const auto equals = text.find('=');
    const auto colon = text.find(':', equals == std::string::npos ? 0 : equals);
    if (equals == std::string::npos || colon == std::string::npos || equals == 0 ||
        colon == equals + 1 || colon + 1 == text.size()) {
        throw Error(DUNLIN_E_INVALID,
                    "--source \"" + text + "\" is not NAME=CONNECTOR:FOLDER, such as erp=csv:drop");
    }
    const auto name = text.substr(0, equals);
    const auto folder = fs::absolute(text.substr(colon + 1)).lexically_normal();
    return "\n[sources." + name +
           "]\nconnector = " + quoted(text.substr(equals + 1, colon - equals - 1)) + "\n[sources." +
           name + ".settings]\nfolder = " + quoted(folder.string()) + "\n";
}

std::string configuration(const Invocation& in, const std::string& name) {
    const auto url = in.store_url.empty() ? "sqlite:data/dunlin.db" : in.store_url;
    return "# A Dunlin instance. Mistakes are reported all at once, with their lines: dunlin "
           "doctor\n"
           "\n[instance]\nname = " +
           quoted(name) +
           "\n# Business dates are those of this zone.\ntime_zone = " + quoted(in.zone) +
           "\n\n[store]\n# Or \"postgresql:host=… dbname=… user=… passfile=…\".\nurl = " +
           quoted(url) +
           "\n\n# [http]                    # Loopback only.\n"
           "# port = 8734               # 0 takes a free one.\n"
           "# body_bytes_max = 4194304\n"
           "\n# [plugins]\n"
           "# folders = []              # Further folders with plugins.\n"
           "# disabled = []             # Ids of plugins that stay off.\n"
           "\n# [log]\n"
           "# path = \"-\"                # A file, or - for standard error.\n"
           "# level = \"info\"\n"
           "\n# [jobs]\n"
           "# threads = 2\n"
           "\n# [secrets]                 # Never the value itself.\n"
           "# erp_password = \"file:secrets/erp_password\"\n"
           "\n# [sources.erp]             # One section for each system that is read.\n"
           "# connector = \"csv\"\n"
           "# every = \"15m\"\n"
           "# [sources.erp.settings]\n"
           "# folder = \"drop\"\n" +
           (in.source.empty() ? "" : source_section(in.source));
}

void write_private(const fs::path& file, const std::string& text) {
    const auto fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    auto left = text.size();
    while (fd >= 0 && left > 0) {
        const auto n = ::write(fd, text.data() + (text.size() - left), left);
        if (n <= 0) break;
        left -= static_cast<std::size_t>(n);
    }
    if (fd < 0 || ::close(fd) != 0 || left > 0) {
        throw Error(DUNLIN_E_UNAVAILABLE,
                    file.string() + " cannot be written; look at the disk and the permissions");
    }
}

void private_folder(const fs::path& folder) {
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (!failed) fs::permissions(folder, fs::perms::owner_all, failed);
    if (failed) {
        throw Error(DUNLIN_E_DENIED, "the folder " + folder.string() + " cannot be made (" +
                                         failed.message() + "); choose another one");
    }
}

/// One token for every role bundle that a manifest declares.
std::vector<fs::path> make_tokens(Host& host, const fs::path& folder) {
    std::set<std::string> roles{"administrator"};  // May everything, whatever is installed.
    for (const auto* plugin : host.plugins().in_order()) {
        for (const auto& [role, permissions] : plugin->manifest.roles) roles.insert(role);
    }
    std::vector<fs::path> files;
    for (const auto& role : roles) {
        files.push_back(folder / role);
        write_private(files.back(), host.create_token(role, {role}, {}) + "\n");
    }
    return files;
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
    private_folder(folder);
}

void init(const Invocation& in) {
    const auto folder = fs::absolute(in.folder).lexically_normal();
    auto name = (folder.has_filename() ? folder : folder.parent_path()).filename().string();
    const auto text = configuration(in, name);
    make_empty_folder(folder, "the instance");
    try {
        for (const char* room : {"data", "secrets", "state", "tokens"})
            private_folder(folder / room);
        write_private(folder / "dunlin.toml", text);
        auto made = in;
        made.instance = folder;
        const auto host = started_host(made);
        const auto tokens = make_tokens(*host, folder / "tokens");
        std::cout << "Made the instance " << folder.string() << "\n";
        for (const auto& file : tokens) std::cout << "  token  " << file.string() << "\n";
        std::cout << "Next: dunlin --instance " << folder.string() << " serve\n";
    } catch (...) {
        // What half of an instance would be is in the way of the next attempt.
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(folder, ignored)) {
            fs::remove_all(entry.path(), ignored);
        }
        throw;
    }
}

}  // namespace dunlin::host
