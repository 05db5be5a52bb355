// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/blobs.h>
#include <dunlin/services.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace dunlin {

/// What is known of a blob.
struct Blob {
    int64_t id = 0, size = 0, created_us = 0;
    std::string sha256;  // 64 hex digits.
};

/// A blob being written; given up unless it is finished. Let it go before its transaction ends.
class BlobWriter {
public:
    BlobWriter(const dunlin_blobs_v1& table, Transaction& tx, int64_t key) : table_(&table) {
        ErrorSink err;
        err.check(table.create(tx.abi(), key, &writer_, err.sink()), "create a blob");
    }
    BlobWriter(BlobWriter&& other) noexcept
        : table_(other.table_), writer_(std::exchange(other.writer_, nullptr)) {}
    BlobWriter& operator=(BlobWriter&&) = delete;
    ~BlobWriter() {
        if (writer_) table_->discard(writer_);
    }

    void append(std::string_view bytes) {
        ErrorSink err;
        err.check(table_->append(writer_, to_abi(bytes), err.sink()), "append to a blob");
    }
    Blob finish() {
        dunlin_blob out{};
        out.struct_size = sizeof out;
        ErrorSink err;
        err.check(table_->finish(std::exchange(writer_, nullptr), &out, err.sink()),
                  "finish a blob");
        return to_cpp(out);
    }
    static Blob to_cpp(const dunlin_blob& blob) {
        return {blob.id, blob.size, blob.created_us, {blob.sha256, sizeof blob.sha256}};
    }

private:
    const dunlin_blobs_v1* table_;
    dunlin_blob_writer* writer_ = nullptr;
};

/// Bytes too large for a row, in the caller's transaction; see abi/blobs.h for the errors.
class Blobs {
public:
    explicit Blobs(const Services& services)
        : table_(services.table<dunlin_blobs_v1>(DUNLIN_SVC_BLOBS)) {}

    BlobWriter create(Transaction& tx, int64_t key) const { return {table_, tx, key}; }
    Blob write(Transaction& tx, int64_t key, std::string_view bytes) const {
        auto writer = create(tx, key);
        writer.append(bytes);
        return writer.finish();
    }
    Blob info(Transaction& tx, int64_t key, int64_t id) const {
        dunlin_blob out{};
        out.struct_size = sizeof out;
        ErrorSink err;
        err.check(table_.info(tx.abi(), key, id, &out, err.sink()), "look at a blob");
        return BlobWriter::to_cpp(out);
    }
    /// A chunk at a time; what was written before an error must not be used.
    void read(Transaction& tx, int64_t key, int64_t id, const dunlin_writer* bytes) const {
        ErrorSink err;
        err.check(table_.read(tx.abi(), key, id, bytes, err.sink()), "read a blob");
    }
    std::string read(Transaction& tx, int64_t key, int64_t id) const {
        std::string out;
        const StringWriter writer(out);
        read(tx, key, id, writer.abi());
        return out;
    }
    void remove(Transaction& tx, int64_t key, int64_t id) const {
        ErrorSink err;
        err.check(table_.remove(tx.abi(), key, id, err.sink()), "remove a blob");
    }

private:
    const dunlin_blobs_v1& table_;
};

}  // namespace dunlin
