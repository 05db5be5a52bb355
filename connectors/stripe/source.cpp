// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <dunlin/money.hpp>

#include <map>

#include "webhook.hpp"
#include "writer.hpp"

namespace dunlin::stripe {
namespace {

/// Events are listed shortly after they happened.
constexpr int64_t overlap_seconds = 600;
/// Stripe keeps events for thirty; a run takes its time.
constexpr int64_t retention_days = 29;
/// A fifth of what a live account may read; a test account may read 25.
constexpr int64_t requests_per_second = 20;

}  // namespace

Settings Settings::parse(const Json& config) {
    Settings out;
    out.account.url = config.value("api_url", out.account.url);
    while (!out.account.url.empty() && out.account.url.back() == '/') out.account.url.pop_back();
    out.account.secret = config.at("api_key").get<std::string>();
    out.account.account = config.value("account", "");
    out.webhook_secret = config.value("webhook_secret", "");
    out.reading.page_rows = config.value("page_rows", out.reading.page_rows);
    out.reading.has_all_payments = config.value("payments", "") == "all";
    out.reading.company_name = config.value("company_name", "");
    if (!out.account.account.empty()) out.reading.company = out.account.account;
    const auto since = config.value("since", "");
    if (!since.empty()) {
        constexpr int64_t day_us = 86'400'000'000;
        out.reading.since_us = Date::parse(since).days() * day_us;
    }
    return out;
}

Json describe() {
    auto entities = Json::array();
    for (const auto& stream : streams()) {
        if (stream.is_whole) {
            entities.push_back({{"name", stream.entity}, {"cursor", "none"}, {"by_id", true}});
            continue;
        }
        entities.push_back({{"name", stream.entity},
                            {"cursor", "keyset"},
                            {"overlap_seconds", overlap_seconds},
                            {"retention_days", retention_days},
                            {"deletes", "rows"},
                            {"by_id", true}});
    }
    return {{"entities", entities},
            {"rate", {{"per_second", requests_per_second}, {"burst", requests_per_second}}},
            {"write_backs", Writer::describe()}};
}

Client StripeSource::client(const Cancel& cancel) const {
    auto account = settings_.account;
    account.key = surroundings_.secret(account.secret);
    return {account, [this, cancel](const HttpRequest& request) {
                return surroundings_.send(request, cancel);
            }};
}

Json StripeSource::check(const Cancel& cancel) {
    auto to = client(cancel);
    std::string missing;
    std::optional<Error> refusal;
    bool is_live = true;
    for (const char* resource :
         {"customers", "invoices", "credit_notes", "charges", "refunds", "disputes", "events"}) {
        try {
            const auto page = to.get(std::string("/v1/") + resource, {{"limit", "1"}});
            for (const auto& one : page.at("data")) is_live = one.value("livemode", is_live);
        } catch (const Error& e) {
            if (e.status() != DUNLIN_E_DENIED) throw;
            missing += (missing.empty() ? "" : ", ") + std::string(resource);
            refusal = e;
        }
    }
    // A key that is not accepted at all is refused everywhere.
    if (refusal && !missing.starts_with("customers")) {
        throw Error(DUNLIN_E_DENIED, "the API key in the secret \"" + settings_.account.secret +
                                         "\" may not read " + missing +
                                         "; give it read access to them in Stripe (Developers, API "
                                         "keys)");
    }
    if (refusal) throw *refusal;
    auto warnings = Json::array();
    if (!is_live) warnings.push_back("this is the account's test data");
    warnings.push_back(
        "whether Stripe sends reminders itself cannot be asked: stop them under Settings, Billing, "
        "or customers are reminded twice");
    return {{"url", settings_.account.url},
            {"account", settings_.reading.company},
            {"webhooks", !settings_.webhook_secret.empty()},
            {"warnings", warnings}};
}

std::unique_ptr<Pull> StripeSource::pull(const PullRequest& request, Cancel cancel) {
    const auto* stream = find_stream(request.entity);
    if (!stream) {
        throw Error(DUNLIN_E_INVALID,
                    "\"" + request.entity + "\" is not an entity of the stripe connector");
    }
    return std::make_unique<StripePull>(*stream, request, settings_.reading, client(cancel),
                                        cancel);
}

Receipt StripeSource::push(const WriteBack& write, const Cancel& cancel) {
    auto to = client(cancel);
    return Writer(to).push(write);
}

Receipt StripeSource::find(const WriteBack& write, const Cancel& cancel) {
    auto to = client(cancel);
    return Writer(to).find(write);
}

Json StripeSource::totals(const Cancel& cancel) {
    if (settings_.reading.has_all_payments) return Source::totals(cancel);
    auto to = client(cancel);
    const Reader reader(to, settings_.reading);
    std::map<std::string, int64_t> open;
    for (const auto& invoice : to.all("/v1/invoices", {{"status", "open"}})) {
        const auto owed = owed_of(invoice);
        if (!owed || !reader.is_wanted(invoice)) continue;
        const auto currency = currency_of(invoice);
        open[currency] += units_of(owed->open, currency);
    }
    // Stripe calls an invoice paid whose money the bank took back.
    Form query{{"expand[]", "data.charge"}};
    if (settings_.reading.since_us) query.emplace_back("expand[]", "data.charge.invoice");
    for (const auto& dispute : to.all("/v1/disputes", query)) {
        const auto currency = currency_of(dispute);
        open[currency] += units_of(taken_back_by(dispute, reader), currency);
    }
    auto out = Json::array();
    for (const auto& [currency, units] : open) {
        out.push_back({{"company", settings_.reading.company},
                       {"currency", currency},
                       {"open", Money::text_of(units, minor_digits(currency))}});
    }
    return out;
}

Json StripeSource::hook(const Hook& hook) {
    if (settings_.webhook_secret.empty()) return Source::hook(hook);
    verify(hook, surroundings_.secret(settings_.webhook_secret));
    return changed_by(hook.body, settings_.account.account);
}

}  // namespace dunlin::stripe
