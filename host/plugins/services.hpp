// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"
#include "store/tx.hpp"

#include <dunlin/abi/blobs.h>
#include <dunlin/abi/documents.h>
#include <dunlin/guard.hpp>

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

struct dunlin_held_secret;

namespace dunlin::host {
struct PluginFrame;
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
class Log;

using PluginCall = std::function<dunlin_status(dunlin_err*)>;

/// What create() is given.
const dunlin_host* host_table(dunlin_ctx* context);

extern const dunlin_db_v1 db_service;
extern const dunlin_blobs_v1 blobs_service;
extern const dunlin_documents_v1 documents_service;

/// A transaction that may write, as the host's own: no wall. Error denied for one that only reads.
Tx& writable(dunlin_tx* view, const char* what);

/// The texts in settings whose schema has that format.
std::set<std::string> texts_of_format(const Json& schema, const Json& settings, const char* format);

/// The texts in a plugin's settings, and in those of its sources, whose schema has that format.
/// What the operator names there under "secret" or "uri" is granted by being named.
std::set<std::string> granted_settings(Host& host, const Plugin& plugin, const char* format);

/// The secret that the call into a plugin on this thread holds; released with the call. Error
/// invalid when there is no such call.
std::unique_ptr<dunlin_held_secret>& held_in_call();

/// Error denied when the manifest does not list the permission.
void need_permission(const Plugin& plugin, const std::string& permission, const std::string& what);
/// Error invalid in a transaction of a plugin, which would wait for what is done: "mail was sent".
void need_no_transaction(const char* what);

/// Whether this thread is in a call that a plugin gets with a transaction or began one in.
bool is_in_transaction();

/// Who a plugin is when it works by itself: "plugin:<id>", with the permissions of the commands
/// that its manifest lists under "calls".
Principal principal_of(Host& host, const Plugin& plugin);

/// Calls into a plugin without a transaction. The body's status is returned when it is DUNLIN_OK or
/// DUNLIN_DONE and thrown as an Error otherwise, as is what escapes from it. What the plugin begins
/// in the call and leaves open is rolled back.
dunlin_status call_plugin(Host& host, const Plugin& plugin, const char* what,
                          const PluginCall& body);
/// The same where there is no host: no transaction, and an exception is logged where there is a
/// log.
dunlin_status call_into(const Plugin& plugin, const char* what, const PluginCall& body,
                        Log* log = nullptr);
/// Calls into a plugin with its own view of a transaction. After success the transaction is the
/// host's again (no wall); after a failure the caller rolls it back, at least to a savepoint,
/// before it runs SQL of its own.
dunlin_status call_plugin(Host& host, Plugin& plugin, Tx& tx, bool is_scoped, const char* what,
                          const std::function<dunlin_status(dunlin_tx*, dunlin_err*)>& body);

}  // namespace dunlin::host
