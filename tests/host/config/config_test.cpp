// SPDX-License-Identifier: Apache-2.0
#include "config/config.hpp"

#include <dunlin/error.hpp>

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>

using namespace dunlin;
using namespace dunlin::host;
namespace fs = std::filesystem;

namespace {

class Folder {
public:
    explicit Folder(const std::string& toml) {
        char name[] = "/tmp/dunlin-config-XXXXXX";
        path = ::mkdtemp(name);
        write("dunlin.toml", toml, 0600);
    }
    ~Folder() { fs::remove_all(path); }
    void write(const char* name, const std::string& text, unsigned mode) const {
        std::ofstream(path / name) << text;
        fs::permissions(path / name, fs::perms(mode));
    }
    fs::path path;
};

std::string refusal(const std::string& toml) {
    const Folder folder(toml);
    try {
        Config::load(folder.path);
    } catch (const Error& e) {
        CHECK(e.status() == DUNLIN_E_INVALID);
        return e.what();
    }
    return "it was taken";
}

}  // namespace

TEST_CASE("every mistake of the configuration is reported at once, with its line") {
    const auto said = refusal(
        "[http]\n"
        "prot = 1\n"
        "port = 70000\n"
        "[jobs]\n"
        "threads = \"2\"\n");

    CHECK(said ==
          "dunlin.toml:2: unknown key \"prot\" in [http]; did you mean \"port\"?\n"
          "dunlin.toml:3: port in [http]: must be 0 to 65535, not 70000\n"
          "dunlin.toml:5: threads in [jobs]: must be a whole number, not a text");
}

TEST_CASE("behind a line that cannot be read the others are still looked at") {
    const auto said = refusal(
        "[store]\n"
        "url = = 1\n"
        "[htpp]\n"
        "[store]\n"
        "url = 7\n");

    CHECK_THAT(said, Catch::Contains("dunlin.toml:2: "));
    CHECK_THAT(said, Catch::Contains("dunlin.toml:3: unknown section [htpp]; did you mean"));
    CHECK_THAT(said, Catch::Contains("dunlin.toml:4: "));
    CHECK_THAT(said, !Catch::Contains("dunlin.toml:5: "));
}

TEST_CASE("a wrong value is refused and the message says what is right") {
    const auto [toml, remedy] = GENERATE(table<std::string, std::string>({
        {"[instance]\ntime_zone = \"Mars/Olympus\"", "write it like Europe/Berlin"},
        {"[instance]\nname = \"\"", "1 to 100 characters"},
        {"[store]\nurl = \"mysql:x\"", "sqlite:data/dunlin.db"},
        {"[store]\ndurability = \"none\"", "\"full\", \"normal\""},
        {"[store]\nconnections = 0", "must be 1 to 200"},
        {"[http]\nbody_bytes_max = 1.5", "whole number"},
        {"[log]\nlevel = \"loud\"", "\"debug\", \"info\""},
        {"[plugins]\nfolders = \"x\"", "array of texts"},
        {"[plugins.Bad]\nx = 1", "a plugin id"},
        {"[plugins]\nx = 1", "unknown key \"x\""},
        {"[worker]\nenabled = \"no\"", "true or false"},
        {"[worker]\nin_process = \"csv\"", "array of texts"},
        {"[worker]\nmemory_max_mib = 8", "must be 64 to"},
        {"[worker]\nsilence_seconds = 0", "must be 1 to 86400"},
        {"[worker]\nmemory = 8", "unknown key \"memory\""},
        {"[secrets]\nerp = \"hunter2\"", "a secret never stands in dunlin.toml"},
        {"[sources.erp]\nevery = \"1h\"", "needs connector"},
        {"[sources.erp]\nconnector = \"csv\"\nevery = \"15x\"", "is no duration"},
        {"[sources.erp]\nconnector = \"csv\"\nevery = \"1s\"", "must be 10s to"},
        {"[sources]\nerp = 1", "must be a table"},
        {"[testing]\nclock = \"2023-02-30T00:00:00Z\"", "is no instant"},
        {"[testing]\nclock = \"2023-02-20T24:00:00Z\"", "is no instant"},
        {"[testing]\nchecks_replies = 1", "true or false"},
    }));

    CHECK_THAT(refusal(toml), Catch::Contains(remedy) && Catch::Contains("dunlin.toml:"));
}

TEST_CASE("a refused secret or database address is not repeated") {
    CHECK_THAT(refusal("[secrets]\nerp = \"hunter2\""), !Catch::Contains("hunter2"));
    CHECK_THAT(refusal("[store]\nurl = \"postgres://u:hunter2@h\""), !Catch::Contains("hunter2"));
}

TEST_CASE("a folder without dunlin.toml is refused and names init") {
    CHECK_THROWS_WITH(Config::load("/tmp/dunlin-there-is-none"), Catch::Contains("dunlin init"));
}

TEST_CASE("what is not written has its default") {
    const Folder folder("");

    const auto config = Config::load(folder.path);

    CHECK(config.store_url == "sqlite:data/dunlin.db");
    CHECK(config.http_port == 8734);
    CHECK(config.time_zone == "UTC");
    CHECK(config.worker_enabled);
    CHECK(config.worker_memory_max_mib == 2048);
    CHECK_FALSE(config.fixed_clock_us);
}

TEST_CASE("settings of plugins and sources arrive as JSON with absolute paths") {
    const Folder folder(
        "[plugins.receivables]\nlimits.rows = 5\nfrom = 2024-05-31\n"
        "[sources.erp]\nconnector = \"csv\"\nevery = \"15m\"\n"
        "[sources.erp.settings]\nfolder = \"drop\"\nkey_path = \"/etc/key\"\nnote = \"drop\"\n");

    const auto config = Config::load(folder.path);

    CHECK(config.plugin_settings["receivables"] ==
          Json{{"limits", {{"rows", 5}}}, {"from", "2024-05-31"}});
    REQUIRE(config.sources.size() == 1);
    CHECK(config.sources[0].every_us == 900'000'000);
    CHECK(config.sources[0].settings["folder"] == (folder.path / "drop").string());
    CHECK(config.sources[0].settings["key_path"] == "/etc/key");
    CHECK(config.sources[0].settings["note"] == "drop");
    CHECK(config.line_of("plugins.receivables.limits.rows") == 2);
    CHECK(config.line_of("sources.erp.settings.missing") == 7);
}

TEST_CASE("a frozen clock is read to the second") {
    const Folder folder("[testing]\nclock = \"2024-05-31T10:00:01Z\"\nids_seed = 7\n");

    const auto config = Config::load(folder.path);

    CHECK(config.fixed_clock_us == 1'717'149'601'000'000);
    CHECK(config.ids_seed == 7);
}

TEST_CASE("settings that break a plugin's schema are reported with their lines") {
    const Folder folder("[plugins.abc]\n\nrows = \"many\"\ncolour = 1\n");
    const auto config = Config::load(folder.path);
    const auto schema = Json::parse(
        R"({"type":"object","additionalProperties":false,"properties":{"rows":{"type":"integer"}}})");

    const auto wrong = config.violations("plugins.abc", config.plugin_settings["abc"], schema);

    REQUIRE(wrong.size() >= 2);
    CHECK_THAT(Json(wrong).dump(), Catch::Contains("dunlin.toml:3: [plugins.abc] rows"));
    CHECK_THAT(Json(wrong).dump(), Catch::Contains("colour"));
    CHECK(config.violations("plugins.other", Json::object(), schema).empty());
}

TEST_CASE("a secret that everybody may read is refused with the remedy") {
    const Folder folder("[secrets]\nerp = \"file:erp\"\n");
    folder.write("erp", "hunter2\n", 0644);
    const auto config = Config::load(folder.path);

    CHECK_THROWS_WITH(config.secret("erp"),
                      Catch::Contains("chmod 600") && !Catch::Contains("hunter2"));
}

TEST_CASE("a secret that is not there says how to provide it") {
    const Folder folder("[secrets]\nerp = \"file:erp\"\nenvy = \"env:DUNLIN_TEST_NOT_SET\"\n");
    const auto config = Config::load(folder.path);

    CHECK_THROWS_WITH(config.secret("erp"), Catch::Contains("cannot be read"));
    CHECK_THROWS_WITH(config.secret("envy"), Catch::Contains("DUNLIN_TEST_NOT_SET"));
    CHECK_THROWS_WITH(config.secret("other"), Catch::Contains("[secrets]"));
}

TEST_CASE("a secret comes from its file without the line's end, or from the environment") {
    const Folder folder("[secrets]\nerp = \"file:erp\"\nhome = \"env:PATH\"\n");
    folder.write("erp", "hunter2\n", 0600);
    const auto config = Config::load(folder.path);

    CHECK(config.secret("erp") == "hunter2");
    CHECK(config.secret("home") == std::getenv("PATH"));
}
