// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"
#include "store/tx.hpp"

#include <dunlin/guard.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

struct dunlin_stmt;

/// A transaction as one plugin sees it: the same Tx, that plugin's wall.
struct dunlin_tx {
    dunlin::host::Tx* tx;
    dunlin::host::Host* host;
    dunlin::host::Plugin* plugin;
    bool is_scoped;                           // The call is a scoped one.
    std::unique_ptr<dunlin::host::Tx> own{};  // Set when the plugin began it itself.
    dunlin_stmt* statements = nullptr;        // Those not finalized yet.
    int64_t number = 0;                       // Of those that plugins began.

    const dunlin::host::Wall* wall() const {
        return is_scoped ? &plugin->scoped_wall : &plugin->wall;
    }
};

/// Cancel flag and progress of one long call.
struct dunlin_cancel {
    std::atomic<bool> requested{false};
    std::function<void(int64_t done, int64_t total, std::string_view note)> on_progress{};
    /// The call should end by itself before this instant.
    std::optional<std::chrono::steady_clock::time_point> deadline{};

    bool is_late() const { return deadline && std::chrono::steady_clock::now() > *deadline; }
};

namespace dunlin::host {

class Host;

/// The service table of that id for a plugin's get_service: null when there is none.
const void* service_table(std::string_view id);
/// What create() is given.
const dunlin_host* host_table(dunlin_ctx* context);

/// Tables by room, for service_table().
const void* db_table();
const void* log_table();
const void* config_table();
const void* cancel_table();
const void* metrics_table();
const void* ids_table();
const void* clock_table();
const void* events_table();
const void* jobs_table();
const void* commands_table();
const void* policies_table();

/// Who a plugin is when it works by itself: "plugin:<id>", with the permissions of the commands
/// that its manifest lists under "calls".
Principal principal_of(Host& host, const Plugin& plugin);

/// Lets go of what a plugin left open in its view of a transaction.
void abandon_statements(dunlin_tx& view) noexcept;
/// Rethrows what escaped from a plugin as an internal error that names it. Inside a catch block.
[[noreturn]] void throw_escaped(Host& host, const Plugin& plugin, const char* what);
/// Throws what the plugin said, or names it when the status is none of the contract's.
void check_call(const Plugin& plugin, const char* what, dunlin_status status,
                const ErrorSink& sink);

/// Around a call into a plugin: what it begins on this thread and leaves open is rolled back.
class OwnTransactions {
public:
    OwnTransactions(Host& host, const Plugin& plugin, const char* what);
    ~OwnTransactions();
    OwnTransactions(const OwnTransactions&) = delete;
    OwnTransactions& operator=(const OwnTransactions&) = delete;

private:
    Host& host_;
    const Plugin& plugin_;
    const char* what_;
    int64_t begun_before_;
};

/// Calls into a plugin without a transaction: body(dunlin_err*) → dunlin_status, which is returned
/// when it is DUNLIN_OK or DUNLIN_DONE and thrown as an Error otherwise.
template <class Body>
dunlin_status call_plugin(Host& host, const Plugin& plugin, const char* what, Body&& body) {
    const OwnTransactions own(host, plugin, what);
    ErrorSink sink;
    dunlin_status status = DUNLIN_E_INTERNAL;
    try {
        status = body(sink.sink());
    } catch (...) {
        throw_escaped(host, plugin, what);
    }
    check_call(plugin, what, status, sink);
    return status;
}

/// Calls into a plugin with its own view of a transaction: body(dunlin_tx*, dunlin_err*). After
/// success the transaction is the host's again (no wall); after a failure the caller rolls it back,
/// at least to a savepoint, before it runs SQL of its own.
template <class Body>
dunlin_status call_plugin(Host& host, Plugin& plugin, Tx& tx, bool is_scoped, const char* what,
                          Body&& body) {
    struct View : dunlin_tx {
        ~View() { abandon_statements(*this); }
    };
    const auto status = [&] {
        View view{{&tx, &host, &plugin, is_scoped}};
        return call_plugin(host, plugin, what, [&](dunlin_err* err) { return body(&view, err); });
    }();
    tx.db().enter(nullptr);
    return status;
}

}  // namespace dunlin::host
