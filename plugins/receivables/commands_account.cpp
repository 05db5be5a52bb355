// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "commands.hpp"
#include "contacts/contacts.hpp"
#include "dunning/claimed.hpp"
#include "names.hpp"
#include "promises/promises.hpp"
#include "sales/hold.hpp"
#include "sales/risk.hpp"

namespace dunlin::receivables {
namespace {

Json customer_json(const CustomerInfo& customer) {
    Json out{{"customer_id", std::to_string(customer.id)},
             {"number", customer.number},
             {"name", customer.name},
             {"kind", customer.kind},
             {"status", customer.status},
             {"currency", customer.currency},
             {"salesperson", customer.salesperson},
             {"portfolio", customer.portfolio},
             {"collector", customer.collector}};
    if (customer.parent_id != 0) out["parent_id"] = std::to_string(customer.parent_id);
    if (customer.credit_limit) {
        out["credit_limit"] = money(*customer.credit_limit, customer.currency);
    }
    return out;
}

Json contacts_json(const std::vector<ContactPoint>& points) {
    auto out = Json::array();
    for (const auto& point : points) {
        out.push_back({{"contact_point_id", std::to_string(point.id)},
                       {"person", point.person},
                       {"role", point.role},
                       {"kind", point.kind},
                       {"value", point.value},
                       {"street", point.street},
                       {"city", point.city},
                       {"postcode", point.postcode},
                       {"region", point.region},
                       {"country", point.country},
                       {"preferred", point.preferred}});
    }
    return out;
}

Json claims_json(const std::vector<Claim>& claims) {
    auto out = Json::array();
    for (const auto& claim : claims) {
        Json row{{"claim_id", std::to_string(claim.id)},
                 {"kind", claim.kind},
                 {"from", day(claim.from_on)},
                 {"until", day(claim.until_on)},
                 {"owner", claim.owner},
                 {"reference", claim.reference}};
        if (claim.item_id != 0) row["item_id"] = std::to_string(claim.item_id);
        if (claim.amount) row["amount"] = money(*claim.amount, claim.currency);
        out.push_back(std::move(row));
    }
    return out;
}

Json movement_json(const Movement& movement) {
    return {{"date", movement.on.text()},
            {"item_id", std::to_string(movement.item_id)},
            {"kind", movement.kind},
            {"number", movement.number},
            {"reference", movement.reference},
            {"cancelled", movement.is_cancellation},
            {"amount", money(movement.amount, movement.currency)}};
}

/// Ageing of one customer, by currency, under its claims.
Json account_ageing(Views& views, Date as_of, const Filter& filter) {
    const Buckets buckets({0, 30, 60, 90, 120});
    ByCurrency<AgedLine> lines;
    for (const auto& sum : views.aged_sums(as_of, false, buckets, Group::none, filter)) {
        add_sum(lines[sum.currency], sum, buckets);
    }
    for (const auto& charge : claimed_charges(views, as_of, filter)) {
        lines[charge.item.currency].claimed += charge.claimed;
        lines[charge.item.currency].disputed += charge.disputed;
    }
    auto out = Json::array();
    for (const auto& [currency, line] : lines) out.push_back(aged_json(line, buckets, currency));
    return out;
}

Json habit_json(const PaymentHabit& habit) {
    Json out{
        {"variant",
         "days late of what was settled within 365 days, weighted by amount, and between "
         "currencies by number"},
        {"last_payment_on", habit.last_payment_on ? Json(habit.last_payment_on->text()) : Json()}};
    const auto late = habit.average_days_late();
    out["average_days_late"] = late ? Json(*late) : Json();
    return out;
}

/// An item with what became of the rest of its amount, and who else told of it.
Json settled_json(const ListedItem& item, Date as_of, const Views::Seen& seen,
                  const dunning::Claimed& claimed) {
    auto out = item_json(item, as_of);
    const auto charges = claimed.by_item.find({item.customer_id, item.id});
    if (charges != claimed.by_item.end() && charges->second != 0) {
        out["claimed_charges"] = money(charges->second, item.currency);
    }
    if (const auto it = seen.find({item.customer_id, item.id}); it != seen.end()) {
        for (const auto& [source, external_id] : it->second) {
            out["seen_in"].push_back({{"source", source}, {"external_id", external_id}});
        }
    }
    out["paid"] = money(item.paid, item.currency);
    out["credited"] = money(item.credited, item.currency);
    out["adjusted"] = money(item.adjusted, item.currency);
    out["cancelled"] = money(item.cancelled, item.currency);
    return out;
}

dunning::Claimed claimed_of(Call& call, const std::vector<ListedItem>& items, Date as_of) {
    std::vector<int64_t> customers;
    for (const auto& item : items) customers.push_back(item.customer_id);
    return dunning::claimed_on(call.tx(), customers, as_of);
}

}  // namespace

CustomerInfo need_customer(Views& views, int64_t id) {
    auto found = views.customer(id);
    if (!found) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no customer " + std::to_string(id) +
                                            " that you may see; find it with receivables.find");
    }
    return *found;
}

Json item_json(const ListedItem& item, Date as_of) {
    Json out{{"item_id", std::to_string(item.id)},
             {"customer_id", std::to_string(item.customer_id)},
             {"company_id", std::to_string(item.company_id)},
             {"kind", item.kind},
             {"number", item.number},
             {"reference", item.reference},
             {"status", item.status},
             {"salesperson", item.salesperson},
             {"po_number", item.po_number},
             {"issue_date", item.issued_on.text()},
             {"due_date", item.has_due ? Json(item.due_on.text()) : Json()},
             {"days_overdue", item.open > 0 ? std::max(0, days_late(item.due_on, as_of)) : 0},
             {"instalments", item.instalments},
             {"amount", money(item.amount, item.currency)},
             {"open", money(item.open, item.currency)}};
    if (item.void_on != never) out["cancelled_on"] = item.void_on.text();
    return out;
}

Json items(Call& call) {
    Views views(call.tx());
    const auto as_of = call.date("as_of", call.today());
    Views::Page page;
    page.only_open = call.value<std::string>("state", "open") == "open";
    page.limit = call.value<int64_t>("limit", 100);
    page.with_parts = true;
    const auto after = call.value<std::string>("after", "");
    if (const auto colon = after.find(':'); colon != std::string::npos) {
        page.after_customer = Id<ListedItem>::parse(after.substr(0, colon)).value();
        page.after_item = Id<ListedItem>::parse(after.substr(colon + 1)).value();
    }
    auto wanted = page;
    ++wanted.limit;  // One more tells whether there is another page.
    auto found = views.items(as_of, filter_of(call), wanted);
    Json out{{"as_of", as_of.text()}, {"next", nullptr}};
    if (static_cast<int64_t>(found.size()) > page.limit) {
        found.pop_back();
        out["next"] =
            std::to_string(found.back().customer_id) + ":" + std::to_string(found.back().id);
    }
    auto& rows = out["rows"] = Json::array();
    const auto seen = views.seen_in(found);
    const auto claimed = claimed_of(call, found, as_of);
    for (const auto& item : found) rows.push_back(settled_json(item, as_of, seen, claimed));
    return out;
}

namespace {

/// What was promised, said and is to be done.
void add_desk_work(Call& call, Json& out, int64_t customer_id, Date as_of) {
    out["promises"] = promises_of(call.tx(), customer_id, as_of);
    ContactDesk desk(call.tx());
    ContactDesk::Query query;
    query.customer_id = customer_id;
    query.limit = 10;
    auto& contacts = out["last_contacts"] = Json::array();
    for (const auto& one : desk.contacts(query)) contacts.push_back(contact_json(one));
    query.limit = 100;
    query.state = "open";
    auto& tasks = out["open_tasks"] = Json::array();
    for (const auto& one : desk.tasks(query)) tasks.push_back(task_json(one, as_of));
}

}  // namespace

Json customer(Call& call) {
    constexpr int64_t items_max = 200;
    Views views(call.tx());
    const auto as_of = call.date("as_of", call.today());
    const auto info = need_customer(views, call.id("customer"));
    Filter filter;
    filter.customers = {info.id};
    auto out = customer_json(info);
    out["tax_id"] = info.tax_id;
    out["language"] = info.language;
    out["time_zone"] = info.time_zone;
    out["payment_terms"] = info.payment_terms;
    out["segment"] = info.segment;
    out["represented_by"] = info.represented_by;
    out["salesperson_email"] = info.salesperson_email;
    out["notes"] = info.notes;
    out["as_of"] = as_of.text();
    out["contacts"] = contacts_json(views.contact_points(info.id, as_of));
    out["ageing"] = account_ageing(views, as_of, filter);
    out["claims"] = claims_json(views.claims(as_of, filter));
    out["payment_behaviour"] = habit_json(views.habits(as_of, filter)[info.id]);
    Views::Page page;
    page.limit = items_max + 1;
    page.by_due = true;
    page.with_parts = true;
    auto found = views.items(as_of, filter, page);
    out["has_more_items"] = static_cast<int64_t>(found.size()) > items_max;
    if (out["has_more_items"]) found.pop_back();
    auto& open = out["open_items"] = Json::array();
    auto& unapplied = out["unapplied"] = Json::array();
    const auto seen = views.seen_in(found);
    const auto claimed = claimed_of(call, found, as_of);
    for (const auto& item : found) {
        (item.amount > 0 ? open : unapplied).push_back(settled_json(item, as_of, seen, claimed));
    }
    add_desk_work(call, out, info.id, as_of);
    const auto policy = risk_policy(call.tx(), as_of);
    out["risk"] = risk_json(policy, risks(call.tx(), policy, as_of, {info.id}).at(info.id));
    for (const auto& [customer_id, hold] : HoldDesk(call.tx()).open_on(as_of, info.id)) {
        out["credit_hold"] = hold_json(hold, as_of);
    }
    auto& payments = out["recent_payments"] = Json::array();
    for (const auto& payment : views.recent_payments(info.id, as_of, 10)) {
        payments.push_back(movement_json(payment));
    }
    return out;
}

Json statement(Call& call) {
    Views views(call.tx());
    const auto info = need_customer(views, call.id("customer"));
    const auto to = call.date("to", call.today());
    const auto from = call.date("from", to - 30);
    if (to < from) throw Error(DUNLIN_E_INVALID, "\"from\" is after \"to\"; swap them");
    auto filter = filter_of(call);
    const auto opening = views.balances(info.id, from - 1, filter);
    const auto closing = views.balances(info.id, to, filter);
    struct Sheet {
        int64_t opening = 0;
        int64_t running = 0;
        Json movements = Json::array();
    };
    ByCurrency<Sheet> sheets;
    for (const auto& [currency, amount] : opening) {
        sheets[currency].opening = sheets[currency].running = amount;
    }
    for (const auto& [currency, amount] : closing) sheets[currency];
    for (const auto& movement : views.movements(info.id, from, to, filter)) {
        auto& sheet = sheets[movement.currency];
        sheet.running += movement.amount;
        auto row = movement_json(movement);
        row["balance"] = money(sheet.running, movement.currency);
        sheet.movements.push_back(std::move(row));
    }
    const auto claimed = dunning::claimed_on(call.tx(), {info.id}, to);
    for (const auto& [key, amount] : claimed.by_currency) {
        if (filter.currency.empty() || filter.currency == key.second) sheets[key.second];
    }
    auto currencies = Json::array();
    for (auto& [currency, sheet] : sheets) {
        const auto charges = claimed.by_currency.find({info.id, currency});
        const auto closes = closing.find(currency);
        const auto end = closes == closing.end() ? 0 : closes->second;
        if (end != sheet.running) {
            throw Error(DUNLIN_E_INTERNAL, "the statement of customer " + std::to_string(info.id) +
                                               " does not add up; run receivables.verify");
        }
        currencies.push_back(
            {{"currency", currency},
             {"opening", money(sheet.opening, currency)},
             {"movements", std::move(sheet.movements)},
             {"closing", money(end, currency)},
             {"claimed_charges",
              money(charges == claimed.by_currency.end() ? 0 : charges->second, currency)}});
    }
    auto out = customer_json(info);
    out["from"] = from.text();
    out["to"] = to.text();
    out["currencies"] = std::move(currencies);
    out["ageing"] = account_ageing(views, to, [&] {
        filter.customers = {info.id};
        return filter;
    }());
    return out;
}

Json find(Call& call) {
    const auto text = call.value<std::string>("text", "");
    const auto limit = call.value<std::size_t>("limit", 20);
    const auto key = name_key(text);
    if (key.empty()) {
        throw Error(DUNLIN_E_INVALID, "\"" + text + "\" has no letter or digit to look for");
    }
    auto found = Views(call.tx()).find(key, static_cast<int64_t>(limit) + 1);
    const bool has_more = found.size() > limit;
    if (has_more) found.pop_back();
    auto rows = Json::array();
    for (const auto& customer : found) rows.push_back(customer_json(customer));
    return {{"rows", rows}, {"has_more", has_more}};
}

}  // namespace dunlin::receivables
