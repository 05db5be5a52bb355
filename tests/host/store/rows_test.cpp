// SPDX-License-Identifier: Apache-2.0
#include "fixture.hpp"

#include <atomic>
#include <numeric>
#include <thread>

namespace dunlin::host {
namespace {

using Catch::Matchers::Contains;

/// Rows of alpha_item: company, id, amount, note; every third note and amount is null.
Batch items(int64_t from, int64_t to, const std::string& note = "it's\ta \\ \"note\"\n") {
    BatchBuilder b(
        {{"company", Type::text}, {"id", Type::i64}, {"amount", Type::i64}, {"note", Type::text}});
    for (auto id = from; id < to; ++id) {
        b[0].add(id % 2 ? "A" : "B");
        b[1].add(id);
        id % 3 ? b[2].add(id * 10) : b[2].add_null();
        id % 3 ? b[3].add(note) : b[3].add_null();
    }
    return b.finish();
}

TEST_CASE("a rollback leaves nothing") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    auto lease = f.store->begin(Access::write);
    lease->exec("INSERT INTO beta_note (id, note) VALUES (?, ?)", 1, "x");
    lease->bulk_write("alpha_item", {"company", "id"}, DUNLIN_BULK_INSERT,
                      make_stream(items(0, 10)));
    lease.reset();

    CHECK(f.number("SELECT count(*) FROM beta_note") == 0);
    CHECK(f.number("SELECT count(*) FROM alpha_item") == 0);
}

TEST_CASE("a savepoint undoes what came after it and nothing else") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    auto lease = f.store->begin(Access::write);
    lease->enter(&f.beta);
    lease->exec("INSERT INTO beta_note (id, note) VALUES (1, 'kept')");
    lease->savepoint(1);
    lease->enter(&f.alpha);
    lease->exec("INSERT INTO alpha_item (company, id) VALUES ('A', 1)");
    CHECK(status_of([&] { lease->exec("INSERT INTO alpha_item (company, id) VALUES ('A', 1)"); }) ==
          DUNLIN_E_EXISTS);
    lease->enter(&f.beta);
    lease->rollback_to_savepoint(1);
    lease->release_savepoint(1);
    lease->exec("INSERT INTO beta_note (id, note) VALUES (2, 'kept')");
    lease->commit();
    lease.reset();

    CHECK(f.number("SELECT count(*) FROM beta_note") == 2);
    CHECK(f.number("SELECT count(*) FROM alpha_item") == 0);
}

TEST_CASE("a read transaction refuses writes and sees one moment") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    f.add_items();
    auto reader = f.store->begin(Access::read);
    reader->query("SELECT count(*) FROM alpha_item")->step();
    auto writer = f.store->begin(Access::write);
    writer->exec("DELETE FROM alpha_item");
    writer->commit();
    auto query = reader->query("SELECT count(*) FROM alpha_item");
    query->step();

    CHECK(query->i64(0) == 3);
    CHECK(status_of([&] { reader->exec("DELETE FROM alpha_item"); }) == DUNLIN_E_DENIED);
}

TEST_CASE("a bulk insert writes every row, nulls and odd characters included") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    auto lease = f.store->begin(Access::write);
    lease->enter(&f.alpha);

    CHECK(lease->bulk_write("alpha_item", {"company", "id"}, DUNLIN_BULK_INSERT,
                            make_stream(items(0, 1000))) == 1000);
    auto query = lease->query(
        "SELECT count(*), count(amount), CAST(sum(amount) AS bigint), min(note) FROM alpha_item");
    REQUIRE(query->step());
    CHECK(query->i64(0) == 1000);
    CHECK(query->i64(1) == 666);
    CHECK(query->i64(2) == 3'326'670);
    CHECK(query->text(3) == "it's\ta \\ \"note\"\n");
}

TEST_CASE("a bulk insert of an existing key fails with exists") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    f.add_items();
    auto lease = f.store->begin(Access::write);
    const auto write = [&] {
        BatchBuilder b({{"company", Type::text}, {"id", Type::i64}});
        b[0].add("A");
        b[1].add(1);
        lease->bulk_write("alpha_item", {"company", "id"}, DUNLIN_BULK_INSERT,
                          make_stream(b.finish()));
    };

    CHECK(status_of(write) == DUNLIN_E_EXISTS);
}

TEST_CASE("an upsert replaces the named columns, and the later of two equal keys wins") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    f.add_items();
    BatchBuilder b({{"company", Type::text}, {"id", Type::i64}, {"amount", Type::i64}});
    const auto add = [&](const char* company, int64_t id, int64_t amount) {
        b[0].add(company);
        b[1].add(id);
        b[2].add(amount);
    };
    add("A", 1, 111);
    add("C", 9, 900);
    add("C", 9, 901);
    auto lease = f.store->begin(Access::write);

    CHECK(lease->bulk_write("alpha_item", {"company", "id"}, DUNLIN_BULK_UPSERT,
                            make_stream(b.finish())) == 3);
    auto query = lease->query("SELECT id, amount, note FROM alpha_item ORDER BY id");
    std::string seen;
    while (query->step()) {
        seen += std::to_string(query->i64(0)) + "=" + std::to_string(query->i64(1)) + "," +
                std::string(query->text(2)) + ";";
    }
    CHECK(seen == "1=111,x;2=200,;3=300,z;9=901,;");
}

TEST_CASE("a bulk call on another plugin's table or with an odd name is refused") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    auto lease = f.store->begin(Access::write);
    lease->enter(&f.beta);
    const auto write = [&](const char* table) {
        return status_of([&] {
            lease->bulk_write(table, {"id"}, DUNLIN_BULK_UPSERT, make_stream(items(0, 1)));
        });
    };

    CHECK(write("alpha_item") == DUNLIN_E_DENIED);
    CHECK(write("dunlin_audit") == DUNLIN_E_DENIED);
    CHECK(write("beta_note; DROP TABLE beta_note") == DUNLIN_E_INVALID);
    CHECK(status_of([&] {
              lease->bulk_lookup("alpha_item", make_stream(items(0, 1)), {"note"});
          }) == DUNLIN_E_DENIED);
}

TEST_CASE("a lookup answers row for row in order, null where there is nothing") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    f.add_items();
    BatchBuilder keys({{"company", Type::text}, {"id", Type::i64}});
    for (const auto& [company, id] :
         {std::pair{"B", 3}, {"A", 3}, {"A", 1}, {"B\"\\,{}", 1}, {"A", 2}, {"B", 3}}) {
        keys[0].add(company);
        keys[1].add(id);
    }
    auto lease = f.store->begin(Access::read);
    lease->enter(&f.alpha);
    StreamReader out(
        lease->bulk_lookup("alpha_item", make_stream(keys.finish()), {"amount:l", "note"}));
    std::string seen;
    while (out.next()) {
        const auto view = out.view();
        for (int64_t row = 0; row < view.rows(); ++row) {
            seen += (view[0].is_null(row) ? "-" : std::to_string(view[0].i64(row))) +
                    (view[1].is_null(row) ? "-" : std::string(view[1].text(row))) + " ";
        }
    }

    CHECK(seen == "300z -- 100x -- 200- 300z ");
}

TEST_CASE("a lookup of many keys misses none and refuses keys that are several rows") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    auto lease = f.store->begin(Access::write);
    lease->bulk_write("alpha_item", {"company", "id"}, DUNLIN_BULK_INSERT,
                      make_stream(items(0, 100)));
    const auto look_up = [&](BatchBuilder& keys) {
        StreamReader out(lease->bulk_lookup("alpha_item", make_stream(keys.finish()), {"id:l"}));
        std::vector<int64_t> found;
        while (out.next()) {
            for (int64_t i = 0; i < out.view().rows(); ++i) found.push_back(out.view()[0].i64(i));
        }
        return found;
    };
    BatchBuilder companies({{"company", Type::text}});
    companies[0].add("A");
    CHECK(status_of([&] { look_up(companies); }) == DUNLIN_E_INVALID);
    BatchBuilder keys({{"company", Type::text}, {"id", Type::i64}});
    std::vector<int64_t> wanted;
    for (int64_t id = 50; id > 0; --id) {
        keys[0].add(id % 7 == 0 ? "nobody" : id % 2 ? "A" : "B");
        keys[1].add(id);
        wanted.push_back(id % 7 == 0 ? 0 : id);
    }
    CHECK(look_up(keys) == wanted);
}

TEST_CASE("a stream has the types of its column aliases, and other statements run in between") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    auto lease = f.store->begin(Access::write);
    lease->bulk_write("alpha_item", {"company", "id"}, DUNLIN_BULK_INSERT,
                      make_stream(items(0, 20'000)));
    auto query = lease->query(
        "SELECT id AS \"id:l\", CAST(id AS integer) AS \"day:tdD\", id / 2.0 AS \"half:g\", "
        "CASE WHEN id > ? THEN 1 ELSE 0 END AS \"big:b\", amount AS \"amount:i\", note, "
        "'2026-02-28' AS \"on:tdD\" FROM alpha_item WHERE id >= ? ORDER BY id",
        100, 1);
    StreamReader stream(query->query_stream());
    int64_t rows = 0, sum = 0, nulls = 0;
    while (stream.next()) {
        lease->query("SELECT count(*) FROM beta_note")->step();
        const auto view = stream.view();
        const auto id = view.required("id");
        const auto amount = view.required("amount");
        for (int64_t row = 0; row < view.rows(); ++row) {
            sum += id.i64(row);
            nulls += amount.is_null(row) ? 1 : 0;
        }
        if (rows == 0) {
            CHECK(view.required("day").date(2) == Date(3));
            CHECK(view.required("half").f64(2) == 1.5);
            CHECK(view.required("big").i64(0) == 0);
            CHECK(view.required("big").i64(150) == 1);
            CHECK(view.required("amount").type() == Type::i32);
            CHECK(view.required("on").date(0) == Date(2026, 2, 28));
            CHECK(view.required("note").text(1) == "it's\ta \\ \"note\"\n");
        }
        rows += view.rows();
    }

    CHECK(rows == 19'999);
    CHECK(sum == 199'990'000);
    CHECK(nulls == 6'666);
}

TEST_CASE("a stream ends with its statement or transaction, and says so") {
    Fixture fixture(GENERATE(Dialect::sqlite, Dialect::postgresql));
    fixture.add_items();
    const auto refusal = [](StreamReader& rows) { return message_of([&] { rows.next(); }); };
    auto lease = fixture.store->begin(Access::read);
    auto query = lease->query("SELECT id AS \"id:l\" FROM alpha_item ORDER BY id");
    StreamReader rows(query->query_stream());
    query.reset();
    CHECK_THAT(refusal(rows), Contains("statement or transaction ended"));

    BatchBuilder keys({{"company", Type::text}, {"id", Type::i64}});
    keys[0].add("A");
    keys[1].add(int64_t{1});
    StreamReader found(lease->bulk_lookup("alpha_item", make_stream(keys.finish()), {"amount:l"}));
    lease.reset();
    CHECK_THAT(refusal(found), Contains("statement or transaction ended"));
}

TEST_CASE("a batch runs a statement once for each row and stops at the first failure") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    auto lease = f.store->begin(Access::write);
    lease->enter(&f.alpha);
    const auto insert = [&](int64_t from, int64_t to) {
        return lease
            ->prepare("INSERT INTO alpha_item (company, id, amount, note) VALUES (?, ?, ?, ?)")
            ->exec_batch(make_stream(items(from, to)));
    };

    CHECK(insert(0, 1000) == 1000);
    CHECK(status_of([&] { insert(999, 2000); }) == DUNLIN_E_EXISTS);
}

TEST_CASE("a batch with a row that cannot be sent fails, and the connection goes on") {
    Fixture f(Dialect::postgresql);
    BatchBuilder rows({{"id", Type::i64}, {"note", Type::text}});
    rows[0].add(int64_t{1});
    rows[1].add(std::string_view("fine"));
    rows[0].add(int64_t{2});
    rows[1].add(std::string_view("a\0b", 3));
    auto lease = f.store->begin(Access::write);
    lease->savepoint(1);

    CHECK(status_of([&] {
              lease->prepare("INSERT INTO beta_note (id, note) VALUES (?, ?)")
                  ->exec_batch(make_stream(rows.finish()));
          }) == DUNLIN_E_INVALID);
    lease->rollback_to_savepoint(1);
    CHECK(lease->exec("INSERT INTO beta_note (id) VALUES (3)") == 1);
    lease->commit();
    lease.reset();
    CHECK(f.number("SELECT sum(id) FROM beta_note") == 3);
}

TEST_CASE("large text and all bytes come back as they went in") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    const std::string text(10 << 20, 'x');
    std::string bytes(256, '\0');
    std::iota(bytes.begin(), bytes.end(), '\0');
    auto lease = f.store->begin(Access::write);
    lease->exec(f.store->dialect() == Dialect::sqlite ? "CREATE TABLE alpha_file (body blob)"
                                                      : "CREATE TABLE alpha_file (body bytea)");
    lease->exec("INSERT INTO beta_note (id, note) VALUES (1, ?)", text);
    auto insert = lease->prepare("INSERT INTO alpha_file (body) VALUES (?)");
    insert->bind_at(0, Bytes{bytes});
    insert->step();
    auto note = lease->query("SELECT note FROM beta_note");
    auto body = lease->query("SELECT body FROM alpha_file");

    REQUIRE(note->step());
    CHECK((note->text(0) == text));
    REQUIRE(body->step());
    CHECK(body->column_type(0) == DUNLIN_COL_BLOB);
    CHECK((body->blob(0) == bytes));
    CHECK(status_of([&] { note->bind_at(0, std::string_view("a\0b", 3)); }) == DUNLIN_E_INVALID);
}

TEST_CASE("values convert without loss or not at all") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    f.add_items();
    auto lease = f.store->begin(Access::read);
    auto query = lease->query(
        "SELECT CAST(sum(amount) AS bigint), amount, note, CAST(? AS text), 1.5 FROM alpha_item "
        "WHERE id = ? GROUP BY amount, note",
        "12", 2);

    REQUIRE(query->step());
    CHECK(query->i64(0) == 200);
    CHECK(query->is_null(2));
    CHECK(query->text(2) == "");
    CHECK(query->i64(3) == 12);
    CHECK(query->f64(4) == 1.5);
    CHECK(status_of([&] { query->i64(4); }) == DUNLIN_E_DATA);
    CHECK(status_of([&] { query->i64(9); }) == DUNLIN_E_INVALID);
    CHECK_FALSE(query->step());
}

TEST_CASE("writers of four threads all succeed") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    std::atomic<int> failures{0};
    const auto work = [&](int64_t thread) {
        for (int64_t i = 0; i < 50; ++i) {
            const auto status = status_of([&] {
                auto lease = f.store->begin(Access::write);
                lease->exec("INSERT INTO beta_note (id, note) VALUES (?, 'x')", thread * 1000 + i);
                lease->commit();
            });
            if (status != DUNLIN_OK) ++failures;
        }
    };
    std::vector<std::thread> threads;
    for (int64_t t = 0; t < 4; ++t) threads.emplace_back(work, t);
    for (auto& thread : threads) thread.join();

    CHECK(failures == 0);
    CHECK(f.number("SELECT count(*) FROM beta_note") == 200);
}

TEST_CASE("a writer that waits too long is told to try again") {
    Fixture f(Dialect::sqlite, /*wait_ms=*/50);
    auto first = f.store->begin(Access::write);

    const auto message = message_of([&] { f.store->begin(Access::write); });

    CHECK_THAT(message, Contains("try again"));
    first.reset();
    CHECK(status_of([&] { f.store->begin(Access::write); }) == DUNLIN_OK);
}

TEST_CASE("a lost connection is unavailable, and the next transaction has a new one") {
    Fixture f(Dialect::postgresql);
    auto lease = f.store->begin(Access::read);
    lease->query("SELECT 1")->step();
    auto& server = test::shared_postgres();
    server.run("postgres",
               "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
               "datname = '" +
                   server.last_database() + "'");

    CHECK(status_of([&] { lease->query("SELECT 1")->step(); }) == DUNLIN_E_UNAVAILABLE);
    lease.reset();
    CHECK(f.number("SELECT count(*) FROM beta_note") == 0);
    server.run("postgres",
               "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
               "datname = '" +
                   server.last_database() + "'");
    CHECK(f.number("SELECT count(*) FROM beta_note") == 0);
}

TEST_CASE("a plugin's statements run in its own role") {
    Fixture f(Dialect::postgresql);
    auto lease = f.store->begin(Access::write);
    lease->enter(&f.beta);
    auto query = lease->query("SELECT CAST(current_user AS text)");
    query->step();

    CHECK_THAT(std::string(query->text(0)), Catch::EndsWith("_beta"));
    lease->enter(nullptr);
    auto host = lease->query("SELECT CAST(current_user AS text), 1");
    host->step();
    CHECK(host->text(0) == "postgres");
}

}  // namespace
}  // namespace dunlin::host
