// SPDX-License-Identifier: Apache-2.0
#include "fake_tryton.hpp"

#include <dunlin/base64.hpp>

#include <algorithm>

namespace dunlin::tryton::test {
namespace {

bool is_condition(const Json& clause) {
    return clause.is_array() && clause.size() == 3 && clause[0].is_string() &&
           clause[1].is_string() && clause[0] != "OR";
}

bool holds(const Json& domain, const Json& record);

bool holds_one(const Json& clause, const Json& record) {
    if (!is_condition(clause)) return holds(clause, record);
    const auto path = clause[0].get<std::string>(), op = clause[1].get<std::string>();
    const auto& wanted = clause[2];
    const auto& value = at(record, path);
    const bool is_list = wanted.is_array();
    if (op == "where") return false;  // Nothing hangs on these records.
    if (op == "in") return std::find(wanted.begin(), wanted.end(), value) != wanted.end();
    if (path == "account.type.receivable" || path == "move.company" || path == "company")
        return true;
    if (op == "=" && !is_list) return value == wanted;
    if (op == "!=") return value != wanted && !(value.is_array() && value.empty());
    if (op == ">" && value.is_number()) return value > wanted;
    if (op == ">=") {
        const auto changed = instant_at(record, path);
        return changed && *changed >= *instant_at({{"at", wanted}}, "at");
    }
    return true;
}

bool holds(const Json& domain, const Json& record) {
    const bool is_any = !domain.empty() && domain[0] == "OR";
    for (std::size_t i = is_any ? 1 : 0; i < domain.size(); ++i) {
        if (holds_one(domain[i], record) == is_any) return is_any;
    }
    return !is_any;
}

}  // namespace

HttpReply reply_of(int status, const Json& body) {
    HttpReply reply;
    reply.status = status;
    reply.headers = {{"date", "Sun, 22 Nov 2026 05:13:07 GMT"}};
    reply.body = body.dump();
    return reply;
}

Json decimal(const std::string& text) {
    return {{"__class__", "Decimal"}, {"decimal", text}};
}

Json date(int year, unsigned month, unsigned day) {
    return {{"__class__", "date"}, {"year", year}, {"month", month}, {"day", day}};
}

Json moment(int year, unsigned month, unsigned day, int hour, int microsecond) {
    return {{"__class__", "datetime"},
            {"year", year},
            {"month", month},
            {"day", day},
            {"hour", hour},
            {"minute", 0},
            {"second", 0},
            {"microsecond", microsecond}};
}

FakeTryton::FakeTryton() {
    answers["model.res.user.get_preferences"] = {
        {"company", 1}, {"companies", {1, 2}}, {"company_filter", "all"}};
    answers["common.server.version"] = "6.0.29";
    answers["model.party.party.fields_get"] = Json::object();
    add("company.company", {{"id", 1},
                            {"party", 90},
                            {"party.", {{"name", "Main"}}},
                            {"currency.", {{"code", "USD"}}},
                            {"create_date", moment(2026, 1, 1)}});
}

Json& FakeTryton::add(const std::string& model, Json record) {
    return records[model].emplace_back(std::move(record));
}

HttpSend FakeTryton::send() {
    return [this](const HttpRequest& request, const Cancel&) { return answer(request); };
}

std::unique_ptr<TrytonSource> FakeTryton::source(const Json& settings) {
    Json config{{"url", "http://erp.test:8000/"},
                {"database", "books"},
                {"user", "dunlin"},
                {"password", "erp_password"}};
    config.update(settings);
    const auto secret = [this](const std::string& name) {
        return name == "erp_password" ? password : std::string();
    };
    return std::make_unique<TrytonSource>("erp", Settings::parse(config, secret), send());
}

Json FakeTryton::search(const std::string& model, const Json& params, bool with_fields) {
    auto found = Json::array();
    auto all = records[model];
    std::sort(all.begin(), all.end(),
              [](const Json& a, const Json& b) { return a.at("id") < b.at("id"); });
    for (const auto& record : all) {
        if (!params[2].is_null() && found.size() == params[2].get<std::size_t>()) break;
        if (holds(params[0], record)) found.push_back(with_fields ? record : record.at("id"));
    }
    return found;
}

HttpReply FakeTryton::answer(const HttpRequest& request) {
    if (!next_replies.empty()) {
        const auto reply = next_replies.front();
        next_replies.erase(next_replies.begin());
        return reply;
    }
    const auto body = Json::parse(request.body);
    bodies.push_back(body);
    const auto method = body.at("method").get<std::string>();
    const auto& params = body.at("params");
    asked.push_back(method);
    const auto given = [&](const Json& result) {
        return reply_of(200, {{"id", 1}, {"result", result}});
    };
    if (method == "common.db.login") {
        ++logins;
        if (request.url != "http://erp.test:8000/books/") return reply_of(404, "no such database");
        if (params[1]["password"] != "good") return reply_of(401, "");
        session_ = to_base64("dunlin:3:key" + std::to_string(logins));
        return given({3, "key" + std::to_string(logins)});
    }
    std::string session;
    for (const auto& [name, value] : request.headers) {
        if (name == "Authorization") session = value;
    }
    if (method != "common.server.version" && session != "Session " + session_) {
        return reply_of(401, "");
    }
    if (const auto it = answers.find(method); it != answers.end()) {
        if (it->second.is_object() && it->second.contains("error")) {
            return reply_of(200, {{"id", 1}, {"error", it->second["error"]}});
        }
        return given(it->second);
    }
    if (method == "model.ir.model.access.get_access") {
        return given({{params[0][0].get<std::string>(), {{"read", 1}, {"write", can_write}}}});
    }
    const auto dot = method.rfind('.');
    const auto model = method.substr(6, dot - 6), verb = method.substr(dot + 1);
    if (verb == "search_read") return given(search(model, params, /*with_fields=*/true));
    if (verb == "search") return given(search(model, params, /*with_fields=*/false));
    if (verb == "search_count") {
        return given(search(model, {params[0], 0, nullptr}, /*with_fields=*/false).size());
    }
    if (verb == "read") {
        return given(search(model, {{{"id", "in", params[0]}}, 0, nullptr}, /*with_fields=*/true));
    }
    return reply_of(403, "");
}

Json& add_line(FakeTryton& server, int id, int move, const std::string& debit,
               const std::string& credit, const std::string& journal_type) {
    return server.add("account.move.line",
                      {{"id", id},
                       {"move", move},
                       {"account", 5},
                       {"party", 7},
                       {"debit", decimal(debit)},
                       {"credit", decimal(credit)},
                       {"maturity_date", date(2026, 4, 1)},
                       {"reconciliation", nullptr},
                       {"move.",
                        {{"date", date(2026, 3, 1)},
                         {"number", "M" + std::to_string(move)},
                         {"company.", {{"currency.", {{"code", "USD"}}}}},
                         {"journal.", {{"name", "Bank"}, {"type", journal_type}}}}},
                       {"invoice_payments", Json::array()},
                       {"create_date", moment(2026, 3, 1)},
                       {"write_date", nullptr}});
}

void add_invoice(FakeTryton& server, int n, const std::string& amount) {
    server.add("account.invoice", {{"id", n},
                                   {"type", "out"},
                                   {"state", "posted"},
                                   {"party", 7},
                                   {"currency.", {{"code", "USD"}}},
                                   {"account", 5},
                                   {"move", n * 10},
                                   {"cancel_move", nullptr},
                                   {"payment_lines", Json::array()},
                                   {"number", "2026/" + std::to_string(n)},
                                   {"reference", "PO-1"},
                                   {"invoice_date", date(2026, 3, 1)},
                                   {"create_date", moment(2026, 3, 1, n % 24)},
                                   {"write_date", nullptr}});
    add_line(server, n * 100, n * 10, amount, "0", "revenue");
}

std::vector<std::string> rows_of(TrytonSource& source, const PullRequest& request,
                                 const std::vector<std::string>& columns,
                                 std::vector<BadRow>* errors) {
    std::vector<std::string> out;
    const auto pull = source.pull(request, no_cancel());
    for (Page page; pull->next(page); page = Page{}) {
        const BatchView view(page.rows);
        for (int64_t i = 0; i < view.rows(); ++i) {
            std::string line(view.required("external_id").text(i));
            for (const auto& name : columns) {
                const auto column = view.required(name);
                const bool is_text = column.type() == Type::text;
                line += "|" + (column.is_null(i)             ? "-"
                               : is_text                     ? std::string(column.text(i))
                               : column.type() == Type::date ? column.date(i).text()
                                                             : std::to_string(column.i64(i)));
            }
            out.push_back(line);
        }
        if (errors) errors->insert(errors->end(), page.errors.begin(), page.errors.end());
    }
    return out;
}

}  // namespace dunlin::tryton::test
