// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "plugins/services.hpp"

#include <dunlin/entry.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <mutex>
#include <set>
#include <utility>

namespace dunlin::host {

namespace {

/// The transactions that plugins began, until they end them or the call does in which they began.
struct Begun {
    std::mutex mutex;
    std::set<dunlin_tx*> open;

    /// Never destroyed: a plugin may end one while the process exits.
    static Begun& all() {
        static auto& all = *new Begun();
        return all;
    }
    void add(dunlin_tx* view) {
        const std::lock_guard lock(mutex);
        open.insert(view);
    }
    void remove(dunlin_tx* view) {
        const std::lock_guard lock(mutex);
        open.erase(view);
    }
    bool has(const PluginFrame* frame) {
        const std::lock_guard lock(mutex);
        return std::any_of(open.begin(), open.end(),
                           [&](const auto* view) { return view->frame == frame; });
    }
    std::vector<dunlin_tx*> take(const PluginFrame* frame) {
        std::vector<dunlin_tx*> out;
        const std::lock_guard lock(mutex);
        std::erase_if(open, [&](auto* view) {
            if (view->frame == frame) out.push_back(view);
            return view->frame == frame;
        });
        return out;
    }
};

/// The innermost one on this thread.
thread_local PluginFrame* current_frame = nullptr;

}  // namespace

/// Around a call into a plugin.
struct PluginFrame {
    Host& host;
    const Plugin& plugin;
    const char* what;
    PluginFrame* outer;
    bool has_tx = false;  // The call was given one.
    std::unique_ptr<dunlin_held_secret> held{};

    PluginFrame(Host& h, const Plugin& p, const char* w)
        : host(h), plugin(p), what(w), outer(std::exchange(current_frame, this)) {}
    ~PluginFrame() {
        current_frame = outer;
        for (auto* view : Begun::all().take(this)) {
            // The plugin still has the handle, which says from now on that it has ended.
            view->abandon_statements();
            view->own->rollback();
            host.log().error(plugin.id(), std::string("a transaction that ") + what +
                                              " left open was rolled back; end each with commit "
                                              "or rollback");
        }
    }
    PluginFrame(const PluginFrame&) = delete;
    PluginFrame& operator=(const PluginFrame&) = delete;
};

std::unique_ptr<dunlin_held_secret>& held_in_call() {
    if (current_frame) return current_frame->held;
    throw Error(DUNLIN_E_INVALID, "a secret is held only within a call into the plugin");
}

bool is_in_transaction() {
    for (const auto* frame = current_frame; frame; frame = frame->outer) {
        if (frame->has_tx || Begun::all().has(frame)) return true;
    }
    return false;
}

dunlin_status call_plugin(Host& host, const Plugin& plugin, const char* what,
                          const PluginCall& body) {
    PluginFrame frame(host, plugin, what);
    return call_into(plugin, what, body, &host.log());
}

dunlin_status call_into(const Plugin& plugin, const char* what, const PluginCall& body, Log* log) {
    const auto escaped = [&](const char* why) {
        const auto message = "the plugin " + plugin.id() + " " + plugin.manifest.version +
                             " let an exception escape from " + what + ": " + why +
                             "; report this to its author";
        if (log) log->error(plugin.id(), message);
        return Error(DUNLIN_E_INTERNAL, message);
    };
    ErrorSink sink;
    dunlin_status status = DUNLIN_E_INTERNAL;
    try {
        status = body(sink.sink());
    } catch (const std::exception& e) {
        throw escaped(e.what());
    } catch (...) {
        throw escaped("something that is not a std::exception");
    }
    if (status == DUNLIN_OK || status == DUNLIN_DONE) return status;
    const auto ended = "the plugin " + plugin.id() + " ended " + what;
    if (status < DUNLIN_OK || status > DUNLIN_E_INTERNAL) {
        throw Error(DUNLIN_E_INTERNAL,
                    ended + " with the unknown status " + std::to_string(status));
    }
    sink.check(status, (ended + " without a reason").c_str());
    return status;
}

dunlin_status call_plugin(Host& host, Plugin& plugin, Tx& tx, bool is_scoped, const char* what,
                          const std::function<dunlin_status(dunlin_tx*, dunlin_err*)>& body) {
    dunlin_tx view{&tx, &host, &plugin, is_scoped};
    const auto status = call_plugin(host, plugin, what, [&](dunlin_err* err) {
        current_frame->has_tx = true;
        return body(&view, err);
    });
    view.abandon_statements();
    tx.db().enter(nullptr);
    return status;
}

namespace {

Prepared& use(dunlin_stmt* stmt) {
    if (stmt->view) return *stmt->prepared;
    throw Error(DUNLIN_E_INVALID, "the statement was used after its transaction ended");
}

Connection& enter(dunlin_tx& view) {
    auto& db = view.tx->db();
    db.enter(view.wall());
    return db;
}

/// A statement that is about to run.
Prepared& run(dunlin_stmt* stmt) {
    auto& prepared = use(stmt);
    enter(*stmt->view);
    return prepared;
}

/// Ownership of a stream passes with the call, also when the call fails early.
StreamReader taken(ArrowArrayStream* from) {
    return std::exchange(*from, {});
}

std::vector<std::string> texts(const dunlin_str* from, uint32_t n) {
    std::vector<std::string> out;
    std::transform(from, from + n, std::back_inserter(out),
                   [](dunlin_str one) { return std::string(to_view(one)); });
    return out;
}

void begin(dunlin_ctx* context, uint32_t flags, dunlin_tx** out) {
    *out = nullptr;
    if (flags > DUNLIN_TX_WRITE) throw Error(DUNLIN_E_INVALID, "begin: unknown flags");
    auto& host = *context->host;
    auto tx =
        std::make_unique<Tx>(host.store(), flags & DUNLIN_TX_WRITE ? Access::write : Access::read,
                             host.clock().moment(), principal_of(host, *context->plugin));
    auto* raw = tx.get();
    *out = new dunlin_tx{raw,           &host,        context->plugin, /*is_scoped=*/false,
                         std::move(tx), current_frame};
    Begun::all().add(*out);
}

void commit(dunlin_tx* tx) {
    if (!tx->own) {
        throw Error(DUNLIN_E_INVALID,
                    "commit is for transactions from begin(); the host ends the one it gave to a "
                    "handler");
    }
    Begun::all().remove(tx);
    const std::unique_ptr<dunlin_tx> owner(tx);
    tx->abandon_statements();
    tx->own->commit();
}

void rollback(dunlin_tx* tx) {
    if (!tx->own) {
        tx->host->log().error(tx->plugin->id(),
                              "rolled back a transaction that the host gave to a handler; ignored");
        return;
    }
    Begun::all().remove(tx);
    delete tx;
}

void prepare(dunlin_tx* tx, std::string_view sql, dunlin_stmt** out) {
    *out = nullptr;
    auto stmt = std::make_unique<dunlin_stmt>();
    stmt->prepared = enter(*tx).prepare(sql);
    stmt->view = tx;
    tx->statements.push_back(*stmt);
    *out = stmt.release();
}

/// One column of the current row.
template <auto read, class Out>
dunlin_status DUNLIN_CALL column(dunlin_stmt* stmt, uint32_t index, Out* out,
                                 int32_t* is_null) noexcept {
    return guard(&ErrorSink::set, nullptr, [&] {
        auto& prepared = use(stmt);
        *out = as_abi((prepared.*read)(index));
        if (is_null) *is_null = prepared.is_null(index) ? 1 : 0;
    });
}

void exec_batch(dunlin_stmt* stmt, ArrowArrayStream* in, int64_t* rows) {
    auto batches = taken(in);
    *rows = run(stmt).exec_batch(std::move(batches));
}

void query_stream(dunlin_stmt* stmt, ArrowArrayStream* out) {
    *out = {};
    *out = run(stmt).query_stream();
}

void bulk_write(dunlin_tx* tx, std::string_view table, const dunlin_str* keys, uint32_t n_keys,
                int32_t mode, ArrowArrayStream* in, int64_t* rows) {
    auto batches = taken(in);
    *rows = enter(*tx).bulk_write(table, texts(keys, n_keys), mode, std::move(batches));
}

void bulk_lookup(dunlin_tx* tx, std::string_view table, ArrowArrayStream* in,
                 const dunlin_str* columns, uint32_t n_columns, ArrowArrayStream* out) {
    auto batches = taken(in);
    *out = {};
    *out = enter(*tx).bulk_lookup(table, std::move(batches), texts(columns, n_columns));
}

}  // namespace

const dunlin_db_v1 db_service = {
    sizeof db_service,
    0,
    entry<begin>,
    entry<commit>,
    quiet<rollback>,
    entry<prepare>,
    quiet<+[](dunlin_stmt* s) { delete s; }>,
    entry<+[](dunlin_stmt* s) { use(s).reset(); }>,
    entry<+[](dunlin_stmt* s, uint32_t i) { use(s).bind_at(i, nullptr); }>,
    entry<+[](dunlin_stmt* s, uint32_t i, int64_t value) { use(s).bind_at(i, value); }>,
    entry<+[](dunlin_stmt* s, uint32_t i, double value) { use(s).bind_at(i, value); }>,
    entry<+[](dunlin_stmt* s, uint32_t i, std::string_view text) { use(s).bind_at(i, text); }>,
    entry<+[](dunlin_stmt* s, uint32_t i, std::string_view b) { use(s).bind_at(i, Bytes{b}); }>,
    entry<+[](dunlin_stmt* s) { return run(s).step() ? DUNLIN_OK : DUNLIN_DONE; }>,
    quiet<+[](dunlin_stmt* s) { return use(s).changes(); }>,
    quiet<+[](dunlin_stmt* s) { return use(s).column_count(); }>,
    quiet<+[](dunlin_stmt* s, uint32_t i) { return use(s).column_name(i); }>,
    quiet<+[](dunlin_stmt* s, uint32_t i) { return use(s).column_type(i); }>,
    column<&Prepared::i64>,
    column<&Prepared::f64>,
    column<&Prepared::text>,
    column<&Prepared::blob>,
    entry<exec_batch>,
    entry<query_stream>,
    entry<bulk_write>,
    entry<bulk_lookup>};

}  // namespace dunlin::host

void dunlin_tx::abandon_statements() noexcept {
    while (!statements.empty()) {
        auto& stmt = statements.front();
        statements.pop_front();
        stmt.prepared.reset();
        stmt.view = nullptr;
    }
}
