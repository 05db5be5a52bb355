// SPDX-License-Identifier: Apache-2.0
#include "host/sync/flow.hpp"
#include "plugins/services.hpp"

#include <dunlin/tools.hpp>

#include <signal.h>
#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

/// Serves frames: "pid" answers with its process, "sleep" and "die" do that, what else is said
/// back.
constexpr const char* resident_text = R"(
import json, os, sys, time
while True:
    line = sys.stdin.buffer.readline()
    if not line: break
    head = json.loads(line)
    data = sys.stdin.buffer.read(head["input"])
    word = (head["args"] or [""])[0]
    if word == "sleep": time.sleep(60)
    if word == "die": os._exit(3)
    out = str(os.getpid()).encode() if word == "pid" else data * int(word or 1)
    code = 1 if word == "-1" else 0
    if code: out = b"no good"
    sys.stdout.buffer.write(json.dumps({"exit_code": code, "size": len(out)}).encode() + b"\n" + out)
    sys.stdout.buffer.flush()
)";

struct Running {
    Instance instance{Dialect::sqlite, [] {
                          auto options = flow_options();
                          options.toml +=
                              "[tools.sh]\nprogram = \"/bin/sh\"\nargs = [\"-c\"]\n"
                              "timeout_seconds = 2\noutput_max_mib = 1\nmemory_max_mib = 64\n"
                              "[tools.lost]\nprogram = \"/no/where\"\n"
                              "[tools.stays]\nprogram = \"/usr/bin/python3\"\nresident = true\n"
                              "args = [\"-c\", '''" +
                              std::string(resident_text) +
                              "''']\ntimeout_seconds = 5\noutput_max_mib = 1\n";
                          return options;
                      }()};
    host::Plugin plugin = granted();
    dunlin_ctx context{&instance.host(), &plugin};
    Services services{host::host_table(&context)};
    Tools tools{services};

    host::Plugin granted() {
        auto out = *instance.host().plugins().by_id("flow");
        out.manifest.services.insert(DUNLIN_SVC_TOOLS);
        out.manifest.permissions.merge(
            std::set<std::string>{"tool:sh", "tool:stays", "tool:lost", "tool:none"});
        return out;
    }
    ToolResult run(const std::string& tool, const std::vector<std::string>& args,
                   const std::string& input = "", int timeout_ms = 0) {
        return tools.run(tool, args, input, Cancel(services.cancel_table(), nullptr),
                         std::chrono::milliseconds(timeout_ms));
    }
    std::pair<dunlin_status, std::string> failure(const std::string& tool,
                                                  const std::vector<std::string>& args,
                                                  int timeout_ms = 0) {
        try {
            run(tool, args, "", timeout_ms);
        } catch (const Error& e) {
            return {e.status(), e.what()};
        }
        return {DUNLIN_OK, ""};
    }
};

}  // namespace

TEST_CASE("a tool that is not granted, not declared or not there is refused by its name") {
    Running r;
    CHECK_THAT(r.failure("none", {}).second, Contains("[tools.none]"));
    CHECK(r.failure("none", {}).first == DUNLIN_E_NOT_FOUND);
    CHECK_THAT(r.failure("lost", {}).second, Contains("/no/where"));
    CHECK(r.failure("other", {}).first == DUNLIN_E_DENIED);
    host::call_plugin(r.instance.host(), r.plugin, "a job", [&](dunlin_err*) {
        auto tx = r.services.begin(DUNLIN_TX_READ);
        CHECK(r.failure("sh", {"true"}).first == DUNLIN_E_INVALID);
        return DUNLIN_OK;
    });
}

TEST_CASE("a tool that hangs, writes too much or wants too much memory does not get its way") {
    Running r;
    const auto mark = (r.instance.folder() / "left").string();
    // What it started goes with it.
    CHECK(r.failure("sh", {"(sleep 1; echo > " + mark + ") & sleep 60"}, 200).first ==
          DUNLIN_E_TIMEOUT);
    CHECK(r.failure("sh", {"cat /dev/zero"}).first == DUNLIN_E_LIMIT);
    CHECK(r.run("sh", {"head -c 200m /dev/zero | tail -n 1 | wc -c"}).output != "209715200\n");
    CHECK(r.run("sh", {"kill -9 $$"}).exit_code == 256 + 9);
    std::this_thread::sleep_for(std::chrono::milliseconds(1000));
    CHECK_FALSE(std::filesystem::exists(mark));
}

TEST_CASE("a tool finds its input, an empty folder, nothing of ours and no network") {
    Running r;
    ::setenv("DUNLIN_TEST_SECRET", "x", 1);
    const auto got =
        r.run("sh", {"cat; ls -A; env | cut -d= -f1 | sort; echo bad >&2; exit 7"}, "in\n");
    CHECK(got.exit_code == 7);
    CHECK(got.errors == "bad\n");
    CHECK(got.output == "in\nHOME\nLANG\nPATH\nPWD\nTMPDIR\n");
    const auto findings = r.instance.host().tools().inspect();
    const bool is_alone = findings.back().state == "ok";
    if (is_alone) CHECK(r.run("sh", {"cat /proc/net/dev | wc -l"}).output == "3\n");
    const auto folder = r.run("sh", {"pwd"}).output;
    CHECK_FALSE(std::filesystem::exists(folder.substr(0, folder.size() - 1)));
    // More input than a pipe holds, to a program that answers meanwhile, or never reads.
    const std::string large(600'000, 'x');
    CHECK(r.run("sh", {"cat"}, large).output == large);
    CHECK(r.run("sh", {"exit 0"}, large).exit_code == 0);
}

TEST_CASE("a resident tool serves run after run, and another one takes its place when it dies") {
    Running r;
    CHECK(r.run("stays", {}, "one").output == "one");
    const auto pid = r.run("stays", {"pid"}).output;
    CHECK(r.run("stays", {"pid"}).output == pid);
    const auto bad = r.run("stays", {"-1"}, "x");
    CHECK(bad.exit_code == 1);
    CHECK(bad.errors == "no good");
    CHECK(r.run("stays", {"pid"}).output == pid);
    CHECK(r.failure("stays", {"die"}).first == DUNLIN_E_UNAVAILABLE);
    const auto second = r.run("stays", {"pid"}).output;
    CHECK(second != pid);
    CHECK(r.failure("stays", {"sleep"}, 100).first == DUNLIN_E_TIMEOUT);
    CHECK(r.run("stays", {"pid"}).output != second);
    const auto third = r.run("stays", {"pid"}).output;
    ::kill(std::stoi(third), SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(r.run("stays", {"pid"}).output != third);
    CHECK(r.run("stays", {"30"}, std::string(10'000, 'y')).output.size() == 300'000);
}
