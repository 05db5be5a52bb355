// SPDX-License-Identifier: Apache-2.0

// Connectors that crash, hang, eat memory or talk nonsense, and hosts that are killed.
#include "remote.hpp"

#include "http/server.hpp"

#include <Poco/Net/StreamSocket.h>
#include <catch2/catch.hpp>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

std::size_t open_files() {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& one : fs::directory_iterator("/proc/self/fd")) ++n;
    return n;
}

/// 'R', 'S', 'Z', … or 0 when there is no such process.
char state_of(int64_t pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    if (!std::getline(in, text)) return 0;
    return text.at(text.rfind(')') + 2);
}

int64_t children() {
    std::ifstream in("/proc/self/task/" + std::to_string(::getpid()) + "/children");
    int64_t n = 0;
    for (std::string pid; in >> pid;) ++n;
    return n;
}

int ask_health(int port) {
    Poco::Net::StreamSocket socket(
        Poco::Net::SocketAddress("127.0.0.1", static_cast<Poco::UInt16>(port)));
    const std::string request = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.sendBytes(request.data(), static_cast<int>(request.size()));
    std::array<char, 64> answer{};
    socket.receiveBytes(answer.data(), answer.size() - 1);
    return std::atoi(answer.data() + 9);
}

bool is_mapped() {
    std::ifstream in("/proc/self/maps");
    const std::string maps{std::istreambuf_iterator<char>(in), {}};
    return maps.find("/remote.so") != std::string::npos;
}

/// Restarts a source that died while nobody watched, so that a test need not wait as an engine.
template <class Body>
Json until_it_works(Body&& body) {
    for (int i = 0;; ++i) {
        try {
            return body();
        } catch (const Error& e) {
            if (i == 3) throw;
        }
    }
}

std::string table_of(Instance& instance) {
    return Json(instance.sql("SELECT entity, external_id, value FROM flow_row"
                             " ORDER BY entity, external_id"))
        .dump();
}

}  // namespace

TEST_CASE("a process that ends badly fails the call with one sentence, and the next call works") {
    const auto [act, sentence] = GENERATE(table<std::string, std::string>({
        {"crash", "was killed by signal 6 (Aborted)"},
        {"exit", "ended by itself with exit code 7"},
        {"hang", "was silent for 1 s and was stopped"},
        {"eat", "used more than 300 MiB"},
        {"garbage", "sent what nobody can read and was stopped: it is no message"},
        {"huge", "sent what nobody can read and was stopped: a message is larger"},
        {"close", "closed its connection to the host and was stopped"},
    }));
    Driven driven(Mode::worker, "", "silence_seconds = 1\nmemory_max_mib = 300");
    const auto once = driven.instance.folder() / "once";
    const auto source = driven.open({{"act", "check:" + act}, {"once_path", once.string()}});
    const auto [status, message, detail] = failure_of([&] { driven.check(source.get()); });
    CHECK(status == DUNLIN_E_UNAVAILABLE);
    CHECK_THAT(message, Contains("the connector remote of the source src " + sentence));
    CHECK(driven.check(source.get())["pid"] > 0);
    CHECK_THAT(driven.host().metrics().text(),
               Contains("dunlin_worker_restarts_total{connector=\"remote\",source=\"src\"} 1"));
    CHECK_THAT(driven.instance.log(), Contains(sentence));
}

TEST_CASE("after a death during a write nobody says that it was not carried out") {
    Driven driven(Mode::worker);
    const auto source = driven.open({{"act", "push:crash"}});
    const Json write = {{"key", "k"},
                        {"kind", "note"},
                        {"target", {{"entity", "parent"}, {"external_id", "1"}}},
                        {"body", nullptr},
                        {"base", nullptr}};
    const auto [status, message, detail] =
        failure_of([&] { driven.write(driven.plugin.connector->push, source.get(), write); });
    CHECK(status == DUNLIN_E_TIMEOUT);
    CHECK_THAT(message, Contains("whether the write took effect is not known"));
}

TEST_CASE("a pull ends with its process, the source does not") {
    Driven driven(Mode::worker);
    const auto source = driven.open();
    auto reading = driven.reader(source.get(), {"parent"});
    CHECK(reading.take());
    const auto pid = driven.check(source.get())["pid"].get<int>();
    ::kill(pid, SIGKILL);
    const auto read_on = [&] {
        while (reading.take()) continue;
    };
    CHECK(std::get<0>(failure_of(read_on)) == DUNLIN_E_UNAVAILABLE);
    CHECK(until_it_works([&] { return driven.check(source.get()); })["pid"] != pid);
    CHECK(driven.pages(source.get(), {"parent"}).size() == 3);
}

TEST_CASE("a run whose connector dies resumes by itself while the host answers") {
    const auto act = GENERATE(as<std::string>(), "crash", "hang", "eat");
    Driven calm(Mode::worker, "rows = 40\npage = 5");
    CHECK(calm.host().sync().run("src", nullptr)["state"] == "ok");

    Driven driven(
        Mode::worker,
        "rows = 40\npage = 5\nact = \"next:" + act + "\"\nat_page = 3\nonce_path = \"once\"",
        "silence_seconds = 6\nmemory_max_mib = 300");
    std::atomic<bool> is_over{false};
    std::atomic<int> healthy{0}, ill{0};
    host::HttpServer server(driven.host(), {});
    std::thread asks([&] {
        while (!is_over) {
            (ask_health(server.port()) == 200 ? healthy : ill)++;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    });
    const auto report = driven.host().sync().run("src", nullptr);
    is_over = true;
    asks.join();
    CHECK(report["state"] == "ok");
    CHECK(report["entities"][0]["retries"] == 1);
    CHECK(ill == 0);
    CHECK(healthy > 5);
    CHECK(table_of(driven.instance) == table_of(calm.instance));
}

TEST_CASE("a connector that dies every time parks its source and says how to look") {
    Driven driven(Mode::worker, "act = \"next:crash\"");
    const auto report = driven.host().sync().run("src", nullptr);
    CHECK(report["state"] == "interrupted");
    const std::string error = report["entities"][0]["error"];
    CHECK_THAT(error, Contains("killed by signal 6") && Contains("died 5 times in 10 minutes") &&
                          Contains("dunlin doctor"));
    CHECK_THAT(error_of([&] { driven.host().sync().run("src", nullptr); }),
               Contains("rests until") && Contains("died 5 times"));
    CHECK_THAT(error_of([&] { driven.host().sync().check("src"); }), Contains("rests for"));
}

TEST_CASE("a library that brings its process down while it is loaded is quarantined") {
    auto options = remote_options(Mode::worker);
    options.toml = "[plugins.remote]\nat_start = \"crash\"\n" + options.toml;
    Instance instance(Dialect::sqlite, options);
    CHECK(instance.host().plugins().by_id("remote")->state == host::PluginState::started);
    const auto [status, message, detail] = failure_of([&] { instance.host().sync().check("src"); });
    CHECK(status == DUNLIN_E_UNSUPPORTED);
    CHECK_THAT(message, Contains("a process died while it loaded remote 1.0.0"));
    instance.restart();
    CHECK(instance.host().plugins().by_id("remote")->state == host::PluginState::quarantined);
    CHECK(instance.host().plugins().by_id("flow")->state == host::PluginState::started);
}

TEST_CASE("a connector in a worker is not loaded by the host, and one that is excepted is") {
    const auto mode = GENERATE(Mode::worker, Mode::in_process);
    const bool was_mapped = is_mapped();  // By a test before this one: nothing is ever unloaded.
    Driven driven(mode);
    CHECK(driven.plugin.is_running());
    driven.open();
    CHECK(is_mapped() == (was_mapped || mode == Mode::in_process));
}

TEST_CASE("a hundred sources leave no process, no zombie and no open file") {
    Driven driven(Mode::worker);
    driven.check(driven.open().get());
    const auto files = open_files();
    for (int i = 0; i < 100; ++i) driven.open();
    CHECK(open_files() == files);
    CHECK(children() == 0);
}

TEST_CASE("a worker ends with the thread and the program that started it, also while it hangs") {
    std::array<int, 2> told{};
    REQUIRE(::pipe(told.data()) == 0);
    const auto host = ::fork();
    if (host == 0) {
        Driven driven(Mode::worker);
        const auto idle = driven.open();
        const auto busy = driven.open({{"act", "next:hang"}});
        std::array<int64_t, 2> pids{driven.check(idle.get())["pid"],
                                    driven.check(busy.get())["pid"]};
        auto reading = driven.reader(busy.get(), {"parent"});
        static_cast<void>(reading.is_ready());
        static_cast<void>(!::write(told[1], pids.data(), sizeof pids));
        ::pause();
    }
    std::array<int64_t, 2> pids{};
    REQUIRE(::read(told[0], pids.data(), sizeof pids) == sizeof pids);
    CHECK(state_of(pids[0]) != 0);
    CHECK(state_of(pids[1]) != 0);
    ::kill(host, SIGKILL);
    ::waitpid(host, nullptr, 0);
    for (const auto pid : pids) {
        for (int i = 0; i < 500 && state_of(pid) != 0 && state_of(pid) != 'Z'; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        CHECK((state_of(pid) == 0 || state_of(pid) == 'Z'));
    }
    ::close(told[0]);
    ::close(told[1]);
}

TEST_CASE("a call that was asked to stop and does not is ended") {
    Driven driven(Mode::worker);
    const auto source = driven.open({{"act", "next:hang"}});
    const auto began = steady_clock::now();
    { auto reading = driven.reader(source.get(), {"parent"}); }
    CHECK(steady_clock::now() - began < seconds(20));
    CHECK(driven.check(source.get())["pid"] > 0);
}
