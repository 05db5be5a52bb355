// SPDX-License-Identifier: Apache-2.0
// Blocks, which procedure holds for whom, and the policies themselves.
#include <algorithm>

#include "dunning/answers.hpp"

namespace dunlin::receivables::dunning {
namespace {

Json block_json(const Statement& row) {
    return {{"customer_id", std::to_string(row.i64(0))},
            {"block_id", std::to_string(row.i64(1))},
            {"item_id", std::to_string(row.i64(2))},
            {"reason", row.string(3)},
            {"from", day(row.date(4))},
            {"until", day(row.date(5))},
            {"placed_by", row.string(6)},
            {"lifted_on", day(row.date(7))},
            {"lifted_by", row.string(8)},
            {"lift_reason", row.string(9)}};
}

constexpr const char* block_sql =
    "SELECT DISTINCT customer_id, block_id, item_id, reason, from_on, until_on, placed_by, "
    "lifted_on, lifted_by, lift_reason FROM receivables_v1_dunning_block_scoped WHERE ";

/// The policy in force or the default, refused when there is neither.
Json shown(Call& call, const char* kind, const Json* fallback, const char* remedy) {
    const auto name = call.value<std::string>("name", "");
    const auto policy = call.tx().policy(kind, name, call.date("on", call.today()));
    if (!policy && fallback == nullptr) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no \"" + name + "\"; set it with " + remedy);
    }
    return {{"name", name},
            {"version", policy ? policy->at("version") : Json(0)},
            {"body", policy ? policy->at("body") : *fallback}};
}

/// Customer and item of a row to import: ours, or what a source calls the invoice.
std::pair<int64_t, int64_t> item_of(Call& call, const Json& row) {
    const auto text = [&](const char* key) { return row.value(key, std::string()); };
    if (!text("item").empty()) {
        return {Id<Run>::parse(text("customer")).value(), Id<Run>::parse(text("item")).value()};
    }
    auto found = call.tx().query(
        "SELECT customer_id, id FROM receivables_binding WHERE source = ? AND entity = 'invoice' "
        "AND external_id = ?",
        text("source"), text("invoice"));
    if (!found.step()) {
        throw Error(
            DUNLIN_E_NOT_FOUND,
            "source \"" + text("source") + "\" has brought no invoice \"" + text("invoice") + "\"");
    }
    return {found.i64(0), found.i64(1)};
}

void need_known(Call& call, const std::string& name) {
    Policies policies(call.tx(), call.today());
    if (name.empty() || name == no_procedure || policies.procedure(name) != nullptr) return;
    throw Error(DUNLIN_E_NOT_FOUND, "there is no dunning procedure \"" + name +
                                        "\"; set it with receivables.set_dunning_procedure");
}

}  // namespace

Json block_dunning(const Services& services, Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    const auto item_id = call.id("item");
    if (item_id != 0) need_item(views, customer.id, item_id, call.today());
    const auto from = call.date("from", call.today());
    const auto until = call.date("until", never);
    if (until <= from) throw Error(DUNLIN_E_INVALID, "\"until\" must be after \"from\"");
    const auto id = services.next_id();
    call.tx().exec(
        "INSERT INTO receivables_dunning_block (customer_id, block_id, item_id, reason, from_on, "
        "until_on, placed_by, lifted_on, lifted_by, lift_reason, known_at) VALUES (?, ?, ?, ?, ?, "
        "?, ?, ?, '', '', ?)",
        customer.id, id, item_id, call.value<std::string>("reason", ""), from, until, name_of(call),
        never, call.now_us());
    return {{"block_id", std::to_string(id)}, {"until", day(until)}};
}

Json unblock_dunning(const Services&, Call& call) {
    const auto customer_id = call.id("customer");
    const auto id = call.id("block");
    auto row = call.tx().query(std::string(block_sql) + "customer_id = ? AND block_id = ?",
                               customer_id, id);
    if (!row.step()) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "there is no such block that you may see; list them with "
                    "receivables.dunning_blocks");
    }
    if (row.date(7) != never) {
        throw Error(DUNLIN_E_CONFLICT, "the block was lifted on " + row.date(7).text());
    }
    call.tx().exec(
        "UPDATE receivables_dunning_block SET lifted_on = ?, lifted_by = ?, lift_reason = ? WHERE "
        "customer_id = ? AND block_id = ?",
        call.today(), name_of(call), call.value<std::string>("reason", ""), customer_id, id);
    return {{"block_id", std::to_string(id)}, {"lifted_on", call.today().text()}};
}

Json dunning_blocks(const Services&, Call& call) {
    Sql sql;
    sql.add(block_sql).add("1 = 1");
    const auto customer_id = call.id("customer");
    if (customer_id != 0) sql.add(" AND customer_id = ?", customer_id);
    if (!call.value("history", false)) {
        sql.add(" AND from_on <= ? AND until_on > ? AND lifted_on > ?", call.today(), call.today(),
                call.today());
    }
    sql.add(" ORDER BY customer_id, block_id LIMIT 10000");
    auto rows = Json::array();
    for (const auto& row : sql.run(call.tx())) rows.push_back(block_json(row));
    return {{"rows", rows}};
}

Json assign_dunning(const Services&, Call& call) {
    const auto name = call.value<std::string>("procedure", "");
    need_known(call, name);
    const auto customer_id = call.id("customer"), item_id = call.id("item"),
               company_id = call.id("company");
    const auto segment = call.value<std::string>("segment", "");
    if ((customer_id != 0) + (company_id != 0) + !segment.empty() > 1) {
        throw Error(DUNLIN_E_INVALID,
                    "name a company, a segment, or a customer with or without "
                    "one of its items");
    }
    if (customer_id == 0 && item_id != 0) {
        throw Error(DUNLIN_E_INVALID, "an item needs its customer");
    }
    if (customer_id == 0) {
        const auto scope = company_id != 0    ? scope_of_company(company_id)
                           : !segment.empty() ? scope_of_segment(segment)
                                              : std::string();
        call.tx().put_policy("dunning_assignment", scope, call.date("valid_from", call.today()),
                             {{"procedure", name}});
        return {{"procedure", name}};
    }
    Views views(call.tx());
    need_customer(views, customer_id);
    if (item_id != 0) need_item(views, customer_id, item_id, call.today());
    call.tx().exec(
        "DELETE FROM receivables_dunning_assignment WHERE customer_id = ? AND item_id = ?",
        customer_id, item_id);
    if (!name.empty()) {
        call.tx().exec(
            "INSERT INTO receivables_dunning_assignment (customer_id, item_id, procedure, "
            "assigned_by, known_at) VALUES (?, ?, ?, ?, ?)",
            customer_id, item_id, name, name_of(call), call.now_us());
    }
    return {{"procedure", name}};
}

Json import_dunning_state(const Services&, Call& call) {
    auto& tx = call.tx();
    int64_t imported = 0;
    for (const auto& row : call.request().at("rows")) {
        const auto where = "row " + std::to_string(imported + 1) + ": ";
        try {
            const auto [customer_id, item_id] = item_of(call, row);
            const auto name = row.value("procedure", "standard");
            need_known(call, name);
            const auto on = Date::parse(row.at("last_letter_on").get<std::string>());
            if (on > call.today()) throw Error(DUNLIN_E_INVALID, "the letter is not written yet");
            if (!tx.query("SELECT 1 FROM receivables_item WHERE customer_id = ? AND item_id = ?",
                          customer_id, item_id)
                     .step()) {
                throw Error(DUNLIN_E_NOT_FOUND, "there is no such item");
            }
            tx.exec(
                "DELETE FROM receivables_dunning_state WHERE customer_id = ? AND item_id = ? AND "
                "procedure = ?",
                customer_id, item_id, name);
            tx.exec(
                "INSERT INTO receivables_dunning_state (customer_id, item_id, part, procedure, "
                "level, reminded_on, known_at) VALUES (?, ?, 0, ?, ?, ?, ?)",
                customer_id, item_id, name, row.at("level").get<int64_t>(), on, call.now_us());
        } catch (const Error& e) {
            throw Error(e.status(), where + e.what());
        }
        ++imported;
    }
    return {{"imported", imported}};
}

Json set_dunning_procedure(const Services&, Call& call) {
    const auto& body = call.request().at("procedure");
    const auto name = call.value<std::string>("name", "");
    if (name == no_procedure) throw Error(DUNLIN_E_INVALID, "\"none\" stands for no procedure");
    const auto procedure = parse_procedure(body, name, 0);
    const auto from = call.date("valid_from", call.today());
    Policies policies(call.tx(), from);
    static_cast<void>(policies.charges(procedure.charges));
    return {{"name", name},
            {"version", call.tx().put_policy("dunning_procedure", name, from, body)},
            {"valid_from", from.text()}};
}

Json dunning_procedure(const Services&, Call& call) {
    return shown(call, "dunning_procedure", default_procedure(call.value<std::string>("name", "")),
                 "receivables.set_dunning_procedure");
}

Json set_charges(const Services&, Call& call) {
    const auto& body = call.request().at("charges");
    const auto name = call.value<std::string>("name", "");
    static_cast<void>(parse_charges(body, name, 0));
    const auto from = call.date("valid_from", call.today());
    return {{"name", name},
            {"version", call.tx().put_policy("charges", name, from, body)},
            {"valid_from", from.text()}};
}

Json charge_policy(const Services&, Call& call) {
    return shown(call, "charges", default_charges(call.value<std::string>("name", "")),
                 "receivables.set_charges");
}

}  // namespace dunlin::receivables::dunning
