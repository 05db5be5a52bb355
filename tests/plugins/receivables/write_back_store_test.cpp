// SPDX-License-Identifier: Apache-2.0
// What is asked of the system a customer came from; that it arrives there is tested with a system.
#include <catch2/catch.hpp>

#include "book.hpp"

using namespace dunlin;
using namespace dunlin::test;

namespace {

std::string refusal(Book& book, const std::string& command, Json request) {
    request["customer"] = book.id("customer", "C1");
    try {
        book.call(command, request);
    } catch (const Error& e) {
        return e.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("what nobody could write back is refused before it is queued") {
    Book book(GENERATE(Dialect::sqlite, Dialect::postgresql));
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.payment("P1", "40", "2026-02-01");
    const auto note = [&](const Json& body, const Json& more = Json::object()) {
        Json request{{"kind", "note"}, {"body", body}};
        request.update(more);
        return refusal(book, "write_back", request);
    };

    CHECK(note(Json::object()) == "the body of a note needs \"text\"");
    CHECK(note({{"text", "a"}, {"txt", "b"}}) ==
          "the body of a note has no \"txt\"; did you mean \"text\"?");
    CHECK(note({{"text", 1}}) == "\"text\" of the body must be a text");
    CHECK(note({{"text", "a"}}, {{"item", "4711"}}).find("has no item 4711") != std::string::npos);
    CHECK(note({{"text", "a"}}, {{"contact_point", "1"}}) ==
          "\"contact_point\" goes with the kind contact only");
    CHECK(refusal(book, "write_back",
                  {{"kind", "activity"}, {"body", {{"summary", "call"}, {"due_date", "soon"}}}}) !=
          "none");
    const auto credit = [&](const char* item, const char* kind, const char* amount) {
        return refusal(book, "request_credit_note",
                       {{"item", book.id(kind, item)}, {"amount", amount}, {"reason", "late"}});
    };
    CHECK(
        credit("I1", "invoice", "100.01").starts_with("the amount must be above zero and at most"));
    CHECK(credit("I1", "invoice", "0") != "none");
    CHECK(credit("P1", "payment", "1").starts_with("a credit note is asked for about something"));
    // The rows of a test come from a source that is in no configuration.
    CHECK(note({{"text", "a"}}).starts_with("there is no source"));
}
