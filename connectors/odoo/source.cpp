// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <dunlin/money.hpp>

#include <algorithm>

#include "streams.hpp"
#include "writer.hpp"

namespace dunlin::odoo {
namespace {

// Modules that send reminders themselves, by a model of theirs.
const std::vector<std::pair<std::string, std::string>> reminder_models{
    {"account_followup.followup.line", "Payment Follow-up (account_followup)"},
    {"credit.control.policy", "Account Credit Control (account_credit_control)"},
    {"overdue.reminder.start", "Overdue Invoice Reminder (account_invoice_overdue_reminder)"},
};

}  // namespace

Settings Settings::parse(const Json& config) {
    Settings out;
    out.account.url = config.at("url").get<std::string>();
    while (!out.account.url.empty() && out.account.url.back() == '/') out.account.url.pop_back();
    out.account.database = config.at("database").get<std::string>();
    out.account.user = config.at("user").get<std::string>();
    out.account.secret = config.at("password").get<std::string>();
    out.companies = config.value("companies", std::vector<std::string>());
    out.reading.page_rows = config.value("page_rows", out.reading.page_rows);
    const auto overlap = config.value("overlap_minutes", int64_t{0}) * 60;
    out.reading.extra_overlap_us = std::max(int64_t{0}, overlap - overlap_seconds) * 1'000'000;
    return out;
}

Json describe() {
    auto entities = Json::array();
    for (const auto& stream : streams()) {
        const bool is_keyset = stream.cursor == "keyset";
        entities.push_back({{"name", stream.entity},
                            {"cursor", stream.cursor},
                            {"overlap_seconds", is_keyset ? overlap_seconds : 0},
                            {"deletes", stream.deletes},
                            {"by_id", true}});
    }
    return {{"entities", entities}, {"write_backs", Writer::describe()}};
}

OdooSource::OdooSource(Settings settings, Surroundings surroundings)
    : settings_(std::move(settings)), surroundings_(std::move(surroundings)) {}

std::unique_ptr<Client> OdooSource::client(const Cancel& cancel) {
    {
        const std::lock_guard lock(session_.mutex);
        if (session_.user_id == 0) {
            settings_.account.password = surroundings_.secret(settings_.account.secret);
        }
    }
    auto out = std::make_unique<Client>(
        settings_.account, session_,
        [this, cancel](const HttpRequest& request) { return surroundings_.send(request, cancel); });
    out->sign_in(settings_.companies);
    return out;
}

void OdooSource::require_rights(Client& client) const {
    std::string missing;
    std::set<std::string> asked;
    for (const auto& stream : streams()) {
        for (const auto& part : stream.parts) {
            if (!asked.insert(part.model).second ||
                client.may("read", part.model).value_or(false)) {
                continue;
            }
            missing += (missing.empty() ? "" : ", ") + part.model;
        }
    }
    if (missing.empty()) return;
    throw Error(DUNLIN_E_DENIED, "the user " + settings_.account.user + " may not read " + missing +
                                     " in Odoo; give it the accounting group \"Billing\"");
}

Json OdooSource::check(const Cancel& cancel) {
    auto to = client(cancel);
    require_rights(*to);
    auto counts = Json::object();
    for (const char* entity : {"customer", "invoice", "payment"}) {
        const auto& part = find_stream(entity)->parts.front();
        counts[entity] = to->count(part.model, part.domain(*to));
    }
    auto warnings = Json::array();
    for (const auto& [model, name] : reminder_models) {
        if (!to->may("read", model)) continue;
        warnings.push_back("Odoo's own reminders are installed: " + name +
                           "; stop them there, or customers are reminded twice");
    }
    if (!to->may("create", "res.partner").value_or(false)) {
        warnings.push_back("the user " + settings_.account.user +
                           " reads, but writes no contacts, dunning blocks and credit limits back; "
                           "give it \"Contact Creation\" in Odoo if it should");
    }
    return {{"url", settings_.account.url},
            {"database", settings_.account.database},
            {"version", session_.version},
            {"user", settings_.account.user},
            {"companies", session_.company_names},
            {"counts", counts},
            {"warnings", warnings}};
}

std::unique_ptr<Pull> OdooSource::pull(const PullRequest& request, Cancel cancel) {
    const auto* stream = find_stream(request.entity);
    if (!stream) {
        throw Error(DUNLIN_E_INVALID,
                    "\"" + request.entity + "\" is not an entity of the odoo connector");
    }
    return std::make_unique<OdooPull>(*stream, request, settings_.reading, client(cancel), cancel);
}

Receipt OdooSource::push(const WriteBack& write, const Cancel& cancel) {
    const auto to = client(cancel);
    return Writer(*to).push(write);
}

Receipt OdooSource::find(const WriteBack& write, const Cancel& cancel) {
    const auto to = client(cancel);
    return Writer(*to).find(write);
}

Json OdooSource::totals(const Cancel& cancel) {
    auto to = client(cancel);
    Books books(*to);
    const auto domain =
        Json::array({to->is_receivable(""), Json::array({"parent_state", "=", "posted"}),
                     Json::array({"company_id", "in", to->session().companies})});
    const auto groups = to->call("account.move.line", "read_group",
                                 Json::array({domain, Json::array({"amount_residual_currency:sum"}),
                                              Json::array({"company_id", "currency_id"})}),
                                 {{"lazy", false}});
    books.load("res.currency", groups, "currency_id");
    auto out = Json::array();
    for (const auto& group : groups) {
        const auto currency = books.currency(id_of(group, "currency_id"));
        const auto open = amount_of(group, "amount_residual_currency");
        out.push_back({{"company", std::to_string(id_of(group, "company_id"))},
                       {"currency", currency},
                       {"open", Money::text_of(open, minor_digits(currency))}});
    }
    return out;
}

}  // namespace dunlin::odoo
