// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/config.h>
#include <dunlin/abi/ids.h>
#include <dunlin/abi/log.h>
#include <dunlin/abi/metrics.h>
#include <dunlin/db.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunlin {

/// Asks whether a long call should stop, and says how far it is.
class Cancel {
public:
    Cancel(const dunlin_cancel_v1* table, dunlin_cancel* cancel) : table_(table), cancel_(cancel) {}

    dunlin_cancel* abi() const { return cancel_; }
    bool is_requested() const { return table_ && cancel_ && table_->requested(cancel_) != 0; }
    void throw_if_requested() const {
        if (is_requested()) throw Error(DUNLIN_E_CANCELLED, "stopped on request");
    }
    void progress(int64_t done, int64_t total = -1, std::string_view note = {}) const {
        if (table_ && cancel_) table_->progress(cancel_, done, total, to_abi(note));
    }

private:
    const dunlin_cancel_v1* table_;
    dunlin_cancel* cancel_;
};

/// A secret that nobody else renews as long as this lives, see hold_secret in abi/config.h.
class HeldSecret {
public:
    HeldSecret(const dunlin_config_v1& table, dunlin_held_secret* held, std::string value)
        : table_(table), held_(held, table.release_secret), value_(std::move(value)) {}

    /// As it was when this began.
    const std::string& value() const { return value_; }
    /// Durable when it returns; only then may what came with it be used. Error conflict when
    /// another one took over: nothing was kept.
    void keep(std::string_view value) {
        ErrorSink err;
        err.check(table_.keep_secret(held_.get(), to_abi(value), err.sink()), "keep_secret");
    }

private:
    const dunlin_config_v1& table_;
    std::unique_ptr<dunlin_held_secret, void(DUNLIN_CALL*)(dunlin_held_secret*)> held_;
    std::string value_;
};

/// The host's services as one plugin is granted them. Fetched once; a missing one is an error only
/// when it is used.
class Services {
public:
    explicit Services(const dunlin_host* host) : host_(host) {
        get(DUNLIN_SVC_LOG, log_);
        get(DUNLIN_SVC_CONFIG, config_);
        get(DUNLIN_SVC_IDS, ids_);
        get(DUNLIN_SVC_METRICS, metrics_);
        get(DUNLIN_SVC_CANCEL, cancel_);
        get(DUNLIN_SVC_DB, tx_.db);
        get(DUNLIN_SVC_CLOCK, tx_.clock);
        get(DUNLIN_SVC_EVENTS, tx_.events);
        get(DUNLIN_SVC_JOBS, tx_.jobs);
        get(DUNLIN_SVC_COMMANDS, tx_.commands);
        get(DUNLIN_SVC_POLICIES, tx_.policies);
        get(DUNLIN_SVC_WRITE_BACKS, tx_.write_backs);
    }
    const dunlin_host* host() const { return host_; }
    const TxServices& tx_services() const { return tx_; }
    const dunlin_cancel_v1* cancel_table() const { return cancel_; }
    /// The table of a service that only some plugins use; throws what the host refuses with.
    template <class Table>
    const Table& table(const char* id) const {
        const void* found = nullptr;
        ErrorSink err;
        err.check(host_->get_service(host_->ctx, id, &found, err.sink()), id);
        return *static_cast<const Table*>(found);
    }

    void log(int32_t level, std::string_view message, const Json& fields = {}) const noexcept {
        if (!log_) return;
        try {
            const auto text = fields.is_null() ? std::string() : fields.dump();
            log_->log(host_->ctx, level, to_abi(message), to_abi(text));
        } catch (...) {  // A log line is never worth a failure.
            log_->log(host_->ctx, level, to_abi(message), {});
        }
    }
    void info(std::string_view message, const Json& fields = {}) const noexcept {
        log(DUNLIN_LOG_INFO, message, fields);
    }
    void warn(std::string_view message, const Json& fields = {}) const noexcept {
        log(DUNLIN_LOG_WARN, message, fields);
    }

    /// The plugin's section of the configuration, valid against its schema.
    Json config() const {
        std::string text;
        StringWriter writer(text);
        ErrorSink err;
        err.check(need(config_, DUNLIN_SVC_CONFIG).get(host_->ctx, writer.abi(), err.sink()),
                  "config");
        return Json::parse(text);
    }
    std::string secret(std::string_view name) const {
        std::string value;
        StringWriter writer(value);
        ErrorSink err;
        err.check(need(config_, DUNLIN_SVC_CONFIG)
                      .secret(host_->ctx, to_abi(name), writer.abi(), err.sink()),
                  "secret");
        return value;
    }
    /// Waits until nobody else holds it, and then does.
    HeldSecret hold_secret(std::string_view name, const Cancel& cancel) const {
        const auto& table = need(config_, DUNLIN_SVC_CONFIG);
        if (table.struct_size < sizeof table) {
            throw Error(DUNLIN_E_UNSUPPORTED, "this host keeps no secrets; use a newer one");
        }
        std::string value;
        const StringWriter writer(value);
        dunlin_held_secret* held = nullptr;
        ErrorSink err;
        err.check(table.hold_secret(host_->ctx, to_abi(name), cancel.abi(), writer.abi(), &held,
                                    err.sink()),
                  "hold_secret");
        return {table, held, std::move(value)};
    }

    int64_t next_id() const { return next_ids(1).front(); }
    std::vector<int64_t> next_ids(std::size_t n) const {
        std::vector<int64_t> out(n);
        ErrorSink err;
        err.check(need(ids_, DUNLIN_SVC_IDS).next(host_->ctx, n, out.data(), err.sink()), "ids");
        return out;
    }

    void count(std::string_view metric, int64_t delta = 1) const {
        if (metrics_) metrics_->add(host_->ctx, to_abi(metric), {}, delta);
    }
    int64_t now_us() const { return need(tx_.clock, DUNLIN_SVC_CLOCK).now_us(host_->ctx); }

    /// A transaction of the plugin's own; rolls back unless committed.
    Transaction begin(uint32_t flags) const {
        dunlin_tx* tx = nullptr;
        ErrorSink err;
        err.check(need(tx_.db, DUNLIN_SVC_DB).begin(host_->ctx, flags, &tx, err.sink()), "begin");
        return Transaction(tx_, tx, /*own=*/true);
    }

private:
    template <class Table>
    void get(const char* id, const Table*& table) const {
        const void* found = nullptr;
        if (host_->get_service(host_->ctx, id, &found, nullptr) == DUNLIN_OK) {
            table = static_cast<const Table*>(found);
        }
    }
    const dunlin_host* host_;
    const dunlin_log_v1* log_ = nullptr;
    const dunlin_config_v1* config_ = nullptr;
    const dunlin_ids_v1* ids_ = nullptr;
    const dunlin_metrics_v1* metrics_ = nullptr;
    const dunlin_cancel_v1* cancel_ = nullptr;
    TxServices tx_;
};

}  // namespace dunlin
