// SPDX-License-Identifier: Apache-2.0
#include "cash/open_book.hpp"

#include <algorithm>

#include "names.hpp"

namespace dunlin::receivables::cash {
namespace {

constexpr std::size_t digits_least = 4, tail_least = 3;
constexpr int generations_most = 8;  // Of head offices above one another.

template <class Map, class Key>
const typename Map::mapped_type& at_or_none(const Map& map, const Key& key) {
    static const typename Map::mapped_type none;
    const auto it = map.find(key);
    return it == map.end() ? none : it->second;
}

}  // namespace

OpenBook::OpenBook(std::vector<Charge> charges, const std::vector<Payer>& payers,
                   const std::vector<KnownAccount>& accounts)
    : charges_(std::move(charges)) {
    keys_.reserve(charges_.size());
    for (std::size_t at = 0; at < charges_.size(); ++at) {
        const auto& charge = charges_[at];
        keys_.push_back(keys_of(charge.number));
        const auto& keys = keys_.back();
        if (!keys.full.empty()) by_full_[keys.full].push_back(at);
        if (keys.digits.size() >= digits_least) by_digits_[keys.digits].push_back(at);
        if (keys.tail.size() >= tail_least) by_tail_[keys.tail].push_back(at);
        by_customer_[charge.customer_id].push_back(at);
        by_item_[charge.item_id] = at;
        if (charge.open > 0) by_amount_[charge.open].push_back(at);
    }
    for (const auto& payer : payers) {
        by_name_[name_words(name_key(payer.name))].push_back(payer.customer_id);
        by_number_[squeeze(payer.number)].push_back(payer.customer_id);
        payers_.emplace(payer.customer_id, payer);
    }
    for (const auto& payer : payers) {
        members_[head_of(payer.customer_id)].push_back(payer.customer_id);
    }
    for (const auto& account : accounts) {
        auto& list = by_account_[squeeze(account.bank_account)];
        if (std::find(list.begin(), list.end(), account.customer_id) == list.end()) {
            list.push_back(account.customer_id);
        }
    }
}

void OpenBook::settle(const Line& line) {
    const auto it = by_item_.find(line.item_id);
    if (it == by_item_.end()) return;
    auto& charge = charges_[it->second];
    charge.open = std::max<int64_t>(0, charge.open - line.amount);
    charge.disputed = std::min(charge.disputed, charge.open);
}

const Charge* OpenBook::find(int64_t item_id) const {
    const auto it = by_item_.find(item_id);
    return it == by_item_.end() ? nullptr : &charges_[it->second];
}

std::vector<OpenBook::Found> OpenBook::named(const Token& token) const {
    std::vector<Found> out;
    const auto add = [&](const std::vector<std::size_t>& places, Written how) {
        for (const auto at : places) {
            const bool is_there = std::any_of(
                out.begin(), out.end(), [&](const Found& other) { return other.charge == at; });
            if (!is_there) out.push_back({at, how});
        }
    };
    const auto folded = look_alike(token.text);
    for (const auto at : at_or_none(by_full_, folded)) {
        const bool is_plain = squeeze(charges_[at].number) == token.text;
        out.push_back({at, is_plain ? Written::plain : Written::look_alike});
    }
    if (token.digits.size() >= digits_least) {
        add(at_or_none(by_digits_, token.digits), Written::digits);
    }
    if (token.digits.size() >= tail_least) add(at_or_none(by_tail_, token.digits), Written::tail);
    return out;
}

const std::vector<std::size_t>& OpenBook::of_amount(int64_t open) const {
    return at_or_none(by_amount_, open);
}

const std::vector<std::size_t>& OpenBook::of_customer(int64_t customer_id) const {
    return at_or_none(by_customer_, customer_id);
}

int64_t OpenBook::head_of(int64_t customer_id) const {
    auto head = customer_id;
    for (int i = 0; i < generations_most; ++i) {
        const auto it = payers_.find(head);
        if (it == payers_.end() || it->second.parent_id == 0) break;
        head = it->second.parent_id;
    }
    return head;
}

std::vector<int64_t> OpenBook::family(int64_t customer_id) const {
    std::vector<int64_t> out{customer_id};
    const auto& members = at_or_none(members_, head_of(customer_id));
    for (const auto id : members) {
        if (id != customer_id) out.push_back(id);
    }
    return out;
}

const Payer* OpenBook::payer(int64_t customer_id) const {
    const auto it = payers_.find(customer_id);
    return it == payers_.end() ? nullptr : &it->second;
}

const std::vector<int64_t>& OpenBook::with_account(const std::string& bank_account) const {
    return at_or_none(by_account_, squeeze(bank_account));
}

const std::vector<int64_t>& OpenBook::with_name(const std::string& words) const {
    return at_or_none(by_name_, words);
}

const std::vector<int64_t>& OpenBook::with_number(const std::string& squeezed) const {
    return at_or_none(by_number_, squeezed);
}

}  // namespace dunlin::receivables::cash
