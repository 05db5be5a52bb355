#include <catch2/catch.hpp>
#include <dunlin/guard.hpp>
#include <new>

using dunlin::Error;
using dunlin::ErrorSink;
using dunlin::guard;

namespace {

/// The status a body ends with, and what the sink was told.
struct Outcome {
    dunlin_status status = DUNLIN_OK;
    ErrorSink sink;
};

template <class Body>
Outcome run(Body body) {
    Outcome outcome;
    outcome.status = guard(&ErrorSink::set, outcome.sink.sink(), body);
    return outcome;
}

}  // namespace

TEST_CASE("an Error becomes its status, message and detail") {
    const auto outcome = run([] { throw Error(DUNLIN_E_CONFLICT, "was closed", R"({"id":"7"})"); });

    CHECK(outcome.status == DUNLIN_E_CONFLICT);
    CHECK(outcome.sink.message() == "was closed");
    CHECK(outcome.sink.detail_json() == R"({"id":"7"})");
}

TEST_CASE("other exceptions become the status that fits them") {
    CHECK(run([] { const auto json = dunlin::Json::parse("{"); }).status == DUNLIN_E_DATA);
    CHECK(run([] { (void)dunlin::Json({{"a", "x"}}).at("a").get<int>(); }).status == DUNLIN_E_DATA);
    CHECK(run([] { throw std::bad_alloc(); }).status == DUNLIN_E_LIMIT);
    CHECK(run([] { throw std::out_of_range("far"); }).status == DUNLIN_E_INTERNAL);
    CHECK(run([] { throw 7; }).status == DUNLIN_E_INTERNAL);
}

TEST_CASE("a body's own status passes, and nothing is said") {
    const auto done = run([]() -> dunlin_status { return DUNLIN_DONE; });

    CHECK(done.status == DUNLIN_DONE);
    CHECK(done.sink.message().empty());
    CHECK(run([] {}).status == DUNLIN_OK);
}

TEST_CASE("a caller without a sink gets the status all the same") {
    CHECK(guard(&ErrorSink::set, nullptr, [] { throw Error(DUNLIN_E_DENIED, "no"); }) ==
          DUNLIN_E_DENIED);
    CHECK(guard(nullptr, nullptr, [] { throw 1; }) == DUNLIN_E_INTERNAL);
    ErrorSink::set(nullptr, DUNLIN_E_DENIED, dunlin::to_abi("no"), {});
}

TEST_CASE("a sink without a function is left alone") {
    dunlin_err err{nullptr, nullptr};

    ErrorSink::set(&err, DUNLIN_E_DENIED, dunlin::to_abi("no"), {});

    CHECK(err.ctx == nullptr);
}

TEST_CASE("check throws what was said, or names the call when nothing was") {
    ErrorSink said, silent;
    ErrorSink::set(said.sink(), DUNLIN_E_DATA, dunlin::to_abi("line 3 is broken"), {});

    CHECK_THROWS_WITH(said.check(DUNLIN_E_DATA, "read"), "line 3 is broken");
    CHECK_THROWS_WITH(silent.check(DUNLIN_E_DATA, "read"), "read: data");
    CHECK_NOTHROW(silent.check(DUNLIN_OK, "read"));
    CHECK_NOTHROW(silent.check(DUNLIN_DONE, "read"));
}

TEST_CASE("a sink may be copied: the copy does not write into the original") {
    ErrorSink first;
    ErrorSink second = first;

    ErrorSink::set(second.sink(), DUNLIN_E_DATA, dunlin::to_abi("second"), {});

    CHECK(first.message().empty());
    CHECK(second.message() == "second");
}

TEST_CASE("texts that are empty or NULL are empty") {
    ErrorSink sink;

    ErrorSink::set(sink.sink(), DUNLIN_E_DATA, {nullptr, 0}, {nullptr, 0});

    CHECK(sink.message().empty());
    CHECK(dunlin::to_view({nullptr, 0}).empty());
}

TEST_CASE("a writer appends, and a full one ends the call with its status") {
    std::string text;
    dunlin::StringWriter writer(text);
    const dunlin_writer full{
        nullptr, [](void*, const void*, uint64_t) -> dunlin_status { return DUNLIN_E_LIMIT; }};

    dunlin::write_to(writer.abi(), "ab");
    dunlin::write_to(writer.abi(), "");
    dunlin::write_to(writer.abi(), std::string_view("c\0d", 3));

    CHECK(text == std::string("abc\0d", 5));
    CHECK_THROWS_AS(dunlin::write_to(&full, "x"), Error);
}

TEST_CASE("a status says whether trying again can help") {
    CHECK(dunlin::is_retryable(DUNLIN_E_UNAVAILABLE));
    CHECK(dunlin::is_retryable(DUNLIN_E_CONFLICT));
    CHECK(dunlin::is_retryable(DUNLIN_E_TIMEOUT));
    CHECK_FALSE(dunlin::is_retryable(DUNLIN_E_DATA));
    CHECK_FALSE(dunlin::is_retryable(DUNLIN_OK));
    CHECK(dunlin::status_name(DUNLIN_E_NOT_FOUND) == std::string("not_found"));
    CHECK(dunlin::status_name(99) == std::string("internal"));
}
