// The rules of rules.hpp, held against this tree. rules_test.cpp shows that each can fail.

#include <catch2/catch.hpp>

#include "rules.hpp"

using namespace dunlin::tidy;

namespace {

const Path root = DUNLIN_SOURCE_DIR;

std::string text_of(const Findings& found) {
    std::string text;
    for (const auto& line : found) text += "\n" + line;
    return text;
}

}  // namespace

TEST_CASE("every plugin and connector has the same rooms") {
    CHECK(text_of(rooms(root)) == "");
}

TEST_CASE("plugins and connectors include the SDK and themselves, never each other or the host") {
    CHECK(text_of(module_includes(root)) == "");
}

TEST_CASE("each big library lives in one room of the host") {
    CHECK(text_of(host_includes(root)) == "");
}

TEST_CASE("the host knows no business") {
    CHECK(text_of(business_words(root)) == "");
}

TEST_CASE("clock and threads are the host's") {
    CHECK(text_of(clocks_and_threads(root)) == "");
}

TEST_CASE("no amount is a double") {
    CHECK(text_of(floating_amounts(root)) == "");
}

TEST_CASE("every key of a customer's table begins with customer_id") {
    CHECK(text_of(partition_keys(root)) == "");
}

TEST_CASE("no leftover is merged") {
    CHECK(text_of(leftovers(root)) == "");
}

TEST_CASE("no file knows somebody's machine") {
    CHECK(text_of(machine_paths(root)) == "");
}

TEST_CASE("no file is longer than 400 lines") {
    CHECK(text_of(file_sizes(root)) == "");
}

TEST_CASE("no function is longer than 70 lines") {
    CHECK(text_of(function_sizes(root)) == "");
}

TEST_CASE("the host stays small") {
    CHECK(host_lines(root) <= 13750);
}
