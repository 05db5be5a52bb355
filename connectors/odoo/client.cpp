// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include <dunlin/field_change.hpp>
#include <dunlin/http_date.hpp>

#include <algorithm>

#include "exact_json.hpp"
#include "value.hpp"

namespace dunlin::odoo {
namespace {

/// Of the external ids of what we make: "__dunlin__.<key>".
const std::string key_module = "__dunlin__.";

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// The first line, shortened: Odoo's messages run over many.
std::string first_line(const std::string& text) {
    const auto line = text.substr(0, text.find('\n'));
    return line.size() > 300 ? line.substr(0, 300) + "…" : line;
}

/// Odoo's message as one line.
std::string sentence(const std::string& text) {
    std::string out;
    for (const char c : text) {
        const bool is_space = c == '\n' || c == '\t' || c == ' ';
        if (!is_space || (!out.empty() && out.back() != ' ')) out += is_space ? ' ' : c;
    }
    // load() says "Unknown error during import: <class 'odoo.exceptions.…'>: " before the rest.
    const auto prefix = out.find("'>: ");
    if (prefix != std::string::npos) out.erase(0, prefix + 4);
    return out.substr(0, 400);
}

/// Another transaction was faster, and Odoo took back what this one did.
bool is_overtaken(const std::string& said) {
    return contains(said, "could not serialize") || contains(said, "deadlock detected") ||
           contains(said, "could not obtain lock");
}

std::string join(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "\"" : ", \"") + word + "\"";
    return out;
}

}  // namespace

HttpReply Client::post(const std::string& body) {
    HttpRequest request;
    request.method = "POST";
    request.url = account_.url + "/jsonrpc";
    request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
    request.body = body;
    request.timeout = std::chrono::minutes(5);
    request.body_limit = int64_t{256} << 20;
    try {
        return send_(request);
    } catch (const Error& e) {
        const std::string why = std::string(" (") + e.what() + ")";
        if (e.status() == DUNLIN_E_UNAVAILABLE) {
            throw Error(e.status(),
                        "Odoo cannot be reached at " + account_.url +
                            "; see that it runs and that \"url\" is right" + why,
                        e.detail_json());
        }
        if (e.status() == DUNLIN_E_TIMEOUT) {
            throw Error(e.status(),
                        "Odoo at " + account_.url +
                            " does not answer in time; choose smaller pages with \"page_rows\" "
                            "if that goes on" +
                            why,
                        e.detail_json());
        }
        throw;
    }
}

Json Client::answer_of(const HttpReply& reply) const {
    constexpr int too_many = 429, not_now = 503;
    const bool is_refused = reply.status == too_many || reply.status == not_now;
    if (is_change_ && reply.status >= 500 && !is_refused) {
        throw Error(DUNLIN_E_TIMEOUT, "Odoo at " + account_.url + " answers HTTP " +
                                          std::to_string(reply.status) +
                                          "; whether it did what it was asked is not known");
    }
    if (is_refused || reply.status >= 500) {
        throw unavailable("Odoo at " + account_.url + " answers HTTP " +
                              std::to_string(reply.status) +
                              "; it is overloaded or being restarted",
                          reply.retry_after);
    }
    if (reply.status == 401 || reply.status == 403) {
        throw Error(DUNLIN_E_DENIED, "a proxy before Odoo at " + account_.url + " answers HTTP " +
                                         std::to_string(reply.status) +
                                         "; let requests to /jsonrpc pass");
    }
    const auto no_odoo = [&](const std::string& what) {
        return Error(DUNLIN_E_INVALID,
                     "there is no Odoo at " + account_.url + ": " + what + "; correct \"url\"");
    };
    if (reply.status != 200) {
        throw no_odoo("/jsonrpc answers HTTP " + std::to_string(reply.status));
    }
    if (!contains(reply.header("content-type"), "json")) {
        throw no_odoo("/jsonrpc answers with a page and not with JSON");
    }
    return parse_exact(reply.body, "the answer of Odoo at " + account_.url);
}

void Client::refuse(const Json& error) const {
    const auto data = error.value("data", Json::object());
    const auto kind = data.value("name", std::string());
    const auto said = first_line(data.value("message", error.value("message", std::string("?"))));
    if (contains(kind, "AccessDenied")) {
        throw Error(DUNLIN_E_DENIED, "Odoo does not accept the password of the user " +
                                         account_.user + "; correct the secret \"" +
                                         account_.secret + "\"");
    }
    const bool passes = contains(kind, "OperationalError") ||
                        contains(kind, "psycopg2.extensions") || is_overtaken(said);
    const auto whole = data.value("message", said);
    if (is_change_ && !passes) throw Rejected("Odoo refuses it: " + sentence(whole));
    if (contains(kind, "AccessError")) {
        throw Error(DUNLIN_E_DENIED, "the user " + account_.user +
                                         " may not read what is needed; give it the accounting "
                                         "group \"Billing\" in Odoo: " +
                                         said);
    }
    if (contains(kind, "OperationalError") && contains(said, "does not exist")) {
        throw Error(DUNLIN_E_INVALID, "Odoo at " + account_.url + " has no database \"" +
                                          account_.database + "\"; correct \"database\"");
    }
    if (passes || contains(kind, "psycopg2") || contains(kind, "MissingError")) {
        throw unavailable("Odoo at " + account_.url + " could not answer just now: " + said);
    }
    throw Error(DUNLIN_E_DATA, "Odoo " + session_.version + " at " + account_.url +
                                   " does not understand what it was asked: " + kind + ": " + said);
}

Json Client::rpc(const std::string& service, const std::string& method, Json arguments) {
    const Json request{
        {"jsonrpc", "2.0"},
        {"method", "call"},
        {"id", 1},
        {"params", {{"service", service}, {"method", method}, {"args", std::move(arguments)}}}};
    const auto reply = post(request.dump());
    if (!server_us_) server_us_ = parse_http_date(reply.header("date"));
    auto answer = answer_of(reply);
    if (!answer.is_object()) {
        throw Error(DUNLIN_E_DATA, "Odoo at " + account_.url + " answers without an object");
    }
    if (answer.contains("error")) refuse(answer["error"]);
    return answer.contains("result") ? std::move(answer["result"]) : Json();
}

void Client::sign_in(const std::vector<std::string>& companies) {
    const std::lock_guard lock(session_.mutex);
    if (session_.user_id != 0) return;
    if (session_.refusal) throw *session_.refusal;
    try {
        log_in();
        find_companies(companies);
    } catch (const Error& e) {
        session_.user_id = 0;
        const bool passes = e.status() == DUNLIN_E_UNAVAILABLE || e.status() == DUNLIN_E_TIMEOUT ||
                            e.status() == DUNLIN_E_CANCELLED;
        if (!passes) session_.refusal = e;
        throw;
    }
}

void Client::log_in() {
    const auto version = rpc("common", "version", Json::array());
    session_.version = version.value("server_version", std::string("?"));
    const auto info = version.value("server_version_info", Json::array());
    session_.major = !info.empty() && info[0].is_number_integer() ? info[0].get<int>() : 0;
    constexpr int oldest = 14;
    if (session_.major != 0 && session_.major < oldest) {
        throw Error(DUNLIN_E_UNSUPPORTED,
                    "Odoo " + session_.version + " is too old; this connector needs 14 or later");
    }
    const auto user =
        rpc("common", "login", Json::array({account_.database, account_.user, account_.password}));
    if (!user.is_number_integer()) {
        throw Error(DUNLIN_E_DENIED, "Odoo does not know the user " + account_.user +
                                         " with this password; correct \"user\" or the secret \"" +
                                         account_.secret + "\"");
    }
    session_.user_id = user.get<int64_t>();
}

void Client::find_companies(const std::vector<std::string>& wanted) {
    session_.companies.clear();
    session_.company_names.clear();
    const auto me = read("res.users", {session_.user_id}, {"company_ids"});
    if (me.empty()) throw Error(DUNLIN_E_DATA, "Odoo shows no user " + account_.user);
    const auto allowed = me[0].at("company_ids").get<std::vector<int64_t>>();
    std::vector<std::string> visible;
    std::vector<bool> is_found(wanted.size(), false);
    for (const auto& company : read("res.company", allowed, {"name"})) {
        const auto id = company.at("id").get<int64_t>();
        const auto name = text_of(company, "name");
        visible.push_back(name);
        bool is_wanted = wanted.empty();
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (wanted[i] != name && wanted[i] != std::to_string(id)) continue;
            is_wanted = is_found[i] = true;
        }
        if (!is_wanted) continue;
        session_.companies.push_back(id);
        session_.company_names.push_back(name);
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (is_found[i]) continue;
        throw Error(DUNLIN_E_DENIED, "the user " + account_.user + " may not see the company \"" +
                                         wanted[i] + "\"; allow it in Odoo or correct " +
                                         "\"companies\": it may see " + join(visible));
    }
}

Json Client::context() const {
    Json out{{"lang", "en_US"}, {"tz", "UTC"}, {"active_test", false}};
    if (!session_.companies.empty()) out["allowed_company_ids"] = session_.companies;
    return out;
}

Json Client::call(const std::string& model, const std::string& method, Json arguments,
                  Json keywords) {
    auto all = context();
    all.update(keywords.value("context", Json::object()));
    keywords["context"] = std::move(all);
    return rpc("object", "execute_kw",
               Json::array({account_.database, session_.user_id, account_.password, model, method,
                            std::move(arguments), std::move(keywords)}));
}

Json Client::change(const std::string& model, const std::string& method, Json arguments,
                    Json keywords) {
    is_change_ = true;
    try {
        auto out = call(model, method, std::move(arguments), std::move(keywords));
        is_change_ = false;
        return out;
    } catch (...) {
        is_change_ = false;
        throw;
    }
}

std::optional<MadeRecord> Client::make(const std::string& key, const NewRecord& record) {
    auto columns = record.columns;
    columns.insert(columns.begin(), "id");
    auto rows = record.rows;
    for (auto& row : rows) row.insert(row.begin(), &row == &rows.front() ? key_module + key : "");
    // A second load() of a key changes a record, unless its key is held and held ones are let be.
    Json settings{{"mode", "update"}, {"noupdate", true}};
    if (record.company != 0) {
        settings["allowed_company_ids"] = {record.company};
        for (const auto company : session_.companies) {
            if (company != record.company) settings["allowed_company_ids"].push_back(company);
        }
    }
    const auto answer =
        change(record.model, "load", Json::array({columns, rows}), {{"context", settings}});
    const auto ids = answer.value("ids", Json());
    if (ids.is_array() && !ids.empty()) return MadeRecord{record.model, ids[0].get<int64_t>()};
    for (const auto& message : answer.value("messages", Json::array())) {
        const auto said = message.value("message", std::string("?"));
        if (is_overtaken(said)) return std::nullopt;
        throw Rejected("Odoo refuses it: " + sentence(said));
    }
    throw Error(DUNLIN_E_DATA, "Odoo made no " + record.model + " and does not say why");
}

std::optional<MadeRecord> Client::made(const std::string& key) {
    const auto module = key_module.substr(0, key_module.size() - 1);
    const auto found = call("ir.model.data", "search_read",
                            Json::array({Json::array({Json::array({"module", "=", module}),
                                                      Json::array({"name", "=", key})}),
                                         Json::array({"model", "res_id"})}));
    if (found.empty()) return std::nullopt;
    return MadeRecord{text_of(found[0], "model"), id_of(found[0], "res_id")};
}

std::vector<int64_t> Client::search(const std::string& model, const Domain& domain, int64_t limit) {
    Json keywords{{"order", "id"}};
    if (limit > 0) keywords["limit"] = limit;
    return call(model, "search", Json::array({domain}), std::move(keywords))
        .get<std::vector<int64_t>>();
}

int64_t Client::count(const std::string& model, const Domain& domain) {
    return call(model, "search_count", Json::array({domain})).get<int64_t>();
}

std::vector<std::string> Client::existing(const std::string& model,
                                          const std::vector<std::string>& fields) {
    const auto is_optional = [](const std::string& field) { return field.back() == '?'; };
    if (std::none_of(fields.begin(), fields.end(), is_optional)) return fields;
    const std::lock_guard lock(session_.mutex);
    auto& known = session_.fields[model];
    if (known.empty()) {
        const auto answer =
            call(model, "fields_get", Json::array(), {{"attributes", Json::array({"type"})}});
        for (const auto& field : answer.items()) known.insert(field.key());
    }
    std::vector<std::string> out;
    for (auto field : fields) {
        if (is_optional(field)) {
            field.pop_back();
            if (known.count(field) == 0) continue;
        }
        out.push_back(field);
    }
    return out;
}

Json Client::read(const std::string& model, const std::vector<int64_t>& ids,
                  const std::vector<std::string>& fields) {
    if (ids.empty()) return Json::array();
    auto records = call(model, "read", Json::array({ids, existing(model, fields)}), {{"load", ""}});
    std::sort(records.begin(), records.end(), [](const Json& a, const Json& b) {
        return a.at("id").get<int64_t>() < b.at("id").get<int64_t>();
    });
    return records;
}

std::optional<bool> Client::may(const std::string& verb, const std::string& model) {
    try {
        const auto answer =
            call(model, "check_access_rights", Json::array({verb}), {{"raise_exception", false}});
        return answer.is_boolean() && answer.get<bool>();
    } catch (const Error& e) {
        if (e.status() == DUNLIN_E_DATA) return std::nullopt;
        throw;
    }
}

Json Client::is_receivable(const std::string& path) const {
    constexpr int accounts_without_type_table = 16;
    if (session_.major >= accounts_without_type_table) {
        return Json::array({path + "account_id.account_type", "=", "asset_receivable"});
    }
    return Json::array({path + "account_id.internal_type", "=", "receivable"});
}

Domain Client::is_charge() const {
    constexpr int lines_with_kind = 16;
    if (session_.major >= lines_with_kind) {
        return Json::array({Json::array({"display_type", "=", "product"})});
    }
    return Json::array({Json::array({"exclude_from_invoice_tab", "=", false}),
                        Json::array({"display_type", "=", false})});
}

}  // namespace dunlin::odoo
