// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

#include <dunlin/money.hpp>

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <sstream>

namespace dunlin::ubl::test {
namespace {

namespace fs = std::filesystem;

const fs::path corpus = fs::path(DUNLIN_SOURCE_DIR) / "../shared/data/einvoice";

/// Files that are refused, and why. The public examples have none.
const std::map<std::string, std::string> refused_for{};

struct Expected {
    std::string path, kind, currency;
    int64_t total = 0, due = 0;
};

/// What totals.py, which shares nothing with the connector, finds in the same files.
std::vector<Expected> expected_documents() {
    const auto command = "python3 '" + std::string(DUNLIN_SOURCE_DIR) +
                         "/tests/connectors/ubl/totals.py' '" + corpus.string() + "'";
    struct Close {
        void operator()(std::FILE* pipe) const { ::pclose(pipe); }
    };
    const std::unique_ptr<std::FILE, Close> pipe(::popen(command.c_str(), "r"));
    std::string text;
    std::array<char, 4096> chunk{};
    while (const auto got = std::fread(chunk.data(), 1, chunk.size(), pipe.get())) {
        text.append(chunk.data(), got);
    }
    std::vector<Expected> out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream cut(line);
        Expected one;
        std::string total, due;
        std::getline(cut, one.path, '\t');
        std::getline(cut, one.kind, '\t');
        std::getline(cut, one.currency, '\t');
        std::getline(cut, total, '\t');
        std::getline(cut, due, '\t');
        one.total = Money::parse_units(total);
        one.due = Money::parse_units(due);
        out.push_back(one);
    }
    return out;
}

std::string bytes_of(const fs::path& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
}

bool is_missing() {
    if (fs::exists(corpus)) return false;
    WARN("skipped: " << corpus.string() << " is not there");
    return true;
}

}  // namespace

TEST_CASE("every public example gives the totals that it states, or is refused for its reason") {
    if (is_missing()) return;
    const auto expected = expected_documents();
    REQUIRE(expected.size() == 63);
    std::size_t taken = 0, credits = 0;
    for (const auto& one : expected) {
        INFO(one.path);
        const auto name = fs::path(one.path).filename().string();
        const auto refusal = refusal_in(bytes_of(one.path));
        const auto reason = refused_for.find(name);
        if (reason != refused_for.end()) {
            CHECK_THAT(refusal, Catch::StartsWith(reason->second));
            continue;
        }
        CHECK(refusal == "");
        if (!refusal.empty()) continue;
        const auto document = read(bytes_of(one.path));
        const auto posting = make_posting(document, {});
        CHECK((posting.is_credit() ? "credit_note" : "invoice") == one.kind);
        CHECK(document.currency == one.currency);
        CHECK(posting.total == one.total);
        CHECK(posting.open == one.due);
        CHECK_FALSE(posting.company.empty());
        CHECK_FALSE(posting.customer.empty());
        ++taken;
        credits += posting.is_credit();
    }
    CHECK(taken + refused_for.size() == expected.size());
    CHECK(credits == 7);
}

TEST_CASE("the public examples in one folder give rows for every entity") {
    if (is_missing()) return;
    Drop drop;
    for (const auto& one : expected_documents()) {
        fs::copy(one.path, drop.path() / fs::path(one.path).filename());
    }
    auto source = drop.source();
    const auto invoices = harvest(source, "invoice", {"external_id", "due_date"});
    // Two of the files have the same bytes, and these use a number of another one again.
    const std::map<std::string, std::string> others{
        {"BIS_Billing_30-Forskott_slutreglering.xml", "BIS_Billing_30-Forskott_(ej moms).xml"},
        {"Invoice-Max_content.xml", "BIS_Billing_30-Rabatter_och_avgifter.xml"},
        {"ubl-tc434-example3.xml", "CII_example3.xml"},
        {"ubl-tc434-example7.xml", "CII_example7.xml"}};
    CHECK(invoices.errors.size() == others.size());
    for (const auto& bad : invoices.errors) {
        INFO(bad.position + " " + bad.reason);
        CHECK(bad.code == "number");
        REQUIRE(others.count(bad.position) == 1);
        CHECK_THAT(bad.reason, Catch::Contains(others.at(bad.position)));
    }
    CHECK(invoices.rows.size() == 62 - others.size());
    for (const auto& entity : entities()) {
        INFO(entity.name);
        const auto found = harvest(source, std::string(entity.name), {"external_id"});
        CHECK(found.rows.empty() == (entity.name == "instalment"));
    }
}

TEST_CASE("a public example cut off or with one amount changed is refused") {
    if (is_missing()) return;
    for (const auto& one : expected_documents()) {
        INFO(one.path);
        const auto bytes = bytes_of(one.path);
        CHECK_FALSE(refusal_in(bytes.substr(0, bytes.size() * 2 / 3)).empty());
        for (const auto* name : {"PayableAmount", "DuePayableAmount"}) {
            const auto end = bytes.find("</cbc:" + std::string(name) + ">");
            const auto other = bytes.find("</ram:" + std::string(name) + ">");
            const auto at = std::min(end, other);
            if (at == std::string::npos) continue;
            auto changed = bytes;
            const auto begin = changed.rfind('>', at) + 1;
            changed.replace(begin, at - begin, "123456789.01");
            CHECK_THAT(refusal_in(changed), Catch::StartsWith("BR-CO-16"));
        }
    }
}

}  // namespace dunlin::ubl::test
