// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/batch.hpp>
#include <dunlin/date.hpp>
#include <dunlin/schema.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <vector>

namespace dunlin {

/// One column being filled. Append exactly one value, or null, for every row.
class ColumnBuilder {
public:
    explicit ColumnBuilder(Type type) : type_(type) {
        if (is_text()) offsets_.push_back(0);
    }

    Type type() const { return type_; }
    int64_t size() const { return length_; }

    void add_null() {
        mark(false);
        switch (width()) {
            case 0: offsets_.push_back(static_cast<int32_t>(used_)); break;
            case 1: push_bit(false); break;
            default: put(&no_value, static_cast<std::size_t>(width()));
        }
    }
    /// For i64, timestamp (microseconds), i32, date (days) and boolean columns.
    void add(int64_t value) {
        switch (type_) {
            case Type::i64:
            case Type::timestamp:
                mark(true);
                put(&value, 8);
                break;
            case Type::i32:
            case Type::date: {
                const auto narrow = static_cast<int32_t>(value);
                if (narrow != value) {
                    throw Error(DUNLIN_E_LIMIT, "a number is too large for its column");
                }
                mark(true);
                put(&narrow, 4);
                break;
            }
            case Type::boolean:
                mark(true);
                push_bit(value != 0);
                break;
            default: wrong_type("a number");
        }
    }
    void add(Date value) { add(static_cast<int64_t>(value.days())); }
    void add_f64(double value) {
        if (type_ != Type::f64) wrong_type("a real number");
        mark(true);
        put(&value, 8);
    }
    void add(std::string_view value) {
        if (!is_text()) wrong_type("text");
        if (used_ + value.size() > 0x7fffffffU) {
            throw Error(DUNLIN_E_LIMIT, "a batch holds at most 2 GiB of text in a column");
        }
        mark(true);
        put(value.data(), value.size());
        offsets_.push_back(static_cast<int32_t>(used_));
    }

private:
    friend class BatchBuilder;
    [[noreturn]] static void wrong_type(const char* what) {
        throw Error(DUNLIN_E_INTERNAL,
                    std::string(what) + " was added to a column of another type");
    }
    bool is_text() const { return type_ == Type::text || type_ == Type::bytes; }
    /// Bytes of a value; 0 for text, 1 stands for a bit.
    int width() const {
        switch (type_) {
            case Type::i64:
            case Type::timestamp:
            case Type::f64: return 8;
            case Type::i32:
            case Type::date: return 4;
            case Type::boolean: return 1;
            default: return 0;
        }
    }
    void put(const void* from, std::size_t n) {
        if (n > bytes_.size() - used_) grow(used_ + n);
        if (n > 0) std::memcpy(bytes_.data() + used_, from, n);
        used_ += n;
    }
    void grow(std::size_t wanted) {
        if (wanted > bytes_.capacity()) bytes_.reserve(2 * wanted);
        bytes_.resize(std::min(bytes_.capacity(), 2 * wanted));
    }
    /// Room for as many rows and bytes as the batch before this one had.
    void reserve_like(const ColumnBuilder& other) {
        bytes_.reserve(other.used_);
        offsets_.reserve(other.offsets_.size());
    }
    void push_bit(bool bit) {
        const auto at = static_cast<std::size_t>(length_ - 1);
        if (at / 8 >= used_) put(&no_value, 1);
        if (bit) bytes_[at / 8] = static_cast<uint8_t>(bytes_[at / 8] | (1U << (at % 8)));
    }
    void mark(bool valid) {
        const auto at = static_cast<std::size_t>(length_++);
        if (valid && nulls_ == 0) return;  // No bitmap until the first null.
        if (nulls_ == 0) validity_.assign(at / 8 + 1, 0xff);
        if (at / 8 >= validity_.size()) validity_.push_back(0);
        const auto bit = static_cast<uint8_t>(1U << (at % 8));
        if (valid) {
            validity_[at / 8] = static_cast<uint8_t>(validity_[at / 8] | bit);
        } else {
            validity_[at / 8] = static_cast<uint8_t>(validity_[at / 8] & ~bit);
            ++nulls_;
        }
    }

    Type type_;
    int64_t length_ = 0;
    int64_t nulls_ = 0;
    std::vector<uint8_t> validity_;
    std::vector<uint8_t> bytes_;  // As many as there is room for.
    std::size_t used_ = 0;
    std::vector<int32_t> offsets_;
    static constexpr int64_t no_value = 0;
};

/// Builds a batch column by column: `b[0].add("C-17"); b[1].add(amount);`, then finish().
class BatchBuilder {
public:
    explicit BatchBuilder(std::vector<ColumnSpec> columns)
        : specs_(std::move(columns)), columns_(empty_columns()) {}

    ColumnBuilder& operator[](std::size_t column) { return columns_[column]; }
    ColumnBuilder& column(std::string_view name) {
        for (std::size_t i = 0; i < specs_.size(); ++i) {
            if (specs_[i].name == name) return columns_[i];
        }
        throw Error(DUNLIN_E_INTERNAL, "no column " + std::string(name));
    }
    const std::vector<ColumnSpec>& specs() const { return specs_; }
    int64_t rows() const { return columns_.empty() ? 0 : columns_.front().size(); }

    /// The rows so far as a batch; the builder is empty again. Throws when columns differ in
    /// length.
    Batch finish() {
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (columns_[i].size() != rows()) {
                throw Error(DUNLIN_E_INTERNAL, "column " + specs_[i].name + " has " +
                                                   std::to_string(columns_[i].size()) + " of " +
                                                   std::to_string(rows()) + " rows");
            }
        }
        Batch batch(make_schema(specs_), {});
        *batch.array() = make_array();
        return batch;
    }

private:
    /// A batch's buffers. The struct array and each of its columns hold one share, because a
    /// consumer may move columns out before it releases the batch.
    struct ArrayData {
        std::vector<ColumnBuilder> columns;
        std::vector<ArrowArray> children;
        std::vector<ArrowArray*> pointers;
        std::vector<std::array<const void*, 3>> buffers;
        const void* none = nullptr;
        std::atomic<std::size_t> shares{1};
    };
    static void drop_share(ArrowArray* a) noexcept {
        auto* data = static_cast<ArrayData*>(a->private_data);
        a->release = nullptr;
        if (data->shares.fetch_sub(1) == 1) delete data;
    }
    static void release_batch(ArrowArray* a) noexcept {
        for (auto& child : static_cast<ArrayData*>(a->private_data)->children) {
            if (child.release) child.release(&child);
        }
        drop_share(a);
    }

    static void fill_child(ArrayData& data, std::size_t i, int64_t rows) {
        auto& column = data.columns[i];
        auto& child = data.children[i];
        auto& buffers = data.buffers[i];
        // Arrow wants a non-null value buffer even when it is empty.
        if (column.bytes_.empty()) column.bytes_.resize(8);
        buffers[0] = column.nulls_ ? column.validity_.data() : nullptr;
        if (column.is_text()) {
            buffers[1] = column.offsets_.data();
            buffers[2] = column.bytes_.data();
        } else {
            buffers[1] = column.bytes_.data();
        }
        child.length = rows;
        child.null_count = column.nulls_;
        child.n_buffers = column.is_text() ? 3 : 2;
        child.buffers = buffers.data();
        child.release = &drop_share;
        child.private_data = &data;
    }

    ArrowArray make_array() {
        auto data = std::make_unique<ArrayData>();
        const auto n = rows();
        const auto width = columns_.size();
        data->children.resize(width);
        data->pointers.reserve(width);
        data->buffers.resize(width);
        auto fresh = empty_columns();
        data->columns = std::exchange(columns_, std::move(fresh));
        for (std::size_t i = 0; i < width; ++i) {
            columns_[i].reserve_like(data->columns[i]);
            fill_child(*data, i, n);
            data->pointers.push_back(&data->children[i]);
        }
        data->shares = 1 + width;
        ArrowArray array{};
        array.length = n;
        array.n_buffers = 1;
        array.buffers = &data->none;
        array.n_children = static_cast<int64_t>(width);
        array.children = data->pointers.data();
        array.release = &release_batch;
        array.private_data = data.release();
        return array;
    }

    std::vector<ColumnBuilder> empty_columns() const {
        std::vector<ColumnBuilder> columns;
        columns.reserve(specs_.size());
        for (const auto& spec : specs_) columns.emplace_back(spec.type);
        return columns;
    }

    std::vector<ColumnSpec> specs_;
    std::vector<ColumnBuilder> columns_;
};

}  // namespace dunlin
