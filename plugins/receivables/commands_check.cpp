// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "commands.hpp"
#include "store.hpp"

namespace dunlin::receivables {

namespace {

Json link_json(const Evidence& link) {
    return {{"customer_id", std::to_string(link.customer_id)},
            {"item_id", std::to_string(link.item_id)},
            {"kind", link.item_kind},
            {"number", link.item_number},
            {"record", link.item_source},
            {"amount", money(link.item_amount, link.item_currency)},
            {"open", money(link.open, link.item_currency)},
            {"source", link.source},
            {"external_id", link.external_id},
            {"source_amount", money(link.amount, link.currency)},
            {"source_open", link.source_open ? money(*link.source_open, link.currency) : Json()}};
}

}  // namespace

Json reconcile(Call& call) {
    Views views(call.tx());
    const auto as_of = call.date("as_of", call.today());
    const auto filter = filter_of(call);
    const auto offset = call.value<std::size_t>("offset", 0);
    const auto limit = call.value<std::size_t>("limit", 200);
    // Of each list the same page; totals and counts are always of everything.
    const auto is_shown = [&](std::size_t place) {
        return place >= offset && place - offset < limit;
    };
    Views::Page page;
    page.only_open = false;
    page.only_differing = true;
    std::map<std::pair<int64_t, std::string>, std::pair<int64_t, int64_t>> accounts;
    ByCurrency<int64_t> difference;
    auto items = Json::array();
    std::size_t differing = 0;
    for (const auto& item : views.items(as_of, filter, page)) {
        auto& account = accounts[{item.customer_id, item.currency}];
        account.first += item.open;
        account.second += *item.source_open;
        difference[item.currency] += item.open - *item.source_open;
        if (!is_shown(differing++)) continue;
        auto row = item_json(item, as_of);
        row["source_open"] = money(*item.source_open, item.currency);
        row["difference"] = money(item.open - *item.source_open, item.currency);
        items.push_back(std::move(row));
    }
    auto customers = Json::array();
    std::size_t place = 0;
    for (const auto& [key, sums] : accounts) {
        if (!is_shown(place++)) continue;
        const auto& [customer_id, currency] = key;
        customers.push_back({{"customer_id", std::to_string(customer_id)},
                             {"ours", money(sums.first, currency)},
                             {"source", money(sums.second, currency)},
                             {"difference", money(sums.first - sums.second, currency)}});
    }
    auto links = Json::array();
    const auto differing_links = views.differing_evidence(as_of, filter);
    for (std::size_t i = 0; i < differing_links.size(); ++i) {
        if (is_shown(i)) links.push_back(link_json(differing_links[i]));
    }
    auto totals = Json::array();
    for (const auto& [currency, reported] : views.reported(as_of, filter)) {
        totals.push_back({{"items", reported.first},
                          {"ours", money(reported.second + difference[currency], currency)},
                          {"source", money(reported.second, currency)},
                          {"difference", money(difference[currency], currency)}});
    }
    return {{"as_of", as_of.text()},
            {"agrees", differing == 0},
            {"totals", totals},
            {"differing_items", differing},
            {"differing_customers", accounts.size()},
            {"customers", customers},
            {"items", items},
            {"differing_links", differing_links.size()},
            {"links", links}};
}

Json backdated(Call& call) {
    Views views(call.tx());
    constexpr int64_t day_us = int64_t{86400} * 1000000;
    const auto known_after = call.date("known_after", never);
    const auto before = call.date("effective_before", known_after);
    auto rows = Json::array();
    for (const auto& row : views.backdated(int64_t{known_after.days()} * day_us, before,
                                           call.value<int64_t>("limit", 1000))) {
        rows.push_back({{"what", row.what},
                        {"customer_id", std::to_string(row.customer_id)},
                        {"id", std::to_string(row.id)},
                        {"kind", row.kind},
                        {"number", row.number},
                        {"amount", money(row.amount, row.currency)},
                        {"effective_on", row.effective_on.text()},
                        {"known_at_us", row.known_at}});
    }
    return {
        {"known_after", known_after.text()}, {"effective_before", before.text()}, {"rows", rows}};
}

namespace {

/// Recomputes every account from its items and allocations and holds the result against what the
/// ageing says, which sums in the database and another way.
class Verification {
public:
    Verification(const Services& services, Call& call)
        : call_(call),
          views_(call.tx()),
          store_(services, call.tx()),
          buckets_({0, 30, 60, 90, 120}) {
        std::set<Date> days{call.today(), call.today() - 30, call.today() - 90, call.today() - 365};
        for (const auto& text : call.value<std::vector<std::string>>("dates", {})) {
            days.insert(Date::parse(text));
        }
        days_.assign(days.begin(), days.end());
    }

    Json run() {
        for (const auto as_of : days_) load_answers(as_of);
        store_.each_account([&](const Account& account) {
            if (++accounts_ % 256 == 0) call_.cancel().throw_if_requested();
            items_ += account.items.size();
            allocations_ += account.allocations.size();
            for (const auto& finding : audit(account)) add(finding);
            for (const auto as_of : days_) compare(account, as_of);
        });
        for (const auto& [customer_id, item_id] : store_.items_kept_twice()) {
            add({customer_id, item_id, "item_kept_twice",
                 "the item is kept at this customer and at another one, so it counts twice"});
        }
        for (const auto& [key, answer] : answers_) {
            if (!answer.is_seen && (answer.line.open() != 0 || answer.line.unapplied() != 0)) {
                add({std::get<0>(key), 0, "ageing_without_items",
                     "the ageing shows " + std::get<1>(key) + " without an item behind it"});
            }
        }
        auto dates = Json::array();
        for (const auto as_of : days_) dates.push_back(as_of.text());
        return {{"ok", findings_total_ == 0},
                {"accounts", accounts_},
                {"items", items_},
                {"allocations", allocations_},
                {"dates", dates},
                {"findings_total", findings_total_},
                {"findings", findings_}};
    }

private:
    struct Answer {
        AgedLine line;
        bool is_seen = false;
    };

    void load_answers(Date as_of) {
        for (const auto& sum :
             views_.aged_sums(as_of, /*by_issue=*/false, buckets_, Group::customer, {})) {
            add_sum(answers_[{sum.key_id, sum.currency, as_of}].line, sum, buckets_);
        }
    }

    void add(const Finding& finding) {
        constexpr int64_t shown_max = 100;
        if (++findings_total_ > shown_max) return;
        findings_.push_back({{"customer_id", std::to_string(finding.customer_id)},
                             {"id", std::to_string(finding.id)},
                             {"code", finding.code},
                             {"text", finding.text}});
    }

    void compare(const Account& account, Date as_of) {
        for (const auto& [currency, aged] : age(account, as_of, buckets_)) {
            const auto digits = currency.digits();
            const auto code = std::string(currency.code());
            const auto where = " on " + as_of.text() + " in " + code;
            if (aged.balance() != aged.ledger) {
                add({account.customer_id, 0, "residuals_not_ledger",
                     "residuals" + where + " are " + Money::text_of(aged.balance(), digits) +
                         ", the ledger is " + Money::text_of(aged.ledger, digits)});
            }
            auto& answer = answers_[{account.customer_id, code, as_of}];
            answer.is_seen = true;
            answer.line.buckets.resize(buckets_.count());
            for (std::size_t i = 0; i < buckets_.count(); ++i) {
                if (answer.line.buckets[i] == aged.buckets[i]) continue;
                add({account.customer_id, 0, "wrong_bucket",
                     "bucket " + buckets_.name(i) + where + " shows " +
                         Money::text_of(answer.line.buckets[i], digits) + ", recomputed " +
                         Money::text_of(aged.buckets[i], digits)});
            }
            if (answer.line.unapplied() != aged.unapplied) {
                add({account.customer_id, 0, "wrong_unapplied",
                     "unapplied" + where + " shows " +
                         Money::text_of(answer.line.unapplied(), digits) + ", recomputed " +
                         Money::text_of(aged.unapplied, digits)});
            }
        }
    }

    Call& call_;
    Views views_;
    Store store_;
    Buckets buckets_;
    std::vector<Date> days_;
    std::map<std::tuple<int64_t, std::string, Date>, Answer> answers_;
    std::size_t accounts_ = 0, items_ = 0, allocations_ = 0;
    int64_t findings_total_ = 0;
    Json findings_ = Json::array();
};

}  // namespace

Json verify(const Services& services, Call& call) {
    return Verification(services, call).run();
}

}  // namespace dunlin::receivables
