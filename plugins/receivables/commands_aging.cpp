// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>

#include "commands.hpp"
#include "sales/risk.hpp"

namespace dunlin::receivables {

int64_t AgedLine::open() const {
    int64_t sum = 0;
    for (const auto amount : buckets) sum += amount;
    return sum;
}

void add_sum(AgedLine& line, const AgedSum& sum, const Buckets& buckets) {
    line.buckets.resize(buckets.count());
    switch (sum.bucket) {
        case CreditColumn::payments: line.payments += sum.amount; break;
        case CreditColumn::credit_notes: line.credit_notes += sum.amount; break;
        case CreditColumn::adjustments: line.adjustments += sum.amount; break;
        default: line.buckets[static_cast<std::size_t>(sum.bucket)] += sum.amount;
    }
}

Json aged_json(const AgedLine& line, const Buckets& buckets, std::string_view currency) {
    const auto digits = minor_digits(currency);
    const auto text = [&](int64_t units) { return Money::text_of(units, digits); };
    auto in_buckets = Json::array();  // A list: their order is what people read.
    for (std::size_t i = 0; i < buckets.count(); ++i) {
        const auto amount = i < line.buckets.size() ? line.buckets[i] : 0;
        in_buckets.push_back({{"bucket", buckets.name(i)}, {"amount", text(amount)}});
    }
    const auto open = line.open();
    const auto not_due = line.buckets.empty() ? 0 : line.buckets.front();
    return {{"currency", currency},
            {"buckets", std::move(in_buckets)},
            {"open", text(open)},
            {"overdue", text(open - not_due)},
            {"unapplied",
             {{"payments", text(line.payments)},
              {"credit_notes", text(line.credit_notes)},
              {"adjustments", text(line.adjustments)}}},
            {"balance", text(open + line.unapplied())},
            {"disputed", text(line.disputed)},
            {"claimed", text(line.claimed)},
            {"collectable", text(collectable(open, line.claimed))}};
}

Filter filter_of(const Call& call) {
    Filter filter;
    if (const auto id = call.id("customer")) filter.customers.push_back(id);
    const auto company = call.value<std::string>("company", "");
    if (company == "0") {
        filter.company_id = 0;
    } else if (!company.empty()) {
        filter.company_id = call.id("company");
    }
    filter.currency = call.value<std::string>("currency", "");
    filter.salesperson = call.value<std::string>("salesperson", "");
    return filter;
}

namespace {

bool is_in(const Filter& filter, const ListedItem& item) {
    return (!filter.company_id || *filter.company_id == item.company_id) &&
           (filter.currency.empty() || filter.currency == item.currency) &&
           (filter.salesperson.empty() || filter.salesperson == item.salesperson);
}

}  // namespace

std::vector<ClaimedCharge> claimed_charges(Views& views, Date as_of, const Filter& filter) {
    std::map<int64_t, std::vector<Claim>> claims;
    for (auto& claim : views.claims(as_of, filter)) {
        claims[claim.customer_id].push_back(std::move(claim));
    }
    std::vector<ClaimedCharge> out;
    std::vector<int64_t> ids;
    const auto read = [&] {
        // Laid on all charges whatever the filter, so that the parts add up to the whole.
        Filter some;
        some.customers = std::move(ids);
        ids.clear();
        std::map<int64_t, std::vector<OpenAmount>> charges;
        std::unordered_map<int64_t, ListedItem> items;
        for (auto& item : views.items(as_of, some, {})) {
            if (item.open <= 0) continue;
            charges[item.customer_id].push_back({item.id, item.currency, item.due_on, item.open});
            items.emplace(item.id, std::move(item));
        }
        for (auto& [customer_id, open] : charges) {
            lay_claims(open, claims[customer_id]);
            for (const auto& charge : open) {
                const auto& item = items.at(charge.item_id);
                if (is_in(filter, item)) out.push_back({item, charge.claimed, charge.disputed});
            }
        }
    };
    for (const auto& [customer_id, list] : claims) {
        ids.push_back(customer_id);
        if (ids.size() == 200) read();
    }
    if (!ids.empty()) read();
    return out;
}

namespace {

/// A group of an ageing by what it is shown as, and its lines by currency.
struct AgedGroup {
    Json head = Json::object();
    ByCurrency<AgedLine> lines;
};

enum class By { none, customer, company, collector, salesperson, currency, risk };

By parse_by(const std::string& text) {
    static const std::map<std::string, By, std::less<>> words{{"none", By::none},
                                                              {"customer", By::customer},
                                                              {"company", By::company},
                                                              {"collector", By::collector},
                                                              {"salesperson", By::salesperson},
                                                              {"currency", By::currency},
                                                              {"risk", By::risk}};
    return words.at(text);
}

Group group_of(By by) {
    switch (by) {
        case By::customer:
        case By::risk:
        case By::collector: return Group::customer;
        case By::company: return Group::company;
        case By::salesperson: return Group::salesperson;
        case By::none:
        case By::currency: break;
    }
    return Group::none;
}

class Ageing {
public:
    explicit Ageing(Call& call)
        : call_(call),
          views_(call.tx()),
          as_of_(call.date("as_of", call.today())),
          by_issue_(call.value<std::string>("basis", "due") == "issue"),
          by_(parse_by(call.value<std::string>("by", "none"))),
          buckets_(call.value<std::vector<int32_t>>("edges", {0, 30, 60, 90, 120})),
          filter_(filter_of(call)) {}

    Json run() {
        if (by_ == By::collector) load_collectors();
        if (by_ == By::risk) load_risks();
        for (const auto& sum :
             views_.aged_sums(as_of_, by_issue_, buckets_, group_of(by_), filter_)) {
            add_sum(line(sum.key_id, sum.key_text, sum.currency), sum, buckets_);
        }
        for (const auto& charge : claimed_charges(views_, as_of_, filter_)) {
            const auto& item = charge.item;
            const auto key_id = by_ == By::company ? item.company_id : item.customer_id;
            auto& to = line(is_keyless() ? 0 : key_id, item.salesperson, item.currency);
            to.disputed += charge.disputed;
            to.claimed += charge.claimed;
        }
        return reply();
    }

private:
    bool is_keyless() const { return by_ == By::none || by_ == By::currency; }

    AgedLine& line(int64_t key_id, const std::string& key_text, const std::string& currency) {
        const bool has_name = by_ == By::collector || by_ == By::risk;
        if (has_name) return groups_[{0, names_[key_id]}].lines[currency];
        if (by_ == By::salesperson) return groups_[{0, key_text}].lines[currency];
        return groups_[{key_id, ""}].lines[currency];
    }

    void load_collectors() {
        for (const auto& customer : views_.customers(filter_.customers)) {
            names_[customer.id] = customer.collector;
        }
    }

    void load_risks() {
        const auto policy = risk_policy(call_.tx(), as_of_);
        for (const auto& [id, risk] : risks(call_.tx(), policy, as_of_, filter_.customers)) {
            names_[id] = risk.in->name;
        }
    }

    void name_groups() {
        if (by_ == By::customer) {
            for (const auto& customer : views_.customers(filter_.customers)) {
                const auto it = groups_.find({customer.id, ""});
                if (it == groups_.end()) continue;
                it->second.head = {{"number", customer.number}, {"name", customer.name}};
            }
        }
        const auto companies =
            by_ == By::company ? views_.companies() : std::map<int64_t, std::string>();
        for (auto& [key, group] : groups_) {
            if (by_ == By::customer) group.head["customer_id"] = std::to_string(key.first);
            if (by_ == By::salesperson) group.head["salesperson"] = key.second;
            if (by_ == By::collector) group.head["collector"] = key.second;
            if (by_ == By::risk) group.head["risk"] = key.second;
            if (by_ != By::company) continue;
            const auto name = companies.find(key.first);
            group.head = {{"company_id", std::to_string(key.first)},
                          {"company", name == companies.end() ? "" : name->second}};
        }
    }

    static bool is_empty(const AgedLine& line) {
        return line.unapplied() == 0 && line.payments == 0 && line.credit_notes == 0 &&
               std::all_of(line.buckets.begin(), line.buckets.end(),
                           [](int64_t amount) { return amount == 0; });
    }

    Json reply() {
        name_groups();
        ByCurrency<AgedLine> totals;
        auto rows = Json::array();
        for (const auto& [key, group] : groups_) {
            for (const auto& [currency, line] : group.lines) {
                if (is_empty(line)) continue;
                auto row = aged_json(line, buckets_, currency);
                row.update(group.head);
                rows.push_back(std::move(row));
                add_to_total(totals[currency], line);
            }
        }
        auto sums = Json::array();
        for (const auto& [currency, line] : totals) {
            sums.push_back(aged_json(line, buckets_, currency));
        }
        Json out{{"as_of", as_of_.text()},
                 {"basis", by_issue_ ? "issue" : "due"},
                 {"rows", std::move(rows)},
                 {"totals", std::move(sums)}};
        convert(out, totals);
        return out;
    }

    void add_to_total(AgedLine& total, const AgedLine& line) {
        total.buckets.resize(buckets_.count());
        for (std::size_t i = 0; i < line.buckets.size(); ++i) total.buckets[i] += line.buckets[i];
        total.payments += line.payments;
        total.credit_notes += line.credit_notes;
        total.adjustments += line.adjustments;
        total.disputed += line.disputed;
        total.claimed += line.claimed;
    }

    /// Adds currencies only where a rate is kept for the day; what has none is named.
    void convert(Json& out, const ByCurrency<AgedLine>& totals) {
        const auto target = call_.value<std::string>("convert_to", "");
        if (target.empty()) return;
        const Currency to(target);
        Money sum(0, to);
        auto missing = Json::array(), rates = Json::array();
        for (const auto& [currency, line] : totals) {
            const auto balance = line.open() + line.unapplied();
            if (currency == target) {
                sum += Money(balance, to);
                continue;
            }
            constexpr int64_t pico = 1000000000000;
            if (const auto rate = views_.rate_pico(currency, target, as_of_)) {
                sum += Money(multiply_divide(balance, *rate, pico), to).rounded();
            } else if (const auto inverse = views_.rate_pico(target, currency, as_of_)) {
                sum += Money(multiply_divide(balance, pico, *inverse), to).rounded();
            } else {
                missing.push_back(currency);
                continue;
            }
            rates.push_back(currency);
        }
        out["converted"] = {{"balance", money(sum.units(), target)},
                            {"converted_from", rates},
                            {"without_rate", missing}};
    }

    Call& call_;
    Views views_;
    Date as_of_;
    bool by_issue_;
    By by_;
    Buckets buckets_;
    Filter filter_;
    std::unordered_map<int64_t, std::string> names_;  // Of collectors or classes, by customer.
    std::map<std::pair<int64_t, std::string>, AgedGroup> groups_;
};

}  // namespace

Json aging(Call& call) {
    return Ageing(call).run();
}

}  // namespace dunlin::receivables
