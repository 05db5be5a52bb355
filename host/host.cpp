// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"

#include <dunlin/digest.hpp>

#include <sodium.h>
#include <unistd.h>
#include <boost/algorithm/string/join.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>

namespace dunlin::host {

namespace {

namespace fs = std::filesystem;

constexpr int nodes = 1024;
constexpr int64_t node_lease_us = 60'000'000;

std::string make_holder() {
    std::array<char, 256> name{};
    ::gethostname(name.data(), name.size() - 1);
    std::string boot;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
    std::error_code failed;
    auto space = fs::read_symlink("/proc/self/ns/pid", failed).string();
    std::erase_if(space, [](char c) { return c < '0' || c > '9'; });
    // Without them no process number says anything, so nobody else may have this name.
    if (boot.size() < 8 || space.empty()) space = random_text(6);
    auto machine = std::string(name.data()) + "/" + boot.substr(0, 8) + "/" + space;
    std::replace(machine.begin(), machine.end(), ':', '_');
    return machine + ":" + std::to_string(::getpid()) + ":" + random_text(6);
}

/// Beside the program, as in a build folder, or where it is installed.
fs::path default_plugin_root() {
    std::error_code failed;
    const auto folder = fs::read_symlink("/proc/self/exe", failed).parent_path();
    const auto beside = folder / "plugins";
    const auto installed = folder.parent_path() / DUNLIN_LIBRARIES / "dunlin/plugins";
    return fs::is_directory(beside) ? beside : installed;
}

void need_known(const char* what, const std::string& name, const std::set<std::string>& known) {
    if (known.count(name)) return;
    throw Error(DUNLIN_E_INVALID,
                std::string("there is no ") + what + " " + name + "; there is: " +
                    (known.empty() ? "none" : boost::algorithm::join(known, ", ")));
}

}  // namespace

Host::Host(Options options)
    : options_(std::move(options)),
      config_(Config::load(options_.instance, options_.config_text)),
      clock_(config_.time_zone, config_.fixed_clock_us) {
    if (sodium_init() < 0) throw Error(DUNLIN_E_INTERNAL, "libsodium cannot be initialised");
    log_.open(config_.log_path, config_.log_level);
    holder_ = make_holder();
    plugins_ = std::make_unique<Plugins>(*this);
    commands_ = std::make_unique<Commands>(*this);
    events_ = std::make_unique<Events>(*this);
    jobs_ = std::make_unique<Jobs>(*this);
    http_client_ = std::make_unique<HttpClient>(config_);
    workers_ = std::make_unique<Workers>(config_, metrics_, options_.program);
    sync_ = std::make_unique<Sync>(*this);
    write_backs_ = std::make_unique<WriteBacks>(*this);
    if (options_.plugin_root.empty()) options_.plugin_root = default_plugin_root();
    plugins_->find(options_.plugin_root, options_.is_safe_mode);
}

Host::~Host() {
    stop();
}

void Host::open() {
    if (store_) return;
    store_ = Store::open({.url = config_.store_url,
                          .base = config_.instance,
                          .connections_max = config_.store_connections_max,
                          .is_read_back_durable = config_.store_durability == "full"});
}

std::vector<Migration> Host::pending_migrations() {
    auto all = host_migrations(store().dialect());
    for (auto& one : plugins_->migrations(store().dialect())) all.push_back(std::move(one));
    return plan_migrations(store(), all);
}

void Host::migrate(const std::vector<Migration>& all) {
    if (plan_migrations(*store_, all).empty()) return;
    if (!options_.migrates) {
        throw Error(DUNLIN_E_CONFLICT,
                    "the database is older than this program: run `dunlin migrate apply`");
    }
    apply_migrations(*store_, all, clock_.now_us());
}

void Host::migrate_plugins() {
    for (auto* plugin : plugins_->in_order()) {
        if (plugin->state != PluginState::found) continue;
        try {
            migrate(plugins_->migrations_of(*plugin, store_->dialect()));
        } catch (const Error& e) {
            if (e.status() == DUNLIN_E_UNAVAILABLE) throw;
            plugins_->block(*plugin,
                            std::string("its tables cannot be brought up to date: ") + e.what());
        }
    }
}

/// What plugins may read of each other, and the scoped views every session has.
void Host::publish() {
    std::vector<Grant> grants;
    std::vector<ScopedView> views;
    for (const auto* plugin : plugins_->in_order()) {
        if (plugin->state != PluginState::found) continue;
        grants.push_back(
            {plugin->id(), {plugin->wall.readable.begin(), plugin->wall.readable.end()}});
        for (const auto& view : plugin->manifest.views) {
            if (!view.columns.empty()) views.push_back(view);
        }
    }
    store_->publish(std::move(views), grants);
}

void Host::start() {
    if (is_started_) return;
    open();
    migrate(host_migrations(store_->dialect()));
    migrate_plugins();
    publish();
    is_started_ = true;
    lease_node();
    plugins_->start();
    events_->register_subscribers();
    jobs_->register_schedules();
}

void Host::serve() {
    if (is_serving_) return;
    start();
    is_serving_ = true;
    events_->start();
    jobs_->start();
    sync_->start();
}

void Host::stop() {
    if (is_serving_) {
        jobs_->stop();
        events_->stop();
        is_serving_ = false;
    }
    plugins_->stop();
    node_keeper_.stop();
    node_.reset();
    is_started_ = false;
}

std::unique_ptr<Tx> Host::begin(Access access, Principal principal, std::optional<Date> today) {
    return std::make_unique<Tx>(store(), access, clock_.moment(today), std::move(principal));
}

void Host::lease_node() {
    if (config_.ids_seed != 0) {
        // How many processes this instance has had, so that each counts on its own.
        int64_t process = 0;
        auto tx = begin(Access::write);
        tx->db()
            .query(
                "INSERT INTO dunlin_lease VALUES ('host.ids_seed', ?, 0, 0) ON CONFLICT (name)"
                " DO UPDATE SET fence = dunlin_lease.fence + 1 RETURNING fence",
                holder_)
            ->next(process);
        tx->commit();
        ids_.use_seed(config_.ids_seed + (process << 32));
        return;
    }
    // Starting somewhere else each time keeps two processes from racing for the same number.
    const auto first = static_cast<int>(randombytes_uniform(nodes));
    for (int i = 0; i < nodes; ++i) {
        const int node = (first + i) % nodes;
        node_.emplace(*this, "host.node:" + std::to_string(node), node_lease_us);
        if (node_->fence() == 0) continue;
        ids_.use_node(node);
        return node_keeper_.start([this](const auto&) { return keep_node(); },
                                  Worker::Pause(node_lease_us / 4));
    }
    throw Error(DUNLIN_E_UNAVAILABLE, "all " + std::to_string(nodes) +
                                          " node numbers are leased; stop a process, or wait a "
                                          "minute after one was killed");
}

Worker::Pause Host::keep_node() {
    auto tx = begin(Access::write);
    const bool is_ours = node_->renew(*tx);
    tx->commit();
    if (is_ours) return Worker::Pause(node_lease_us / 4);
    log_.error("host", "another process took this one's node number; it makes no more ids");
    ids_.use_node(-1);
    return std::chrono::hours(24 * 365);
}

std::string Host::create_token(const std::string& name, const std::vector<std::string>& roles,
                               const std::map<std::string, std::set<std::string>>& scopes) {
    std::set<std::string> known_roles = {"administrator"}, known_scopes;
    for (const auto* plugin : plugins_->in_order()) {
        for (const auto& role : plugin->manifest.roles) known_roles.insert(role.first);
        for (const auto& one : plugin->manifest.scope_dimensions) known_scopes.insert(one.first);
    }
    for (const auto& role : roles) need_known("role", role, known_roles);
    for (const auto& scope : scopes) need_known("scope", scope.first, known_scopes);
    auto token = "dunlin_" + random_text(32);
    auto tx = begin(Access::write);
    tx->db().exec("INSERT INTO dunlin_token VALUES (?, ?, ?, ?, ?, 0)", sha256_of(token), name,
                  Json(roles).dump(), Json(scopes).dump(), tx->moment().now_us);
    tx->commit();
    return token;
}

/// The database is asked by digest, so the time it takes says nothing about the token.
std::optional<Principal> Host::authenticate(const std::string& token) {
    auto tx = begin(Access::read);
    std::string name, roles, scopes;
    if (!tx->db()
             .query("SELECT name, roles_json, scopes_json FROM dunlin_token WHERE digest = ?"
                    " AND (expires_us = 0 OR expires_us > ?)",
                    sha256_of(token), tx->moment().now_us)
             ->next(name, roles, scopes)) {
        return std::nullopt;
    }
    Principal out;
    out.name = "token:" + name;
    Json::parse(roles).get_to(out.roles);
    Json::parse(scopes).get_to(out.scopes);
    for (const auto& role : out.roles) {
        if (role == "administrator") out.may_everything = true;
        out.permissions.merge(plugins_->permissions_of(role));
    }
    return out;
}

}  // namespace dunlin::host
