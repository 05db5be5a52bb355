// SPDX-License-Identifier: Apache-2.0
#include "payment.hpp"

#include "text.hpp"

#include <dunlin/money.hpp>

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace dunlin::bank_statement {
namespace {

constexpr std::size_t reference_bytes_max = 2000;

std::string hash_of(std::string_view text) {
    std::array<char, 17> out{};
    std::snprintf(out.data(), out.size(), "%016llx",
                  static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
    return out.data();
}

/// A reference that says something: banks write words where there is none.
std::string_view real(std::string_view reference) {
    static constexpr std::array<std::string_view, 9> none = {
        "NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF", "KREF+", "EREF+", "NONE", ".", "0"};
    const auto word = upper(reference);
    return std::find(none.begin(), none.end(), word) == none.end() ? reference : std::string_view();
}

std::string first_real(std::initializer_list<std::string_view> references) {
    for (const auto reference : references) {
        if (const auto found = real(reference); !found.empty()) return std::string(found);
    }
    return {};
}

class Mapper {
public:
    Mapper(const Statement& statement, const Rules& rules, Memory& memory)
        : statement_(statement), rules_(rules), memory_(memory) {}

    std::vector<Payment> map() {
        for (const auto& entry : statement_.entries) {
            if (entry.is_booked) add(entry);
        }
        return std::move(out_);
    }

private:
    /// Money in and what of it went back; the rest is ours to send.
    bool is_wanted(const Entry& entry) const {
        if (entry.amount == 0 && entry.code.empty()) return false;
        const bool is_incoming = (entry.amount > 0) != entry.is_return;
        return is_incoming || !entry.code.empty() || rules_.outgoing;
    }
    bool comes_again() const {
        return statement_.kind != Kind::statement && rules_.statements_follow;
    }
    std::optional<Date> date_of(const Entry& entry) const {
        if (entry.booked_on || comes_again()) return entry.booked_on;
        return entry.value_on;
    }

    void add(const Entry& entry) {
        if (!is_wanted(entry)) return;
        auto payment = begin(entry);
        const auto date = date_of(entry);
        if (!entry.code.empty()) return refuse(payment, entry.code, entry.reason);
        if (!date) {
            return refuse(payment, "date",
                          comes_again() ? "the entry has no booking date, and its statement could "
                                          "not be matched with it; it is taken from the statement"
                                        : "the entry has no date");
        }
        if (minor_digits(entry.currency) < 0) {
            return refuse(payment, "currency",
                          in_quotes(entry.currency) +
                              " is not a currency of today; book this "
                              "entry by hand");
        }
        payment.date = *date;
        const bool is_batch = entry.details.size() > 1;
        const auto& first = entry.details.front();
        auto reference =
            is_batch ? first_real({entry.bank_reference})
                     : first_real({entry.bank_reference, first.bank_reference, first.end_to_end_id,
                                   first.transaction_id, first.customer_reference});
        if (reference.empty() && comes_again()) {
            return refuse(payment, "reference",
                          "the entry carries no reference by which its copy in the statement could "
                          "be recognised; it is taken from the statement");
        }
        payment.external_id = id_of(payment, entry.amount, reference, entry.details);
        if (is_batch && adds_up(entry)) {
            add_details(entry, payment, reference);
        } else if (!memory_.has_batch(hash_of(payment.external_id))) {
            add_whole(entry, std::move(payment));
        }
    }

    Payment begin(const Entry& entry) const {
        Payment out;
        out.line = entry.line;
        out.currency = entry.currency;
        out.method = entry.method;
        const auto own = rules_.companies.find(bare_account(statement_.account));
        out.company = own == rules_.companies.end() ? rules_.company : own->second;
        return out;
    }

    void refuse(Payment& payment, const std::string& code, const std::string& reason) {
        payment.code = code;
        payment.reason = reason;
        out_.push_back(std::move(payment));
    }

    /// Account, date, amount and reference, and a number for those that are still the same. Without
    /// a reference its words stand for it.
    std::string id_of(const Payment& payment, int64_t amount, std::string reference,
                      const std::vector<Detail>& details) {
        const auto number = number_for(reference.empty());
        if (reference.empty()) {
            std::string words;
            for (const auto& detail : details) {
                words += detail.remittance + '\n' + detail.creditor_reference + '\n' +
                         detail.party_account + '\n' + detail.party_name + '\n';
            }
            reference = "~" + hash_of(words);
        }
        auto id = bare_account(statement_.account) + "/" + payment.date.text() + "/" +
                  Money::text_of(amount, minor_digits(payment.currency)) + payment.currency;
        append_part(id, "/", number);
        id += "/" + reference;
        const auto count = ++seen_[id];
        return count == 1 ? id : id + "#" + std::to_string(count);
    }

    /// What of the statement's number tells the entry apart. Without a reference the opening
    /// balance helps, because some banks give two pages one number; "0" is none.
    std::string number_for(bool is_unreferenced) const {
        const auto& number = statement_.id;
        const auto main = std::string_view(number).substr(0, number.find('/'));
        const bool is_number = main.find_first_not_of('0') != std::string_view::npos;
        const bool is_used = statement_.numbering == Numbering::all ||
                             (statement_.numbering == Numbering::unreferenced && is_unreferenced);
        if (!is_number || !is_used || statement_.kind != Kind::statement) return {};
        if (!is_unreferenced || !statement_.opening) return number;
        return number + "@" + Money::text_of(statement_.opening->amount, 2);
    }

    static bool adds_up(const Entry& entry) {
        std::optional<int64_t> sum = 0;
        for (const auto& detail : entry.details) {
            if (!detail.amount || detail.currency != entry.currency) return false;
            sum = sum_of(*sum, *detail.amount);
            if (!sum) return false;
        }
        return *sum == entry.amount;
    }

    void add_details(const Entry& entry, const Payment& whole, const std::string& batch) {
        const auto id = hash_of(whole.external_id);
        if (!memory_.has_batch(id)) {
            memory_.add_batch(id);
            // The same money may have come as one sum before.
            auto sum = whole;
            sum.is_deleted = true;
            sum.amount = entry.amount;
            out_.push_back(std::move(sum));
        }
        for (const auto& detail : entry.details) {
            auto payment = whole;
            payment.line = detail.line;
            payment.amount = *detail.amount;
            auto own = first_real({detail.end_to_end_id, detail.transaction_id,
                                   detail.bank_reference, detail.customer_reference});
            if (!batch.empty()) own = batch + (own.empty() ? "" : ">" + own);
            payment.external_id = id_of(payment, payment.amount, own, {detail});
            describe(entry, detail, payment);
            out_.push_back(std::move(payment));
        }
    }

    void add_whole(const Entry& entry, Payment payment) {
        payment.amount = entry.amount;
        auto detail = entry.details.front();
        std::string note;
        if (const auto count = entry.details.size(); count > 1) {
            note = "batch of " + std::to_string(count) + ", its parts do not add up to it";
            for (std::size_t i = 1; i < count; ++i) {
                const auto& other = entry.details[i];
                append_part(detail.remittance, " ", other.remittance);
                append_part(detail.creditor_reference, " ", other.creditor_reference);
                if (other.party_name != detail.party_name) detail.party_name.clear();
                if (other.party_account != detail.party_account) detail.party_account.clear();
            }
            detail.end_to_end_id.clear();
        }
        describe(entry, detail, payment);
        append_part(payment.reference, " | ", note);
        out_.push_back(std::move(payment));
    }

    void describe(const Entry& entry, const Detail& detail, Payment& out) const {
        std::string text = cut(detail.remittance, reference_bytes_max);
        const auto add = [&](const char* label, std::string_view value) {
            if (value.empty() || text.find(value) != std::string::npos) return;
            append_part(text, " | ", label + std::string(value));
        };
        add("", detail.creditor_reference);
        add("end-to-end ", real(detail.end_to_end_id));
        add("reference ", real(detail.customer_reference));
        add("returned ", detail.return_reason);
        if (entry.value_on && *entry.value_on != out.date) add("value ", entry.value_on->text());
        out.reference = cut(text, reference_bytes_max);
        out.payer_name = detail.party_name;
        out.bank_account = bare_account(detail.party_account);
        const auto known = rules_.payer_customers.find(out.bank_account);
        if (known != rules_.payer_customers.end()) out.customer = known->second;
    }

    const Statement& statement_;
    const Rules& rules_;
    Memory& memory_;
    std::map<std::string, int> seen_;
    std::vector<Payment> out_;
};

std::string name_of(const Statement& statement) {
    return "the statement " + (statement.id.empty() ? "" : statement.id + " ") + "of " +
           (statement.account.empty() ? "no account" : statement.account);
}

/// Notices a statement that was there before. True when it brings nothing new.
bool is_known(const Statement& statement, const std::vector<Payment>& payments, Memory& memory,
              std::string& note) {
    auto key = std::to_string(static_cast<int>(statement.kind)) + '\n' +
               bare_account(statement.account) + '\n' + statement.id;
    for (const auto& balance : {statement.opening, statement.closing}) {
        if (!balance) continue;
        key += '\n' + std::to_string(balance->amount);
        if (balance->date) key += ' ' + balance->date->text();
    }
    std::string content;
    for (const auto& payment : payments) {
        if (payment.is_deleted) continue;
        content += payment.external_id + '\n' + payment.customer + '\n' + payment.company + '\n' +
                   payment.reference + '\n' + payment.payer_name + '\n' + payment.bank_account +
                   '\n' + payment.method + '\n' + payment.code + '\n';
    }
    const auto id = hash_of(key);
    const auto line = id + " " + hash_of(content);
    auto& all = memory.statements;
    const auto it = std::find_if(all.begin(), all.end(), [&](const std::string& known) {
        return known.compare(0, id.size(), id) == 0;
    });
    if (it == all.end()) {
        if (all.size() >= Memory::size_max) all.erase(all.begin());
        all.push_back(line);
        return false;
    }
    if (*it == line) {
        note = name_of(statement) + " was read before and is left out";
        return true;
    }
    *it = line;
    note = name_of(statement) +
           " was read before with other entries; what differs is taken again, what is no longer in "
           "it stays";
    return false;
}

}  // namespace

bool Memory::has_batch(const std::string& id) const {
    return std::find(batches.begin(), batches.end(), id) != batches.end();
}

void Memory::add_batch(const std::string& id) {
    if (batches.size() >= size_max) batches.erase(batches.begin());
    batches.push_back(id);
}

Yield payments_of(const Statement& statement, const Rules& rules, Memory& memory) {
    Yield out;
    if (!statement.code.empty()) {
        Payment refused;
        refused.line = statement.line;
        refused.code = statement.code;
        refused.reason = name_of(statement) + " is refused: " + statement.reason;
        out.payments.push_back(std::move(refused));
        return out;
    }
    if (statement.kind == Kind::intraday && !rules.intraday) {
        out.note = name_of(statement) +
                   " is an intraday report and may still change; it is not "
                   "taken unless the source says intraday = true";
        return out;
    }
    auto payments = Mapper(statement, rules, memory).map();
    if (!is_known(statement, payments, memory, out.note)) out.payments = std::move(payments);
    return out;
}

}  // namespace dunlin::bank_statement
