// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "plugins/services.hpp"

#include <dunlin/digest.hpp>
#include <dunlin/entry.hpp>

#include <algorithm>

struct dunlin_blob_writer {
    dunlin_stmt of_tx{};  // Of the transaction's list: knows when that has ended.
    int64_t key = 0, id = 0, size = 0, chunks = 0;
    dunlin::Sha256 hash{};
    std::string rest{};  // Less than a chunk.
    std::shared_ptr<bool> is_open = std::make_shared<bool>(true);

    ~dunlin_blob_writer() { *is_open = false; }
};

namespace dunlin::host {

namespace {

constexpr std::size_t chunk_bytes = std::size_t{256} << 10;

Tx& tx_of(const dunlin_blob_writer& writer) {
    if (writer.of_tx.view) return writable(writer.of_tx.view, "blob");
    throw Error(DUNLIN_E_INVALID, "the blob was written to after its transaction ended");
}

void create(dunlin_tx* view, int64_t key, dunlin_blob_writer** out) {
    *out = nullptr;
    auto& tx = writable(view, "create");
    auto writer = std::make_unique<dunlin_blob_writer>();
    writer->key = key;
    writer->id = view->host->ids().next();
    writer->of_tx.view = view;
    view->statements.push_back(writer->of_tx);
    tx.before_commit([is_open = writer->is_open](Tx&) {
        if (!*is_open) return;
        throw Error(DUNLIN_E_INVALID, "a blob was begun and neither finished nor discarded");
    });
    *out = writer.release();
}

void put_chunk(dunlin_blob_writer& writer, Tx& tx, std::string_view bytes) {
    tx.db().exec("INSERT INTO dunlin_blob_chunk VALUES (?, ?, ?, ?)", writer.key, writer.id,
                 writer.chunks++, Bytes{bytes});
}

void append(dunlin_blob_writer* writer, std::string_view bytes) {
    auto& tx = tx_of(*writer);
    const auto most = writer->of_tx.view->host->config().blobs_max_mib;
    if (bytes.size() > static_cast<std::size_t>((most << 20) - writer->size)) {
        throw Error(DUNLIN_E_LIMIT, "a blob is larger than the " + std::to_string(most) +
                                        " MiB that one may have; see [blobs] max_mib in "
                                        "dunlin.toml");
    }
    writer->hash.add(bytes);
    writer->size += static_cast<int64_t>(bytes.size());
    while (!bytes.empty()) {
        const auto n = std::min(bytes.size(), chunk_bytes - writer->rest.size());
        writer->rest.append(bytes.substr(0, n));
        bytes.remove_prefix(n);
        if (writer->rest.size() < chunk_bytes) continue;
        put_chunk(*writer, tx, writer->rest);
        writer->rest.clear();
    }
}

void drop_chunks(Tx& tx, int64_t key, int64_t id) {
    tx.db().exec("DELETE FROM dunlin_blob_chunk WHERE key = ? AND id = ?", key, id);
}

void info(dunlin_tx* view, int64_t key, int64_t id, dunlin_blob* out) {
    auto& db = view->tx->db();
    db.enter(nullptr);
    const auto row = db.query(
        "SELECT size, created_us, sha256 FROM dunlin_blob WHERE key = ? AND id = ? AND plugin = ?",
        key, id, view->plugin->id());
    std::string sha256;
    if (!row->next(out->size, out->created_us, sha256)) {
        throw Error(DUNLIN_E_NOT_FOUND, "the plugin " + view->plugin->id() + " keeps no blob " +
                                            std::to_string(id) + " under the key " +
                                            std::to_string(key));
    }
    out->id = id;
    sha256.resize(sizeof out->sha256);
    std::copy(sha256.begin(), sha256.end(), out->sha256);
}

void finish(dunlin_blob_writer* writer, dunlin_blob* out) {
    const std::unique_ptr<dunlin_blob_writer> owner(writer);
    auto& tx = tx_of(*writer);
    auto* view = writer->of_tx.view;
    if (!writer->rest.empty()) put_chunk(*writer, tx, writer->rest);
    int64_t id = 0;
    tx.db()
        .query(
            "INSERT INTO dunlin_blob VALUES (?, ?, ?, ?, ?, 1, ?) ON CONFLICT (key, plugin, sha256)"
            " DO UPDATE SET owners = dunlin_blob.owners + 1 RETURNING id",
            writer->key, writer->id, view->plugin->id(), writer->hash.hex(), writer->size,
            tx.moment().now_us)
        ->next(id);
    if (id != writer->id) drop_chunks(tx, writer->key, writer->id);
    info(view, writer->key, id, out);
}

void discard(dunlin_blob_writer* writer) {
    const std::unique_ptr<dunlin_blob_writer> owner(writer);
    if (writer->of_tx.view) drop_chunks(tx_of(*writer), writer->key, writer->id);
}

void read(dunlin_tx* view, int64_t key, int64_t id, const dunlin_writer* bytes) {
    dunlin_blob blob{};
    info(view, key, id, &blob);
    auto& db = view->tx->db();
    Sha256 hash;
    for (int64_t chunk = 0, size = 0; size < blob.size; ++chunk) {
        db.enter(nullptr);
        const auto row =
            db.query("SELECT bytes FROM dunlin_blob_chunk WHERE key = ? AND id = ? AND chunk = ?",
                     key, id, chunk);
        if (!row->step()) break;
        const auto piece = row->blob(0);
        hash.add(piece);
        size += static_cast<int64_t>(piece.size());
        write_to(bytes, piece);
    }
    if (hash.hex() == std::string_view(blob.sha256, sizeof blob.sha256)) return;
    throw Error(DUNLIN_E_DATA, "the blob " + std::to_string(id) + " under the key " +
                                   std::to_string(key) +
                                   " is damaged: its bytes are not those that were written; "
                                   "restore it from a backup, or bring it in again");
}

void remove(dunlin_tx* view, int64_t key, int64_t id) {
    auto& tx = writable(view, "remove");
    const auto left = tx.db().value(
        "UPDATE dunlin_blob SET owners = owners - 1 WHERE key = ? AND id = ? AND plugin = ?"
        " RETURNING owners",
        key, id, view->plugin->id());
    if (left != "0") return;
    drop_chunks(tx, key, id);
    tx.db().exec("DELETE FROM dunlin_blob WHERE key = ? AND id = ?", key, id);
}

}  // namespace

const dunlin_blobs_v1 blobs_service = {
    sizeof blobs_service, 0,           entry<create>, entry<append>, entry<finish>,
    quiet<discard>,       entry<info>, entry<read>,   entry<remove>};

}  // namespace dunlin::host
