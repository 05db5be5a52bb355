// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/connector.h>
#include <dunlin/arrow.hpp>
#include <dunlin/services.hpp>

#include <memory>
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
};

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
    virtual std::unique_ptr<Pull> pull(std::string_view entity, std::string_view cursor,
                                       Cancel cancel) = 0;
    /// Carries out write-backs, one receipt each.
    virtual Json push(const Json& /*writes*/, const Cancel& /*cancel*/) {
        throw Error(DUNLIN_E_UNSUPPORTED, "this source takes no write-backs");
    }
};

/// The C table of a plugin P that has describe_connector() and open_source(name, config).
template <class P>
class ConnectorTable {
public:
    static const dunlin_connector_v1* get() {
        static const dunlin_connector_v1 table{sizeof table, 0,     &describe, &open, &close,
                                               &check,       &pull, &next,     &end,  &push};
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
    static dunlin_status DUNLIN_CALL pull(dunlin_source* source, dunlin_str entity,
                                          dunlin_str cursor, dunlin_cancel* cancel,
                                          dunlin_pull** out, dunlin_err* err) noexcept {
        auto* self = to_cpp(source);
        return guard(self->plugin->err_set(), err, [&] {
            auto opened = std::make_unique<OpenPull>();
            opened->plugin = self->plugin;
            opened->pull = self->source->pull(to_view(entity), to_view(cursor),
                                              to_cancel(self->plugin, cancel));
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
            *page->schema = self->page.rows.take_schema();
            *page->rows = self->page.rows.take_array();
            return DUNLIN_OK;
        });
    }
    static void DUNLIN_CALL end(dunlin_pull* pull) noexcept { delete to_cpp(pull); }
    static dunlin_status DUNLIN_CALL push(dunlin_source* source, dunlin_str writes_json,
                                          dunlin_cancel* cancel, const dunlin_writer* receipts,
                                          dunlin_err* err) noexcept {
        auto* self = to_cpp(source);
        return guard(self->plugin->err_set(), err, [&] {
            const auto writes = Json::parse(to_view(writes_json));
            write_to(receipts, self->source->push(writes, to_cancel(self->plugin, cancel)).dump());
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
