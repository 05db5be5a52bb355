// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>
#include <dunlin/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dunlin::receivables::cash {

/// What a debt is made of.
enum class Debt { costs, interest, principal };

/// Something owed that a payment may be for. One that is settled (open is 0) takes no money, but
/// its number is known, so that it is not taken for a slip of the pen in another's.
struct Charge {
    int64_t customer_id = 0, item_id = 0;
    std::string number, currency;
    Date issued_on, due_on;
    int64_t open = 0;
    int64_t disputed = 0;  // Of what is open. Money that nobody directed there does not go there.
    Date discount_on = Date(0);
    int64_t discount = 0;  // What may be taken off until then.
    Debt debt = Debt::principal;
    int64_t about_id = 0;  // Of what is claimed here for paying late: the item it is about.
    int64_t free() const { return open > disputed ? open - disputed : 0; }
};

/// A customer as one who pays, for itself, its branches or its head office.
struct Payer {
    int64_t customer_id = 0, parent_id = 0;
    std::string number, name;
};

/// A bank account that paid for a customer before.
struct KnownAccount {
    std::string bank_account;
    int64_t customer_id = 0;
};

/// Money that came in and is not applied yet.
struct Receipt {
    int64_t item_id = 0;
    int64_t customer_id = 0;  // 0: nobody knows.
    int64_t amount = 0;       // Above zero.
    std::string currency;
    Date paid_on;
    std::string text, payer_name, bank_account;
    int64_t account_id = 0;  // Whose account it lies on, where that is not who pays.
};

/// What is left open of a charge after a payment that was meant for it.
enum class Shortfall { none, part, tolerance, discount, unexplained };

struct Line {
    int64_t customer_id = 0, item_id = 0;
    int64_t amount = 0;
    int64_t short_by = 0;
    Shortfall shortfall = Shortfall::none;
    bool operator==(const Line&) const = default;
};

/// A rule that fired, with what it adds to the confidence or takes from it.
struct Reason {
    std::string rule;
    int32_t points = 0;
    std::string text{};
};

/// Where a payment may belong, and why. Confidence is in 1/1000.
struct Proposal {
    std::string kind;
    int32_t confidence = 0;
    std::vector<Line> lines;  // By item.
    int64_t unapplied = 0;    // What is left of the payment.
    std::vector<Reason> reasons;
};

/// A reason for paying short that a person may give.
struct ShortReason {
    std::string id, title;
    bool disputes = false;  // The debtor says that it does not owe the rest.
};

/// What decides; the bodies of policies of the kind `cash_application`.
struct Policy {
    std::string name = "standard";
    int32_t auto_from = 950;             // Confidence from which a proposal is applied by itself.
    int64_t tolerance = 10000;           // Bank charges and cents: at most so much,
    int32_t tolerance_per_mille = 5;     // and at most this share of what is owed.
    int32_t discount_grace_days = 3;     // After the last day of a discount.
    std::string order = "oldest_first";  // Of money that nobody directed; see order.hpp.
    int64_t work = 400000;               // Steps a search for combinations may take.
    /// What one person may have refunded, by currency; one that is not named has no limit.
    std::map<std::string, int64_t, std::less<>> refund_alone_up_to{};
};
Policy parse_policy(const Json& body);
std::vector<ShortReason> parse_reasons(const Json& body);
const Json& default_policy();

std::string to_text(Shortfall shortfall);

}  // namespace dunlin::receivables::cash
