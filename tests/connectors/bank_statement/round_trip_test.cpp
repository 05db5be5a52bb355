// SPDX-License-Identifier: Apache-2.0
#include "statements.hpp"

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <set>

namespace dunlin::bank_statement::test {
namespace {

/// Cents of a day's bookings and where the account started.
struct Book {
    int64_t opening = 0;
    std::vector<int64_t> bookings;

    int64_t closing() const {
        int64_t sum = opening;
        for (const auto booking : bookings) sum += booking;
        return sum;
    }
};

Book a_book() {
    Book out;
    out.opening = *rc::gen::inRange<int64_t>(-100'000'000'000, 100'000'000'000);
    out.bookings = *rc::gen::container<std::vector<int64_t>>(
        rc::gen::suchThat(rc::gen::inRange<int64_t>(-1'000'000'000, 1'000'000'000),
                          [](int64_t n) { return n != 0; }));
    return out;
}

std::string text_of(int64_t cents, char decimal) {
    auto out = Money::text_of(std::abs(cents) * 100, 2);
    out[out.find('.')] = decimal;
    return out;
}

std::string as_mt940(const Book& book) {
    const auto balance = [](const char* tag, int64_t cents) {
        return std::string(":") + tag + ":" + (cents < 0 ? "D" : "C") + "260227EUR" +
               text_of(cents, ',') + "\n";
    };
    std::string out = ":20:X\n:25:ACC\n:28C:1/1\n" + balance("60F", book.opening);
    for (const auto cents : book.bookings) {
        out += ":61:2602270227" + std::string(cents < 0 ? "D" : "C") + text_of(cents, ',') +
               "NTRFNONREF\n:86:words\n";
    }
    return out + balance("62F", book.closing()) + "-\n";
}

std::string as_camt(const Book& book) {
    const auto money = [](int64_t cents) {
        return "<Amt Ccy=\"EUR\">" + text_of(cents, '.') + "</Amt><CdtDbtInd>" +
               (cents < 0 ? "DBIT" : "CRDT") + "</CdtDbtInd>";
    };
    const auto balance = [&](const char* type, int64_t cents) {
        return std::string("<Bal><Tp><CdOrPrtry><Cd>") + type + "</Cd></CdOrPrtry></Tp>" +
               money(cents) + "</Bal>";
    };
    std::string out =
        "<Document><M><GrpHdr/><Stmt><Id>1</Id><Acct><Id><IBAN>ACC</IBAN></Id></Acct>" +
        balance("OPBD", book.opening) + balance("CLBD", book.closing());
    for (const auto cents : book.bookings) {
        out += "<Ntry>" + money(cents) +
               "<Sts>BOOK</Sts><BookgDt><Dt>2026-02-27</Dt></BookgDt></Ntry>";
    }
    return out + "</Stmt></M></Document>";
}

std::string as_bai2(const Book& book) {
    int64_t control = book.opening + book.closing();
    std::string lines = "03,ACC,EUR,010," + std::to_string(book.opening) + ",,,015," +
                        std::to_string(book.closing()) + ",,/\n";
    for (const auto cents : book.bookings) {
        control += std::abs(cents);
        lines += std::string("16,") + (cents < 0 ? "455," : "165,") +
                 std::to_string(std::abs(cents)) + ",Z,,,words\n";
    }
    const auto sum = std::to_string(control);
    const auto count = book.bookings.size();
    return "01,A,B,260227,0600,1,80,,2/\n02,B,A,1,260227,,EUR,2/\n" + lines + "49," + sum + "," +
           std::to_string(count + 2) + "/\n98," + sum + ",1," + std::to_string(count + 4) +
           "/\n99," + sum + ",1," + std::to_string(count + 6) + "/\n";
}

using Write = std::string (*)(const Book&);
constexpr Write formats[] = {&as_mt940, &as_camt, &as_bai2};

}  // namespace

TEST_CASE("what is written into a statement is read out of it, in every format with balances") {
    CHECK(rc::check("the credits, in order and to the cent", [] {
        const auto book = a_book();
        Rules rules;
        rules.outgoing = true;
        for (const auto write : formats) {
            const auto text = write(book);
            const auto document = read_document(text);
            RC_ASSERT(document.statements.size() == 1U);
            RC_ASSERT(document.statements[0].reason == "");
            const auto payments = payments_of_text(text, rules);
            std::set<std::string> ids;
            std::vector<int64_t> amounts;
            for (const auto& payment : payments) {
                ids.insert(payment.external_id);
                amounts.push_back(payment.amount / 100);
            }
            RC_ASSERT(amounts == book.bookings);
            RC_ASSERT(ids.size() == payments.size());
        }
    }));
}

TEST_CASE("a statement that lost an entry or has one too many is never taken") {
    CHECK(rc::check("in every format with balances", [] {
        const auto book = a_book();
        RC_PRE(!book.bookings.empty());
        const auto at = *rc::gen::inRange<std::size_t>(0, book.bookings.size());
        const bool is_lost = *rc::gen::arbitrary<bool>();
        for (const auto& [write, mark] :
             {std::pair{&as_mt940, ":61:"}, std::pair{&as_camt, "<Ntry>"}}) {
            auto text = write(book);
            auto begin = text.find(mark);
            for (std::size_t i = 0; i < at; ++i) begin = text.find(mark, begin + 1);
            auto end = text.find(mark, begin + 1);
            if (end == std::string::npos) end = text.find(mark[0] == ':' ? ":62F:" : "</Stmt>");
            const auto entry = text.substr(begin, end - begin);
            if (is_lost) {
                text.erase(begin, entry.size());
            } else {
                text.insert(begin, entry);
            }
            RC_ASSERT(read_document(text).statements.at(0).code == "balance");
        }
    }));
}

}  // namespace dunlin::bank_statement::test
