// SPDX-License-Identifier: Apache-2.0
#include "statements.hpp"

#include <catch2/catch.hpp>

namespace dunlin::bank_statement::test {
namespace {

const std::string account = "<Acct><Id><IBAN>DE89 3704 0044 0532 0130 00</IBAN></Id></Acct>";

std::string camt(const std::string& record, const std::string& inside) {
    return "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><M><GrpHdr><MsgId>M1"
           "</MsgId></GrpHdr><" +
           record + ">" + inside + "</" + record + "></M></Document>";
}

std::string balance(const std::string& type, const std::string& amount,
                    const std::string& direction = "CRDT") {
    return "<Bal><Tp><CdOrPrtry><Cd>" + type + "</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">" + amount +
           "</Amt><CdtDbtInd>" + direction + "</CdtDbtInd></Bal>";
}

std::string entry(const std::string& amount, const std::string& direction,
                  const std::string& more) {
    return "<Ntry><Amt Ccy=\"EUR\">" + amount + "</Amt><CdtDbtInd>" + direction +
           "</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-02-27</Dt></BookgDt>" + more +
           "</Ntry>";
}

std::string detail(const std::string& end_to_end, const std::string& amount = "") {
    return "<TxDtls><Refs><EndToEndId>" + end_to_end + "</EndToEndId></Refs>" +
           (amount.empty() ? "" : "<Amt Ccy=\"EUR\">" + amount + "</Amt>") +
           "<RltdPties><Dbtr><Pty><Nm>Payer of " + end_to_end +
           "</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>NL56AGDH9619008421</IBAN></Id></DbtrAcct>"
           "</RltdPties><RmtInf><Ustrd>Invoice " +
           end_to_end + "</Ustrd></RmtInf></TxDtls>";
}

/// A camt.053 with what leads from 0.00 to the closing balance.
std::string statement(const std::string& closing, const std::string& entries,
                      const std::string& id = "S1") {
    return camt("Stmt", "<Id>" + id + "</Id>" + account + balance("OPBD", "0.00") +
                            balance("CLBD", closing) + entries);
}
std::string notification(const std::string& entries) {
    return camt("Ntfctn", "<Id>N1</Id>" + account + entries);
}

const std::string batch_ref = "<AcctSvcrRef>BATCH1</AcctSvcrRef>";
const std::string split_batch =
    entry("30.00", "CRDT",
          batch_ref + "<NtryDtls>" + detail("A", "10.00") + detail("B", "20.00") + "</NtryDtls>");
const std::string summed_batch = entry("30.00", "CRDT", batch_ref);
const std::string iban = "DE89370400440532013000/2026-02-27/";

}  // namespace

TEST_CASE(
    "a statement whose entries do not lead to its closing balance is refused, the next goes on") {
    auto text = statement("11.00", entry("10.00", "CRDT", batch_ref));
    const auto good = statement("20.00", entry("20.00", "CRDT", batch_ref), "S2");
    const auto from = good.find("<Stmt>");
    text.insert(text.find("</M>"), good.substr(from, good.find("</M>") - from));
    const auto all = payments_of_text(text);
    REQUIRE(all.size() == 2);
    CHECK(all[0].code == "balance");
    CHECK_THAT(all[0].reason, Catch::Contains("give 10.00 EUR") &&
                                  Catch::Contains("closing balance is 11.00 EUR"));
    CHECK(all[1].external_id == iban + "20.00EUR/BATCH1");
}

TEST_CASE("an entry without a readable amount refuses its statement, since it cannot add up") {
    const auto all = payments_of_text(statement("10.00", entry("1O.00", "CRDT", batch_ref)));
    REQUIRE(all.size() == 1);
    CHECK(all[0].code == "amount");
    CHECK_THAT(all[0].reason, Catch::Contains("\"1O.00\" is not an amount"));
}

TEST_CASE("an amount is exact to four decimals and refused beyond") {
    CHECK(payments_of_text(statement("8.85", entry("8.850000", "CRDT", "")))[0].amount == 88500);
    CHECK(payments_of_text(statement("8.8512", entry("8.8512", "CRDT", "")))[0].amount == 88512);
    CHECK(payments_of_text(statement("8.85", entry("8.85001", "CRDT", "")))[0].code == "amount");
    CHECK(payments_of_text(statement("8.85", entry("99999999999999999.00", "CRDT", "")))[0].code ==
          "amount");
}

TEST_CASE("pending entries are neither summed nor delivered") {
    auto pending = entry("5.00", "CRDT", batch_ref);
    pending.replace(pending.find("BOOK<"), 4, "PDNG");
    const auto all =
        payments_of_text(statement("10.00", entry("10.00", "CRDT", batch_ref) + pending));
    CHECK(ids_of(all) == Lines{iban + "10.00EUR/BATCH1"});
}

TEST_CASE("the same money in a notification and in a statement is one row") {
    const auto one = entry("10.00", "CRDT", batch_ref + "<NtryDtls>" + detail("A") + "</NtryDtls>");
    CHECK(ids_of(payments_of_text(notification(one))) ==
          ids_of(payments_of_text(statement("10.00", one))));
    const auto by_end_to_end = entry("10.00", "CRDT", "<NtryDtls>" + detail("A") + "</NtryDtls>");
    CHECK(ids_of(payments_of_text(notification(by_end_to_end))) ==
          ids_of(payments_of_text(statement("10.00", by_end_to_end))));
}

TEST_CASE(
    "a notified entry that its statement could not be matched with is left to the statement") {
    const auto nameless = entry("10.00", "CRDT", "");
    CHECK(payments_of_text(notification(nameless)).at(0).code == "reference");
    auto undated = entry("10.00", "CRDT", batch_ref + "<ValDt><Dt>2026-02-27</Dt></ValDt>");
    undated.replace(undated.find("<BookgDt>"), 9, "<Bookd>");
    undated.replace(undated.find("</BookgDt>"), 10, "</Bookd>");
    CHECK(payments_of_text(notification(undated)).at(0).code == "date");
    Rules alone;
    alone.statements_follow = false;
    CHECK(payments_of_text(notification(nameless), alone).at(0).code.empty());
    CHECK(payments_of_text(notification(undated), alone).at(0).date == Date(2026, 2, 27));
}

TEST_CASE("a batch whose details add up is split, otherwise it is one payment with a note") {
    const auto split = payments_of_text(statement("30.00", split_batch));
    CHECK(ids_of(split) == Lines{"gone " + iban + "30.00EUR/BATCH1", iban + "10.00EUR/BATCH1>A",
                                 iban + "20.00EUR/BATCH1>B"});
    CHECK(split[2].payer_name == "Payer of B");
    CHECK(split[2].reference == "Invoice B");
    auto short_one = split_batch;
    short_one.replace(short_one.find("10.00"), 5, "10.01");
    const auto whole = payments_of_text(statement("30.00", short_one));
    CHECK(ids_of(whole) == Lines{iban + "30.00EUR/BATCH1"});
    CHECK_THAT(whole[0].reference, Catch::Contains("Invoice A Invoice B") &&
                                       Catch::Contains("batch of 2, its parts do not add up"));
    CHECK(whole[0].payer_name.empty());
}

TEST_CASE("a batch counts once whether its details or its sum come first") {
    Memory details_first;
    payments_of_text(notification(split_batch), {}, details_first);
    CHECK(payments_of_text(statement("30.00", summed_batch), {}, details_first).empty());
    Memory sum_first;
    CHECK(ids_of(payments_of_text(statement("30.00", summed_batch), {}, sum_first)) ==
          Lines{iban + "30.00EUR/BATCH1"});
    // The details take the place of the sum.
    CHECK(ids_of(payments_of_text(notification(split_batch), {}, sum_first)).front() ==
          "gone " + iban + "30.00EUR/BATCH1");
}

TEST_CASE("two bookings that look the same are two payments") {
    const auto one = entry("10.00", "CRDT", "<NtryDtls>" + detail("NOTPROVIDED") + "</NtryDtls>");
    const auto all = payments_of_text(statement("20.00", one + one));
    REQUIRE(all.size() == 2);
    CHECK(all[1].external_id == all[0].external_id + "#2");
}

TEST_CASE("unreferenced bookings of two statements stay two payments") {
    const auto one = entry("10.00", "CRDT", "");
    CHECK(ids_of(payments_of_text(statement("10.00", one, "S1"))) !=
          ids_of(payments_of_text(statement("10.00", one, "S2"))));
}

TEST_CASE("a returned credit is money sent back, and what we sent is left out unless asked for") {
    const auto back =
        entry("10.00", "DBIT",
              "<RvslInd>true</RvslInd>" + batch_ref + "<NtryDtls>" + detail("A") + "</NtryDtls>");
    const auto paid = entry("5.00", "DBIT", "<AcctSvcrRef>OUT1</AcctSvcrRef>");
    const auto undone =
        entry("5.00", "CRDT", "<RvslInd>true</RvslInd><AcctSvcrRef>OUT2</AcctSvcrRef>");
    const auto text = camt("Stmt", "<Id>S1</Id>" + account + balance("OPBD", "10.00") +
                                       balance("CLBD", "0.00") + back + paid + undone);
    const auto all = payments_of_text(text);
    REQUIRE(all.size() == 1);
    CHECK(all[0].amount == -100000);
    CHECK(all[0].payer_name == "Payer of A");
    Rules rules;
    rules.outgoing = true;
    CHECK(payments_of_text(text, rules).size() == 3);
}

TEST_CASE("an intraday report is left out unless asked for") {
    const auto report = camt("Rpt", "<Id>R1</Id>" + account + entry("10.00", "CRDT", batch_ref));
    CHECK(payments_of_text(report).empty());
    Rules rules;
    rules.intraday = true;
    CHECK(ids_of(payments_of_text(report, rules)) == Lines{iban + "10.00EUR/BATCH1"});
}

TEST_CASE("a statement that comes twice brings nothing the second time") {
    Memory memory;
    const auto text = statement("30.00", split_batch);
    CHECK(payments_of_text(text, {}, memory).size() == 3);
    CHECK(payments_of_text(text, {}, memory).empty());
    // In another file, under the same number, with another remittance.
    auto corrected = text;
    corrected.replace(corrected.find("Invoice A"), 9, "Invoice C");
    CHECK(payments_of_text(corrected, {}, memory).size() == 2);
}

TEST_CASE("company and customer come from the accounts") {
    Rules rules;
    rules.company = "other";
    rules.companies[bare_account("de89 37040044 0532013000")] = "acme";
    rules.payer_customers["NL56AGDH9619008421"] = "C17";
    const auto one = entry(
        "10.00", "CRDT",
        batch_ref + "<ValDt><Dt>2026-03-01</Dt></ValDt><NtryDtls>" + detail("A") + "</NtryDtls>");
    const auto all = payments_of_text(statement("10.00", one), rules);
    REQUIRE(all.size() == 1);
    CHECK(all[0].company == "acme");
    CHECK(all[0].customer == "C17");
    CHECK(all[0].bank_account == "NL56AGDH9619008421");
    CHECK(all[0].reference == "Invoice A | value 2026-03-01");
}

}  // namespace dunlin::bank_statement::test
