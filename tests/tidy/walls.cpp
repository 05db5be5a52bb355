#include <algorithm>
#include <regex>
#include <set>

#include "rules.hpp"
#include "source.hpp"

namespace fs = std::filesystem;

namespace dunlin::tidy {

namespace {

/// Calls visit(file, number, line) for each line of the files.
template <class Visit>
void each_line(const std::vector<Path>& files, Visit visit) {
    for (const auto& file : files) {
        int number = 0;
        for (const auto& line : lines_of(file)) visit(file, ++number, line);
    }
}

/// Calls visit(file, number, "<name>" or "\"name\"") for each include below the folder.
template <class Visit>
void each_include(const Path& folder, Visit visit) {
    static const std::regex include(R"(^\s*#\s*include\s*([<"][^>"]+[>"]))");
    each_line(sources_in(folder), [&](const Path& file, int number, const std::string& line) {
        std::smatch match;
        if (std::regex_search(line, match, include)) visit(file, number, match[1].str());
    });
}

std::vector<Path> modules_in(const Path& root) {
    auto found = folders_in(root / "plugins");
    for (const auto& connector : folders_in(root / "connectors")) found.push_back(connector);
    return found;
}

/// Everything written by us, wherever it stands.
std::vector<Path> written_files(const Path& root) {
    std::vector<Path> found;
    for (const char* folder :
         {"sdk", "host", "plugins", "connectors", "tests", "scripts", "cmake"}) {
        const auto files = files_in(root / folder);
        found.insert(found.end(), files.begin(), files.end());
    }
    for (const char* file : {"CMakeLists.txt", "CMakePresets.json", "README.md", "ARCHITECTURE.md",
                             "CHANGELOG.md", "CONTRIBUTING.md"}) {
        if (fs::exists(root / file)) found.push_back(root / file);
    }
    return found;
}

}  // namespace

Findings rooms(const Path& root) {
    Findings found;
    for (const auto& module : modules_in(root)) {
        const bool is_plugin = module.parent_path().filename() == "plugins";
        for (const char* room : {"README.md", "CMakeLists.txt", "plugin.json"}) {
            if (!fs::exists(module / room)) {
                found.push_back(finding(root, module, 0, std::string(room) + " is missing"));
            }
        }
        const bool has_door = fs::exists(module / "plugin.cpp") ||
                              (!is_plugin && fs::exists(module / "connector.cpp"));
        if (!has_door)
            found.push_back(finding(root, module, 0, "plugin.cpp, the door, is missing"));
        if (is_plugin && !fs::exists(module / "schema")) {
            found.push_back(finding(root, module, 0, "schema/ is missing"));
        }
    }
    static const std::set<std::string> empty_names{"util",   "utils",   "helper", "helpers",
                                                   "common", "manager", "misc"};
    for (const char* folder : {"sdk", "host", "plugins", "connectors"}) {
        for (const auto& file : sources_in(root / folder)) {
            if (empty_names.count(file.stem().string()) > 0) {
                found.push_back(finding(root, file, 0, "a file is named after what is in it"));
            }
        }
    }
    return found;
}

Findings module_includes(const Path& root) {
    // The SDK, nlohmann/json, the standard library, the generated manifest, own files, and
    // libraries without threads, sockets or global state; unistd.h for what has to reach the disk.
    static const std::regex allowed(
        R"(<dunlin/[a-z_0-9]+\.hpp>|<dunlin/abi/[a-z_0-9/]+\.h>|[<"]dunlin_manifest\.h[>"]|)"
        R"(<nlohmann/[^>]+>|<[a-z_0-9]+>|"([a-z_0-9]+/)?[a-z_0-9]+\.hpp"|<unistd\.h>|)"
        R"(<(xxhash|csv|qrencode|pugixml|sodium|xlsxwriter|expat|zip|mustache)\.(h|hpp)>|)"
        R"(<unicode/[a-z_0-9]+\.h>|)"
        R"(<phonenumbers/[^>]+>|<date/[^>]+>|<(kainjow/)?mustache\.hpp>)");
    // The mailbox runs in a process of its own, reads what strangers send and speaks POP3.
    static const std::regex of_mailbox(R"(<(gmime/gmime|curl/curl|glib)\.h>)");
    Findings found;
    for (const auto& module : modules_in(root)) {
        const bool is_mailbox = module.filename() == "mailbox";
        each_include(module, [&](const Path& file, int number, const std::string& name) {
            const bool is_own_library = is_mailbox && std::regex_match(name, of_mailbox);
            if (!is_own_library && !std::regex_match(name, allowed)) {
                found.push_back(finding(root, file, number, "a module may not include " + name));
            }
            const bool is_own = name.front() == '"' && name != "\"dunlin_manifest.h\"";
            if (is_own && !fs::exists(module / name.substr(1, name.size() - 2))) {
                found.push_back(finding(root, file, number, name + " is not a file of the module"));
            }
        });
    }
    return found;
}

Findings host_includes(const Path& root) {
    struct Wall {
        std::regex library;
        std::vector<std::string> rooms;
    };
    const std::vector<Wall> walls{
        {std::regex("<boost/dll.*"), {"plugins"}},
        {std::regex("<Poco/(Data/.*|SQL/.*)|<(sqlite3|libpq-fe)\\.h>"), {"store"}},
        {std::regex("<Poco/Net/.*"), {"http", "http_client", "mail"}},
        {std::regex("<toml.*"), {"config"}},
        {std::regex("<CLI/.*"), {"cli"}},
    };
    Findings found;
    std::set<Path> validators;
    each_include(root / "host", [&](const Path& file, int number, const std::string& name) {
        const auto room = *fs::relative(file, root / "host").begin();
        for (const auto& wall : walls) {
            if (!std::regex_match(name, wall.library)) continue;
            if (std::count(wall.rooms.begin(), wall.rooms.end(), room.string()) > 0) continue;
            const auto home = "host/" + wall.rooms.front() + "/";
            found.push_back(finding(root, file, number, name + " belongs in " + home));
        }
        if (name.find("<valijson/") != 0 || !validators.insert(file).second) return;
        if (validators.size() > 1 || file.extension() != ".cpp") {
            found.push_back(finding(root, file, number, "valijson lives in one .cpp file"));
        }
    });
    return found;
}

Findings business_words(const Path& root) {
    static const std::set<std::string> words{"invoice",  "customer",  "debtor",  "dispute",
                                             "invoices", "customers", "debtors", "disputes",
                                             "dunning",  "dunnings"};
    Findings found;
    const auto files = files_in(root / "host");
    each_line(files, [&](const Path& file, int number, const std::string& line) {
        for (const auto& word : words_of(line)) {
            if (words.count(word) == 0) continue;
            found.push_back(finding(root, file, number, "the host knows no business: " + word));
        }
    });
    return found;
}

Findings clocks_and_threads(const Path& root) {
    static const std::regex forbidden(
        R"(\b(system_clock|steady_clock|utc_clock|high_resolution_clock)\b|)"
        R"(\bstd::(thread|jthread|async|time)\b|\b(gettimeofday|clock_gettime|localtime)\b)");
    Findings found;
    for (const auto& module : modules_in(root)) {
        each_line(sources_in(module), [&](const Path& file, int number, const std::string& line) {
            if (!std::regex_search(line, forbidden)) return;
            found.push_back(finding(root, file, number, "clock and threads are the host's"));
        });
    }
    return found;
}

Findings floating_amounts(const Path& root) {
    static const std::regex real(R"(\b(double|float)\b)");
    static const std::set<std::string> amounts{"amount",   "amounts", "money", "balance", "total",
                                               "balances", "totals",  "fee",   "fees"};
    Findings found;
    for (const auto& module : modules_in(root)) {
        each_line(sources_in(module), [&](const Path& file, int number, const std::string& line) {
            const auto code = line.substr(0, line.find("//"));
            if (!std::regex_search(code, real)) return;
            for (const auto& word : words_of(code)) {
                if (amounts.count(word) == 0) continue;
                found.push_back(finding(root, file, number, "no amount is a double: " + word));
                return;
            }
        });
    }
    return found;
}

Findings leftovers(const Path& root) {
    // Written in halves, so that this file passes its own rule.
    static const std::regex left(
        "\\b(TO"
        "DO|FIX"
        "ME|XX"
        "X|HA"
        "CK)\\b");
    Findings found;
    each_line(written_files(root), [&](const Path& file, int number, const std::string& line) {
        if (!std::regex_search(line, left)) return;
        found.push_back(finding(root, file, number, "do it or open an issue: " + line));
    });
    return found;
}

Findings machine_paths(const Path& root) {
    static const std::regex path(
        "(^|[^A-Za-z0-9_.$}>-])/(wo"
        "rk|ro"
        "ot|Us"
        "ers|ho"
        "me)/");
    Findings found;
    each_line(written_files(root), [&](const Path& file, int number, const std::string& line) {
        if (!std::regex_search(line, path)) return;
        found.push_back(finding(root, file, number, "a path of somebody's machine: " + line));
    });
    return found;
}

}  // namespace dunlin::tidy
