// SPDX-License-Identifier: Apache-2.0
#include "fixture.hpp"

#include "store/sql_text.hpp"

namespace dunlin::host {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("a plugin's statement on what is not its own is denied with the remedy") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    const std::string sql = GENERATE(
        "SELECT * FROM alpha_item", "SELECT id FROM alpha_v1_other",
        "SELECT count(*) FROM alpha_item", "DELETE FROM alpha_item",
        "INSERT INTO alpha_item (company, id) VALUES ('A', 9)",
        "UPDATE alpha_v1_item SET amount = 1", "SELECT * FROM dunlin_audit",
        "SELECT value FROM dunlin_scope", "SELECT * FROM sqlite_master", "SELECT * FROM pg_class",
        "PRAGMA table_list", "ATTACH DATABASE 'x' AS y", "CREATE TABLE beta_x (id bigint)",
        "CREATE TEMP TABLE beta_x (id bigint)", "DROP TABLE beta_note", "SET ROLE NONE",
        "INSERT INTO beta_note SELECT id, note FROM alpha_item",
        "WITH x AS (SELECT id FROM alpha_item) SELECT id FROM x",
        "SELECT b.id FROM beta_note b, alpha_item a WHERE a.id = b.id",
        "SELECT id FROM (alpha_item JOIN beta_note USING (id))", "COMMIT", "TABLE alpha_item",
        "SELECT query_to_xml('SELECT 1', true, true, '')", "SELECT lo_get(1)",
        "SELECT id FROM beta_note WHERE note = dblink_exec('x')",
        "SELECT id FROM alpha_item WHERE EXISTS (WITH alpha_item AS (SELECT 1) SELECT 1)",
        "WITH alpha_v1_other AS (SELECT id FROM beta_note) SELECT id FROM alpha_v1_other");
    auto lease = f.store->begin(Access::write);
    lease->enter(&f.beta);

    INFO(sql);
    CHECK(status_of([&] { lease->query(sql)->step(); }) == DUNLIN_E_DENIED);
}

TEST_CASE("a refusal names plugin, table and the permission to ask for") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    auto lease = f.store->begin(Access::read);
    lease->enter(&f.beta);

    const auto message = message_of([&] { lease->query("SELECT id FROM alpha_v1_other")->step(); });

    CHECK_THAT(message,
               Contains("beta") && Contains("db.read:alpha_v1_other") && Contains("plugin.json"));
}

TEST_CASE("a plugin reads granted views and uses its own tables") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    f.add_items();
    auto lease = f.store->begin(Access::write);
    lease->enter(&f.beta);

    const std::string sql = GENERATE(
        "SELECT CAST(sum(amount) AS bigint) FROM alpha_v1_item",
        "SELECT count(*) FROM alpha_v1_item", "SELECT amount FROM alpha_v1_item_scoped ORDER BY id",
        "INSERT INTO beta_note (id, note) SELECT id, company FROM alpha_v1_item",
        "WITH x AS (SELECT id FROM alpha_v1_item), y (n) AS (SELECT id FROM x) SELECT n FROM y",
        "INSERT INTO beta_note (id, note) VALUES (1, 'FROM alpha_item') ON CONFLICT (id) DO UPDATE "
        "SET note = excluded.note",
        "SELECT a.id FROM alpha_v1_item a LEFT JOIN beta_note b USING (id) WHERE b.id IS NULL",
        "UPDATE beta_note SET note = 'x' WHERE id IN (SELECT id FROM alpha_v1_item)");
    CHECK(message_of([&] { lease->exec(sql); }) == "");
}

TEST_CASE("a statement kept from the host's use is judged again for a plugin") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    auto lease = f.store->begin(Access::read);
    lease->query("SELECT id FROM alpha_item")->step();
    lease->enter(&f.alpha);
    lease->query("SELECT id FROM alpha_item")->step();
    lease->enter(&f.beta);

    CHECK(status_of([&] { lease->query("SELECT id FROM alpha_item"); }) == DUNLIN_E_DENIED);
}

TEST_CASE("a scoped call selects from scoped views only") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    f.add_items();
    f.beta.is_scoped = true;
    auto lease = f.store->begin(Access::write);
    lease->set_scope({{"company", {"B"}}});
    lease->enter(&f.beta);
    auto query = lease->query("SELECT amount FROM alpha_v1_item_scoped");

    CHECK(query->step());
    CHECK(query->i64(0) == 300);
    CHECK_FALSE(query->step());
    CHECK(status_of([&] { lease->query("SELECT id FROM alpha_v1_item"); }) == DUNLIN_E_DENIED);
    CHECK(status_of([&] { lease->query("SELECT id FROM beta_note"); }) == DUNLIN_E_DENIED);
    CHECK(status_of([&] { lease->query("SELECT id FROM \"beta_NOTE\""); }) == DUNLIN_E_DENIED);
    CHECK(status_of([&] { lease->exec("DELETE FROM beta_note"); }) == DUNLIN_OK);
}

TEST_CASE("a scope is gone when the connection is handed to the next user") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    f.add_items();
    const auto ends_with_commit = GENERATE(true, false);
    const auto access = GENERATE(Access::read, Access::write);
    auto lease = f.store->begin(access);
    lease->set_scope({{"company", {"A", "C"}}});
    auto query = lease->query("SELECT count(*) FROM alpha_v1_item_scoped");
    query->step();
    CHECK(query->i64(0) == 2);
    query.reset();
    if (ends_with_commit) lease->commit();
    lease.reset();

    CHECK(f.number("SELECT count(*) FROM alpha_v1_item_scoped") == 3);
}

TEST_CASE("an empty scope set shows nothing") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    f.add_items();
    auto lease = f.store->begin(Access::read);
    lease->set_scope({{"company", {}}});
    auto query = lease->query("SELECT count(*) FROM alpha_v1_item_scoped");
    query->step();

    CHECK(query->i64(0) == 0);
}

TEST_CASE("what the two databases read differently is refused") {
    const std::string sql =
        GENERATE("SELECT 1; SELECT 2", "SELECT 'x", "SELECT $1", "SELECT `a`", "SELECT [a]",
                 "SELECT E'\\''", "SELECT ?1", "SELECT /* a /* b */ 1", "", "SELECT $$a$$");

    CHECK(status_of([&] { scan_sql(sql); }) == DUNLIN_E_INVALID);
}

TEST_CASE("question marks become numbered parameters outside quotes and comments") {
    const auto sql = scan_sql("SELECT '?', \"a?\", ? /* ? */ FROM x -- ?\n WHERE a = ?;  -- ; end");

    CHECK(sql.dollars == "SELECT '?', \"a?\", $1 /* ? */ FROM x -- ?\n WHERE a = $2");
    CHECK(sql.parameters == 2);
    CHECK(sql.names == std::vector<std::string>{"select", "a?", "from", "x", "where", "a"});
}

}  // namespace
}  // namespace dunlin::host
