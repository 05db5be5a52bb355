// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"
#include "store/tx.hpp"

#include <dunlin/guard.hpp>

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace dunlin::host {
class PluginFrame;
}

/// A statement that knows its transaction. When that ends first, `view` is null and every further
/// use is refused; finalize() still frees it, and it leaves the list of its transaction by itself.
struct dunlin_stmt
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    dunlin_tx* view = nullptr;
    std::unique_ptr<dunlin::host::Prepared> prepared;
};

/// A transaction as one plugin sees it: the same Tx, that plugin's wall.
struct dunlin_tx {
    dunlin::host::Tx* tx;
    dunlin::host::Host* host;
    dunlin::host::Plugin* plugin;
    bool is_scoped;                                    // The call is a scoped one.
    std::unique_ptr<dunlin::host::Tx> own{};           // Set when the plugin began it itself.
    const dunlin::host::PluginFrame* frame = nullptr;  // The call in which it began it.
    boost::intrusive::list<dunlin_stmt, boost::intrusive::constant_time_size<false>> statements{};

    ~dunlin_tx() { abandon_statements(); }
    /// Lets go of what the plugin left open.
    void abandon_statements() noexcept;
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

/// What create() is given.
const dunlin_host* host_table(dunlin_ctx* context);

extern const dunlin_db_v1 db_service;

/// Who a plugin is when it works by itself: "plugin:<id>", with the permissions of the commands
/// that its manifest lists under "calls".
Principal principal_of(Host& host, const Plugin& plugin);

/// Rethrows what escaped from a plugin as an internal error that names it. Inside a catch block.
[[noreturn]] void throw_escaped(Host& host, const Plugin& plugin, const char* what);
/// Throws what the plugin said, or names it when the status is none of the contract's.
void check_call(const Plugin& plugin, const char* what, dunlin_status status,
                const ErrorSink& sink);

/// Around a call into a plugin: what it begins in it and leaves open is rolled back.
class PluginFrame {
public:
    PluginFrame(Host& host, const Plugin& plugin, const char* what);
    ~PluginFrame();
    PluginFrame(const PluginFrame&) = delete;
    PluginFrame& operator=(const PluginFrame&) = delete;

private:
    Host& host_;
    const Plugin& plugin_;
    const char* what_;
    const PluginFrame* outer_;
};

/// Calls into a plugin without a transaction: body(dunlin_err*) → dunlin_status, which is returned
/// when it is DUNLIN_OK or DUNLIN_DONE and thrown as an Error otherwise.
template <class Body>
dunlin_status call_plugin(Host& host, const Plugin& plugin, const char* what, Body&& body) {
    const PluginFrame frame(host, plugin, what);
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
    dunlin_tx view{&tx, &host, &plugin, is_scoped};
    const auto status =
        call_plugin(host, plugin, what, [&](dunlin_err* err) { return body(&view, err); });
    view.abandon_statements();
    tx.db().enter(nullptr);
    return status;
}

}  // namespace dunlin::host
