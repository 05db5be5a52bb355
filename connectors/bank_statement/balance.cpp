// SPDX-License-Identifier: Apache-2.0
#include "balance.hpp"

#include "text.hpp"

#include <dunlin/money.hpp>

namespace dunlin::bank_statement {
namespace {

std::string text_of(int64_t amount, const std::string& currency) {
    return Money::text_of(amount, minor_digits(currency)) + " " + currency;
}

}  // namespace

void check_balance(Statement& statement) {
    const auto& opening = statement.opening;
    const auto& closing = statement.closing;
    if (statement.is_balance_needed && (!opening || !closing)) {
        statement.refuse("balance", std::string("the statement has no ") +
                                        (opening ? "closing" : "opening") +
                                        " balance, so that nothing shows that it is whole; ask the "
                                        "bank for it again");
    }
    if (!opening || !closing || statement.kind != Kind::statement) return;
    if (opening->currency != closing->currency) {
        statement.refuse("balance", "the opening balance is in " + in_quotes(opening->currency) +
                                        ", the closing one in " + in_quotes(closing->currency));
        return;
    }
    const auto& currency = opening->currency;
    std::optional<int64_t> sum = opening->amount;
    for (const auto& entry : statement.entries) {
        if (!entry.is_booked) continue;
        if (entry.currency != currency) {
            statement.refuse("balance", "line " + std::to_string(entry.line) + ": an entry in " +
                                            in_quotes(entry.currency) + " on an account in " +
                                            currency);
            return;
        }
        sum = sum_of(*sum, entry.amount);
        if (!sum) {
            statement.refuse("balance", "the amounts are too large to be added");
            return;
        }
    }
    if (*sum == closing->amount) return;
    statement.refuse("balance", "opening " + text_of(opening->amount, currency) +
                                    " and the entries give " + text_of(*sum, currency) +
                                    ", but the closing balance is " +
                                    text_of(closing->amount, currency) +
                                    "; the file is not whole, ask the bank for it again");
}

}  // namespace dunlin::bank_statement
