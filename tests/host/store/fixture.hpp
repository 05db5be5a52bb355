// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/migrations.hpp"
#include "store/store.hpp"
#include "store/tx.hpp"
#include "support/postgres.hpp"

#include <dunlin/arrow.hpp>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

namespace dunlin::host {

/// A fresh database with two plugins' tables: `alpha` owns alpha_item and publishes
/// alpha_v1_item; `beta` owns beta_note.
struct Fixture {
    explicit Fixture(Dialect dialect, int64_t wait_ms = 5000) {
        char name[] = "/tmp/dunlin-store-XXXXXX";
        folder = ::mkdtemp(name);
        options.base = folder;
        options.url = dialect == Dialect::sqlite ? "sqlite:test.db"
                                                 : test::shared_postgres().fresh_database();
        options.wait_max = std::chrono::milliseconds(wait_ms);
        store = Store::open(options);
        auto lease = store->begin(Access::write);
        lease->exec("CREATE TABLE dunlin_audit (id bigint NOT NULL PRIMARY KEY)");
        lease->exec(
            "CREATE TABLE alpha_item (company text NOT NULL, id bigint NOT NULL, "
            "amount bigint, note text, PRIMARY KEY (company, id))");
        lease->exec("CREATE VIEW alpha_v1_item AS SELECT company, id, amount FROM alpha_item");
        lease->exec("CREATE VIEW alpha_v1_other AS SELECT id FROM alpha_item");
        lease->exec("CREATE TABLE beta_note (id bigint NOT NULL PRIMARY KEY, note text)");
        lease->commit();
        lease.reset();
        store->publish({{"alpha_v1_item", {{"company", "company"}}}},
                       {{"alpha", {}}, {"beta", {"alpha_v1_item"}}});
    }
    ~Fixture() {
        store.reset();
        std::filesystem::remove_all(folder);
    }
    /// Three rows of two companies.
    void add_items() {
        auto lease = store->begin(Access::write);
        lease->exec(
            "INSERT INTO alpha_item (company, id, amount, note) VALUES "
            "('A', 1, 100, 'x'), ('A', 2, 200, NULL), ('B', 3, 300, 'z')");
        lease->commit();
    }
    int64_t number(std::string_view sql) {
        auto lease = store->begin(Access::read);
        auto query = lease->query(sql);
        query->step();
        return query->i64(0);
    }

    std::filesystem::path folder;
    StoreOptions options;
    std::unique_ptr<Store> store;
    Wall alpha{"alpha", {}, {}, false};
    Wall beta{"beta", {"alpha_v1_item"}, {"alpha_item", "alpha_v1_item", "beta_note"}, false};
};

/// The status a call fails with; DUNLIN_OK when it does not.
template <class Body>
dunlin_status status_of(Body&& body) {
    try {
        body();
        return DUNLIN_OK;
    } catch (const Error& e) {
        return e.status();
    }
}

/// The message a call fails with.
template <class Body>
std::string message_of(Body&& body) {
    try {
        body();
        return "";
    } catch (const Error& e) {
        return e.what();
    }
}

}  // namespace dunlin::host
