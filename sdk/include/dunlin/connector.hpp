// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/connector.h>
#include <dunlin/arrow.hpp>
#include <dunlin/services.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin {

/// A row of the other system that could not be read; goes to quarantine with its raw text.
struct BadRow {
    std::string external_id;
    std::string position;  // Where it stood, for a person: "orders.csv:17".
    std::string code;      // "date", "amount", "currency", …
    std::string reason;    // The thing and the remedy.
    std::string raw;
};

/// Rows and everything that commits together with them.
struct Page {
    Batch rows;
    std::string next_cursor;
    std::vector<BadRow> errors;
    int64_t done = 0;
    int64_t total = -1;
    std::optional<int64_t> changed_max_us;  // Of a keyset stream, by the other system's clock.
    std::optional<int64_t> server_us;       // That clock when the pull's first page was asked for.
};

/// What a pull is asked for.
struct PullRequest {
    enum class Mode : uint32_t {
        changes = DUNLIN_PULL_CHANGES,
        ids = DUNLIN_PULL_IDS,
        by_id = DUNLIN_PULL_BY_ID
    };
    std::string entity;
    std::string resume{};               // next_cursor of the last page that was kept.
    std::optional<int64_t> since_us{};  // Changed at or after; nothing: everything.
    Mode mode = Mode::changes;
    std::vector<std::string> ids{};
};

/// Trying again later can help; after `wait`, when the other side named a time.
inline Error unavailable(const std::string& message,
                         std::optional<std::chrono::milliseconds> wait = std::nullopt) {
    return {DUNLIN_E_UNAVAILABLE, message,
            wait ? Json{{"retry_after_ms", wait->count()}}.dump() : std::string()};
}

/// Something decided here that the other system should have, see `push` in abi/connector.h.
struct WriteBack {
    std::string key;  // To be kept there with what is made.
    std::string kind;
    std::string entity, external_id;  // What it is about.
    Json body, base;
};

/// What became of a write-back.
struct Receipt {
    enum class State { confirmed, rejected, conflict, absent };
    /// A row there that is another one now.
    struct Row {
        std::string entity, external_id;
    };
    State state = State::confirmed;
    std::string remote_id{};
    std::string reason{};
    std::vector<Row> touched{};
};
NLOHMANN_JSON_SERIALIZE_ENUM(Receipt::State, {{Receipt::State::confirmed, "confirmed"},
                                              {Receipt::State::rejected, "rejected"},
                                              {Receipt::State::conflict, "conflict"},
                                              {Receipt::State::absent, "absent"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Receipt::Row, entity, external_id)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Receipt, state, remote_id, reason, touched)

/// A message that the other system sent by itself.
struct Hook {
    std::vector<std::pair<std::string, std::string>> headers;  // Names in lower case.
    std::string body;                                          // The bytes as they came.
    int64_t now_us = 0;

    /// The value of a header, empty when it is not there. `name` in lower case.
    std::string header(std::string_view name) const {
        for (const auto& [key, value] : headers) {
            if (key == name) return value;
        }
        return {};
    }
};

/// Receives bytes piece by piece; throws when no more is wanted.
using TakeBytes = std::function<void(std::string_view)>;

/// One run over one entity.
class Pull {
public:
    virtual ~Pull() = default;
    /// Fills the next page; false when there is none.
    virtual bool next(Page& page) = 0;
};

/// One configured system.
class Source {
public:
    virtual ~Source() = default;
    /// Reachable, with these credentials? Throws one sentence that says what to do.
    virtual Json check(const Cancel& cancel) = 0;
    virtual std::unique_ptr<Pull> pull(const PullRequest& request, Cancel cancel) = 0;
    /// Carries out a write-back. Throws unavailable() when it was certainly not carried out.
    virtual Receipt push(const WriteBack& /*write*/, const Cancel& /*cancel*/) {
        throw Error(DUNLIN_E_UNSUPPORTED, "this source takes no write-backs");
    }
    /// Whether it was carried out.
    virtual Receipt find(const WriteBack& /*write*/, const Cancel& /*cancel*/) {
        throw Error(DUNLIN_E_UNSUPPORTED, "this source cannot find a write-back again");
    }
    /// What a message says has changed: {"changed":[{"entity":…,"external_ids":[…]}]}.
    virtual Json hook(const Hook& /*hook*/) {
        throw Error(DUNLIN_E_UNSUPPORTED, "this source takes no messages");
    }
    /// The document behind a row, as the other system keeps or prints it. Error not_found when it
    /// has none.
    virtual void document(std::string_view entity, std::string_view /*external_id*/,
                          const TakeBytes& /*take*/, const Cancel& /*cancel*/) {
        throw Error(DUNLIN_E_UNSUPPORTED,
                    "this source hands out no documents of \"" + std::string(entity) + "\"");
    }
    /// What the other system says is open: [{"company","currency","open"}].
    virtual Json totals(const Cancel& /*cancel*/) {
        throw Error(DUNLIN_E_UNSUPPORTED, "this source has no control totals");
    }
};

/// The C table of a plugin P that has describe_connector() and open_source(name, config).
template <class P>
class ConnectorTable {
public:
    static const dunlin_connector_v1* get() {
        static const dunlin_connector_v1 table{sizeof table,
                                               0,
                                               &describe,
                                               &open,
                                               &close,
                                               &check,
                                               &pull,
                                               &next,
                                               &end,
                                               &write<&Source::push>,
                                               &write<&Source::find>,
                                               &totals,
                                               &hook,
                                               &document};
        return &table;
    }

private:
    struct OpenSource {
        P* plugin;
        std::unique_ptr<Source> source;
    };
    struct OpenPull {
        P* plugin;
        std::unique_ptr<Pull> pull;
        Page page;
        std::string errors_json;
    };
    static OpenSource* to_cpp(dunlin_source* s) { return reinterpret_cast<OpenSource*>(s); }
    static OpenPull* to_cpp(dunlin_pull* p) { return reinterpret_cast<OpenPull*>(p); }
    static Cancel to_cancel(P* plugin, dunlin_cancel* cancel) {
        return {plugin->services().cancel_table(), cancel};
    }

    static dunlin_status DUNLIN_CALL describe(dunlin_plugin* plugin, const dunlin_writer* json,
                                              dunlin_err* err) noexcept {
        auto* self = P::from(plugin);
        return guard(self->err_set(), err,
                     [&] { write_to(json, self->describe_connector().dump()); });
    }
    static dunlin_status DUNLIN_CALL open(dunlin_plugin* plugin, dunlin_str name,
                                          dunlin_str config_json, dunlin_source** out,
                                          dunlin_err* err) noexcept {
        auto* self = P::from(plugin);
        return guard(self->err_set(), err, [&] {
            auto source = std::make_unique<OpenSource>();
            source->plugin = self;
            source->source = self->open_source(to_view(name), Json::parse(to_view(config_json)));
            *out = reinterpret_cast<dunlin_source*>(source.release());
        });
    }
    static void DUNLIN_CALL close(dunlin_source* source) noexcept { delete to_cpp(source); }
    static dunlin_status DUNLIN_CALL check(dunlin_source* source, dunlin_cancel* cancel,
                                           const dunlin_writer* json, dunlin_err* err) noexcept {
        auto* self = to_cpp(source);
        return guard(self->plugin->err_set(), err, [&] {
            write_to(json, self->source->check(to_cancel(self->plugin, cancel)).dump());
        });
    }
    static PullRequest to_cpp(const dunlin_pull_request& request) {
        PullRequest out;
        out.entity = to_view(request.entity);
        out.resume = to_view(request.resume);
        if (request.since_us != DUNLIN_NO_TIME) out.since_us = request.since_us;
        out.mode = static_cast<PullRequest::Mode>(request.mode);
        if (request.mode == DUNLIN_PULL_BY_ID) {
            out.ids = Json::parse(to_view(request.ids_json)).get<std::vector<std::string>>();
        }
        return out;
    }
    static dunlin_status DUNLIN_CALL pull(dunlin_source* source, const dunlin_pull_request* request,
                                          dunlin_cancel* cancel, dunlin_pull** out,
                                          dunlin_err* err) noexcept {
        auto* self = to_cpp(source);
        return guard(self->plugin->err_set(), err, [&] {
            auto opened = std::make_unique<OpenPull>();
            opened->plugin = self->plugin;
            opened->pull = self->source->pull(to_cpp(*request), to_cancel(self->plugin, cancel));
            *out = reinterpret_cast<dunlin_pull*>(opened.release());
        });
    }
    static dunlin_status DUNLIN_CALL next(dunlin_pull* pull, dunlin_page* page,
                                          dunlin_err* err) noexcept {
        auto* self = to_cpp(pull);
        return guard(self->plugin->err_set(), err, [&]() -> dunlin_status {
            self->page = Page{};
            if (!self->pull->next(self->page)) return DUNLIN_DONE;
            self->errors_json = errors_to_json(self->page.errors);
            page->next_cursor = to_abi(self->page.next_cursor);
            page->errors_json = to_abi(self->errors_json);
            page->done = self->page.done;
            page->total = self->page.total;
            page->changed_max_us = self->page.changed_max_us.value_or(DUNLIN_NO_TIME);
            page->server_us = self->page.server_us.value_or(DUNLIN_NO_TIME);
            *page->schema = self->page.rows.take_schema();
            *page->rows = self->page.rows.take_array();
            return DUNLIN_OK;
        });
    }
    static void DUNLIN_CALL end(dunlin_pull* pull) noexcept { delete to_cpp(pull); }
    static WriteBack to_write(const Json& json) {
        const auto& target = json.at("target");
        return {json.at("key"),           json.at("kind"), target.at("entity"),
                target.at("external_id"), json.at("body"), json.at("base")};
    }
    template <auto member>
    static dunlin_status DUNLIN_CALL write(dunlin_source* source, dunlin_str write_json,
                                           dunlin_cancel* cancel, const dunlin_writer* receipt,
                                           dunlin_err* err) noexcept {
        auto* self = to_cpp(source);
        return guard(self->plugin->err_set(), err, [&] {
            const auto asked = to_write(Json::parse(to_view(write_json)));
            const Receipt got = ((*self->source).*member)(asked, to_cancel(self->plugin, cancel));
            write_to(receipt, Json(got).dump(-1, ' ', false, Json::error_handler_t::replace));
        });
    }
    static dunlin_status DUNLIN_CALL hook(dunlin_source* source, const dunlin_hook* hook,
                                          const dunlin_writer* json, dunlin_err* err) noexcept {
        auto* self = to_cpp(source);
        return guard(self->plugin->err_set(), err, [&] {
            Hook in;
            Json::parse(to_view(hook->headers_json)).get_to(in.headers);
            in.body = to_view(hook->body);
            in.now_us = hook->now_us;
            write_to(json, self->source->hook(in).dump());
        });
    }
    static dunlin_status DUNLIN_CALL totals(dunlin_source* source, dunlin_cancel* cancel,
                                            const dunlin_writer* json, dunlin_err* err) noexcept {
        auto* self = to_cpp(source);
        return guard(self->plugin->err_set(), err, [&] {
            write_to(json, self->source->totals(to_cancel(self->plugin, cancel)).dump());
        });
    }
    static dunlin_status DUNLIN_CALL document(dunlin_source* source, dunlin_str entity,
                                              dunlin_str external_id, dunlin_cancel* cancel,
                                              const dunlin_writer* bytes,
                                              dunlin_err* err) noexcept {
        auto* self = to_cpp(source);
        return guard(self->plugin->err_set(), err, [&] {
            self->source->document(
                to_view(entity), to_view(external_id),
                [bytes](std::string_view piece) { write_to(bytes, piece); },
                to_cancel(self->plugin, cancel));
        });
    }
    static std::string errors_to_json(const std::vector<BadRow>& errors) {
        if (errors.empty()) return {};
        auto list = Json::array();
        for (const auto& bad : errors) {
            list.push_back({{"external_id", bad.external_id},
                            {"position", bad.position},
                            {"code", bad.code},
                            {"reason", bad.reason},
                            {"raw", bad.raw}});
        }
        // A broken byte in the raw text must not lose the row.
        return list.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
};

}  // namespace dunlin
