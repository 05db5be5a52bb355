// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"
#include "store/tx.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

/// A transaction as one plugin sees it: the same Tx, that plugin's wall.
struct dunlin_tx {
    dunlin::host::Tx* tx;
    dunlin::host::Host* host;
    dunlin::host::Plugin* plugin;
    bool is_scoped;                            // The call is a scoped one.
    std::unique_ptr<dunlin::host::Tx> own;     // Set when the plugin began it itself.
};

/// Cancel flag and progress of one long call.
struct dunlin_cancel {
    std::atomic<bool> requested{false};
    std::function<void(int64_t done, int64_t total, std::string_view note)> on_progress;
};

namespace dunlin::host {

/// The service table of that id for a plugin's get_service: null when there is none.
const void* service_table(std::string_view id);
/// What create() is given.
const dunlin_host* host_table(dunlin_ctx* context);

/// Calls into a plugin with a transaction view of its own; turns its status into an Error.
template <class Body>
void call_plugin(Host& host, Plugin& plugin, Tx& tx, bool is_scoped, const char* what, Body&& body);

}  // namespace dunlin::host
