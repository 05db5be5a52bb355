// SPDX-License-Identifier: Apache-2.0
// A connector to begin with: all a connector needs to lose nothing, for the protocol in
// ../stand_in.py.
#include "dunlin_manifest.h"

#include <dunlin/batch_json.hpp>
#include <dunlin/field_change.hpp>
#include <dunlin/http.hpp>
#include <dunlin/plugin.hpp>
#include <dunlin/rotating_token.hpp>

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <sstream>

namespace {

using namespace dunlin;
using Mode = PullRequest::Mode;

/// Columns with an integer are amounts, which the other system sends as text.
struct Entity {
    std::string name;
    std::vector<ColumnSpec> columns;
};

const std::vector<Entity>& entities() {
    const auto u = Type::text;
    const auto l = Type::i64;
    const auto d = Type::date;
    static const std::vector<Entity> all{
        {"customer",
         {{"number", u}, {"name", u}, {"kind", u}, {"currency", u}, {"credit_limit", l}}},
        {"invoice",
         {{"customer", u},
          {"number", u},
          {"kind", u},
          {"status", u},
          {"issue_date", d},
          {"due_date", d},
          {"currency", u},
          {"total", l}}},
        {"payment", {{"customer", u}, {"date", d}, {"currency", u}, {"amount", l}}},
        {"allocation",
         {{"customer", u}, {"source", u}, {"invoice", u}, {"date", d}, {"amount", l}}}};
    return all;
}

/// "Fri, 20 Nov 2026 10:00:00 GMT" in microseconds.
std::optional<int64_t> instant_of(const std::string& http_date) {
    std::tm parts{};
    std::istringstream in(http_date);
    if (!(in >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S"))) return std::nullopt;
    const Date day(parts.tm_year + 1900, static_cast<unsigned>(parts.tm_mon + 1),
                   static_cast<unsigned>(parts.tm_mday));
    const int64_t seconds = parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec;
    return (day.days() * int64_t{86'400} + seconds) * 1'000'000;
}

/// The other system, with what its answers mean for who asked.
class Client {
public:
    Client(const Services& services, const Json& settings)
        : services_(services),
          url_(settings.at("url")),
          token_(settings.at("token")),
          timeout_(settings.value("timeout_ms", 30'000)) {
        if (!settings.contains("token_url")) return;
        renewed_.emplace(services, token_,
                         TokenEndpoint{.url = settings.at("token_url"),
                                       .client_id = settings.value("client_id", ""),
                                       .client_secret = settings.value("client_secret", ""),
                                       .timeout = timeout_});
    }

    /// Reading may be repeated: whatever passes is UNAVAILABLE or TIMEOUT.
    Json read(const std::string& path, const Cancel& cancel, HttpReply* whole = nullptr) const {
        auto reply = send("GET", path, {}, cancel);
        if (reply.status != 200) refuse(reply);
        auto answer = Json::parse(reply.body, nullptr, /*allow_exceptions=*/false);
        // A proxy's page for people, or half an answer.
        if (answer.is_discarded()) throw unavailable(url_ + " answers with what is no JSON");
        if (whole) *whole = std::move(reply);
        return answer;
    }

    /// Writing may have taken effect: only what certainly has not is UNAVAILABLE.
    HttpReply write(const std::string& path, const Json& body, const Cancel& cancel) const {
        auto reply = send("POST", path, body.dump(), cancel);
        const bool is_undone = reply.status == 429 || reply.status == 503 || reply.status == 401;
        if (is_undone) throw unavailable(said(reply), reply.retry_after);
        if (reply.status >= 500) throw Error(DUNLIN_E_TIMEOUT, said(reply));
        return reply;
    }

    std::string said(const HttpReply& reply) const {
        return url_ + " answers HTTP " + std::to_string(reply.status);
    }

private:
    HttpReply send(const char* method, const std::string& path, std::string body,
                   const Cancel& cancel) const {
        HttpRequest request{method, url_ + path, {}, std::move(body)};
        request.headers = {{"Content-Type", "application/json"}};
        request.timeout = timeout_;
        if (renewed_) return renewed_->send(request, cancel);
        request.headers.emplace_back("Authorization", "Bearer " + services_.secret(token_));
        return HttpClient(services_).send(request, cancel);
    }

    [[noreturn]] void refuse(const HttpReply& reply) const {
        if (reply.status == 401 || reply.status == 403) {
            throw Error(DUNLIN_E_DENIED,
                        url_ + " does not accept the token; correct the secret \"" + token_ + "\"");
        }
        if (reply.status == 429 || reply.status == 408 || reply.status >= 500) {
            throw unavailable(said(reply), reply.retry_after);
        }
        throw Error(DUNLIN_E_INVALID, said(reply) + "; correct \"url\"");
    }

    const Services& services_;
    std::string url_, token_;
    std::chrono::milliseconds timeout_;
    std::optional<RotatingToken> renewed_;  // For tokens that do not last.
};

/// Pages by (changed, id), by id, or all at once for those asked for by name.
class ReferencePull : public Pull {
public:
    ReferencePull(const Client& client, const Entity& entity, PullRequest request, int64_t limit,
                  Cancel cancel)
        : client_(client),
          entity_(entity),
          request_(std::move(request)),
          limit_(limit),
          cancel_(cancel),
          after_(request_.resume) {}

    bool next(Page& page) override {
        if (is_finished_) return false;
        HttpReply reply;
        const auto answer = client_.read(path(), cancel_, &reply);
        is_finished_ = !answer.value("more", false);
        page.server_us = instant_of(reply.header("date"));
        request_.mode == Mode::ids ? take_ids(answer, page) : take_rows(answer, page);
        page.next_cursor = after_;
        return true;
    }

private:
    std::string path() const {
        const auto base = "/v1/" + entity_.name;
        const auto tail = "limit=" + std::to_string(limit_) + "&after=" + percent_encoded(after_);
        if (request_.mode == Mode::ids) return base + "/ids?" + tail;
        if (request_.mode == Mode::by_id) {
            std::string list;
            for (const auto& id : request_.ids) list += (list.empty() ? "" : ",") + id;
            return base + "?ids=" + percent_encoded(list);
        }
        const auto since = request_.since_us ? std::to_string(*request_.since_us) : "";
        return base + "/changes?since=" + since + "&" + tail;
    }

    void take_ids(const Json& answer, Page& page) {
        BatchBuilder out({{"external_id", Type::text}});
        for (const std::string id : answer.at("ids")) {
            out[0].add(std::string_view(id));
            after_ = id;
        }
        page.rows = out.finish();
    }

    void take_rows(const Json& answer, Page& page) {
        std::vector<ColumnSpec> columns{{"external_id", Type::text},
                                        {"updated_at", Type::timestamp},
                                        {"deleted", Type::boolean}};
        columns.insert(columns.end(), entity_.columns.begin(), entity_.columns.end());
        std::vector<Json> rows;
        auto missing = request_.ids;
        for (const auto& theirs : answer.at("rows")) {
            const std::string id = theirs.at("id");
            const int64_t changed = theirs.at("changed");
            std::erase(missing, id);
            after_ = std::to_string(changed) + "/" + id;
            page.changed_max_us = std::max(page.changed_max_us.value_or(changed), changed);
            try {
                auto row = row_of(theirs, id, changed);
                rows_from_json({row}, columns);  // Whatever does not fit is that row's alone.
                rows.push_back(std::move(row));
            } catch (const std::exception& e) {
                page.errors.push_back(
                    {id, entity_.name + " " + id, "value", e.what(), theirs.dump()});
            }
        }
        for (const auto& id : missing) rows.push_back({{"external_id", id}, {"deleted", true}});
        page.rows = rows_from_json(rows, columns);
    }

    Json row_of(const Json& theirs, const std::string& id, int64_t changed) const {
        Json out{{"external_id", id}, {"updated_at", changed}};
        for (const auto& column : entity_.columns) {
            if (!theirs.contains(column.name)) continue;
            const auto& value = theirs.at(column.name);
            out[column.name] = column.type == Type::i64
                                   ? Json(Money::parse_units(value.get<std::string>()))
                                   : value;
        }
        return out;
    }

    const Client& client_;
    const Entity& entity_;
    PullRequest request_;
    int64_t limit_;
    Cancel cancel_;
    std::string after_;
    bool is_finished_ = false;
};

class ReferenceSource : public Source {
public:
    ReferenceSource(const Services& services, const Json& settings)
        : client_(services, settings), page_rows_(settings.value("page_rows", 100)) {}

    Json check(const Cancel& cancel) override {
        return {{"open", client_.read("/v1/totals", cancel)}};
    }
    std::unique_ptr<Pull> pull(const PullRequest& request, Cancel cancel) override {
        for (const auto& entity : entities()) {
            if (entity.name != request.entity) continue;
            return std::make_unique<ReferencePull>(client_, entity, request, page_rows_, cancel);
        }
        throw Error(DUNLIN_E_INVALID, "there is no " + request.entity + " in the stand-in");
    }
    Receipt push(const WriteBack& write, const Cancel& cancel) override {
        try {
            return write.kind == "credit_limit" ? change_limit(write, cancel)
                                                : leave_note(write, cancel);
        } catch (const Rejected& e) {
            return {Receipt::State::rejected, "", e.what()};
        }
    }
    Receipt find(const WriteBack& write, const Cancel& cancel) override {
        if (write.kind == "credit_limit") return compared(write, customer(write, cancel));
        const auto notes =
            client_.read("/v1/notes?key=" + percent_encoded(write.key), cancel).at("notes");
        if (notes.empty()) return {Receipt::State::absent};
        return confirmed(write, notes.front().dump());
    }
    Json totals(const Cancel& cancel) override { return client_.read("/v1/totals", cancel); }

private:
    static Receipt confirmed(const WriteBack& write, std::string remote_id) {
        return {Receipt::State::confirmed,
                std::move(remote_id),
                "",
                {{write.entity, write.external_id}}};
    }

    /// Something new: it carries the key, so that it can be found.
    Receipt leave_note(const WriteBack& write, const Cancel& cancel) {
        auto found = find(write, cancel);
        if (found.state == Receipt::State::confirmed) return found;
        const auto reply = client_.write("/v1/notes",
                                         {{"key", write.key},
                                          {"entity", write.entity},
                                          {"id", write.external_id},
                                          {"text", write.body.at("text")}},
                                         cancel);
        const auto answer = Json::parse(reply.body);  // Who cannot read it does not know either.
        if (reply.status == 201) return confirmed(write, answer.at("note").dump());
        return {Receipt::State::rejected, "", answer.value("reason", client_.said(reply))};
    }

    /// A change of what is there: only of what a person saw, and only if it still is that.
    Receipt change_limit(const WriteBack& write, const Cancel& cancel) {
        for (int look = 0; look < 2; ++look) {
            const auto now = customer(write, cancel);
            const auto found = compared(write, now);
            if (found.state != Receipt::State::absent) return found;
            const auto reply = client_.write("/v1/customer/" + percent_encoded(write.external_id),
                                             {{"set", {{"credit_limit", limit_in(write.body)}}},
                                              {"if_version", now.at("version")}},
                                             cancel);
            if (reply.status == 200) return confirmed(write, write.external_id);
            // Somebody was faster. When it was about another field, ours is still wanted.
            if (reply.status != 409) throw Rejected(client_.said(reply));
        }
        throw unavailable("customer " + write.external_id + " is changed again and again");
    }

    Json customer(const WriteBack& write, const Cancel& cancel) const {
        need_target(write, {"customer"});
        const auto path = "/v1/customer?ids=" + percent_encoded(write.external_id);
        const auto rows = client_.read(path, cancel).at("rows");
        if (rows.empty()) throw Rejected("there is no customer " + write.external_id);
        return rows.front();
    }
    static Receipt compared(const WriteBack& write, const Json& now) {
        FieldChange change{"credit limit",
                           limit_in(write.body),
                           limit_in({{"amount", now.value("credit_limit", Json())}}),
                           {}};
        if (write.base.is_object()) change.seen = limit_in(write.base);
        auto out = compare({change}, "the stand-in");
        return out.state == Receipt::State::confirmed ? confirmed(write, write.external_id) : out;
    }
    /// Empty: there is no limit.
    static std::string limit_in(const Json& body) {
        return text_in(body, "amount").empty() ? "" : Money::text_of(amount_in(body, "amount"), 2);
    }

    Client client_;
    int64_t page_rows_;
};

class Reference : public Plugin<Reference> {
public:
    using Plugin::Plugin;

    Json describe_connector() {
        auto list = Json::array();
        for (const auto& entity : entities()) {
            list.push_back({{"name", entity.name},
                            {"cursor", "keyset"},
                            {"overlap_seconds", 300},  // Its longest transaction, and more.
                            {"deletes", "sweep"},
                            {"by_id", true}});
        }
        return {{"entities", list},
                {"retries", 3},
                {"write_backs",
                 {{{"kind", "note"}, {"home", "note"}, {"key", "search"}},
                  {{"kind", "credit_limit"}, {"home", "native"}, {"key", "search"}}}}};
    }
    std::unique_ptr<Source> open_source(std::string_view /*name*/, const Json& settings) {
        return std::make_unique<ReferenceSource>(services(), settings);
    }
};

}  // namespace

DUNLIN_PLUGIN(Reference);
