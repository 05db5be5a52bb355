// SPDX-License-Identifier: Apache-2.0

// Secrets that connectors renew, on both stores, with the connector in this process and in a
// worker.
#include "remote.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <future>

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

constexpr const char* good_key = "0123456789abcdef0123456789abcdef";

void operators_value(const std::string& value) {
    ::setenv("DUNLIN_TEST_SECRET", value.c_str(), 1);
}

struct Renewing : Driven {
    explicit Renewing(Mode mode, Dialect dialect = Dialect::sqlite, const char* key = good_key)
        : Driven(mode, "password = \"pw\"", "", dialect) {
        operators_value("first");
        ::setenv("DUNLIN_TEST_KEY", key, 1);
    }
    Renewing()
        : Renewing(GENERATE(Mode::in_process, Mode::worker),
                   GENERATE(Dialect::sqlite, Dialect::postgresql)) {}

    Json does(const Json& settings) { return check(open(settings).get()); }
    Json keeps(const std::string& value) { return does({{"renew", "keep"}, {"value", value}}); }
    std::string kept() { return host().secrets().value("pw"); }
    auto refusal(const Json& settings) {
        const auto [status, message, detail] = failure_of([&] { does(settings); });
        return std::pair(status, message);
    }
    int64_t lease_until_us() {
        return instance.cell("SELECT lease_until_us FROM dunlin_lease WHERE name = 'secret:pw'");
    }
    /// Somebody whose process this machine knows nothing of holds it.
    void hold_elsewhere(int64_t seconds) {
        instance.exec("INSERT INTO dunlin_lease VALUES ('secret:pw', 'elsewhere:1:x', 7, " +
                      std::to_string(host().clock().now_us() + seconds * 1'000'000) + ")");
    }
    int64_t rows() { return instance.cell("SELECT count(*) FROM dunlin_secret"); }
};

}  // namespace

TEST_CASE("a secret that was not granted is not held") {
    Renewing test;
    const auto [status, message] = test.refusal({{"renew", "look"}, {"password", "other"}});
    CHECK(status == DUNLIN_E_DENIED);
    CHECK_THAT(message, Contains("may not read the secret other"));
}

TEST_CASE("the key that seals others is nobody's secret") {
    Renewing test(GENERATE(Mode::in_process, Mode::worker));
    const auto [status, message] = test.refusal({{"renew", "look"}, {"password", "key"}});
    CHECK(status == DUNLIN_E_DENIED);
    CHECK_THAT(message, Contains("give this one another name"));
}

TEST_CASE("without a key nothing is held, and the refusal says how to make one") {
    Renewing test;
    ::unsetenv("DUNLIN_TEST_KEY");
    const auto [status, message] = test.refusal({{"renew", "look"}});
    CHECK(status == DUNLIN_E_UNSUPPORTED);
    CHECK_THAT(message, Contains("DUNLIN_TEST_KEY") && Contains("base64 > secrets/key"));
    CHECK(test.host().secrets().inspect().state == "warn");
}

TEST_CASE("a key that can be guessed is refused") {
    Renewing test(Mode::in_process, Dialect::sqlite, "hunter2");
    const auto [status, message] = test.refusal({{"renew", "look"}});
    CHECK(status == DUNLIN_E_INVALID);
    CHECK_THAT(message, Contains("32 characters") && !Contains("hunter2"));
}

TEST_CASE("a secret is not held inside a transaction, nor a second one") {
    Renewing test(Mode::in_process);
    const auto [status, message] = test.refusal({{"renew", "in_tx"}});
    CHECK(status == DUNLIN_E_INVALID);
    CHECK_THAT(message, Contains("inside a transaction"));
    const auto [second, said] = test.refusal({{"renew", "twice"}});
    CHECK(second == DUNLIN_E_INVALID);
    CHECK_THAT(said, Contains("held already"));
    CHECK(test.lease_until_us() == 0);
}

TEST_CASE("who waits too long for a secret is told, and who is stopped stops") {
    Renewing test;
    test.host().secrets().patience = std::chrono::milliseconds(100);
    test.hold_elsewhere(100);
    const auto [status, message] = test.refusal({{"renew", "look"}});
    CHECK(status == DUNLIN_E_TIMEOUT);
    CHECK_THAT(message, Contains("renewed elsewhere"));
    std::string value;
    const auto stops = [] { return true; };
    CHECK(std::get<0>(failure_of([&] {
              test.host().secrets().hold("remote", "pw", stops, value);
          })) == DUNLIN_E_CANCELLED);
}

TEST_CASE("a lease that has run out is taken over") {
    Renewing test;
    test.hold_elsewhere(-1);
    CHECK(test.keeps("second")["now"] == "second");
}

TEST_CASE("a value without bytes or with too many is not kept") {
    Renewing test(Mode::worker);
    CHECK(test.refusal({{"renew", "keep"}}).first == DUNLIN_E_LIMIT);
    CHECK(test.refusal({{"renew", "keep"}, {"value", std::string(65537, 'x')}}).first ==
          DUNLIN_E_LIMIT);
    CHECK(test.rows() == 0);
}

TEST_CASE("who was taken over keeps nothing") {
    Renewing test;
    const auto path = (test.instance.folder() / "held").string();
    auto late = std::async(std::launch::async, [&] {
        return test.refusal({{"renew", "keep"}, {"value", "late"}, {"wait_path", path}});
    });
    while (!fs::exists(path)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    test.instance.exec("UPDATE dunlin_lease SET lease_until_us = 1 WHERE name = 'secret:pw'");
    CHECK(test.keeps("theirs")["held"] == "first");
    std::ofstream(path + ".go") << "go";
    const auto [status, message] = late.get();
    CHECK(status == DUNLIN_E_CONFLICT);
    CHECK_THAT(message, Contains("hold it anew"));
    CHECK(test.kept() == "theirs");
}

TEST_CASE("a process that dies while it holds a secret gives it back at once") {
    Renewing test(Mode::worker, GENERATE(Dialect::sqlite, Dialect::postgresql));
    CHECK(test.refusal({{"renew", "crash"}}).first == DUNLIN_E_UNAVAILABLE);
    CHECK(test.lease_until_us() == 0);
    CHECK(test.keeps("second")["held"] == "first");
}

TEST_CASE("what a call leaves held ends with it") {
    Renewing test;
    CHECK(test.does({{"renew", "leave"}})["held"] == "first");
    CHECK(test.lease_until_us() == 0);
}

TEST_CASE("what was kept is there for everybody and after a restart, and nowhere in the clear") {
    Renewing test;
    const auto tokens = R"({"access_token":"open-sesame","refresh_token":"once-only"})";
    const auto said = test.keeps(tokens);
    CHECK(said["held"] == "first");
    CHECK(said["now"] == tokens);
    CHECK(test.does({{"renew", "look"}})["held"] == tokens);
    CHECK(test.kept() == tokens);
    const std::string sealed = test.instance.cell("SELECT sealed FROM dunlin_secret");
    CHECK_THAT(sealed, !Contains("open-sesame") && !Contains("first"));
    test.host().log().info("test", "open-sesame and once-only");
    CHECK_THAT(test.instance.log(), Contains("a secret has a new value") &&
                                        !Contains("open-sesame") && !Contains("once-only"));
    test.instance.restart();
    CHECK(test.instance.host().secrets().value("pw") == tokens);
    CHECK(test.instance.host().secrets().inspect().state == "ok");
}

TEST_CASE("another value of the operator's takes the place of what was kept") {
    Renewing test;
    test.keeps("second");
    operators_value("signed in anew");
    CHECK(test.kept() == "signed in anew");
    CHECK(test.keeps("third")["held"] == "signed in anew");
    CHECK(test.kept() == "third");
    ::unsetenv("DUNLIN_TEST_SECRET");
    CHECK(std::get<0>(failure_of([&] { test.kept(); })) == DUNLIN_E_NOT_FOUND);
}

TEST_CASE("under another key what was kept is refused and not replaced by what is spent") {
    Renewing test;
    test.keeps("second");
    ::setenv("DUNLIN_TEST_KEY", "another key of more than 32 characters", 1);
    const auto [status, message, detail] = failure_of([&] { test.kept(); });
    CHECK(status == DUNLIN_E_DENIED);
    CHECK_THAT(message, Contains("another key"));
    CHECK(test.host().secrets().inspect().state == "fail");
    ::unsetenv("DUNLIN_TEST_KEY");
    CHECK(std::get<0>(failure_of([&] { test.kept(); })) == DUNLIN_E_UNSUPPORTED);
    CHECK(test.host().secrets().inspect().state == "fail");
    ::setenv("DUNLIN_TEST_KEY", good_key, 1);
    CHECK(test.kept() == "second");
}

TEST_CASE("what was kept of one secret opens under no other name") {
    Renewing test(Mode::in_process);
    const host::Seal seal(test.host());
    const auto sealed = seal.close("pw", "value");
    CHECK(seal.open("pw", sealed) == "value");
    CHECK_FALSE(seal.open("other", sealed));
    CHECK_FALSE(seal.open("pw", sealed.substr(2)));
    CHECK_FALSE(seal.open("pw", "no hex"));
    CHECK(seal.close("pw", "value") != sealed);
}
