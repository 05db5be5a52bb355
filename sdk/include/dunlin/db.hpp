// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/clock.h>
#include <dunlin/abi/commands.h>
#include <dunlin/abi/db.h>
#include <dunlin/abi/events.h>
#include <dunlin/abi/jobs.h>
#include <dunlin/abi/policies.h>
#include <dunlin/abi/write_backs.h>
#include <dunlin/arrow.hpp>
#include <dunlin/date.hpp>
#include <dunlin/guard.hpp>
#include <dunlin/id.hpp>
#include <dunlin/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace dunlin {

/// The tables a transaction needs; filled once by Services. A null member is a service the manifest
/// does not list or the host does not have.
struct TxServices {
    const dunlin_db_v1* db = nullptr;
    const dunlin_clock_v1* clock = nullptr;
    const dunlin_events_v1* events = nullptr;
    const dunlin_jobs_v1* jobs = nullptr;
    const dunlin_commands_v1* commands = nullptr;
    const dunlin_policies_v1* policies = nullptr;
    const dunlin_write_backs_v1* write_backs = nullptr;
};

/// Something that another system should have, see abi/write_backs.h.
struct WriteBackOrder {
    std::string source, kind;
    std::string lane;                 // Writes of one lane follow one another.
    std::string entity, external_id;  // What it is about.
    Json body, base{};
    std::string job{};  // Of this plugin, enqueued when the write is settled.
};

template <class Table>
const Table& need(const Table* table, const char* name) {
    if (!table) {
        throw Error(DUNLIN_E_UNSUPPORTED, std::string("the service ") + name +
                                              " is not available; list it under \"services\" in "
                                              "plugin.json");
    }
    return *table;
}

/// Bytes to bind that are no text. Borrowed.
struct Bytes {
    std::string_view data;
};

/// A prepared statement. Use it on the thread of its transaction and let it go before that ends.
class Statement {
public:
    Statement(const dunlin_db_v1& db, dunlin_tx* tx, std::string_view sql) : db_(&db) {
        ErrorSink err;
        err.check(db.prepare(tx, to_abi(sql), &stmt_, err.sink()), "prepare");
    }
    Statement(Statement&& other) noexcept
        : db_(other.db_), stmt_(std::exchange(other.stmt_, nullptr)) {}
    Statement& operator=(Statement&& other) noexcept {
        std::swap(db_, other.db_);
        std::swap(stmt_, other.stmt_);
        return *this;
    }
    ~Statement() {
        if (stmt_) db_->finalize(stmt_);
    }

    /// Binds all parameters, from the first on. Takes integers, double, text, Bytes, Date, Id, Json
    /// (as text), nullptr, std::optional of those.
    template <class... Args>
    Statement& bind(const Args&... args) {
        uint32_t index = 0;
        (bind_at(index++, args), ...);
        return *this;
    }
    template <class T>
    void bind_at(uint32_t index, const T& value) {
        ErrorSink err;
        dunlin_status status = DUNLIN_OK;
        if constexpr (std::is_same_v<T, std::nullptr_t>) {
            status = db_->bind_null(stmt_, index, err.sink());
        } else if constexpr (std::is_same_v<T, Date>) {
            status = db_->bind_i64(stmt_, index, value.days(), err.sink());
        } else if constexpr (std::is_same_v<T, Bytes>) {
            status = db_->bind_blob(stmt_, index, to_abi(value.data), err.sink());
        } else if constexpr (std::is_floating_point_v<T>) {
            status = db_->bind_f64(stmt_, index, value, err.sink());
        } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
            status = db_->bind_i64(stmt_, index, static_cast<int64_t>(value), err.sink());
        } else if constexpr (std::is_same_v<T, Json>) {
            const auto text = value.dump();
            status = db_->bind_text(stmt_, index, to_abi(text), err.sink());
        } else if constexpr (requires { value.has_value(); }) {
            if (value) return bind_at(index, *value);
            status = db_->bind_null(stmt_, index, err.sink());
        } else if constexpr (requires { value.value(); }) {
            status = db_->bind_i64(stmt_, index, value.value(), err.sink());
        } else {
            status = db_->bind_text(stmt_, index, to_abi(std::string_view(value)), err.sink());
        }
        err.check(status, "bind");
    }

    /// Moves to the next row; false when there is none.
    bool step() {
        ErrorSink err;
        const auto status = db_->step(stmt_, err.sink());
        err.check(status, "step");
        return status == DUNLIN_OK;
    }
    void reset() {
        ErrorSink err;
        err.check(db_->reset(stmt_, err.sink()), "reset");
    }
    /// Binds, runs to the end, and says how many rows changed; ready to run again.
    template <class... Args>
    int64_t run(const Args&... args) {
        bind(args...);
        while (step()) {
        }
        const auto rows = db_->changes(stmt_);
        reset();
        return rows;
    }

    /// Columns of the current row. Text is valid until the next step.
    int64_t i64(uint32_t column) const {
        int64_t out = 0;
        read(db_->column_i64(stmt_, column, &out, nullptr), column);
        return out;
    }
    double f64(uint32_t column) const {
        double out = 0;
        read(db_->column_f64(stmt_, column, &out, nullptr), column);
        return out;
    }
    std::string_view text(uint32_t column) const {
        dunlin_str out{};
        read(db_->column_text(stmt_, column, &out, nullptr), column);
        return to_view(out);
    }
    std::string_view bytes(uint32_t column) const {
        dunlin_str out{};
        read(db_->column_blob(stmt_, column, &out, nullptr), column);
        return to_view(out);
    }
    std::string string(uint32_t column) const { return std::string(text(column)); }
    Date date(uint32_t column) const { return Date(static_cast<int32_t>(i64(column))); }
    bool is_null(uint32_t column) const {
        return db_->column_type(stmt_, column) == DUNLIN_COL_NULL;
    }
    uint32_t columns() const { return db_->column_count(stmt_); }
    std::string_view name(uint32_t column) const {
        return to_view(db_->column_name(stmt_, column));
    }

    /// Runs once per row of the stream, column n bound to parameter n; rows changed.
    int64_t exec_batch(ArrowArrayStream rows) {
        int64_t changed = 0;
        ErrorSink err;
        err.check(db_->exec_batch(stmt_, &rows, &changed, err.sink()), "exec_batch");
        return changed;
    }
    /// All rows as batches. Read it before the statement goes.
    StreamReader stream() {
        ArrowArrayStream out{};
        ErrorSink err;
        err.check(db_->query_stream(stmt_, &out, err.sink()), "query_stream");
        return StreamReader(out);
    }

    /// `for (const auto& row : tx.query(…))`: row is the statement itself, on its next row.
    class Iterator {
    public:
        explicit Iterator(Statement* statement) : statement_(statement) { ++*this; }
        Iterator() = default;
        const Statement& operator*() const { return *statement_; }
        Iterator& operator++() {
            if (!statement_->step()) statement_ = nullptr;
            return *this;
        }
        bool operator!=(const Iterator& other) const { return statement_ != other.statement_; }

    private:
        Statement* statement_ = nullptr;
    };
    Iterator begin() { return Iterator(this); }
    Iterator end() { return {}; }

private:
    static void read(dunlin_status status, uint32_t column) {
        if (status == DUNLIN_OK) return;
        throw Error(status, "column " + std::to_string(column) + " of a result cannot be read");
    }
    const dunlin_db_v1* db_;
    dunlin_stmt* stmt_ = nullptr;
};

/// A transaction: one the host opened for a handler, or one of the plugin's own (Services::begin),
/// which rolls back unless commit() is called.
class Transaction {
public:
    Transaction(const TxServices& services, dunlin_tx* tx, bool own = false)
        : services_(&services), tx_(tx), own_(own) {}
    Transaction(Transaction&& other) noexcept
        : services_(other.services_), tx_(std::exchange(other.tx_, nullptr)), own_(other.own_) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction() {
        if (own_ && tx_) services_->db->rollback(tx_);
    }
    dunlin_tx* abi() const { return tx_; }

    void commit() {
        ErrorSink err;
        auto* tx = std::exchange(tx_, nullptr);
        err.check(db().commit(tx, err.sink()), "commit");
    }

    Statement prepare(std::string_view sql) { return Statement(db(), tx_, sql); }
    template <class... Args>
    Statement query(std::string_view sql, const Args&... args) {
        auto statement = prepare(sql);
        statement.bind(args...);
        return statement;
    }
    template <class... Args>
    int64_t exec(std::string_view sql, const Args&... args) {
        return prepare(sql).run(args...);
    }

    int64_t bulk_insert(std::string_view table, ArrowArrayStream rows) {
        return bulk(table, {}, DUNLIN_BULK_INSERT, rows);
    }
    int64_t bulk_upsert(std::string_view table, const std::vector<std::string>& keys,
                        ArrowArrayStream rows) {
        return bulk(table, keys, DUNLIN_BULK_UPSERT, rows);
    }
    /// One row for each row of `keys`, in order; `columns` as "name:format".
    StreamReader bulk_lookup(std::string_view table, ArrowArrayStream keys,
                             const std::vector<std::string>& columns) {
        const auto names = to_abi_list(columns);
        ArrowArrayStream out{};
        ErrorSink err;
        err.check(db().bulk_lookup(tx_, to_abi(table), &keys, names.data(),
                                   static_cast<uint32_t>(names.size()), &out, err.sink()),
                  "bulk_lookup");
        return StreamReader(out);
    }

    void emit(std::string_view topic, std::string_view key, const Json& payload) {
        emit_text(topic, key, payload.dump());
    }
    /// The same with the payload as JSON text, for whoever emits thousands.
    void emit_text(std::string_view topic, std::string_view key, std::string_view text) {
        ErrorSink err;
        err.check(need(services_->events, DUNLIN_SVC_EVENTS)
                      .emit(tx_, to_abi(topic), to_abi(key), to_abi(text), err.sink()),
                  "emit");
    }
    void enqueue(std::string_view kind, std::string_view dedup_key, const Json& args,
                 int64_t run_at_us = 0) {
        const auto text = args.dump();
        ErrorSink err;
        err.check(
            need(services_->jobs, DUNLIN_SVC_JOBS)
                .enqueue(tx_, to_abi(kind), to_abi(dedup_key), to_abi(text), run_at_us, err.sink()),
            "enqueue");
    }
    /// Sent to the other system once this transaction has committed; its number.
    int64_t write_back(const WriteBackOrder& order) {
        const auto body = order.body.dump();
        const auto base = order.base.is_null() ? std::string() : order.base.dump();
        dunlin_write_back out{};
        out.struct_size = sizeof out;
        out.source = to_abi(order.source);
        out.kind = to_abi(order.kind);
        out.lane = to_abi(order.lane);
        out.entity = to_abi(order.entity);
        out.external_id = to_abi(order.external_id);
        out.body_json = to_abi(body);
        out.base_json = to_abi(base);
        out.job = to_abi(order.job);
        int64_t id = 0;
        ErrorSink err;
        err.check(
            need(services_->write_backs, DUNLIN_SVC_WRITE_BACKS).queue(tx_, &out, &id, err.sink()),
            "write_back");
        return id;
    }
    /// Another plugin's command, in a savepoint of this transaction.
    Json call(std::string_view command, const Json& request) {
        const auto text = request.dump();
        std::string reply;
        StringWriter writer(reply);
        ErrorSink err;
        err.check(need(services_->commands, DUNLIN_SVC_COMMANDS)
                      .call(tx_, to_abi(command), to_abi(text), writer.abi(), err.sink()),
                  "call");
        return Json::parse(reply);
    }

    Date today() const {
        int32_t today = 0;
        moment(nullptr, &today, nullptr);
        return Date(today);
    }
    int64_t now_us() const {
        int64_t now = 0;
        moment(&now, nullptr, nullptr);
        return now;
    }
    /// True under somebody's --today: nothing may leave the house.
    bool is_date_overridden() const {
        int32_t overridden = 0;
        moment(nullptr, nullptr, &overridden);
        return overridden != 0;
    }
    Date today_in(std::string_view zone) const {
        int32_t today = 0;
        ErrorSink err;
        err.check(need(services_->clock, DUNLIN_SVC_CLOCK)
                      .today_in(tx_, to_abi(zone), &today, err.sink()),
                  "today_in");
        return Date(today);
    }

    /// The policy in force, or nothing while the plugin's default holds.
    std::optional<Json> policy(std::string_view kind, std::string_view scope, Date on) {
        std::string text;
        StringWriter writer(text);
        ErrorSink err;
        const auto status =
            need(services_->policies, DUNLIN_SVC_POLICIES)
                .get(tx_, to_abi(kind), to_abi(scope), on.days(), writer.abi(), err.sink());
        if (status == DUNLIN_E_NOT_FOUND) return std::nullopt;
        err.check(status, "policy");
        return Json::parse(text);
    }
    int64_t put_policy(std::string_view kind, std::string_view scope, Date valid_from,
                       const Json& body) {
        const auto text = body.dump();
        int64_t version = 0;
        ErrorSink err;
        err.check(need(services_->policies, DUNLIN_SVC_POLICIES)
                      .put(tx_, to_abi(kind), to_abi(scope), valid_from.days(), to_abi(text),
                           &version, err.sink()),
                  "put_policy");
        return version;
    }

private:
    const dunlin_db_v1& db() const { return need(services_->db, DUNLIN_SVC_DB); }
    static std::vector<dunlin_str> to_abi_list(const std::vector<std::string>& texts) {
        std::vector<dunlin_str> out;
        out.reserve(texts.size());
        for (const auto& text : texts) out.push_back(to_abi(text));
        return out;
    }
    int64_t bulk(std::string_view table, const std::vector<std::string>& keys, int32_t mode,
                 ArrowArrayStream& rows) {
        const auto names = to_abi_list(keys);
        int64_t written = 0;
        ErrorSink err;
        err.check(
            db().bulk_write(tx_, to_abi(table), names.data(), static_cast<uint32_t>(names.size()),
                            mode, &rows, &written, err.sink()),
            "bulk_write");
        return written;
    }
    void moment(int64_t* now, int32_t* today, int32_t* overridden) const {
        int64_t now_out = 0;
        int32_t today_out = 0, overridden_out = 0;
        ErrorSink err;
        err.check(need(services_->clock, DUNLIN_SVC_CLOCK)
                      .of_tx(tx_, &now_out, &today_out, &overridden_out),
                  "clock");
        if (now) *now = now_out;
        if (today) *today = today_out;
        if (overridden) *overridden = overridden_out;
    }

    const TxServices* services_;
    dunlin_tx* tx_;
    bool own_;
};

}  // namespace dunlin
