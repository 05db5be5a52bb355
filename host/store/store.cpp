// SPDX-License-Identifier: Apache-2.0
#include "store/store.hpp"

namespace dunlin::host {

std::unique_ptr<Store> Store::open(const StoreOptions& options) {
    if (options.url.rfind("sqlite:", 0) == 0) return open_sqlite(options);
    if (options.url.rfind("postgresql:", 0) == 0) return open_postgres(options);
    // Only the scheme is repeated: the rest may hold a password.
    throw Error(DUNLIN_E_INVALID, "the store URL begins with \"" +
                                      options.url.substr(0, options.url.find(':')) +
                                      "\"; write sqlite:PATH or postgresql:host=… dbname=… user=…");
}

Store::Store(const StoreOptions& options, int writers_max)
    : options_(options),
      writers_(writers_max, options.wait_max,
               "another transaction of this process kept the writer's place for " +
                   std::to_string(options.wait_max.count()) +
                   " ms; try again, and keep transactions short"),
      places_(options.connections_max, options.wait_max,
              "all " + std::to_string(options.connections_max) +
                  " database connections are in use; try again, or raise connections_max under "
                  "[store] in dunlin.toml") {}

Store::Lease Store::begin(Access access) {
    // The writer's place first: writers that wait must not use up the connections of readers.
    auto turn = access == Access::write ? writers_.take() : nullptr;
    auto place = places_.take();
    return Lease(begin_one(access).release(), [this, place, turn](Connection* used) mutable {
        keep(std::unique_ptr<Connection>(used));
        place.reset();
        turn.reset();
    });
}

std::unique_ptr<Connection> Store::begin_one(Access access) {
    std::unique_lock lock(mutex_);
    const auto settings = settings_;
    std::unique_ptr<Connection> connection;
    if (!idle_.empty()) {
        connection = std::move(idle_.back());
        idle_.pop_back();
    }
    lock.unlock();
    if (!connection) connection = connect();
    try {
        connection->use(settings);
        connection->begin(access);
    } catch (const Error&) {
        keep(std::move(connection));
        throw;
    }
    return connection;
}

void Store::keep(std::unique_ptr<Connection> connection) noexcept {
    connection->hand_over();
    if (!connection->is_fit()) return;
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
}

void Store::publish(std::vector<ScopedView> views, const std::vector<Grant>& grants) {
    auto settings = std::make_shared<SessionSettings>();
    settings->views = std::move(views);
    settings->roles = make_roles(grants);
    const std::lock_guard lock(mutex_);
    settings_ = std::move(settings);
}

Finding finding(const std::string& name, bool is_ok, const std::string& state,
                const std::string& message, const std::string& remedy) {
    return {name, is_ok ? "ok" : state, message, is_ok ? "" : remedy};
}

Finding disk_finding(const std::string& name, const std::filesystem::path& folder) {
    std::error_code bad;
    const auto free_mb = std::filesystem::space(folder, bad).available >> 20;
    if (bad) {
        return {name, "fail", "the free space of " + folder.string() + " is not known",
                "check that the folder exists"};
    }
    return finding(name, free_mb >= 2000, free_mb < 200 ? "fail" : "warn",
                   std::to_string(free_mb) + " MB free at " + folder.string(),
                   "make room on this disk");
}

}  // namespace dunlin::host
