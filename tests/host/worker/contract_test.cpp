// SPDX-License-Identifier: Apache-2.0

// One suite, run with the connector in this process and in a worker: nobody can tell which.
#include "plugins/services.hpp"
#include "remote.hpp"

#include <dunlin/documents.hpp>

#include <Poco/Net/ServerSocket.h>
#include <catch2/catch.hpp>

#include <cstdlib>

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

Mode any_mode() {
    return GENERATE(Mode::in_process, Mode::worker);
}

Json a_write(const std::string& kind, const Json& body = Json::object()) {
    return {{"key", "k1"},
            {"kind", kind},
            {"target", {{"entity", "parent"}, {"external_id", "p1"}}},
            {"body", body},
            {"base", {{"seen", 1}}}};
}

/// What another plugin is given when it asks for a document.
std::string fetch(Driven& driven, const std::string& id, const std::string& entity = "parent",
                  dunlin_cancel* cancel = nullptr) {
    dunlin_ctx context{&driven.host(), driven.host().plugins().by_id("flow")};
    const Services services(host::host_table(&context));
    return Documents(services).fetch("src", entity, id, {services.cancel_table(), cancel});
}

/// Answers one request and keeps what it was.
class OneAnswer {
public:
    explicit OneAnswer(std::string answer) : answer_(std::move(answer)) {
        thread_ = std::thread([this] {
            auto connection = socket_.acceptConnection();
            char buffer[4096];
            while (asked.find("\r\n\r\n") == std::string::npos || asked.size() < 4 ||
                   asked.substr(asked.size() - 2) != std::string("\0\xff", 2)) {
                const int n = connection.receiveBytes(buffer, sizeof buffer);
                if (n <= 0) return;
                asked.append(buffer, static_cast<std::size_t>(n));
            }
            connection.sendBytes(answer_.data(), static_cast<int>(answer_.size()));
        });
    }
    ~OneAnswer() { thread_.join(); }
    std::string url() const {
        return "http://127.0.0.1:" + std::to_string(socket_.address().port()) + "/x";
    }
    std::string asked;

private:
    std::string answer_;
    Poco::Net::ServerSocket socket_{Poco::Net::SocketAddress("127.0.0.1", 0)};
    std::thread thread_;
};

}  // namespace

TEST_CASE("a connector describes itself") {
    Driven driven(any_mode());
    const auto said = driven.host().sync().describe("remote");
    CHECK(said["entities"][0]["name"] == "parent");
    CHECK(driven.host().sync().describe("remote") == said);
}

TEST_CASE("settings that a connector refuses are refused with its words") {
    Driven driven(any_mode());
    CHECK(failure_of([&] {
              driven.open({{"act", "refuse"}});
          }) == std::tuple(DUNLIN_E_INVALID, std::string("the source src is refused"),
                           std::string(R"({"key":"act"})")));
    CHECK(driven.check(driven.open().get())["pid"] > 0);
}

TEST_CASE("a connector has its clock, its secrets, its log and its metrics") {
    ::setenv("DUNLIN_TEST_SECRET", "hunter2", 1);
    const auto mode = any_mode();
    Driven driven(mode, "password = \"pw\"");
    const auto source = driven.open();
    const auto said = driven.check(source.get());
    CHECK(said["now"] == driven.host().clock().now_us());
    CHECK(said["password"] == "hunter2");
    CHECK((said["pid"] == ::getpid()) == (mode == Mode::in_process));
    if (mode == Mode::worker) CHECK(said["environment"] == "clean");
    CHECK_THAT(driven.instance.log(), Contains("checked") && !Contains("hunter2"));
    CHECK_THAT(driven.host().metrics().text(), Contains("dunlin_remote_checks 1"));

    const auto [status, message, detail] = failure_of([&] {
        driven.check(driven.open({{"password", "other"}}).get());
    });
    CHECK(status == DUNLIN_E_DENIED);
    CHECK_THAT(message, Contains("the plugin remote may not read the secret other"));
}

TEST_CASE("a connector reaches what its settings name, through the host, and nothing else") {
    OneAnswer web("HTTP/1.1 201 Created\r\nX-Answered: 42\r\nContent-Length: 3\r\n\r\nabc");
    Driven driven(any_mode(), "url = \"" + web.url() + "\"");
    const auto said = driven.check(driven.open().get());
    CHECK(said["reply"] == Json{{"status", 201}, {"bytes", 3}, {"header", "42"}});
    CHECK_THAT(web.asked, Contains("POST /x") && Contains("X-Asked: yes"));

    const auto [status, message, detail] = failure_of([&] {
        driven.check(driven.open({{"url", "http://127.0.0.1:1/"}}).get());
    });
    CHECK(status == DUNLIN_E_DENIED);
    CHECK_THAT(message, Contains("may not reach http://127.0.0.1:1"));
}

TEST_CASE("pages come as they are, with every type of column, nulls and broken rows") {
    Driven driven(any_mode());
    const auto source = driven.open({{"rows", 6}, {"page", 4}});
    auto pages = driven.pages(source.get(), {"typed"});
    REQUIRE(pages.size() == 2);
    CHECK(lines_of(pages[0]) ==
          Lines{std::string("t0|0|0.000000|0|20000|1700000000000000|\xfe\0x|-", 44),
                "t1|-|-|-|-|-|-|-",
                std::string("t2|-2|0.500000|0|20002|1700000000000002|\xfe\0x|-", 45),
                std::string("t3|-3|0.750000|1|20003|1700000000000003|\xfe\0x|-", 45)});
    CHECK(pages[0].next_cursor == "4");
    CHECK(pages[0].done == 4);
    CHECK(pages[0].total == 6);
    CHECK(pages[0].changed_max_us == 1004);
    CHECK(pages[0].server_us == 77);
    REQUIRE(pages[0].refused.size() == 1);
    CHECK(pages[0].refused[0].position == "row:0");
    CHECK(pages[1].rows.rows() == 2);

    CHECK(driven.pages(source.get(), {"typed", "4"}).size() == 1);
    pages = driven.pages(source.get(), {"empty"});
    REQUIRE(pages.size() == 2);
    CHECK(pages[0].rows.rows() == 0);
    CHECK(BatchView(pages[0].rows).columns() == 8);
}

TEST_CASE("slices and dictionaries arrive as the rows they show") {
    Driven driven(any_mode());
    const auto pages = driven.pages(driven.open().get(), {"slice"});
    REQUIRE(pages.size() == 1);
    CHECK(lines_of(pages[0]) == Lines{"lx|two", "mx|-", "nx|two"});
}

TEST_CASE("a page that breaks the rules is named with its stream") {
    Driven driven(any_mode());
    const auto source = driven.open();
    const auto [status, message, detail] =
        failure_of([&] { driven.pages(source.get(), {"broken"}); });
    CHECK(status == DUNLIN_E_DATA);
    CHECK(message ==
          "the connector remote sent a page of broken that cannot be read: a column is "
          "shorter than its page");
    CHECK(driven.pages(source.get(), {"parent"}).size() == 3);
}

TEST_CASE("what is asked for is what the connector is told") {
    Driven driven(any_mode());
    const auto source = driven.open();
    PullRequest request{"parent"};
    request.mode = PullRequest::Mode::ids;
    request.since_us = -5;
    CHECK(lines_of(driven.pages(source.get(), request).at(0)) == Lines{"since-5"});
    request.since_us.reset();
    CHECK(lines_of(driven.pages(source.get(), request).at(0)) == Lines{"since-"});
    request.mode = PullRequest::Mode::by_id;
    request.ids = {"7", "ü"};
    CHECK(lines_of(driven.pages(source.get(), request).at(0)) == Lines{"7", "ü"});
}

TEST_CASE("every status arrives with its message and detail") {
    Driven driven(any_mode());
    const auto source = driven.open();
    for (dunlin_status status = DUNLIN_E_INVALID; status <= DUNLIN_E_INTERNAL; ++status) {
        const auto said = failure_of([&] {
            driven.write(driven.plugin.connector->push, source.get(),
                         a_write("fail", {{"status", status}}));
        });
        CHECK(said == std::tuple(status, std::string("no"), std::string(R"({"why":"so"})")));
    }
    const auto [unknown, message, detail] = failure_of([&] {
        driven.write(driven.plugin.connector->push, source.get(),
                     a_write("fail", {{"status", 55}}));
    });
    CHECK(unknown == DUNLIN_E_INTERNAL);
    CHECK_THAT(message, Contains("unknown status 55"));
    CHECK(failure_of([&] { driven.pages(source.get(), {"unknown"}); }) ==
          std::tuple(DUNLIN_E_NOT_FOUND, std::string("there is no stream unknown"),
                     std::string(R"({"known":2})")));
}

TEST_CASE("write-backs, messages and totals go through whole") {
    Driven driven(any_mode());
    const auto source = driven.open();
    const auto& table = *driven.plugin.connector;
    const auto receipt = driven.write(table.push, source.get(), a_write("note"));
    CHECK(receipt["state"] == "confirmed");
    CHECK(receipt["remote_id"] == R"(k1/{"seen":1})");
    CHECK(receipt["touched"][0]["external_id"] == "p1");
    CHECK(driven.write(table.find, source.get(), a_write("note"))["state"] == "absent");

    dunlin_cancel cancel;
    CHECK(host::ask_plugin(driven.host(), driven.plugin, "totals", table.totals, source.get(),
                           &cancel)[0]["open"] == "1.50");
    const std::string body("\0\xff\x7f", 3);
    const auto hook = [&](const std::string& headers) {
        const dunlin_hook message{sizeof message, 0, to_abi(headers), to_abi(body), 99};
        return host::ask_plugin(driven.host(), driven.plugin, "hook", table.hook, source.get(),
                                &message);
    };
    CHECK(hook(R"([["x-sign","good"]])") == Json{{"bytes", 3}, {"last", 127}, {"now", 99}});
    CHECK(std::get<0>(failure_of([&] { hook("[]"); })) == DUNLIN_E_DENIED);
}

TEST_CASE("a document that there is not, or that nobody hands out, is refused with the reason") {
    Driven driven(any_mode());
    CHECK(failure_of([&] { fetch(driven, "none"); }) ==
          std::tuple(DUNLIN_E_NOT_FOUND, std::string("no document of none"), std::string()));
    const auto [status, message, detail] = failure_of([&] { fetch(driven, "p1", "child"); });
    CHECK(status == DUNLIN_E_UNSUPPORTED);
    CHECK_THAT(message, Contains("remote hands out no documents of \"child\"") &&
                            Contains("dunlin connector info remote"));
    CHECK(std::get<0>(failure_of([&] { fetch(driven, "empty"); })) == DUNLIN_E_DATA);

    auto& host = driven.host();
    const auto tx = host.begin(host::Access::write);
    auto& flow = *host.plugins().by_id("flow");
    host::call_plugin(host, flow, *tx, false, "this", [&](dunlin_tx*, dunlin_err*) {
        CHECK(std::get<0>(failure_of([&] { fetch(driven, "p1"); })) == DUNLIN_E_INVALID);
        return DUNLIN_OK;
    });
}

TEST_CASE("a document goes through whole, however large, up to what the operator allows") {
    Driven driven(any_mode(), "[blobs]\nmax_mib = 3");
    CHECK(fetch(driven, "p1") == std::string("%PDF-\0\xffp1", 9));
    const std::string most(std::size_t{3} << 20, '\xff');
    CHECK((fetch(driven, "size:3145728") == most));
    const auto [status, message, detail] = failure_of([&] { fetch(driven, "size:3145729"); });
    CHECK(status == DUNLIN_E_LIMIT);
    CHECK_THAT(message, Contains("the document of parent size:3145729") && Contains("3 MiB") &&
                            Contains("[blobs] max_mib"));
}

TEST_CASE("a document of a source that rests is not asked for, and one that waits can be stopped") {
    Driven driven(any_mode(), "act = \"wait\"");
    dunlin_cancel cancel;
    cancel.requested = true;
    CHECK(std::get<0>(failure_of([&] { fetch(driven, "p1", "parent", &cancel); })) ==
          DUNLIN_E_CANCELLED);
    {
        const auto tx = driven.host().begin(host::Access::write);
        host::park(*tx, "src", 60'000'000, "too many requests");
        tx->commit();
    }
    const auto [status, message, detail] = failure_of([&] { fetch(driven, "p1"); });
    CHECK(status == DUNLIN_E_UNAVAILABLE);
    CHECK_THAT(message, Contains("rests until") && Contains("too many requests"));
    CHECK(detail == R"({"retry_after_ms":60000})");
}

TEST_CASE("a pull that waits ends when it is asked to") {
    Driven driven(any_mode());
    const auto source = driven.open({{"act", "wait"}});
    const auto began = std::chrono::steady_clock::now();
    {
        auto reading = driven.reader(source.get(), {"parent"});
        CHECK_FALSE(reading.is_ready());
    }
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
    CHECK(driven.check(source.get())["pid"] > 0);
}

TEST_CASE("pulls may end early and two may be read in turn") {
    Driven driven(any_mode());
    const auto source = driven.open();
    {
        auto one = driven.reader(source.get(), {"parent"});
        auto two = driven.reader(source.get(), {"typed"});
        CHECK(lines_of(one.take().value())[0] == "p0|0");
        CHECK(lines_of(two.take().value())[1] == "t1|-|-|-|-|-|-|-");
        CHECK(lines_of(one.take().value())[0] == "p4|4");
    }
    CHECK(driven.pages(source.get(), {"parent"}).size() == 3);
}
