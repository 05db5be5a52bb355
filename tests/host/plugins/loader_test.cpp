// SPDX-License-Identifier: Apache-2.0
#include "support/instance.hpp"

#include "plugins/library.hpp"

#include <dunlin/digest.hpp>

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;
using host::PluginState;

namespace {

InstanceOptions with(std::vector<std::string> ids) {
    InstanceOptions options;
    options.has_shipped_plugins = false;
    options.test_plugins = std::move(ids);
    return options;
}

const host::Plugin& plugin(Instance& instance, const std::string& id) {
    const auto* found = instance.host().plugins().by_id(id);
    REQUIRE(found);
    return *found;
}

/// A plugin that is fine as far as one can see without loading it.
void install(Instance& instance, const std::string& id, const std::vector<std::string>& required) {
    const auto folder = instance.folder() / "plugins" / id;
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "x.so") << "x";
    auto wanted = Json::array();
    for (const auto& one : required) wanted.push_back({{"id", one}, {"range", ">=1.0"}});
    const Json manifest = {{"manifest", 1},
                           {"id", id},
                           {"name", id},
                           {"version", "1.0.0"},
                           {"license", "Apache-2.0"},
                           {"abi", {{"major", 1}, {"minor_required", 0}}},
                           {"requires", wanted},
                           {"services", Json::array()},
                           {"extensions", Json::array()},
                           {"permissions", Json::array()},
                           {"artifact",
                            {{"file", "x.so"},
                             {"platform", host::platform_name()},
                             {"sha256", sha256_of(host::read_file(folder / "x.so"))}}}};
    std::ofstream(folder / "plugin.json") << manifest.dump();
}

}  // namespace

TEST_CASE("a flawed plugin is blocked with its reason and the host starts") {
    const auto [id, reason] = GENERATE(table<std::string, std::string>({
        {"bad_major", "is made for plugin ABI 2, this host has 1.0"},
        {"bad_sidecar", "needs plugin ABI 2.0, this host has 1.0"},
        {"bad_minor", "needs plugin ABI 1.9999 or newer, this host has 1.0; update the host"},
        {"bad_key", "unknown member 'colour'"},
        {"bad_hash", "SHA-256 differs"},
    }));

    Instance instance(Dialect::sqlite, with({id, "alpha"}));

    CHECK(plugin(instance, id).state == PluginState::blocked);
    CHECK_THAT(plugin(instance, id).reason, Contains(id) && Contains(reason));
    CHECK(plugin(instance, "alpha").state == PluginState::started);
    CHECK_THAT(error_of([&, bad = id] { instance.call(bad + ".now"); }), Contains("blocked"));
}

TEST_CASE("an exception that escapes from a plugin fails the call, not the host") {
    Instance instance(Dialect::sqlite, with({"bad_throw", "alpha"}));

    CHECK_THAT(error_of([&] { instance.call("bad_throw.now"); }),
               Contains("the plugin bad_throw") && Contains("exception"));

    CHECK(instance.call("alpha.sum")["sum"] == 0);
}

TEST_CASE("a plugin that killed the host while loading is quarantined until told otherwise") {
    auto options = with({"bad_abort", "alpha"});
    options.is_started = false;
    Instance instance(Dialect::sqlite, options);
    const auto child = ::fork();
    if (child == 0) {
        ::signal(SIGABRT, SIG_DFL);
        instance.host().start();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));

    instance.restart();
    instance.host().start();

    CHECK(plugin(instance, "bad_abort").state == PluginState::quarantined);
    CHECK_THAT(plugin(instance, "bad_abort").reason, Contains("loading-bad_abort"));
    CHECK(plugin(instance, "alpha").state == PluginState::started);
}

TEST_CASE("removing the marker, or another version, ends the quarantine") {
    Instance instance(Dialect::sqlite, with({"alpha"}));
    const auto marker = instance.state_folder() / "loading-alpha";
    const auto sha256 = plugin(instance, "alpha").manifest.sha256;
    CHECK_FALSE(std::filesystem::exists(marker));

    std::ofstream(marker) << sha256;
    instance.restart();
    CHECK(plugin(instance, "alpha").state == PluginState::quarantined);

    std::filesystem::remove(marker);
    instance.restart();
    CHECK(plugin(instance, "alpha").state == PluginState::started);

    std::ofstream(marker) << std::string(64, '0');
    instance.restart();
    CHECK(plugin(instance, "alpha").state == PluginState::started);
}

TEST_CASE("a marker that a living process holds is no crash") {
    Instance instance(Dialect::sqlite, with({"alpha"}));
    const auto sha256 = plugin(instance, "alpha").manifest.sha256;

    const host::LoadingMarker marker(instance.state_folder(), "alpha", sha256);

    CHECK_FALSE(host::LoadingMarker::was_left(instance.state_folder(), "alpha", sha256));
}

TEST_CASE("safe mode leaves third-party plugins out") {
    auto options = with({"alpha"});
    options.is_safe_mode = true;

    Instance instance(Dialect::sqlite, options);

    CHECK_THAT(plugin(instance, "alpha").reason, Contains("safe mode"));
}

TEST_CASE("what a blocked plugin would have given blocks those that require it") {
    Instance instance(Dialect::sqlite, with({"alpha"}));
    install(instance, "one", {"absent"});
    install(instance, "two", {"one"});

    instance.restart();

    CHECK_THAT(plugin(instance, "one").reason, Contains("absent") && Contains("not installed"));
    CHECK_THAT(plugin(instance, "two").reason, Contains("one") && Contains("is blocked"));
    CHECK(plugin(instance, "alpha").state == PluginState::started);
}

TEST_CASE("plugins that require each other are blocked") {
    Instance instance(Dialect::sqlite, with({"alpha"}));
    install(instance, "one", {"two"});
    install(instance, "two", {"one"});

    instance.restart();

    CHECK_THAT(plugin(instance, "one").reason, Contains("cycle") && Contains("two"));
    CHECK_THAT(plugin(instance, "two").reason, Contains("cycle") && Contains("one"));
}

TEST_CASE("an id that begins with another's is refused, and so is the same id twice") {
    Instance instance(Dialect::sqlite, with({"alpha"}));
    install(instance, "alpha_x", {});
    install(instance, "one", {});
    std::filesystem::copy(instance.folder() / "plugins/one", instance.folder() / "plugins/other");

    instance.restart();

    CHECK_THAT(plugin(instance, "alpha_x").reason, Contains("begins with \"alpha_\""));
    CHECK(plugin(instance, "alpha").state == PluginState::started);
    std::size_t twice = 0;
    for (const auto* one : instance.host().plugins().in_order()) {
        if (one->reason.find("the id one is taken") != std::string::npos) ++twice;
    }
    CHECK(twice == 1);
}

TEST_CASE("a wrong setting blocks the plugin and names its section") {
    auto options = with({"alpha", "beta"});
    options.toml = "[plugins.alpha]\ncolour = 1\n";

    Instance instance(Dialect::sqlite, options);

    CHECK_THAT(plugin(instance, "alpha").reason,
               Contains("[plugins.alpha]") && Contains("'colour'"));
    CHECK(plugin(instance, "beta").state == PluginState::blocked);
}

TEST_CASE("versions compare by number and ranges must all hold") {
    CHECK(host::is_in_range("1.10.0", ">1.9.0"));
    CHECK(host::is_in_range("1.0.0-rc.1", "<1.0.0"));
    CHECK(host::is_in_range("1.4.2", ">=1.2 <2"));
    CHECK_FALSE(host::is_in_range("2.0.0", ">=1.2 <2"));
    CHECK(host::is_in_range("2.0.0", "=2"));
}

TEST_CASE("a manifest's mistakes are all listed") {
    const auto error = error_of([] {
        host::Manifest::parse(R"({"manifest":1,"id":"X","name":"","version":"1","license":"A",
            "abi":{"major":1,"minor_required":0},"services":[],"extensions":[],"colour":1})",
                              "plugin.json");
    });

    CHECK_THAT(error, Contains("id: must match"));
    CHECK_THAT(error, Contains("version: must match"));
    CHECK_THAT(error, Contains("'permissions'"));
    CHECK_THAT(error, Contains("unknown member 'colour'"));
}

TEST_CASE("a reserved id and a cron line that is none are refused") {
    const auto error = error_of([] {
        host::Manifest::parse(R"({"manifest":1,"id":"pg","name":"P","version":"1.0.0",
            "license":"A","abi":{"major":1,"minor_required":0},"services":[],
            "extensions":["dunlin.job_handler/1"],"permissions":[],
            "jobs":[{"kind":"pg.x","summary":"x","cron":"61 * * * *"}]})",
                              "plugin.json");
    });

    CHECK_THAT(error, Contains("\"pg\" is reserved"));
    CHECK_THAT(error, Contains("job pg.x: "));
}

TEST_CASE("a view is seen through one with scopes that stands before it") {
    const auto error = error_of([] {
        host::Manifest::parse(R"({"manifest":1,"id":"notes","name":"N","version":"1.0.0",
            "license":"A","abi":{"major":1,"minor_required":0},"services":[],"extensions":[],
            "permissions":[],"views":[
                {"name":"notes_v1_a","scopes":{"team":"team"},"through":{"notes_v1_b":"id"}},
                {"name":"notes_v1_b","scopes":{"team":"team"},"through":{"notes_v1_a":"id"}}]})",
                              "plugin.json");
    });

    CHECK_THAT(error, Contains("notes_v1_a is seen through notes_v1_b, which must be a view"));
    CHECK_THAT(error, !Contains("notes_v1_b is seen"));
}

TEST_CASE("a schema keyword that would be ignored is refused") {
    const auto error =
        error_of([] { host::Schema::compile(Json::parse(R"({"maxLen":3})"), "of x"); });

    CHECK_THAT(error, Contains("of x") && Contains("maxLen"));
}
