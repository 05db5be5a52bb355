// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/commands.h>
#include <dunlin/abi/events.h>
#include <dunlin/abi/health.h>
#include <dunlin/abi/jobs.h>
#include <dunlin/abi/plugin.h>
#include <dunlin/connector.hpp>
#include <dunlin/money.hpp>
#include <dunlin/services.hpp>
#include <dunlin/sink.hpp>

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin {

/// One command on its way to a handler.
class Call {
public:
    Call(const Services& services, const dunlin_call& call)
        : tx_(services.tx_services(), call.tx),
          cancel_(services.cancel_table(), call.cancel),
          call_(&call),
          request_(Json::parse(to_view(call.request_json))) {}

    std::string_view command() const { return to_view(call_->command); }
    const Json& request() const { return request_; }
    Transaction& tx() { return tx_; }
    const Cancel& cancel() const { return cancel_; }
    Date today() const { return Date(call_->today); }
    int64_t now_us() const { return call_->now_us; }
    /// {"name":…,"roles":[…],"scopes":{…}}
    Json principal() const { return Json::parse(to_view(call_->principal_json)); }

    /// Convenience over the request: the member, or the fallback when it is absent or null.
    template <class T>
    T value(const char* key, const T& fallback) const {
        const auto it = request_.find(key);
        return it == request_.end() || it->is_null() ? fallback : it->template get<T>();
    }
    Date date(const char* key, Date fallback) const {
        return read(key, fallback, [](const Json& value) { return Date::parse(text_of(value)); });
    }
    /// An id or a list of them; 0 or none when the member is absent.
    int64_t id(const char* key) const { return read(key, int64_t{0}, id_of); }
    std::vector<int64_t> ids(const char* key) const {
        return read(key, std::vector<int64_t>(), [](const Json& list) {
            std::vector<int64_t> out;
            for (const auto& value : list) out.push_back(id_of(value));
            return out;
        });
    }
    /// "12.50", or {"amount":"12.50","currency":"EUR"}, in this currency and no other; nothing when
    /// the member is absent.
    std::optional<Money> money(const char* key, std::string_view currency) const {
        return read(key, std::optional<Money>(), [&](const Json& value) -> std::optional<Money> {
            const auto& given = value.is_object() ? value.at("currency") : Json(currency);
            if (given != currency) {
                throw Error(DUNLIN_E_INVALID, "the amount is in " + text_of(given) + ", not in " +
                                                  std::string(currency));
            }
            const auto& amount = value.is_object() ? value.at("amount") : value;
            return Money(Money::parse_units(text_of(amount)), Currency(currency));
        });
    }

private:
    static const std::string& text_of(const Json& value) {
        if (!value.is_string()) throw Error(DUNLIN_E_INVALID, "must be a text");
        return value.get_ref<const std::string&>();
    }
    static int64_t id_of(const Json& value) { return Id<Call>::parse(text_of(value)).value(); }
    /// What `parse` makes of the member; its errors name it.
    template <class T, class Parse>
    T read(const char* key, const T& fallback, Parse parse) const {
        const auto it = request_.find(key);
        if (it == request_.end() || it->is_null()) return fallback;
        try {
            return parse(*it);
        } catch (const Error& e) {
            throw Error(e.status(), std::string(key) + ": " + e.what());
        }
    }

    Transaction tx_;
    Cancel cancel_;
    const dunlin_call* call_;
    Json request_;
};

/// One delivery of an event.
struct Event {
    int64_t id;
    std::string_view topic;
    std::string_view key;
    Json payload;
    Date cause_date;
    int64_t occurred_us;
    uint32_t attempt;
};

/// One run of a job.
struct Job {
    int64_t id;
    std::string_view kind;
    Json args;
    Date today;
    int64_t now_us;
    uint32_t attempt;
    Cancel cancel;
};

/// Base of a C++ plugin: `class Disputes : public dunlin::Plugin<Disputes>`. Write the methods you
/// need, and the extension points follow from them:
///
///     void init();  void start();  void stop();
///     Json on_command(Call&)                     dunlin.command_handler/1
///     void on_event(Transaction&, const Event&)  dunlin.event_handler/1
///     void on_job(const Job&)                    dunlin.job_handler/1
///     Json check_health(Transaction&)            dunlin.health/1
///     Json describe_sink(), apply(), totals()    dunlin.sink/1, see sink.hpp
///     Json describe_connector(), open_source()   dunlin.connector/1, see connector.hpp
///
/// on_command may instead return std::string, which is sent as it is (already JSON).
template <class Derived>
class Plugin {
public:
    explicit Plugin(const dunlin_host* host) : services_(host) {}
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    void init() {}
    void start() {}
    void stop() {}

    const Services& services() const { return services_; }
    ErrSet err_set() const { return services_.host()->err_set; }
    static Derived* from(dunlin_plugin* plugin) { return static_cast<Derived*>(plugin->self); }

    static dunlin_status DUNLIN_CALL create(const dunlin_host* host, dunlin_plugin** out,
                                            dunlin_err* err) noexcept {
        return guard(host->err_set, err, [&] {
            auto derived = std::make_unique<Derived>(host);
            auto& table = static_cast<Plugin&>(*derived).table_;
            table.struct_size = sizeof table;
            table.self = derived.get();
            table.init = &init_c;
            table.start = &start_c;
            table.stop = &stop_c;
            table.destroy = &destroy_c;
            table.get_extension = &get_extension_c;
            *out = &table;
            (void)derived.release();
        });
    }

private:
    static dunlin_status DUNLIN_CALL init_c(dunlin_plugin* p, dunlin_err* err) noexcept {
        return guard(from(p)->err_set(), err, [&] { from(p)->init(); });
    }
    static dunlin_status DUNLIN_CALL start_c(dunlin_plugin* p, dunlin_err* err) noexcept {
        return guard(from(p)->err_set(), err, [&] { from(p)->start(); });
    }
    static dunlin_status DUNLIN_CALL stop_c(dunlin_plugin* p, int64_t, dunlin_err* err) noexcept {
        return guard(from(p)->err_set(), err, [&] { from(p)->stop(); });
    }
    static void DUNLIN_CALL destroy_c(dunlin_plugin* p) noexcept { delete from(p); }

    template <class D>
    static dunlin_status DUNLIN_CALL command_c(dunlin_plugin* p, const dunlin_call* call,
                                               const dunlin_writer* reply,
                                               dunlin_err* err) noexcept {
        return guard(from(p)->err_set(), err, [&] {
            Call cpp(from(p)->services(), *call);
            auto answer = from(p)->on_command(cpp);
            if constexpr (std::is_same_v<decltype(answer), std::string>) {
                write_to(reply, answer);
            } else {
                write_to(reply, answer.dump());
            }
        });
    }
    template <class D>
    static dunlin_status DUNLIN_CALL event_c(dunlin_plugin* p, dunlin_tx* tx, const dunlin_event* e,
                                             dunlin_err* err) noexcept {
        return guard(from(p)->err_set(), err, [&] {
            Transaction transaction(from(p)->services().tx_services(), tx);
            const Event event{e->id,
                              to_view(e->topic),
                              to_view(e->key),
                              Json::parse(to_view(e->payload_json)),
                              Date(e->cause_date),
                              e->occurred_us,
                              e->attempt};
            from(p)->on_event(transaction, event);
        });
    }
    template <class D>
    static dunlin_status DUNLIN_CALL job_c(dunlin_plugin* p, const dunlin_job* j,
                                           dunlin_err* err) noexcept {
        return guard(from(p)->err_set(), err, [&] {
            const Job job{j->id,
                          to_view(j->kind),
                          Json::parse(to_view(j->args_json)),
                          Date(j->today),
                          j->now_us,
                          j->attempt,
                          Cancel(from(p)->services().cancel_table(), j->cancel)};
            from(p)->on_job(job);
        });
    }
    template <class D>
    static dunlin_status DUNLIN_CALL health_c(dunlin_plugin* p, dunlin_tx* tx,
                                              const dunlin_writer* json, dunlin_err* err) noexcept {
        return guard(from(p)->err_set(), err, [&] {
            Transaction transaction(from(p)->services().tx_services(), tx);
            write_to(json, from(p)->check_health(transaction).dump());
        });
    }

    static const void* DUNLIN_CALL get_extension_c(dunlin_plugin*, const char* id) noexcept {
        return extension<Derived>(id);
    }
    template <class D>
    static const void* extension(const char* id) noexcept {
        if constexpr (requires(D & d, Call & c) { d.on_command(c); }) {
            static const dunlin_command_handler_v1 table{sizeof table, 0, &command_c<D>};
            if (std::strcmp(id, DUNLIN_EXT_COMMAND_HANDLER) == 0) return &table;
        }
        if constexpr (requires(D & d, Transaction & t, const Event& e) { d.on_event(t, e); }) {
            static const dunlin_event_handler_v1 table{sizeof table, 0, &event_c<D>};
            if (std::strcmp(id, DUNLIN_EXT_EVENT_HANDLER) == 0) return &table;
        }
        if constexpr (requires(D & d, const Job& j) { d.on_job(j); }) {
            static const dunlin_job_handler_v1 table{sizeof table, 0, &job_c<D>};
            if (std::strcmp(id, DUNLIN_EXT_JOB_HANDLER) == 0) return &table;
        }
        if constexpr (requires(D & d, Transaction & t) { d.check_health(t); }) {
            static const dunlin_health_v1 table{sizeof table, 0, &health_c<D>};
            if (std::strcmp(id, DUNLIN_EXT_HEALTH) == 0) return &table;
        }
        if constexpr (requires(D & d) { d.describe_sink(); }) {
            if (std::strcmp(id, DUNLIN_EXT_SINK) == 0) return SinkTable<D>::get();
        }
        if constexpr (requires(D & d) { d.describe_connector(); }) {
            if (std::strcmp(id, DUNLIN_EXT_CONNECTOR) == 0) return ConnectorTable<D>::get();
        }
        return nullptr;
    }

    Services services_;
    dunlin_plugin table_{};
};

}  // namespace dunlin

/// The one exported symbol. DUNLIN_PLUGIN_ID, _VERSION, _MINOR_REQUIRED and _MANIFEST come from the
/// header that dunlin_add_plugin() generates out of plugin.json.
#define DUNLIN_PLUGIN(Class)                                                               \
    extern "C" DUNLIN_EXPORT const dunlin_plugin_desc* DUNLIN_CALL dunlin_plugin_query_v1( \
        void) noexcept {                                                                   \
        static const dunlin_plugin_desc desc{DUNLIN_MAGIC,                                 \
                                             sizeof(dunlin_plugin_desc),                   \
                                             DUNLIN_ABI_MAJOR,                             \
                                             DUNLIN_ABI_MINOR,                             \
                                             DUNLIN_PLUGIN_MINOR_REQUIRED,                 \
                                             static_cast<uint16_t>(sizeof(void*) * 8),     \
                                             DUNLIN_PLUGIN_ID,                             \
                                             DUNLIN_PLUGIN_VERSION,                        \
                                             DUNLIN_SDK_VERSION,                           \
                                             DUNLIN_PLUGIN_MANIFEST,                       \
                                             &Class::create};                              \
        return &desc;                                                                      \
    }                                                                                      \
    static_assert(true, "")
