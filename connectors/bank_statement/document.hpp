// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>
#include <dunlin/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What every format is read into. Amounts are in 1/10000 of the currency's unit, lines count
// from 1.

namespace dunlin::bank_statement {

/// A balance as the bank states it; negative when the account is overdrawn.
struct Balance {
    int64_t amount = 0;
    std::string currency;
    std::optional<Date> date;
};

/// Who paid what for, inside an entry. An entry that books one payment has one of these.
struct Detail {
    int64_t line = 0;
    std::optional<int64_t> amount;  // Signed like the entry's; only where details have their own.
    std::string currency;
    std::string bank_reference;
    std::string end_to_end_id;
    std::string transaction_id;
    std::string customer_reference;
    std::string creditor_reference;  // Structured remittance.
    std::string remittance;          // Unstructured remittance.
    std::string return_reason;
    std::string party_name;
    std::string party_account;
};

/// One booking on the account.
struct Entry {
    int64_t line = 0;
    int64_t amount = 0;  // A credit is positive.
    std::string currency;
    bool is_booked = true;   // Not pending, not for information.
    bool is_return = false;  // Undoes an earlier booking of the other direction.
    std::optional<Date> booked_on;
    std::optional<Date> value_on;
    std::string bank_reference;
    std::string method;
    std::vector<Detail> details;
    // Set when the entry cannot be a payment: a code for the quarantine and a sentence.
    std::string code;
    std::string reason;
};

enum class Kind {
    statement,     // Final; camt.053, MT940, OFX, BAI2.
    notification,  // Single bookings ahead of their statement; camt.054.
    intraday,      // May still change; camt.052, MT942, BAI2 interim same-day.
};

/// Which entries are only told apart by the number of their statement.
enum class Numbering { none, unreferenced, all };

/// What one account has to say in one period.
struct Statement {
    int64_t line = 0;
    Kind kind = Kind::statement;
    std::string id;  // As the bank numbers it.
    Numbering numbering = Numbering::none;
    std::string account;
    std::string currency;
    std::optional<Balance> opening;
    std::optional<Balance> closing;
    bool is_balance_needed = false;  // The format has both balances.
    std::vector<Entry> entries;
    // Set when the whole statement is refused: a code and a sentence.
    std::string code;
    std::string reason;

    /// Refuses the statement; the first reason stays.
    void refuse(const char* why, const std::string& sentence) {
        if (code.empty()) {
            code = why;
            reason = sentence;
        }
    }
};

enum class Format { camt, mt940, ofx, bai2 };

/// A file, read as a whole.
struct Document {
    Format format = Format::camt;
    std::string id;  // MsgId, file identification number; empty where a format has none.
    std::vector<Statement> statements;
};

/// What a file may hold at most.
struct Limits {
    std::size_t bytes = std::size_t{50} << 20U;
    std::size_t elements = 4'000'000;  // Tags of an XML or OFX file.
    std::size_t depth = 64;
    std::size_t entries = 1'000'000;  // Entries and details of all statements together.
    std::size_t text_bytes = 65536;   // Of one field.
};

/// Why a file as a whole cannot be read, and where.
class FileError : public Error {
public:
    FileError(int64_t line, const std::string& sentence)
        : Error(DUNLIN_E_DATA, sentence), line_(line) {}
    int64_t line() const { return line_; }

private:
    int64_t line_;  // 0 for the whole file.
};

[[noreturn]] inline void refuse_file(int64_t line, const std::string& sentence) {
    throw FileError(line, sentence);
}

}  // namespace dunlin::bank_statement
