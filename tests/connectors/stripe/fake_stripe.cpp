// SPDX-License-Identifier: Apache-2.0
#include "fake_stripe.hpp"

#include <algorithm>
#include <ctime>
#include <sstream>

namespace dunlin::stripe::test {
namespace {

const std::map<std::string, std::string> object_of_resource{
    {"customers", "customer"}, {"invoices", "invoice"}, {"credit_notes", "credit_note"},
    {"charges", "charge"},     {"refunds", "refund"},   {"disputes", "dispute"}};

std::string value_of(const std::vector<std::pair<std::string, std::string>>& query,
                     const std::string& name) {
    for (const auto& [key, value] : query) {
        if (key == name) return value;
    }
    return {};
}

std::vector<std::string> values_of(const std::vector<std::pair<std::string, std::string>>& query,
                                   const std::string& name) {
    std::vector<std::string> out;
    for (const auto& [key, value] : query) {
        if (key == name) out.push_back(value);
    }
    return out;
}

}  // namespace

std::string http_date_text(int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    char out[40];
    std::strftime(out, sizeof out, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return out;
}

FakeStripe::~FakeStripe() {
    for (const auto& mistake : mistakes) {
        UNSCOPED_INFO(mistake);
        CHECK(mistakes.empty());
    }
}

Json& FakeStripe::put(const std::string& resource, const std::string& id, const Json& fields) {
    auto object = Specification::get().example(object_of_resource.at(resource));
    object["id"] = id;
    object["created"] = now;
    if (fields.is_object()) object.merge_patch(fields);
    const std::lock_guard lock(mutex_);
    return objects[resource].emplace_back(std::move(object));
}

Json* FakeStripe::find(const std::string& resource, const std::string& id) {
    for (auto& object : objects[resource]) {
        if (object["id"] == id) return &object;
    }
    return nullptr;
}

Json& FakeStripe::at(const std::string& resource, const std::string& id) {
    auto* found = find(resource, id);
    REQUIRE(found);
    return *found;
}

Json& FakeStripe::tell(const std::string& type, const Json& object) {
    auto event = Specification::get().example("event");
    event["id"] = "evt_" + std::to_string(events.size() + 1);
    event["created"] = now;
    event["type"] = type;
    event["data"] = {{"object", object}};
    return events.emplace_back(std::move(event));
}

void FakeStripe::change(const std::string& resource, const std::string& id, const Json& fields,
                        const std::string& event) {
    const std::lock_guard lock(mutex_);
    auto& object = at(resource, id);
    tell(event, object);  // What the event shows is not what is there: it must be read again.
    object.merge_patch(fields);
}

HttpReply FakeStripe::reply(const Json& body, int status) const {
    HttpReply out;
    out.status = status;
    out.headers = {{"content-type", "application/json"}, {"date", http_date_text(now)}};
    out.body = body.dump();
    return out;
}

HttpReply FakeStripe::error(int status, const std::string& message,
                            const std::string& param) const {
    Json said{{"type", "invalid_request_error"}, {"message", message}};
    if (!param.empty()) said["param"] = param;
    return reply({{"error", said}}, status);
}

HttpReply FakeStripe::answer(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    urls.push_back(request.method + " " + request.url);
    std::string operation;
    const auto mistake = Specification::get().mistake_in(request, operation);
    if (!mistake.empty()) {
        mistakes.push_back(mistake + " in " + request.method + " " + request.url);
        return error(400, mistake);
    }
    asked.insert(operation);
    const auto has = [&](const std::string& name, const std::string& value) {
        return std::any_of(request.headers.begin(), request.headers.end(), [&](const auto& header) {
            return header.first == name && (value.empty() || header.second == value);
        });
    };
    if (!has("Stripe-Version", "2020-08-27")) mistakes.push_back("no version: " + request.url);
    if (!has("Authorization", "Bearer rk_key")) return error(401, "Invalid API Key provided");
    if (broken.status != 0) return broken;
    const auto begin = request.url.find("/v1/") + 4;
    const auto question = std::min(request.url.find('?'), request.url.size());
    std::vector<std::string> path;
    std::stringstream words(request.url.substr(begin, question - begin));
    for (std::string word; std::getline(words, word, '/');) path.push_back(word);
    if (forbidden.count(path[0]) > 0) return error(403, "the key lacks rak_" + path[0] + "_read");
    if (request.method == "GET") {
        return get(path, decoded(request.url.substr(std::min(question + 1, request.url.size()))));
    }
    if (!has("Idempotency-Key", "")) mistakes.push_back("no key: " + request.url);
    const auto out = post(request, path);
    if (loses_answer) throw Error(DUNLIN_E_TIMEOUT, "the connection broke");
    return out;
}

void FakeStripe::expand(Json& object, const std::string& path) {
    const auto word = path.substr(0, path.find('.'));
    if (!object.contains(word) || object[word].is_null()) return;
    if (object[word].is_string()) {
        const auto id = object[word].get<std::string>();
        const auto* found = find(word + "s", id);
        object[word] = found ? *found : Json{{"id", id}, {"object", word}, {"deleted", true}};
    }
    if (word.size() < path.size()) expand(object[word], path.substr(word.size() + 1));
}

HttpReply FakeStripe::list(const std::vector<Json>& all, const Query& query) {
    const auto limit = value_of(query, "limit").empty() ? 10 : std::stoll(value_of(query, "limit"));
    const auto since = value_of(query, "created[gte]");
    const auto types = values_of(query, "types[]");
    auto after = value_of(query, "starting_after");
    if (!after.empty() && std::none_of(all.begin(), all.end(), [&](const Json& one) {
            return one["id"] == after && !one.value("deleted", false);
        })) {
        return error(404, "No such object: '" + after + "'", "starting_after");
    }
    Json out{{"object", "list"}, {"data", Json::array()}, {"has_more", false}, {"url", "/v1/x"}};
    for (auto it = all.rbegin(); it != all.rend(); ++it) {
        if (!after.empty()) {
            if ((*it)["id"] == after) after.clear();
            continue;
        }
        bool fits = !it->value("deleted", false);
        if (!since.empty()) fits = fits && (*it)["created"] >= std::stoll(since);
        if (!types.empty()) {
            fits = fits && std::count(types.begin(), types.end(), (*it)["type"].get<std::string>());
        }
        for (const auto* field : {"customer", "invoice", "charge", "status"}) {
            const auto wanted = value_of(query, field);
            if (!wanted.empty()) fits = fits && it->value(field, Json()) == wanted;
        }
        if (!fits) continue;
        if (out["data"].size() == static_cast<std::size_t>(limit)) {
            out["has_more"] = true;
            break;
        }
        auto& object = out["data"].emplace_back(*it);
        for (const auto& path : values_of(query, "expand[]")) expand(object, path.substr(5));
    }
    return reply(out);
}

HttpReply FakeStripe::get(const std::vector<std::string>& path, const Query& query) {
    if (path[0] == "account") return reply(Specification::get().example("account"));
    if (path[0] == "events") return list(events, query);
    if (path.size() == 1) return list(objects[path[0]], query);
    const auto* found = find(path[0], path[1]);
    if (!found) return error(404, "No such object: '" + path[1] + "'", "id");
    if (path.size() == 3) {
        auto lines = (*found)["all_lines"].get<std::vector<Json>>();
        std::reverse(lines.begin(), lines.end());  // Lines come in their own order.
        return list(lines, query);
    }
    auto object = *found;
    for (const auto& field : values_of(query, "expand[]")) expand(object, field);
    return reply(object);
}

HttpReply FakeStripe::post(const HttpRequest& request, const std::vector<std::string>& path) {
    std::string key;
    for (const auto& [name, value] : request.headers) {
        if (name == "Idempotency-Key") key = value;
    }
    if (const auto before = posted_.find(key); before != posted_.end()) {
        if (before->second.first == request.url + request.body) return before->second.second;
        return error(400, "Keys for idempotent requests can only be used with the same parameters");
    }
    const auto form = decoded(request.body);
    HttpReply out;
    if (path.size() == 1) {
        out = reply(made_credit_note(form));
    } else {
        auto* object = find(path[0], path[1]);
        if (!object) return error(404, "No such object: '" + path[1] + "'", "id");
        if (object->value("deleted", false)) return error(400, "No such customer");
        for (const auto& [name, value] : form) {
            (*object)["metadata"][name.substr(9, name.size() - 10)] = value;
        }
        out = reply(*object);
    }
    posted_[key] = {request.url + request.body, out};
    return out;
}

Json FakeStripe::made_credit_note(const Query& form) {
    auto note = Specification::get().example("credit_note");
    auto& invoice = *find("invoices", value_of(form, "invoice"));
    const auto amount = std::stoll(value_of(form, "amount"));
    note.merge_patch({{"id", "cn_made" + std::to_string(++made_)},
                      {"created", now},
                      {"voided_at", nullptr},
                      {"invoice", invoice["id"]},
                      {"customer", invoice["customer"]},
                      {"currency", invoice["currency"]},
                      {"amount", amount},
                      {"total", amount},
                      {"memo", value_of(form, "memo")},
                      {"metadata", {{"dunlin_key", value_of(form, "metadata[dunlin_key]")}}}});
    const bool is_open = invoice["status"] == "open";
    note["type"] = is_open ? "pre_payment" : "post_payment";
    if (is_open) {
        invoice["amount_remaining"] = invoice["amount_remaining"].get<int64_t>() - amount;
        invoice["pre_payment_credit_notes_amount"] =
            invoice["pre_payment_credit_notes_amount"].get<int64_t>() + amount;
    }
    return objects["credit_notes"].emplace_back(note);
}

StripeSource FakeStripe::source(Json settings) {
    settings["api_key"] = settings.value("api_key", "rk_key");
    settings["api_url"] = "http://stripe.example/";
    return {Settings::parse(settings),
            {[this](const HttpRequest& request, const Cancel&) { return answer(request); },
             [](const std::string& name) { return name; }}};
}

Pulled read_all(StripeSource& source, const PullRequest& request, int pages_max) {
    Pulled out;
    const Cancel no_cancel{nullptr, nullptr};
    const auto pull = source.pull(request, no_cancel);
    for (Page page; out.pages < pages_max && pull->next(page); page = Page{}) {
        ++out.pages;
        const BatchView rows(page.rows);
        for (int64_t i = 0; i < rows.rows(); ++i) {
            auto row = row_to_json(rows, i);
            for (auto it = row.begin(); it != row.end();) {
                it = it->is_null() ? row.erase(it) : std::next(it);
            }
            const auto id = row.at("external_id").get<std::string>();
            row.erase("external_id");
            out.rows[id] = std::move(row);
        }
        for (auto& bad : page.errors) out.errors.push_back(bad);
        out.last_cursor = page.next_cursor;
        out.changed_max_us = page.changed_max_us;
        out.server_us = page.server_us;
    }
    return out;
}

}  // namespace dunlin::stripe::test
