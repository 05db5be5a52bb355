// SPDX-License-Identifier: Apache-2.0
#include <dunlin/blobs.hpp>

#include "store.hpp"
#include "views.hpp"

namespace dunlin::receivables {
namespace {

constexpr const char* document_sql =
    "SELECT customer_id, document_id, item_id, blob_id, sha256, media_type, size, name, source, "
    "known_at, item_number, item_kind FROM receivables_v1_document_scoped WHERE 1 = 1";

Document document_of(const Statement& row) {
    return {row.i64(0), row.i64(1),    row.i64(2),    row.i64(3), row.string(4),  row.string(5),
            row.i64(6), row.string(7), row.string(8), row.i64(9), row.string(10), row.string(11)};
}

/// Hands a blob's bytes on to another one.
struct Copying {
    explicit Copying(BlobWriter& to) : to_(to) {}
    dunlin_writer writer{
        this, [](void* ctx, const void* bytes, uint64_t n) noexcept {
            return guard(&ErrorSink::set, nullptr, [&] {
                static_cast<Copying*>(ctx)->to_.append({static_cast<const char*>(bytes), n});
            });
        }};

private:
    BlobWriter& to_;
};

}  // namespace

std::vector<Document> Views::documents(const DocumentQuery& query) {
    Sql sql;
    sql.add(document_sql);
    if (query.customer_id != 0) sql.add(" AND customer_id = ?", query.customer_id);
    if (query.item_id != 0) sql.add(" AND item_id = ?", query.item_id);
    if (query.id != 0) sql.add(" AND document_id = ?", query.id);
    if (!query.number.empty()) sql.add(" AND item_number = ?", std::string_view(query.number));
    sql.add(" ORDER BY known_at DESC, document_id DESC LIMIT ?", query.limit);
    std::vector<Document> out;
    for (const auto& row : sql.run(tx_)) out.push_back(document_of(row));
    return out;
}

bool Store::has_document(const ItemKey& item, std::string_view sha256) {
    return tx_
        .query(
            "SELECT 1 FROM receivables_document WHERE customer_id = ? AND item_id = ? AND sha256 = "
            "?",
            item.first, item.second, sha256)
        .step();
}

void Store::insert(const Document& document) {
    tx_.exec(
        "INSERT INTO receivables_document (customer_id, document_id, item_id, blob_id, sha256, "
        "media_type, size, name, source, known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        document.customer_id, document.id, document.item_id, document.blob_id, document.sha256,
        document.media_type, document.size, document.name, document.source, document.known_at);
}

void Store::move_documents(const ItemKey& from, int64_t to_customer_id) {
    std::vector<std::pair<int64_t, int64_t>> documents;
    for (const auto& row : tx_.query("SELECT document_id, blob_id FROM receivables_document WHERE "
                                     "customer_id = ? AND item_id = ?",
                                     from.first, from.second)) {
        documents.emplace_back(row.i64(0), row.i64(1));
    }
    if (documents.empty()) return;
    const Blobs blobs(services_);
    for (const auto& [id, blob_id] : documents) {
        auto writer = blobs.create(tx_, to_customer_id);
        Copying copying(writer);
        blobs.read(tx_, from.first, blob_id, &copying.writer);
        tx_.exec(
            "UPDATE receivables_document SET customer_id = ?, blob_id = ? WHERE customer_id = ? "
            "AND document_id = ?",
            to_customer_id, writer.finish().id, from.first, id);
        blobs.remove(tx_, from.first, blob_id);
    }
}

void Store::forget_documents(const std::vector<int64_t>& customer_ids) {
    auto of_customer =
        tx_.prepare("SELECT blob_id FROM receivables_document WHERE customer_id = ?");
    for (const auto id : customer_ids) {
        std::vector<int64_t> blob_ids;
        of_customer.bind(id);
        while (of_customer.step()) blob_ids.push_back(of_customer.i64(0));
        of_customer.reset();
        if (blob_ids.empty()) continue;
        const Blobs blobs(services_);
        for (const auto blob_id : blob_ids) blobs.remove(tx_, id, blob_id);
        tx_.exec("DELETE FROM receivables_document WHERE customer_id = ?", id);
    }
}

}  // namespace dunlin::receivables
