// SPDX-License-Identifier: Apache-2.0
#include "expected.hpp"
#include "statements.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace dunlin::bank_statement::test {
namespace {

/// The files of a folder, or a warning that the test is skipped.
std::vector<std::filesystem::path> corpus_files(const std::string& folder,
                                                const std::string& extension) {
    auto files = files_in(corpus(folder), extension);
    if (files.empty()) WARN("skipped: " << corpus(folder).string() << " is not there");
    return files;
}

std::vector<Entry> entries_of(const Document& document) {
    std::vector<Entry> out;
    for (const auto& statement : document.statements) {
        out.insert(out.end(), statement.entries.begin(), statement.entries.end());
    }
    return out;
}

std::string without_blanks(std::string text) {
    std::erase(text, ' ');
    return text;
}

/// What a file comes to: "file: …", else per statement its code or the number of its entries.
Lines outcome(const std::filesystem::path& path) {
    Lines out;
    try {
        for (const auto& statement : read_document(bytes_of(path)).statements) {
            auto line =
                statement.code.empty() ? std::to_string(statement.entries.size()) : statement.code;
            for (const auto& entry : statement.entries) {
                if (!entry.code.empty()) line += " " + entry.code;
            }
            out.push_back(line);
        }
    } catch (const FileError& e) {
        out.push_back("file");
    }
    return out;
}

int64_t units_of(const Json& money) {
    const auto minor = std::stoll(money.at("getAmount").get<std::string>());
    const auto digits = minor_digits(money.at("getCurrency").at("getCode").get<std::string>());
    return digits == 0 ? minor * 10000 : minor * 100;
}

std::string day_of(const Json& date) {
    return date.is_object() ? date.at("0").get<std::string>().substr(0, 10) : std::string();
}
std::string text_of(const std::optional<Date>& date) {
    return date ? date->text() : std::string();
}
std::string member(const Json& object, const char* name) {
    if (!object.is_object()) return {};
    const auto it = object.find(name);
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

void check_party(const Json& detail, const Entry& entry, const Detail& found) {
    const bool is_payer = (entry.amount > 0) != entry.is_return;
    const auto parties = detail.find("getRelatedParties");
    if (parties == detail.end() || !parties->is_array()) return;
    for (const auto& party : *parties) {
        const auto type = party.value("getRelatedPartyType", Json());
        const auto role = member(type, "__CLASS__");
        const auto wanted = is_payer ? "\\Debtor" : "\\Creditor";
        if (role.find(wanted) == std::string::npos) continue;
        if (!member(type, "getName").empty()) CHECK(found.party_name == member(type, "getName"));
        const auto account = party.value("getAccount", Json());
        if (account.is_object()) {
            CHECK(found.party_account == member(account, "getIdentification"));
        }
    }
}

void check_detail(const Json& detail, const Entry& entry, const Detail& found) {
    const auto reference = detail.value("getReference", Json());
    CHECK(found.end_to_end_id == member(reference, "getEndToEndId"));
    check_party(detail, entry, found);
    const auto remittance = detail.value("getRemittanceInformation", Json());
    const auto message = member(remittance, "getMessage");
    const auto text = found.remittance + " " + found.creditor_reference;
    CHECK_THAT(text, Catch::Contains(one_line(message)));
}

void check_balances(const Json& record, const Statement& statement) {
    if (!record.is_object() || !record.contains("getBalances")) return;
    for (const auto& balance : record.at("getBalances")) {
        const auto type = member(balance, "getType");
        if (type == "opening") CHECK(statement.opening.has_value());
        if (type == "closing") {
            REQUIRE(statement.closing.has_value());
            CHECK(statement.closing->amount == units_of(balance.at("getAmount")));
            CHECK(text_of(statement.closing->date) == day_of(balance.at("getDate")));
        }
    }
}

}  // namespace

TEST_CASE("every camt file is read as its expected result says") {
    for (const auto& path : corpus_files("camt", ".xml")) {
        auto golden = path;
        golden.replace_extension(".json");
        if (!std::filesystem::exists(golden)) continue;
        INFO(path.filename().string());
        const auto document = read_document(bytes_of(path));
        auto entries = entries_of(document);
        const auto json = Json::parse(bytes_of(golden));
        CHECK(document.id == member(json.value("getGroupHeader", Json()), "getMessageId"));
        const auto& expected = json.at("getEntries");
        // That library's list has a place for each number, so that of two statements the later
        // one's entries are left in it.
        if (document.statements.size() > 1) entries = document.statements.back().entries;
        REQUIRE(entries.size() == expected.size());
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const auto& entry = entries[i];
            const auto& wanted = expected[i];
            CHECK(entry.amount == units_of(wanted.at("getAmount")));
            CHECK((entry.amount < 0) == (member(wanted, "getCreditDebitIndicator") == "DBIT"));
            CHECK(text_of(entry.booked_on) == day_of(wanted.at("getBookingDate")));
            CHECK(text_of(entry.value_on) == day_of(wanted.at("getValueDate")));
            CHECK(entry.bank_reference == member(wanted, "getAccountServicerReference"));
            check_balances(wanted.value("getRecord", Json()), document.statements.back());
            const auto details = wanted.value("getTransactionDetails", Json::array());
            for (std::size_t k = 0; k < details.size(); ++k) {
                if (!details[k].is_object()) continue;
                REQUIRE(k < entry.details.size());
                check_detail(details[k], entry, entry.details[k]);
            }
        }
    }
}

TEST_CASE("every camt file is taken or refused for its reason") {
    const std::map<std::string, Lines> known = {
        // One message without the Stmt that its schema asks for.
        {"camt053.v2.wrong.xml", {"file"}},
        // 1.01 + 8.85 is not 4.04; 18.15 + 8.85 is not 27.05.
        {"camt053.v2.all-balance-types.xml", {"balance"}},
        {"camt053.v2.five.decimals.xml", {"balance"}},
        // Opens in EUR and closes in SEK.
        {"camt053.v2.minimal.ultimate.xml", {"balance"}},
        {"camt053.v2.minimal.xml", {"balance"}},
        {"camt053.v2.with-party-ids.xml", {"balance"}},
        {"camt053.v3.xml", {"balance"}},
        {"camt053.v4.xml", {"balance"}},
        {"camt053.v8.xml", {"balance"}},
        // No opening, no closing balance.
        {"camt053.v2.with-account-name.xml", {"balance"}},
        {"camt53.only-Dt-with-DtTm.xml", {"balance"}},
        {"camt053.v2.multi.statement.xml", {"1", "1"}},
    };
    for (const auto& path : corpus_files("camt", ".xml")) {
        const auto name = path.filename().string();
        const auto it = known.find(name);
        INFO(name);
        CHECK(outcome(path) == (it == known.end() ? Lines{"1"} : it->second));
    }
}

TEST_CASE("every MT940 file is read as its expected result says") {
    for (const auto& path : corpus_files("mt940", ".sta")) {
        auto golden = path;
        golden.replace_extension(".yml");
        if (!std::filesystem::exists(golden)) continue;
        if (path.filename() == "invalid_statement.sta") continue;
        INFO(path.filename().string());
        const auto entries = entries_of(read_document(bytes_of(path)));
        const auto expected = read_expected(bytes_of(golden));
        REQUIRE(entries.size() == expected.size());
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const auto& entry = entries[i];
            const auto& detail = entry.details.front();
            auto wanted = expected[i];
            INFO("entry " << i);
            std::string reason;
            auto amount = parse_units(wanted["amount"], '.', reason);
            REQUIRE(amount.has_value());
            // That library leaves the sign of what reverses a credit; the balances agree with ours.
            if (wanted["status"] == "RC") amount = -std::abs(*amount);
            if (wanted["status"] == "RD") amount = std::abs(*amount);
            CHECK(entry.amount == *amount);
            CHECK(text_of(entry.value_on) == wanted["date"]);
            CHECK(text_of(entry.booked_on) ==
                  (wanted["entry_date"].empty() ? wanted["date"] : wanted["entry_date"]));
            CHECK(entry.bank_reference == wanted["bank_reference"]);
            CHECK(entry.method.substr(0, wanted["id"].size()) == wanted["id"]);
            CHECK(detail.party_account == wanted["applicant_iban"]);
            // That library does not look for the payer in :NS:.
            if (path.filename() != "raphaelm.sta") {
                CHECK(without_blanks(detail.party_name) ==
                      without_blanks(wanted["applicant_name"]));
            }
            const auto end_to_end = without_blanks(wanted["end_to_end_reference"]);
            CHECK(without_blanks(detail.end_to_end_id) ==
                  end_to_end.substr(0, end_to_end.find("MTLG:")));
            const auto purpose = without_blanks(wanted["purpose"]);
            CHECK_THAT(without_blanks(detail.remittance),
                       Catch::Contains(purpose.substr(0, purpose.find("MTLG:"))));
        }
    }
}

TEST_CASE("every MT940 file is taken or refused for its reason") {
    const std::map<std::string, Lines> known = {
        {"invalid_statement.sta", {"file"}},
        // Fragments: fields without the statement around them.
        {"amount_formats.sta", {"balance"}},
        {"currency_in_25.sta", {"balance"}},
        {"account_identification.sta", {"balance", "balance"}},
        {"empty_86.sta", {"account"}},
        {"empty_entry_date.sta", {"account"}},
        {"empty_line.sta", {"account"}},
        {"empty_non_swift.sta", {"account"}},
        {"missing_crlf_at_end.sta", {"account"}},
        {"sparkassen.sta", {"account"}},
        // :25: where :86: should be.
        {"sepa_snippet_broken.sta", {"account"}},
        // One entry was changed in the sample, its balances were not.
        {"sepa_snippet.sta", {"4", "balance"}},
        {"details_60-63.sta", {"balance"}},
        {"malformed_details.sta", {"balance"}},
        {"overly_long_details.sta", {"balance"}},
        {"whitespace.sta", {"balance"}},
        {"raiffeisen-cmi.sta", {"balance"}},
        {"gv_codes.sta", {"balance"}},
        // A last entry stands behind the end of the statement.
        {"multiline.sta", {"1", "account"}},
        {"february_30.sta", {"1"}},
        {"long_statement_number.sta", {"0"}},
        {"mt942.sta", {"1"}},
        {"raphaelm.sta", {"6", "2", "1"}},
        {"transaction_details_wrapped.sta", {"1"}},
        {"wrapped_timestamp.sta", {"1"}},
        {"with_binary_character.sta", {"3", "1"}},
    };
    for (const auto& path : corpus_files("mt940", ".sta")) {
        const auto name = path.filename().string();
        INFO(name);
        if (name == "sepa_mt9401.sta") {
            // Every one of its statements adds up.
            const auto all = outcome(path);
            CHECK(all.size() > 10);
            CHECK(std::count(all.begin(), all.end(), "balance") == 0);
            continue;
        }
        REQUIRE(known.count(name) == 1);
        CHECK(outcome(path) == known.at(name));
    }
}

TEST_CASE("every OFX file is taken or refused for its reason") {
    const std::map<std::string, Lines> known = {
        {"account_listing_aggregation.ofx", {"file"}},  // A list of accounts, no statement.
        {"bank_small.ofx", {"file"}},                   // Nothing in it.
        {"signon_fail.ofx", {"file"}},                  // The bank refused the password.
        {"signon_success.ofx", {"file"}},
        {"signon_success_no_message.ofx", {"file"}},
        {"error_message.ofx", {"bank"}},
        {"date_missing.ofx", {"3 date date date"}},
        {"decimal_error.ofx", {"1 amount"}},
        {"empty_balance.ofx", {"1"}},
        {"anzcc.ofx", {"1"}},
        {"bank_medium.ofx", {"3"}},
        {"checking.ofx", {"3"}},
        {"suncorp.ofx", {"1"}},
        {"ofx-v102-empty-tags.ofx", {"1"}},
        {"multiple_accounts.ofx", {"0", "0"}},
        {"multiple_accounts2.ofx", {"0", "0"}},
        // Brokers: only what moved cash.
        {"fidelity-savings.ofx", {"4"}},
        {"fidelity.ofx", {"3"}},
        {"investment_medium.ofx", {"3"}},
        {"investment_401k.ofx", {"0"}},
        {"td_ameritrade.ofx", {"0"}},
        {"tiaacref.ofx", {"0"}},
        {"vanguard.ofx", {"0"}},
        {"vanguard401k.ofx", {"0"}},
    };
    for (const auto& path : corpus_files("ofx", ".ofx")) {
        const auto name = path.filename().string();
        INFO(name);
        REQUIRE(known.count(name) == 1);
        CHECK(outcome(path) == known.at(name));
    }
}

TEST_CASE("OFX amounts, dates, currencies and texts are read to the last digit") {
    const auto folder = corpus("ofx/tests/fixtures");
    if (!std::filesystem::exists(folder)) {
        WARN("skipped: " << folder.string() << " is not there");
        return;
    }
    const auto entry = [&](const char* file, std::size_t i) {
        return entries_of(read_document(bytes_of(folder / file))).at(i);
    };
    const auto savings = entry("fidelity-savings.ofx", 1);
    CHECK(savings.amount == 1158331);
    CHECK(text_of(savings.booked_on) == "2012-07-27");
    CHECK(savings.bank_reference == "X0000000000000000000002");
    const auto foreign = entry("investment_medium.ofx", 1);
    CHECK(foreign.amount == 33500);
    CHECK(foreign.currency == "USD");  // On an account in CAD.
    CHECK(entry("ofx-v102-empty-tags.ofx", 0).currency == "AUD");
    CHECK(entry("ofx-v102-empty-tags.ofx", 0).details[0].remittance == "CBA:Transfer");
    CHECK(entry("suncorp.ofx", 0).details[0].party_name == "EFTPOS WDL HANDYWAY ALDI STORE");
    CHECK(entry("checking.ofx", 2).details[0].customer_reference == "319");
}

}  // namespace dunlin::bank_statement::test
