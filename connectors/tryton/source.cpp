// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include "book_reader.hpp"
#include "printed.hpp"
#include "pull.hpp"
#include "writer.hpp"

#include <dunlin/money.hpp>

#include <algorithm>

namespace dunlin::tryton {
namespace {

constexpr std::array needed_models{"party.party",
                                   "party.address",
                                   "party.contact_mechanism",
                                   "company.company",
                                   "currency.currency.rate",
                                   "account.invoice",
                                   "account.invoice.line",
                                   "account.move",
                                   "account.move.line",
                                   "account.move.reconciliation"};

std::string listed(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
}

}  // namespace

Settings Settings::parse(const Json& config,
                         const std::function<std::string(const std::string&)>& secret) {
    Settings out;
    out.account.url = config.at("url").get<std::string>();
    while (!out.account.url.empty() && out.account.url.back() == '/') out.account.url.pop_back();
    out.account.database = config.at("database").get<std::string>();
    out.account.user = config.at("user").get<std::string>();
    const auto name = config.at("password").get<std::string>();
    out.account.password = [secret, name] { return secret(name); };
    out.companies = config.value("companies", std::vector<std::string>());
    out.page_rows = config.value("page_rows", int64_t{2000});
    const auto overlap = config.value("overlap_minutes", int64_t{0}) * 60;
    out.overlap_us = std::max<int64_t>(0, overlap - overlap_seconds) * 1000000;
    return out;
}

TrytonSource::TrytonSource(std::string name, Settings settings, HttpSend send)
    : name_(std::move(name)),
      settings_(std::move(settings)),
      client_(settings_.account, std::move(send)) {}

Json TrytonSource::describe() {
    auto list = Json::array();
    for (const auto& entity : entities()) {
        const bool is_company = entity.name == "company";
        list.push_back({{"name", entity.name},
                        {"cursor", is_company ? "none" : "keyset"},
                        {"overlap_seconds", overlap_seconds},
                        {"retention_days", 0},
                        {"deletes", is_company ? "none" : "sweep"},
                        {"by_id", true}});
    }
    return {{"entities", list},
            {"write_backs", Writer::describe()},
            {"documents", Json::array({"invoice"})}};
}

std::vector<Company> TrytonSource::companies(const Cancel& cancel) {
    const std::lock_guard lock(mutex_);
    if (!companies_) companies_ = find_companies(cancel);
    return *companies_;
}

std::vector<Company> TrytonSource::find_companies(const Cancel& cancel) {
    const auto preferences = client_.call("model.res.user.get_preferences",
                                          Json::array({false, Json::object()}), cancel);
    auto visible = ids_at(preferences, "companies");
    const auto current = id_at(preferences, "company");
    const bool is_one = text_at(preferences, "company_filter") != "all";
    const auto who = in_quotes(settings_.account.user);
    const auto wanted = settings_.companies;
    std::vector<Company> out;
    std::vector<std::string> names;
    const auto all = client_.read(
        {"company.company", Json::array(), {"party.name", "currency.code"}, 0, current}, cancel);
    for (const auto& record : all) {
        const Company company{id_at(record, "id"), text_at(record, "party.name"),
                              text_at(record, "currency.code")};
        const bool is_visible = std::count(visible.begin(), visible.end(), company.id) != 0;
        const bool is_wanted = wanted.empty()
                                   ? is_visible && (!is_one || company.id == current)
                                   : std::count(wanted.begin(), wanted.end(), company.name) != 0;
        names.push_back(in_quotes(company.name));
        if (!is_wanted) continue;
        if (!is_visible) {
            throw Error(DUNLIN_E_DENIED, "the Tryton user " + who + " may not see the company " +
                                             in_quotes(company.name) +
                                             "; add it to the companies of the user in Tryton");
        }
        if (is_one && company.id != current) {
            throw Error(DUNLIN_E_DENIED,
                        "the Tryton user " + who + " sees its current company only, not " +
                            in_quotes(company.name) +
                            "; set the company filter in its preferences to \"All\"");
        }
        out.push_back(company);
    }
    for (const auto& name : wanted) {
        const bool is_there =
            std::any_of(out.begin(), out.end(), [&](const Company& c) { return c.name == name; });
        if (is_there) continue;
        throw Error(DUNLIN_E_INVALID, "Tryton has no company " + in_quotes(name) + ", only " +
                                          listed(names) + "; correct \"companies\" in the source");
    }
    if (out.empty()) {
        throw Error(DUNLIN_E_DENIED,
                    "the Tryton user " + who + " has no company; add one to the user in Tryton");
    }
    return out;
}

void TrytonSource::require_rights(const Cancel& cancel) {
    std::vector<std::string> missing;
    for (const auto* model : needed_models) {
        Json access;
        try {
            access = client_.call("model.ir.model.access.get_access",
                                  Json::array({Json::array({model}), Json::object()}), cancel);
        } catch (const Error& e) {
            if (e.status() != DUNLIN_E_INVALID) throw;
            throw Error(DUNLIN_E_INVALID, "the Tryton database " +
                                              in_quotes(settings_.account.database) +
                                              " does not know " + model +
                                              "; activate the module account_invoice there");
        }
        if (!flag_at(access[model], "read")) missing.emplace_back(model);
    }
    if (missing.empty()) return;
    throw Error(DUNLIN_E_DENIED, "the Tryton user " + in_quotes(settings_.account.user) +
                                     " may not read " + listed(missing) +
                                     "; add it to the group Accounting");
}

std::vector<std::string> TrytonSource::not_writable(const Cancel& cancel) {
    std::vector<std::string> out;
    for (const auto* model :
         {"ir.note", "ir.attachment", "party.party", "account.invoice", "account.dunning"}) {
        try {
            const auto access =
                client_.call("model.ir.model.access.get_access",
                             Json::array({Json::array({model}), Json::object()}), cancel);
            if (!flag_at(access[model], "write")) out.emplace_back(model);
        } catch (const Refused&) {
            // A module that is not active here.
        }
    }
    return out;
}

/// Tryton's own reminders: two systems must not dun the same customer. A user without the right
/// to see them learns that he cannot know.
Json TrytonSource::dunning(const Cancel& cancel) {
    try {
        const auto open = client_.count(
            {"account.dunning", Json::array({Json::array(
                                    {"state", "in", Json::array({"draft", "waiting", "final"})})})},
            cancel);
        const auto customers = client_.count(
            {"party.party", Json::array({Json::array({"dunning_procedure", "!=", nullptr})})},
            cancel);
        return {{"module", "active"}, {"reminders", open}, {"customers", customers}};
    } catch (const Error& e) {
        if (e.status() == DUNLIN_E_INVALID) return {{"module", "not active"}};
        if (e.status() == DUNLIN_E_DENIED) return {{"module", "active, but not readable"}};
        throw;
    }
}

Json TrytonSource::check(const Cancel& cancel) {
    const auto version = client_.version(cancel);
    const auto list = companies(cancel);
    require_rights(cancel);
    Json out{{"system", "Tryton " + version}, {"user", settings_.account.user}};
    for (const auto& company : list) {
        const auto invoices =
            client_.count({"account.invoice",
                           Json::array({Json::array({"type", "=", "out"}),
                                        Json::array({"company", "=", company.id})}),
                           {},
                           0,
                           company.id},
                          cancel);
        out["companies"].push_back(
            {{"name", company.name}, {"currency", company.currency}, {"invoices", invoices}});
    }
    const auto own = dunning(cancel);
    out["own_dunning"] = own;
    auto warnings = Json::array();
    if (own.value("reminders", 0) > 0 || own.value("customers", 0) > 0) {
        warnings.push_back(
            "Tryton's own dunning is active: " + own["reminders"].dump() + " reminders, " +
            own["customers"].dump() +
            " customers with a procedure. Two systems must not dun the same customer: take the "
            "procedure off the parties, or leave them out of Dunlin's strategies");
    } else if (own["module"] == "active, but not readable") {
        warnings.push_back("Tryton's module account_dunning is active, and " +
                           in_quotes(settings_.account.user) +
                           " may not read whether it duns; add it to the group Dunning");
    }
    if (const auto missing = not_writable(cancel); !missing.empty()) {
        warnings.push_back(in_quotes(settings_.account.user) + " reads, but may not write " +
                           listed(missing) +
                           "; what is written back there will be rejected. Its groups are Account "
                           "and, for blocks, Dunning");
    }
    out["warnings"] = warnings;
    return out;
}

std::unique_ptr<Pull> TrytonSource::pull(const PullRequest& request, Cancel cancel) {
    auto since = request.since_us;
    if (since) *since -= settings_.overlap_us;
    PullPlan plan{entity_of(request.entity), request, since, companies(cancel),
                  settings_.page_rows};
    return std::make_unique<TrytonPull>(client_, std::move(plan), cancel);
}

Receipt TrytonSource::push(const WriteBack& write, const Cancel& cancel) {
    return Writer(client_, companies(cancel), cancel).push(write);
}

Receipt TrytonSource::find(const WriteBack& write, const Cancel& cancel) {
    return Writer(client_, companies(cancel), cancel).find(write);
}

void TrytonSource::document(std::string_view entity, std::string_view external_id,
                            const TakeBytes& take, const Cancel& cancel) {
    if (entity != "invoice") return Source::document(entity, external_id, take, cancel);
    std::vector<int64_t> ids;
    for (const auto& company : companies(cancel)) ids.push_back(company.id);
    hand_out_invoice(client_, ids, external_id, take, cancel);
}

/// Sums of the open receivable lines as they stand: the same lines that Tryton's own
/// receivables add up, in the currency of each.
Json TrytonSource::totals(const Cancel& cancel) {
    auto out = Json::array();
    for (const auto& company : companies(cancel)) {
        const auto domain =
            BookReader::receivable(Json::array({"reconciliation", "=", nullptr}), company.id);
        std::map<std::string, int64_t> sums;
        sums[company.currency] = 0;
        for (int64_t last = 0;;) {
            auto page = domain;
            page.push_back(Json::array({"id", ">", last}));
            const auto lines =
                client_.read({"account.move.line",
                              page,
                              {"debit", "credit", "amount_second_currency", "second_currency.code"},
                              settings_.page_rows,
                              company.id},
                             cancel);
            if (lines.empty()) break;
            for (const auto& line : lines) {
                last = id_at(line, "id");
                const auto foreign = text_at(line, "second_currency.code");
                sums[foreign.empty() ? company.currency : foreign] +=
                    foreign.empty() ? amount_at(line, "debit").value_or(0) -
                                          amount_at(line, "credit").value_or(0)
                                    : amount_at(line, "amount_second_currency").value_or(0);
            }
        }
        for (const auto& [currency, sum] : sums) {
            out.push_back({{"company", std::to_string(company.id)},
                           {"currency", currency},
                           {"open", Money::text_of(sum, minor_digits(currency))}});
        }
    }
    return out;
}

}  // namespace dunlin::tryton
