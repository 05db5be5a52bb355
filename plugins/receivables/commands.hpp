// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

#include "strategy.hpp"
#include "views.hpp"

namespace dunlin::receivables {

/// What answers a command.
using Door = Json (*)(const Services&, Call&);

Json aging(Call& call);
Json items(Call& call);
Json customer(Call& call);
Json statement(Call& call);
Json find(Call& call);
Json worklist(Call& call);
Json reconcile(Call& call);
Json backdated(Call& call);
Json verify(const Services& services, Call& call);
Json forget_source(const Services& services, Call& call);
Json allocate(const Services& services, Call& call);
Json reverse_allocation(Call& call);
Json place_claim(const Services& services, Call& call);
Json lift_claim(const Services& services, Call& call);
Json assign(Call& call);
Json fetch_document(Call& call);
Json documents(Call& call);
Json document(const Services& services, Call& call);
/// The job that fetch_document queues.
void file_document(const Services& services, const Job& job);
Json write_back(Call& call);
Json request_credit_note(Call& call);
Json change_credit_limit(Call& call);
Json set_strategy(Call& call);
Json show_strategy(Call& call);

/// What is kept of an overdue customer to rank and show it.
Strategy parse_strategy(const Json& body);
const Json& default_strategy();

inline Json money(int64_t units, std::string_view currency) {
    return {{"amount", Money::text_of(units, minor_digits(currency))}, {"currency", currency}};
}
inline Json day(Date date) {
    return date == never ? Json() : Json(date.text());
}
Filter filter_of(const Call& call);
Json item_json(const ListedItem& item, Date as_of);
/// The item, or a refusal that does not tell whether it exists.
ListedItem need_item(Views& views, int64_t customer_id, int64_t item_id, Date today);
/// The customer, or a refusal that does not tell whether it exists.
CustomerInfo need_customer(Views& views, int64_t id);

/// Places a claim, checked against its item before; its id.
int64_t lay_claim(const Services& services, Transaction& tx, Claim claim);
/// Asks the customer's own system to hold another credit limit; the number of the write-back.
int64_t order_credit_limit(Transaction& tx, const CustomerInfo& customer, int64_t limit);
/// What became of asking a customer's own system to hold what was decided here.
struct WrittenBack {
    std::string kind;   // What it was asked for; empty: it takes none.
    std::string state;  // "queued", then as it was settled; "not_taken" when nothing was asked.
    std::string why;
    int64_t id = 0;
};
/// Asks for a write of that kind; where its source takes none, for a note if there is a text. What
/// cannot be asked is no error: it stands here, and the answer says why there alone.
WrittenBack ask_back(Transaction& tx, const CustomerInfo& customer, const std::string& kind,
                     Json body, const std::string& note);
Json written_json(const WrittenBack& written);
void announce_change(Transaction& tx, int64_t customer_id, const char* entity);

/// Sums per currency, in the order of their codes.
template <class Value>
using ByCurrency = std::map<std::string, Value>;

/// One line of an ageing: a group and a currency.
struct AgedLine {
    std::vector<int64_t> buckets;
    int64_t payments = 0, credit_notes = 0, adjustments = 0;
    int64_t disputed = 0, claimed = 0;
    int64_t open() const;
    int64_t unapplied() const { return payments + credit_notes + adjustments; }
};
Json aged_json(const AgedLine& line, const Buckets& buckets, std::string_view currency);
void add_sum(AgedLine& line, const AgedSum& sum, const Buckets& buckets);
/// Open charges of customers under claims, with the claims laid on them.
struct ClaimedCharge {
    ListedItem item;
    int64_t claimed = 0, disputed = 0;
};
std::vector<ClaimedCharge> claimed_charges(Views& views, Date as_of, const Filter& filter);

}  // namespace dunlin::receivables
