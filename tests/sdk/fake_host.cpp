#include "fake_host.hpp"

#include <dunlin/entry.hpp>

#include <stdexcept>

namespace dunlin::test {

/// The service tables. A transaction is the host itself, a statement SQLite's.
struct FakeServices {
    static FakeHost& host(dunlin_ctx* ctx) { return *reinterpret_cast<FakeHost*>(ctx); }
    static FakeHost& host(dunlin_tx* tx) { return *reinterpret_cast<FakeHost*>(tx); }
    static sqlite3_stmt* sql(dunlin_stmt* stmt) { return reinterpret_cast<sqlite3_stmt*>(stmt); }
    static int at(uint32_t index) { return static_cast<int>(index); }

    static void need(bool is_right, dunlin_stmt* stmt, dunlin_status status = DUNLIN_E_INVALID) {
        if (!is_right) throw Error(status, sqlite3_errmsg(sqlite3_db_handle(sql(stmt))));
    }

    static void get_service(dunlin_ctx* ctx, const char* id, const void** table) {
        auto& self = host(ctx);
        const auto found = self.services_.find(id);
        if (found == self.services_.end()) throw Error(DUNLIN_E_UNSUPPORTED, "no such service");
        if (self.denied.count(id) > 0) {
            throw Error(DUNLIN_E_DENIED, std::string(id) + " is not granted");
        }
        *table = found->second;
    }
    static void log(dunlin_ctx* ctx, int32_t, std::string_view message, std::string_view) {
        host(ctx).messages.emplace_back(message);
    }
    static void next(dunlin_ctx* ctx, uint64_t n, int64_t* out) {
        for (uint64_t i = 0; i < n; ++i) out[i] = ++host(ctx).last_id_;
    }
    static int64_t now_us(dunlin_ctx*) { return FakeHost::now_us; }
    static dunlin_status of_tx(dunlin_tx*, int64_t* now, int32_t* today, int32_t* over) {
        *now = FakeHost::now_us;
        *today = FakeHost::today;
        *over = 0;
        return DUNLIN_OK;
    }
    static void today_in(dunlin_tx*, std::string_view, int32_t* today) { *today = FakeHost::today; }

    static void prepare(dunlin_tx* tx, std::string_view text, dunlin_stmt** out) {
        auto* database = host(tx).database_;
        sqlite3_stmt* made = nullptr;
        const auto size = static_cast<int>(text.size());
        if (sqlite3_prepare_v2(database, text.data(), size, &made, nullptr) != SQLITE_OK) {
            throw Error(DUNLIN_E_INVALID, sqlite3_errmsg(database));
        }
        *out = reinterpret_cast<dunlin_stmt*>(made);
    }
    static void finalize(dunlin_stmt* stmt) { sqlite3_finalize(sql(stmt)); }
    static void reset(dunlin_stmt* stmt) { sqlite3_reset(sql(stmt)); }
    static void bind_null(dunlin_stmt* stmt, uint32_t i) {
        need(sqlite3_bind_null(sql(stmt), at(i) + 1) == SQLITE_OK, stmt);
    }
    static void bind_i64(dunlin_stmt* stmt, uint32_t i, int64_t v) {
        need(sqlite3_bind_int64(sql(stmt), at(i) + 1, v) == SQLITE_OK, stmt);
    }
    static void bind_text(dunlin_stmt* stmt, uint32_t i, std::string_view v) {
        const auto size = static_cast<int>(v.size());
        need(sqlite3_bind_text(sql(stmt), at(i) + 1, v.data(), size, SQLITE_TRANSIENT) == SQLITE_OK,
             stmt);
    }
    static dunlin_status step(dunlin_stmt* stmt) {
        const int result = sqlite3_step(sql(stmt));
        need(result == SQLITE_ROW || result == SQLITE_DONE, stmt, DUNLIN_E_EXISTS);
        return result == SQLITE_ROW ? DUNLIN_OK : DUNLIN_DONE;
    }
    static int64_t changes(dunlin_stmt* stmt) {
        return sqlite3_changes(sqlite3_db_handle(sql(stmt)));
    }
    static dunlin_status column_i64(dunlin_stmt* stmt, uint32_t i, int64_t* out,
                                    int32_t* is_null) noexcept {
        *out = sqlite3_column_int64(sql(stmt), at(i));
        if (is_null) *is_null = sqlite3_column_type(sql(stmt), at(i)) == SQLITE_NULL;
        return DUNLIN_OK;
    }
    static dunlin_status column_text(dunlin_stmt* stmt, uint32_t i, dunlin_str* out,
                                     int32_t* is_null) noexcept {
        const void* text = sqlite3_column_text(sql(stmt), at(i));
        const auto size = static_cast<uint64_t>(sqlite3_column_bytes(sql(stmt), at(i)));
        *out = {static_cast<const char*>(text), size};
        if (is_null) *is_null = text == nullptr;
        return DUNLIN_OK;
    }

    static void emit(dunlin_tx* tx, std::string_view topic, std::string_view key,
                     std::string_view payload) {
        dunlin_stmt* stmt = nullptr;
        prepare(tx, "INSERT INTO host_event(topic, key, payload) VALUES(?, ?, ?)", &stmt);
        bind_text(stmt, 0, topic);
        bind_text(stmt, 1, key);
        bind_text(stmt, 2, payload);
        step(stmt);
        finalize(stmt);
    }

    static std::map<std::string, const void*> all() {
        static const dunlin_log_v1 log_table{sizeof log_table, 0, quiet<log>};
        static const dunlin_ids_v1 ids_table{sizeof ids_table, 0, entry<next>};
        static const dunlin_clock_v1 clock_table{sizeof clock_table, 0, quiet<now_us>, quiet<of_tx>,
                                                 entry<today_in>};
        static const dunlin_events_v1 events_table{sizeof events_table, 0, entry<emit>};
        static const dunlin_db_v1 db_table = [] {
            dunlin_db_v1 db{};
            db.struct_size = sizeof db;
            db.prepare = entry<prepare>;
            db.finalize = quiet<finalize>;
            db.reset = entry<reset>;
            db.bind_null = entry<bind_null>;
            db.bind_i64 = entry<bind_i64>;
            db.bind_text = entry<bind_text>;
            db.step = entry<step>;
            db.changes = quiet<changes>;
            db.column_i64 = &column_i64;
            db.column_text = &column_text;
            return db;
        }();
        return {{DUNLIN_SVC_LOG, &log_table},
                {DUNLIN_SVC_IDS, &ids_table},
                {DUNLIN_SVC_CLOCK, &clock_table},
                {DUNLIN_SVC_EVENTS, &events_table},
                {DUNLIN_SVC_DB, &db_table}};
    }
};

FakeHost::FakeHost() : services_(FakeServices::all()) {
    if (sqlite3_open(":memory:", &database_) != SQLITE_OK) throw std::runtime_error("sqlite");
    exec("CREATE TABLE host_event(id INTEGER PRIMARY KEY, topic TEXT, key TEXT, payload TEXT)");
    host_ = {
        sizeof host_,   DUNLIN_ABI_MAJOR, DUNLIN_ABI_MINOR, ctx(), entry<FakeServices::get_service>,
        &ErrorSink::set};
}

FakeHost::~FakeHost() {
    sqlite3_close(database_);
}

void FakeHost::exec(const std::string& sql) {
    if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return;
    throw std::runtime_error(sqlite3_errmsg(database_));
}

std::string FakeHost::text(const std::string& sql) {
    sqlite3_stmt* stmt = nullptr;
    sqlite3_prepare_v2(database_, sql.c_str(), -1, &stmt, nullptr);
    std::string out;
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        out.assign(static_cast<const char*>(sqlite3_column_blob(stmt, 0)),
                   static_cast<std::size_t>(sqlite3_column_bytes(stmt, 0)));
    }
    sqlite3_finalize(stmt);
    return out;
}

int64_t FakeHost::number(const std::string& sql) {
    return std::stoll(text(sql));
}

Instance::Instance(FakeHost& host, const dunlin_plugin_desc* desc) : host_(host) {
    ErrorSink err;
    err.check(desc->create(host.host(), &plugin_, err.sink()), "create");
}

Instance::~Instance() {
    plugin_->stop(plugin_, 0, nullptr);
    plugin_->destroy(plugin_);
}

Instance::Answer Instance::start() {
    ErrorSink err;
    auto status = plugin_->init(plugin_, err.sink());
    if (status == DUNLIN_OK) status = plugin_->start(plugin_, err.sink());
    return {status, "", err.message()};
}

template <class Table>
const Table& Instance::extension(const char* id) {
    const void* table = plugin_->get_extension(plugin_, id);
    if (!table) throw std::runtime_error(std::string("no extension ") + id);
    return *static_cast<const Table*>(table);
}

Instance::Answer Instance::call(const std::string& command, const std::string& request_json) {
    dunlin_call call{};
    call.struct_size = sizeof call;
    call.today = FakeHost::today;
    call.now_us = FakeHost::now_us;
    call.tx = host_.tx();
    call.command = to_abi(command);
    call.request_json = to_abi(request_json);
    call.principal_json = to_abi(R"({"name":"test","roles":[],"scopes":{}})");

    std::string reply;
    StringWriter writer(reply);
    ErrorSink err;
    const auto& table = extension<dunlin_command_handler_v1>(DUNLIN_EXT_COMMAND_HANDLER);
    host_.exec("BEGIN");
    const auto status = table.handle(plugin_, &call, writer.abi(), err.sink());
    host_.exec(status == DUNLIN_OK ? "COMMIT" : "ROLLBACK");
    return {status, reply, err.message()};
}

int Instance::deliver() {
    const auto& table = extension<dunlin_event_handler_v1>(DUNLIN_EXT_EVENT_HANDLER);
    int n = 0;
    for (;; ++n) {
        const auto behind =
            " FROM host_event WHERE id > " + std::to_string(delivered_) + " ORDER BY id LIMIT 1";
        const auto payload = host_.text("SELECT payload" + behind);
        if (payload.empty()) return n;
        const auto topic = host_.text("SELECT topic" + behind);
        const auto key = host_.text("SELECT key" + behind);
        delivered_ = host_.number("SELECT id" + behind);
        dunlin_event event{};
        event.struct_size = sizeof event;
        event.attempt = 1;
        event.id = delivered_;
        event.occurred_us = FakeHost::now_us;
        event.cause_date = FakeHost::today;
        event.topic = to_abi(topic);
        event.key = to_abi(key);
        event.payload_json = to_abi(payload);
        ErrorSink err;
        host_.exec("BEGIN");
        const auto status = table.handle(plugin_, host_.tx(), &event, err.sink());
        host_.exec(status == DUNLIN_OK ? "COMMIT" : "ROLLBACK");
        err.check(status, "event");
    }
}

}  // namespace dunlin::test
