// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "commands/commands.hpp"
#include "config/config.hpp"
#include "events/events.hpp"
#include "http_client/http_client.hpp"
#include "jobs/jobs.hpp"
#include "jobs/lease.hpp"
#include "mail/mail.hpp"
#include "plugins/plugins.hpp"
#include "secrets/secrets.hpp"
#include "store/store.hpp"
#include "store/tx.hpp"
#include "sync/sync.hpp"
#include "sync/write_backs.hpp"
#include "tools/tools.hpp"
#include "worker/workers.hpp"

#include <memory>
#include <optional>
#include <string>

namespace dunlin::host {

/// One process of one instance: everything the rooms share, built in order and taken down in
/// reverse. Made, it has its configuration and knows its plugins' manifests; store() reaches the
/// database; start() makes a host that answers commands; serve() adds the dispatcher, the job
/// worker and scheduled syncs.
class Host {
public:
    struct Options {
        std::filesystem::path instance;
        bool is_safe_mode = false;
        bool migrates = true;                 // Apply pending migrations at start.
        std::string config_text{};            // Stands for dunlin.toml when it is not empty.
        std::filesystem::path plugin_root{};  // Shipped plugins; default beside the program.
        std::filesystem::path program{};      // dunlin, for connectors' processes; the same.
    };
    explicit Host(Options options);
    ~Host();

    /// Reaches the database; done by start(), and by store() before that.
    void open();
    void start();
    void serve();
    void stop();
    /// Migrations that wait: the host's first, then each plugin's in start order.
    std::vector<Migration> pending_migrations();

    const Config& config() const { return config_; }
    Log& log() { return log_; }
    Metrics& metrics() { return metrics_; }
    Clock& clock() { return clock_; }
    Ids& ids() { return ids_; }
    Store& store() {
        if (!store_) open();
        return *store_;
    }
    Plugins& plugins() { return *plugins_; }
    Commands& commands() { return *commands_; }
    Events& events() { return *events_; }
    Jobs& jobs() { return *jobs_; }
    Sync& sync() { return *sync_; }
    WriteBacks& write_backs() { return *write_backs_; }
    HttpClient& http_client() { return *http_client_; }
    Tools& tools() { return tools_; }
    Workers& workers() { return *workers_; }
    Secrets& secrets() { return secrets_; }
    /// "hostname:pid:random": who holds a lease.
    const std::string& holder() const { return holder_; }

    /// A host transaction as of now.
    std::unique_ptr<Tx> begin(Access access, Principal principal = Principal::of_operator(),
                              std::optional<Date> today = std::nullopt);

    /// Bearer tokens: made once, kept as digest; the principal of a token or nothing.
    std::string create_token(const std::string& name, const std::vector<std::string>& roles,
                             const std::map<std::string, std::set<std::string>>& scopes);
    std::optional<Principal> authenticate(const std::string& token);

private:
    void migrate(const std::vector<Migration>& all);
    void migrate_plugins();
    void publish();
    void lease_node();
    Worker::Pause keep_node();

    Options options_;
    Config config_;
    Log log_;
    Metrics metrics_;
    std::string holder_;
    Clock clock_;
    Ids ids_{clock_};
    Secrets secrets_{*this};
    Tools tools_{config_};
    std::unique_ptr<Store> store_;
    std::unique_ptr<Plugins> plugins_;
    std::unique_ptr<Commands> commands_;
    std::unique_ptr<Events> events_;
    std::unique_ptr<Jobs> jobs_;
    std::unique_ptr<HttpClient> http_client_;
    std::unique_ptr<Workers> workers_;
    std::unique_ptr<Sync> sync_;
    std::unique_ptr<WriteBacks> write_backs_;
    std::optional<Lease> node_;  // Its number is part of the ids made here.
    Worker node_keeper_{log_, "host", "the node number is leased again later"};
    bool is_started_ = false;
    bool is_serving_ = false;
};

}  // namespace dunlin::host
