// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include <dunlin/connector.hpp>

#include <algorithm>

#include "exact_json.hpp"
#include "value.hpp"

namespace dunlin::odoo {
namespace {

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// The first line, shortened: Odoo's messages run over many.
std::string first_line(const std::string& text) {
    const auto line = text.substr(0, text.find('\n'));
    return line.size() > 300 ? line.substr(0, 300) + "…" : line;
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
    if (reply.status == 429 || reply.status >= 500) {
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
    if (contains(kind, "psycopg2") || contains(said, "could not serialize") ||
        contains(kind, "MissingError")) {
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
    if (!server_us_) server_us_ = http_date(reply.header("date"));
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
    keywords["context"] = context();
    return rpc("object", "execute_kw",
               Json::array({account_.database, session_.user_id, account_.password, model, method,
                            std::move(arguments), std::move(keywords)}));
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

std::optional<bool> Client::can_read(const std::string& model) {
    try {
        const auto answer =
            call(model, "check_access_rights", Json::array({"read"}), {{"raise_exception", false}});
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
