// SPDX-License-Identifier: Apache-2.0
#include "host/sync/flow.hpp"
#include "plugins/services.hpp"

#include <dunlin/blobs.hpp>
#include <dunlin/digest.hpp>

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

constexpr int64_t customer = 7;
constexpr std::size_t mib = std::size_t{1} << 20;

InstanceOptions small_blobs() {
    auto options = flow_options();
    options.toml += "[blobs]\nmax_mib = 1\n";
    return options;
}

/// A plugin's services without the plugin.
struct Keeping {
    Instance instance{GENERATE(Dialect::sqlite, Dialect::postgresql), small_blobs()};
    host::Plugin plugin = *instance.host().plugins().by_id("flow");
    dunlin_ctx context{&instance.host(), &plugin};
    Services services{host::host_table(&context)};
    Blobs blobs{services};

    Transaction begin() { return services.begin(DUNLIN_TX_WRITE); }
    /// In a transaction of its own.
    Blob keep(std::string_view bytes, int64_t key = customer) {
        auto tx = begin();
        auto out = blobs.write(tx, key, bytes);
        tx.commit();
        return out;
    }
    std::string read(int64_t id, int64_t key = customer) {
        auto tx = services.begin(DUNLIN_TX_READ);
        return blobs.read(tx, key, id);
    }
    void remove(int64_t id) {
        auto tx = begin();
        blobs.remove(tx, customer, id);
        tx.commit();
    }
    int64_t rows() {
        return instance.cell("SELECT count(*) FROM dunlin_blob").get<int64_t>() +
               instance.cell("SELECT count(*) FROM dunlin_blob_chunk").get<int64_t>();
    }
};

/// Status and message of what was thrown.
template <class Body>
std::pair<dunlin_status, std::string> failure_of(Body&& body) {
    try {
        body();
    } catch (const Error& e) {
        return {e.status(), e.what()};
    }
    return {DUNLIN_OK, ""};
}

/// Bytes that are no text and of which no two chunks are alike.
std::string some_bytes(std::size_t n) {
    std::string out(n, '\0');
    uint32_t state = 1;
    for (auto& c : out) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24U);
    return out;
}

}  // namespace

TEST_CASE("a blob that is larger than the operator allows is refused and leaves nothing") {
    Keeping k;
    auto tx = k.begin();
    {
        auto writer = k.blobs.create(tx, customer);
        writer.append(some_bytes(mib));
        const auto [status, message] = failure_of([&] { writer.append("x"); });
        CHECK(status == DUNLIN_E_LIMIT);
        CHECK_THAT(message, Contains("1 MiB") && Contains("[blobs] max_mib"));
    }
    tx.commit();
    CHECK(k.rows() == 0);
    CHECK(k.read(k.keep(some_bytes(mib)).id) == some_bytes(mib));
}

TEST_CASE("a rollback, and a writer that is let go, leave nothing") {
    Keeping k;
    {
        auto tx = k.begin();
        k.blobs.write(tx, customer, some_bytes(600'000));
    }
    CHECK(k.rows() == 0);
    auto tx = k.begin();
    k.blobs.create(tx, customer).append(some_bytes(600'000));
    tx.commit();
    CHECK(k.rows() == 0);
}

TEST_CASE("a transaction with an unfinished blob does not commit, and the blob ends with it") {
    Keeping k;
    auto tx = k.begin();
    auto writer = k.blobs.create(tx, customer);
    writer.append(some_bytes(600'000));
    CHECK_THAT(failure_of([&] { tx.commit(); }).second, Contains("neither finished nor discarded"));
    CHECK(failure_of([&] { writer.append("x"); }).first == DUNLIN_E_INVALID);
    CHECK(k.rows() == 0);
}

TEST_CASE("a transaction that reads writes and removes no blob") {
    Keeping k;
    const auto kept = k.keep("a");
    auto tx = k.services.begin(DUNLIN_TX_READ);
    CHECK(failure_of([&] { k.blobs.create(tx, customer); }).first == DUNLIN_E_DENIED);
    CHECK(failure_of([&] { k.blobs.remove(tx, customer, kept.id); }).first == DUNLIN_E_DENIED);
}

TEST_CASE("another plugin's blob, or one under another key, is not found") {
    Keeping k;
    const auto kept = k.keep("a");
    const auto [status, message] = failure_of([&] { k.read(kept.id, customer + 1); });
    CHECK(status == DUNLIN_E_NOT_FOUND);
    CHECK_THAT(message, Contains("keeps no blob " + std::to_string(kept.id)));

    k.plugin.manifest.id = "other";
    CHECK(failure_of([&] { k.read(kept.id); }).first == DUNLIN_E_NOT_FOUND);
    k.remove(kept.id);
    CHECK(k.keep("a").id != kept.id);
    k.plugin.manifest.id = "flow";
    CHECK(k.read(kept.id) == "a");
}

TEST_CASE("damaged bytes are never taken for what was written") {
    Keeping k;
    const auto bytes = some_bytes(600'000);
    const auto damage = GENERATE(
        "UPDATE dunlin_blob_chunk SET bytes = (SELECT bytes FROM dunlin_blob_chunk WHERE"
        " chunk = 0) WHERE chunk = 1",
        "DELETE FROM dunlin_blob_chunk WHERE chunk = 2",
        "DELETE FROM dunlin_blob_chunk WHERE chunk = 0", "UPDATE dunlin_blob SET sha256 = 'a'");
    const auto kept = k.keep(bytes);
    k.instance.exec(damage);
    const auto [status, message] = failure_of([&] { k.read(kept.id); });
    CHECK(status == DUNLIN_E_DATA);
    CHECK_THAT(message, Contains("damaged") && Contains("backup"));
}

TEST_CASE("what was written is read, with its size and hash, in whatever pieces it came") {
    Keeping k;
    const auto size = GENERATE(0, 1, 262'143, 262'144, 262'145, 786'432);
    const auto bytes = some_bytes(static_cast<std::size_t>(size));
    auto tx = k.begin();
    auto writer = k.blobs.create(tx, customer);
    for (std::size_t at = 0; at < bytes.size(); at += 99'991) {
        writer.append(std::string_view(bytes).substr(at, 99'991));
    }
    const auto made = writer.finish();
    tx.commit();

    CHECK(made.size == size);
    CHECK(made.sha256 == sha256_of(bytes));
    CHECK(k.read(made.id) == bytes);
    CHECK(k.instance.cell("SELECT count(*) FROM dunlin_blob_chunk") == (size + 262'143) / 262'144);
    auto later = k.services.begin(DUNLIN_TX_READ);
    CHECK(k.blobs.info(later, customer, made.id).created_us == k.instance.host().clock().now_us());
}

TEST_CASE("the same bytes are kept once, until their last owner removes them") {
    Keeping k;
    const auto bytes = some_bytes(300'000);
    const auto first = k.keep(bytes), second = k.keep(bytes), elsewhere = k.keep(bytes, 8);
    CHECK(first.id == second.id);
    CHECK(elsewhere.id != first.id);
    CHECK(k.rows() == 6);

    k.remove(first.id);
    CHECK(k.read(second.id) == bytes);
    k.remove(second.id);
    CHECK(failure_of([&] { k.read(second.id); }).first == DUNLIN_E_NOT_FOUND);
    k.remove(second.id);
    CHECK(k.rows() == 3);
    CHECK(k.read(elsewhere.id, 8) == bytes);
}

TEST_CASE("a backup holds the blobs") {
    Keeping k;
    const auto kept = k.keep(some_bytes(600'000));
    const auto folder = k.instance.folder() / "copy";
    k.instance.host().store().backup(folder);
    if (k.instance.dialect() == Dialect::postgresql) {
        CHECK(std::filesystem::file_size(folder / "dunlin.dump") > 500'000);
        return;
    }
    auto store = host::Store::open({"sqlite:dunlin.db", folder});
    const auto copy = store->begin(host::Access::read);
    CHECK(copy->value("SELECT sum(length(bytes)) FROM dunlin_blob_chunk WHERE id = ?", kept.id) ==
          "600000");
}
