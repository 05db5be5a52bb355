// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>

#include <dunlin/batch_json.hpp>
#include <dunlin/batch_view.hpp>

#include <map>
#include <string>
#include <vector>

#include "source.hpp"

namespace dunlin::odoo::test {

/// As much of an Odoo as the connector asks: records of a few models in memory. A search heeds
/// conditions on ids and change times alone.
class FakeOdoo {
public:
    std::map<std::string, std::map<int64_t, Json>> records;
    std::vector<std::string> searched;  // Domains, one for each search.
    Json login = 7;
    bool may_create = true;
    std::string version = "14.0";
    /// Sent instead of an answer, once it is no empty reply.
    HttpReply broken;
    /// Given first when "res.partner.write" is asked for.
    std::map<std::string, std::vector<HttpReply>> next;
    std::vector<std::string> changed;  // Such methods that were carried out.

    FakeOdoo() {
        put("res.users", 7, {{"company_ids", {1, 2}}, {"name", "Dunlin"}, {"email", false}});
        put("res.company", 1, {{"name", "Northwind"}, {"currency_id", 2}});
        put("res.company", 2, {{"name", "Abroad"}, {"currency_id", 1}});
        put("res.currency", 1, {{"name", "EUR"}});
        put("res.currency", 2, {{"name", "USD"}});
        for (const auto id : {11, 12}) {
            put("res.partner", id,
                {{"name", "Customer " + std::to_string(id)},
                 {"commercial_partner_id", id},
                 {"customer_rank", 1}});
        }
    }

    Json& put(const std::string& model, int64_t id, Json fields) {
        fields["id"] = id;
        return records[model][id] = std::move(fields);
    }

    HttpReply answer(const HttpRequest& request) {
        if (broken.status != 0) return broken;
        const auto call = Json::parse(request.body)["params"];
        if (call["service"] == "object") {
            auto& replies = next[method_of(call["args"])];
            if (!replies.empty()) {
                const auto first = replies.front();
                replies.erase(replies.begin());
                return first;
            }
        }
        HttpReply reply;
        reply.status = 200;
        reply.headers = {{"content-type", "application/json"},
                         {"date", "Sun, 22 Nov 2026 05:20:51 GMT"}};
        Json body{{"jsonrpc", "2.0"}, {"id", 1}};
        const auto result = result_of(call["service"], call["method"], call["args"]);
        if (!result.is_discarded()) body["result"] = result;
        reply.body = body.dump();
        return reply;
    }

    OdooSource source(Json settings = Json::object()) {
        settings.update({{"url", "http://erp.example/"},
                         {"database", "books"},
                         {"user", "dunlin"},
                         {"password", "erp"}});
        return {Settings::parse(settings),
                {[this](const HttpRequest& request, const Cancel&) { return answer(request); },
                 [](const std::string& name) { return name + "-word"; }}};
    }

private:
    static std::string method_of(const Json& arguments) {
        return arguments[3].get<std::string>() + "." + arguments[4].get<std::string>();
    }

    /// Keeps the key of what is made, as Odoo does; the record itself is not looked at.
    Json load(const std::string& model, const Json& given) {
        const auto id = 900 + static_cast<int64_t>(changed.size());
        const auto key = given[1][0][0].get<std::string>();
        put("ir.model.data", id,
            {{"model", model}, {"res_id", id}, {"name", key.substr(key.find('.') + 1)}});
        return {{"ids", {id}}, {"messages", Json::array()}};
    }

    Json result_of(const std::string& service, const std::string& method, const Json& arguments) {
        if (service == "common") {
            return method == "login" ? login
                                     : Json{{"server_version", version},
                                            {"server_version_info", {std::stoi(version), 0}}};
        }
        const auto model = arguments[3].get<std::string>();
        const auto verb = arguments[4].get<std::string>();
        const auto& given = arguments[5];
        if (verb == "load" || verb == "write") changed.push_back(method_of(arguments));
        if (verb == "load") return load(model, given);
        if (verb == "write") {
            for (const auto& value : given[1].items()) {
                records[model][given[0][0]][value.key()] = value.value();
            }
            return true;
        }
        if (verb == "search_read") return read(model, search(model, given[0], 0), given[1]);
        if (verb == "search") return search(model, given[0], arguments[6].value("limit", 0));
        if (verb == "search_count") return search(model, given[0], 0).size();
        if (verb == "read") return read(model, given[0], given[1]);
        if (verb == "fields_get") return {{"credit_limit", Json::object()}};
        if (verb == "check_access_rights") return given[0] == "read" || may_create;
        return Json::array();  // read_group: nobody but customers has entries.
    }

    Json search(const std::string& model, const Json& domain, std::size_t limit) {
        searched.push_back(domain.dump());
        auto out = Json::array();
        for (const auto& [id, record] : records[model]) {
            bool fits = true;
            for (const auto& condition : domain) {
                if (!condition.is_array()) continue;
                const auto field = condition[0].get<std::string>();
                if (field == "id" && condition[1] == ">") fits = fits && id > condition[2];
                if (field == "id" && condition[1] == "in") {
                    const auto& ids = condition[2];
                    fits = fits && std::find(ids.begin(), ids.end(), id) != ids.end();
                }
                if (field == "name") fits = fits && record["name"] == condition[2];
                if (field == "write_date") fits = fits && record["write_date"] >= condition[2];
            }
            if (fits && (limit == 0 || out.size() < limit)) out.push_back(id);
        }
        return out;
    }

    Json read(const std::string& model, const Json& ids, const Json& fields) {
        auto out = Json::array();
        for (const auto& id : ids) {
            const auto found = records[model].find(id.get<int64_t>());
            if (found == records[model].end()) continue;
            Json record{{"id", id}};
            for (const auto& field : fields) {
                const auto name = field.get<std::string>();
                record[name] = found->second.value(name, Json(false));
            }
            out.push_back(record);
        }
        return out;
    }
};

inline const Cancel no_cancel{nullptr, nullptr};

/// Everything a pull gives.
struct Pulled {
    std::map<std::string, Json> rows;
    std::vector<BadRow> errors;
    std::vector<std::string> cursors;
    std::optional<int64_t> changed_max_us, server_us;
};

inline Pulled read_all(OdooSource& source, const PullRequest& request) {
    Pulled out;
    const auto pull = source.pull(request, no_cancel);
    for (Page page; pull->next(page); page = Page{}) {
        const BatchView rows(page.rows);
        for (int64_t i = 0; i < rows.rows(); ++i) {
            auto row = row_to_json(rows, i);
            const auto id = row.at("external_id").get<std::string>();
            out.rows[id] = std::move(row);
        }
        for (auto& bad : page.errors) out.errors.push_back(bad);
        out.cursors.push_back(page.next_cursor);
        if (page.changed_max_us) out.changed_max_us = page.changed_max_us;
        out.server_us = page.server_us;
    }
    return out;
}

/// An invoice of customer 11.
inline Json invoice(const std::string& number, const Json& total) {
    return {{"name", number},
            {"move_type", "out_invoice"},
            {"state", "posted"},
            {"invoice_date", "2026-01-05"},
            {"date", "2026-01-05"},
            {"invoice_date_due", "2026-02-04"},
            {"commercial_partner_id", 11},
            {"company_id", 1},
            {"currency_id", 2},
            {"amount_total", total},
            {"amount_residual", total},
            {"write_date", "2026-01-05 10:00:00"}};
}

}  // namespace dunlin::odoo::test
