// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "plugins/services.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

using dunlin::Error;
using dunlin::to_abi;
using dunlin::to_view;
using dunlin::host::Access;
using dunlin::host::Bytes;
using dunlin::host::Prepared;

/// A statement that knows its transaction. When that ends first, `view` is null and every further
/// use is refused; finalize() still frees it.
struct dunlin_stmt {
    dunlin_tx* view;
    std::unique_ptr<Prepared> prepared;
    dunlin_stmt* next;
    dunlin_stmt** link;  // What points to this one.
};

namespace dunlin::host {

namespace {

/// The transactions that plugins began, until they end them.
struct Begun {
    struct Entry {
        dunlin_tx* view;
        std::thread::id thread;  // None once it was rolled back.
    };
    std::mutex mutex;
    int64_t last = 0;
    std::map<int64_t, Entry> entries;

    /// Never destroyed: a plugin may end one while the process exits.
    static Begun& all() {
        static auto& all = *new Begun();
        return all;
    }
    void add(dunlin_tx* view) {
        const std::lock_guard lock(mutex);
        view->number = ++last;
        entries[view->number] = {view, std::this_thread::get_id()};
    }
    void remove(const dunlin_tx* view) {
        const std::lock_guard lock(mutex);
        entries.erase(view->number);
    }
    /// Those of this thread and plugin behind that number; they are not given twice.
    std::vector<dunlin_tx*> take(const Plugin& plugin, int64_t behind) {
        std::vector<dunlin_tx*> out;
        const std::lock_guard lock(mutex);
        for (auto it = entries.upper_bound(behind); it != entries.end(); ++it) {
            auto& entry = it->second;
            if (entry.view->plugin != &plugin || entry.thread != std::this_thread::get_id()) {
                continue;
            }
            entry.thread = {};
            out.push_back(entry.view);
        }
        return out;
    }
};

[[noreturn]] void throw_ended() {
    throw Error(DUNLIN_E_INVALID, "the statement was used after its transaction ended");
}

Prepared& use(dunlin_stmt* stmt) {
    if (!stmt->view) throw_ended();
    return *stmt->prepared;
}

Connection& enter(dunlin_tx& view) {
    auto& db = view.tx->db();
    db.enter(view.wall());
    return db;
}

template <class Body>
dunlin_status guarded(dunlin_err* err, Body&& body) noexcept {
    return guard(&ErrorSink::set, err, std::forward<Body>(body));
}

/// Ownership of a stream passes with the call, also when the call fails early.
class Taken {
public:
    explicit Taken(ArrowArrayStream* from) : stream_(std::exchange(*from, {})) {}
    ~Taken() {
        if (stream_.release) stream_.release(&stream_);
    }
    ArrowArrayStream give() { return std::exchange(stream_, {}); }

private:
    ArrowArrayStream stream_;
};

void need_own(const dunlin_tx* view, const char* what) {
    if (view->own) return;
    throw Error(DUNLIN_E_INVALID, std::string(what) +
                                      " is for transactions from begin(); the host ends the one it "
                                      "gave to a handler");
}

void need_name(std::string_view name, const char* what) {
    const auto is_plain =
        !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
            return c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        });
    if (is_plain) return;
    throw Error(DUNLIN_E_INVALID,
                "\"" + std::string(name.substr(0, 80)) + "\" is not the name of " + what);
}

std::vector<std::string> texts(const dunlin_str* from, uint32_t n) {
    std::vector<std::string> out;
    out.reserve(n);
    for (uint32_t i = 0; i < n; ++i) out.emplace_back(to_view(from[i]));
    return out;
}

dunlin_status DUNLIN_CALL begin(dunlin_ctx* context, uint32_t flags, dunlin_tx** out,
                                dunlin_err* err) noexcept {
    return guarded(err, [&] {
        *out = nullptr;
        if (flags > DUNLIN_TX_WRITE) throw Error(DUNLIN_E_INVALID, "begin: unknown flags");
        auto& host = *context->host;
        auto tx = std::make_unique<Tx>(host.store(),
                                       flags & DUNLIN_TX_WRITE ? Access::write : Access::read,
                                       host.clock().moment(), principal_of(host, *context->plugin));
        auto* raw = tx.get();
        *out = new dunlin_tx{raw, &host, context->plugin, /*is_scoped=*/false, std::move(tx)};
        Begun::all().add(*out);
    });
}

dunlin_status DUNLIN_CALL commit(dunlin_tx* tx, dunlin_err* err) noexcept {
    return guarded(err, [&] {
        need_own(tx, "commit");
        Begun::all().remove(tx);
        const std::unique_ptr<dunlin_tx> owner(tx);
        abandon_statements(*tx);
        tx->own->commit();
    });
}

void DUNLIN_CALL rollback(dunlin_tx* tx) noexcept {
    if (!tx->own) {
        tx->host->log().error(tx->plugin->id(),
                              "rolled back a transaction that the host gave to a handler; ignored");
        return;
    }
    Begun::all().remove(tx);
    abandon_statements(*tx);
    delete tx;
}

dunlin_status DUNLIN_CALL prepare(dunlin_tx* tx, dunlin_str sql, dunlin_stmt** out,
                                  dunlin_err* err) noexcept {
    return guarded(err, [&] {
        *out = nullptr;
        auto prepared = enter(*tx).prepare(to_view(sql));
        auto* stmt = new dunlin_stmt{tx, std::move(prepared), tx->statements, &tx->statements};
        if (stmt->next) stmt->next->link = &stmt->next;
        tx->statements = stmt;
        *out = stmt;
    });
}

void DUNLIN_CALL finalize(dunlin_stmt* stmt) noexcept {
    if (stmt->view) {
        *stmt->link = stmt->next;
        if (stmt->next) stmt->next->link = stmt->link;
    }
    delete stmt;
}

dunlin_status DUNLIN_CALL reset(dunlin_stmt* stmt, dunlin_err* err) noexcept {
    return guarded(err, [&] { use(stmt).reset(); });
}
dunlin_status DUNLIN_CALL bind_null(dunlin_stmt* stmt, uint32_t index, dunlin_err* err) noexcept {
    return guarded(err, [&] { use(stmt).bind_at(index, nullptr); });
}
dunlin_status DUNLIN_CALL bind_i64(dunlin_stmt* stmt, uint32_t index, int64_t value,
                                   dunlin_err* err) noexcept {
    return guarded(err, [&] { use(stmt).bind_at(index, value); });
}
dunlin_status DUNLIN_CALL bind_f64(dunlin_stmt* stmt, uint32_t index, double value,
                                   dunlin_err* err) noexcept {
    return guarded(err, [&] { use(stmt).bind_at(index, value); });
}
dunlin_status DUNLIN_CALL bind_text(dunlin_stmt* stmt, uint32_t index, dunlin_str value,
                                    dunlin_err* err) noexcept {
    return guarded(err, [&] { use(stmt).bind_at(index, to_view(value)); });
}
dunlin_status DUNLIN_CALL bind_blob(dunlin_stmt* stmt, uint32_t index, dunlin_str value,
                                    dunlin_err* err) noexcept {
    return guarded(err, [&] { use(stmt).bind_at(index, Bytes{to_view(value)}); });
}

dunlin_status DUNLIN_CALL step(dunlin_stmt* stmt, dunlin_err* err) noexcept {
    return guarded(err, [&]() -> dunlin_status {
        auto& prepared = use(stmt);
        enter(*stmt->view);
        return prepared.step() ? DUNLIN_OK : DUNLIN_DONE;
    });
}

int64_t DUNLIN_CALL changes(dunlin_stmt* stmt) noexcept {
    int64_t rows = 0;
    guarded(nullptr, [&] { rows = use(stmt).changes(); });
    return rows;
}
uint32_t DUNLIN_CALL column_count(dunlin_stmt* stmt) noexcept {
    uint32_t n = 0;
    guarded(nullptr, [&] { n = use(stmt).column_count(); });
    return n;
}
dunlin_str DUNLIN_CALL column_name(dunlin_stmt* stmt, uint32_t index) noexcept {
    dunlin_str name{};
    guarded(nullptr, [&] { name = to_abi(use(stmt).column_name(index)); });
    return name;
}
int32_t DUNLIN_CALL column_type(dunlin_stmt* stmt, uint32_t index) noexcept {
    int32_t type = DUNLIN_COL_NULL;
    guarded(nullptr, [&] { type = use(stmt).column_type(index); });
    return type;
}

/// One column of the current row by `read`.
template <class Out, class Read>
dunlin_status column(dunlin_stmt* stmt, uint32_t index, Out* out, int32_t* is_null,
                     Read&& read) noexcept {
    return guarded(nullptr, [&] {
        auto& prepared = use(stmt);
        *out = read(prepared);
        if (is_null) *is_null = prepared.is_null(index) ? 1 : 0;
    });
}
dunlin_status DUNLIN_CALL column_i64(dunlin_stmt* stmt, uint32_t index, int64_t* out,
                                     int32_t* is_null) noexcept {
    return column(stmt, index, out, is_null, [&](Prepared& p) { return p.i64(index); });
}
dunlin_status DUNLIN_CALL column_f64(dunlin_stmt* stmt, uint32_t index, double* out,
                                     int32_t* is_null) noexcept {
    return column(stmt, index, out, is_null, [&](Prepared& p) { return p.f64(index); });
}
dunlin_status DUNLIN_CALL column_text(dunlin_stmt* stmt, uint32_t index, dunlin_str* out,
                                      int32_t* is_null) noexcept {
    return column(stmt, index, out, is_null, [&](Prepared& p) { return to_abi(p.text(index)); });
}
dunlin_status DUNLIN_CALL column_blob(dunlin_stmt* stmt, uint32_t index, dunlin_str* out,
                                      int32_t* is_null) noexcept {
    return column(stmt, index, out, is_null, [&](Prepared& p) { return to_abi(p.blob(index)); });
}

dunlin_status DUNLIN_CALL exec_batch(dunlin_stmt* stmt, ArrowArrayStream* in, int64_t* rows,
                                     dunlin_err* err) noexcept {
    Taken taken(in);
    return guarded(err, [&] {
        auto& prepared = use(stmt);
        enter(*stmt->view);
        *rows = prepared.exec_batch(taken.give());
    });
}

dunlin_status DUNLIN_CALL query_stream(dunlin_stmt* stmt, ArrowArrayStream* out,
                                       dunlin_err* err) noexcept {
    return guarded(err, [&] {
        *out = {};
        auto& prepared = use(stmt);
        enter(*stmt->view);
        *out = prepared.query_stream();
    });
}

dunlin_status DUNLIN_CALL bulk_write(dunlin_tx* tx, dunlin_str table, const dunlin_str* keys,
                                     uint32_t n_keys, int32_t mode, ArrowArrayStream* in,
                                     int64_t* rows, dunlin_err* err) noexcept {
    Taken taken(in);
    return guarded(err, [&] {
        const auto name = to_view(table);
        need_name(name, "a table");
        if (name.rfind(tx->plugin->id() + "_", 0) != 0) {
            throw Error(DUNLIN_E_DENIED, "the plugin " + tx->plugin->id() + " may not write to " +
                                             std::string(name) + ": it is not its own table");
        }
        if (tx->tx->access() == Access::read) {
            throw Error(DUNLIN_E_DENIED, "a read-only transaction cannot write");
        }
        const auto names = texts(keys, n_keys);
        for (const auto& key : names) need_name(key, "a column");
        *rows = enter(*tx).bulk_write(name, names, mode, taken.give());
    });
}

dunlin_status DUNLIN_CALL bulk_lookup(dunlin_tx* tx, dunlin_str table, ArrowArrayStream* in,
                                      const dunlin_str* columns, uint32_t n_columns,
                                      ArrowArrayStream* out, dunlin_err* err) noexcept {
    Taken taken(in);
    return guarded(err, [&] {
        *out = {};
        need_name(to_view(table), "a table");
        const auto names = texts(columns, n_columns);
        *out = enter(*tx).bulk_lookup(to_view(table), taken.give(), names);
    });
}

}  // namespace

OwnTransactions::OwnTransactions(Host& host, const Plugin& plugin, const char* what)
    : host_(host), plugin_(plugin), what_(what) {
    auto& begun = Begun::all();
    const std::lock_guard lock(begun.mutex);
    begun_before_ = begun.last;
}

OwnTransactions::~OwnTransactions() {
    for (auto* view : Begun::all().take(plugin_, begun_before_)) {
        // The plugin still has the handle, which says from now on that it has ended.
        abandon_statements(*view);
        view->own->rollback();
        host_.log().error(plugin_.id(), std::string("a transaction that ") + what_ +
                                            " left open was rolled back; end each with commit "
                                            "or rollback");
    }
}

void abandon_statements(dunlin_tx& view) noexcept {
    for (auto* stmt = std::exchange(view.statements, nullptr); stmt;) {
        auto* next = stmt->next;
        stmt->prepared.reset();
        stmt->view = nullptr;
        stmt = next;
    }
}

const void* db_table() {
    static const dunlin_db_v1 table = {
        sizeof table, 0,          begin,       commit,       rollback,    prepare,
        finalize,     reset,      bind_null,   bind_i64,     bind_f64,    bind_text,
        bind_blob,    step,       changes,     column_count, column_name, column_type,
        column_i64,   column_f64, column_text, column_blob,  exec_batch,  query_stream,
        bulk_write,   bulk_lookup};
    return &table;
}

}  // namespace dunlin::host
