// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"

#include <memory>

namespace dunlin::host {

struct Config;
class RemotePlugin;

/// Whether a plugin is loaded in processes of its own, one for each source that is opened, and not
/// in this one: a connector that is nothing else, unless dunlin.toml says otherwise.
bool runs_in_worker(const Config& config, const Manifest& manifest);

/// Stands for a connector whose library runs in other processes: the same calls, the same answers.
/// When such a process dies, the call fails with DUNLIN_E_UNAVAILABLE (a push with
/// DUNLIN_E_TIMEOUT, because nobody knows what it did) and the next call on the source starts a new
/// one and opens it there again. The process has no database and no network; what it needs of the
/// host's services it asks for over its connection, under the grants of its manifest.
class WorkerConnector {
public:
    WorkerConnector(Host& host, Plugin& plugin);
    ~WorkerConnector();
    WorkerConnector(const WorkerConnector&) = delete;
    WorkerConnector& operator=(const WorkerConnector&) = delete;

    static const dunlin_connector_v1* table();
    dunlin_plugin* instance() { return &instance_; }

private:
    std::unique_ptr<RemotePlugin> remote_;
    dunlin_plugin instance_{};
};

}  // namespace dunlin::host
