// SPDX-License-Identifier: Apache-2.0
// The way of a day of visits, and the cash that was taken on it.
#include <algorithm>
#include <cmath>

#include "visits/route.hpp"
#include "visits/visits.hpp"

namespace dunlin::receivables {
namespace {

constexpr int32_t days_until_cash_is_booked = 14;

Json receipt_json(const Receipt& one) {
    Json out{{"customer_id", std::to_string(one.customer_id)},
             {"receipt_id", std::to_string(one.id)},
             {"contact_id", std::to_string(one.contact_id)},
             {"amount", money(one.amount, one.currency)},
             {"received_on", one.received_on.text()},
             {"person", one.person},
             {"made_by", one.made_by},
             {"handed_in_on", day(one.handed_in_on)},
             {"handed_in_to", one.handed_in_to}};
    if (one.item_id != 0) out["item_id"] = std::to_string(one.item_id);
    return out;
}

std::vector<Receipt> receipts_of(Transaction& tx, int64_t customer_id, int64_t receipt_id,
                                 bool only_held, const std::string& made_by) {
    Sql sql;
    sql.add(
        "SELECT customer_id, receipt_id, contact_id, item_id, amount, claim_id, currency, "
        "received_on, handed_in_on, person, made_by, handed_in_to FROM "
        "receivables_v1_receipt_scoped WHERE 1 = 1");
    if (customer_id != 0) sql.add(" AND customer_id = ?", customer_id);
    if (receipt_id != 0) sql.add(" AND receipt_id = ?", receipt_id);
    if (only_held) sql.add(" AND handed_in_on = ?", never);
    if (!made_by.empty()) sql.add(" AND made_by = ?", std::string_view(made_by));
    std::vector<Receipt> out;
    for (const auto& row : sql.add(" ORDER BY received_on, receipt_id LIMIT 1000").run(tx)) {
        Receipt one;
        one.customer_id = row.i64(0);
        one.id = row.i64(1);
        one.contact_id = row.i64(2);
        one.item_id = row.i64(3);
        one.amount = row.i64(4);
        one.claim_id = row.i64(5);
        one.currency = row.text(6);
        one.received_on = row.date(7);
        one.handed_in_on = row.date(8);
        one.person = row.text(9);
        one.made_by = row.text(10);
        one.handed_in_to = row.text(11);
        out.push_back(std::move(one));
    }
    return out;
}

/// The postal address of a customer; the preferred one first.
std::optional<ContactPoint> address_of(Views& views, int64_t customer_id, Date on) {
    for (auto& point : views.contact_points(customer_id, on)) {
        if (!point.street.empty() || !point.postcode.empty()) return std::move(point);
    }
    return std::nullopt;
}

std::optional<Place> place_of(Transaction& tx, int64_t customer_id) {
    auto row = tx.query(
        "SELECT latitude, longitude FROM receivables_v1_customer_scoped WHERE customer_id = ?",
        customer_id);
    if (!row.step() || row.is_null(0) || row.is_null(1)) return std::nullopt;
    return Place{row.f64(0), row.f64(1)};
}

/// Whom to visit on a day: those that are named, else those with an open visit due.
std::vector<int64_t> customers_of(Call& call, Date on) {
    auto out = call.ids("customers");
    if (!out.empty()) return out;
    ContactDesk::Query query;
    query.kind = "visit";
    query.state = "open";
    query.assignee = call.value<std::string>("assignee", "");
    query.until = on;
    query.limit = 1000;
    for (const auto& task : ContactDesk(call.tx()).tasks(query)) out.push_back(task.customer_id);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

Json visit_route(const Services&, Call& call) {
    constexpr std::size_t most = 100;
    const auto on = call.date("on", call.today());
    std::optional<Place> start;
    const bool has_latitude = call.request().contains("start_latitude");
    if (has_latitude != call.request().contains("start_longitude")) {
        throw Error(DUNLIN_E_INVALID, "a start needs its latitude and its longitude");
    }
    if (has_latitude) {
        start = Place{call.value("start_latitude", 0.0), call.value("start_longitude", 0.0)};
    }
    Views views(call.tx());
    std::vector<Stop> stops;
    std::vector<Json> rows_of;
    const auto ids = customers_of(call, on);
    if (ids.size() > most) {
        throw Error(DUNLIN_E_LIMIT,
                    std::to_string(ids.size()) +
                        " visits are no day's way; name an \"assignee\" or at most " +
                        std::to_string(most) + " \"customers\"");
    }
    for (const auto id : ids) {
        const auto customer = need_customer(views, id);
        const auto address = address_of(views, id, on).value_or(ContactPoint{});
        auto place = place_of(call.tx(), id);
        const auto* place_from = place ? "source" : "";
        if (!place) {
            place = place_of_postcode(call.tx(), address.country, address.postcode);
            if (place) place_from = "postcode";
        }
        stops.push_back({id, place, address.postcode});
        rows_of.push_back({{"customer_id", std::to_string(id)},
                           {"number", customer.number},
                           {"name", customer.name},
                           {"street", address.street},
                           {"postcode", address.postcode},
                           {"city", address.city},
                           {"has_place", place.has_value()},
                           {"place_from", place_from}});
    }
    const auto route = plan_route(stops, start);
    auto rows = Json::array();
    for (const auto i : route.order) {
        rows_of[i]["stop"] = rows.size() + 1;
        rows.push_back(std::move(rows_of[i]));
    }
    return {{"on", on.text()},
            {"metres", static_cast<int64_t>(std::llround(route.metres))},
            {"rows", rows}};
}

Json receipts(const Services&, Call& call) {
    auto rows = Json::array();
    for (const auto& one :
         receipts_of(call.tx(), call.id("customer"), 0, call.value("only_held", false),
                     call.value<std::string>("made_by", ""))) {
        rows.push_back(receipt_json(one));
    }
    return {{"rows", rows}};
}

Json hand_in(const Services&, Call& call) {
    const auto found = receipts_of(call.tx(), call.id("customer"), call.id("receipt"), false, "");
    if (found.empty()) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "there is no such receipt that you may see; list them with "
                    "receivables.receipts");
    }
    auto one = found.front();
    if (one.handed_in_on != never) {
        throw Error(DUNLIN_E_CONFLICT, "the cash was already handed in on " +
                                           one.handed_in_on.text() + " to " + one.handed_in_to);
    }
    one.handed_in_on = call.today();
    one.handed_in_to = call.value<std::string>("to", call.principal().value("name", ""));
    call.tx().exec(
        "UPDATE receivables_receipt SET handed_in_on = ?, handed_in_to = ? WHERE customer_id = ? "
        "AND receipt_id = ?",
        one.handed_in_on, one.handed_in_to, one.customer_id, one.id);
    return receipt_json(one);
}

}  // namespace

Json take_cash(const Services& services, Call& call, const Contact& contact, const Json& request) {
    Views views(call.tx());
    Receipt one;
    one.customer_id = contact.customer_id;
    one.id = services.next_id();
    one.contact_id = contact.id;
    one.item_id = contact.item_id;
    one.currency = request.at("currency");
    one.amount = Money(Money::parse_units(request.at("amount").get_ref<const std::string&>()),
                       Currency(one.currency))
                     .units();
    if (one.amount <= 0) throw Error(DUNLIN_E_INVALID, "the cash must be above zero");
    if (one.item_id != 0) {
        const auto item = need_item(views, one.customer_id, one.item_id, call.today());
        if (item.currency != one.currency) {
            throw Error(DUNLIN_E_INVALID, "the cash is in " + one.currency + ", the " + item.kind +
                                              " in " + item.currency + "; log it without the item");
        }
    }
    one.received_on = contact.on;
    one.person = contact.person;
    one.made_by = contact.made_by;
    one.known_at = call.now_us();
    Claim claim;
    claim.customer_id = one.customer_id;
    claim.item_id = one.item_id;
    claim.kind = "other";
    claim.amount = one.amount;
    claim.currency = one.currency;
    claim.from_on = call.today();
    claim.until_on = call.today() + days_until_cash_is_booked;
    claim.owner = "receipt";
    claim.reference = std::to_string(one.id);
    one.claim_id = lay_claim(services, call.tx(), claim);
    call.tx().exec(
        "INSERT INTO receivables_receipt (customer_id, receipt_id, contact_id, item_id, amount, "
        "claim_id, currency, received_on, handed_in_on, person, made_by, handed_in_to, known_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        one.customer_id, one.id, one.contact_id, one.item_id, one.amount, one.claim_id,
        one.currency, one.received_on, one.handed_in_on, one.person, one.made_by, one.handed_in_to,
        one.known_at);
    return receipt_json(one);
}

Door visit_door(std::string_view command) {
    static const std::map<std::string_view, Door> doors{
        {"receivables.visit_route", &visit_route},
        {"receivables.load_postcodes", &load_postcodes},
        {"receivables.receipts", &receipts},
        {"receivables.hand_in", &hand_in}};
    const auto it = doors.find(command);
    return it == doors.end() ? nullptr : it->second;
}

}  // namespace dunlin::receivables
