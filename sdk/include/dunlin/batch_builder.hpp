// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/batch.hpp>
#include <dunlin/date.hpp>

#include <array>
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
            case 0: offsets_.push_back(static_cast<int32_t>(bytes_.size())); break;
            case 1: push_bit(false); break;
            default: bytes_.resize(bytes_.size() + static_cast<std::size_t>(width()));
        }
    }
    /// For i64, timestamp (microseconds), i32, date (days) and boolean columns.
    void add(int64_t value) {
        mark(true);
        switch (type_) {
            case Type::i64:
            case Type::timestamp: put(&value, 8); break;
            case Type::i32:
            case Type::date: {
                const auto narrow = static_cast<int32_t>(value);
                if (narrow != value) throw Error(DUNLIN_E_LIMIT, "a number is too large for its column");
                put(&narrow, 4);
                break;
            }
            case Type::boolean: push_bit(value != 0); break;
            default: throw Error(DUNLIN_E_INTERNAL, "a number was added to a column of another type");
        }
    }
    void add(Date value) { add(static_cast<int64_t>(value.days())); }
    void add_f64(double value) {
        if (type_ != Type::f64) throw Error(DUNLIN_E_INTERNAL, "a real was added to a column of another type");
        mark(true);
        put(&value, 8);
    }
    void add(std::string_view value) {
        if (!is_text()) throw Error(DUNLIN_E_INTERNAL, "text was added to a column of another type");
        if (bytes_.size() + value.size() > 0x7fffffffU) {
            throw Error(DUNLIN_E_LIMIT, "a batch holds at most 2 GiB of text in a column");
        }
        mark(true);
        put(value.data(), value.size());
        offsets_.push_back(static_cast<int32_t>(bytes_.size()));
    }

private:
    friend class BatchBuilder;
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
        const auto* begin = static_cast<const uint8_t*>(from);
        bytes_.insert(bytes_.end(), begin, begin + n);
    }
    void push_bit(bool bit) {
        const auto at = static_cast<std::size_t>(length_ - 1);
        if (at / 8 >= bytes_.size()) bytes_.push_back(0);
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
    std::vector<uint8_t> bytes_;
    std::vector<int32_t> offsets_;
};

/// Builds a batch column by column: `b[0].add("C-17"); b[1].add(amount);`, then finish().
class BatchBuilder {
public:
    explicit BatchBuilder(std::vector<ColumnSpec> columns) : specs_(std::move(columns)) { restart(); }

    ColumnBuilder& operator[](std::size_t column) { return columns_[column]; }
    ColumnBuilder& column(std::string_view name) {
        for (std::size_t i = 0; i < specs_.size(); ++i) {
            if (specs_[i].name == name) return columns_[i];
        }
        throw Error(DUNLIN_E_INTERNAL, "no column " + std::string(name));
    }
    const std::vector<ColumnSpec>& specs() const { return specs_; }
    int64_t rows() const { return columns_.empty() ? 0 : columns_.front().size(); }

    /// The rows so far as a batch; the builder is empty again. Throws when columns differ in length.
    Batch finish() {
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (columns_[i].size() != rows()) {
                throw Error(DUNLIN_E_INTERNAL, "column " + specs_[i].name + " has " +
                                                   std::to_string(columns_[i].size()) + " of " +
                                                   std::to_string(rows()) + " rows");
            }
        }
        ArrowSchema schema = make_schema();
        ArrowArray array = make_array();
        restart();
        return Batch(schema, array);
    }

private:
    struct SchemaData {
        std::vector<std::string> names;
        std::vector<ArrowSchema> children;
        std::vector<ArrowSchema*> pointers;
    };
    struct ArrayData {
        std::vector<ColumnBuilder> columns;
        std::vector<ArrowArray> children;
        std::vector<ArrowArray*> pointers;
        std::vector<std::array<const void*, 3>> buffers;
        const void* none = nullptr;
    };
    static void release_child_schema(ArrowSchema* s) noexcept { s->release = nullptr; }
    static void release_child_array(ArrowArray* a) noexcept { a->release = nullptr; }

    ArrowSchema make_schema() const {
        auto data = std::make_unique<SchemaData>();
        data->names.reserve(specs_.size());
        data->children.resize(specs_.size());
        for (std::size_t i = 0; i < specs_.size(); ++i) {
            data->names.push_back(specs_[i].name);
            auto& child = data->children[i];
            child.format = format_of(specs_[i].type);
            child.name = data->names.back().c_str();
            child.flags = ARROW_FLAG_NULLABLE;
            child.release = &release_child_schema;
            data->pointers.push_back(&child);
        }
        ArrowSchema schema{};
        schema.format = "+s";
        schema.name = "";
        schema.n_children = static_cast<int64_t>(specs_.size());
        schema.children = data->pointers.data();
        schema.release = [](ArrowSchema* s) {
            delete static_cast<SchemaData*>(s->private_data);
            s->release = nullptr;
        };
        schema.private_data = data.release();
        return schema;
    }

    ArrowArray make_array() {
        auto data = std::make_unique<ArrayData>();
        const auto n = rows();
        data->columns = std::move(columns_);
        data->children.resize(data->columns.size());
        data->buffers.resize(data->columns.size());
        for (std::size_t i = 0; i < data->columns.size(); ++i) {
            auto& column = data->columns[i];
            auto& child = data->children[i];
            auto& buffers = data->buffers[i];
            // Arrow wants a non-null value buffer even when it is empty.
            if (column.bytes_.empty()) column.bytes_.reserve(8);
            buffers[0] = column.nulls_ ? column.validity_.data() : nullptr;
            if (column.is_text()) {
                buffers[1] = column.offsets_.data();
                buffers[2] = column.bytes_.data();
            } else {
                buffers[1] = column.bytes_.data();
            }
            child.length = n;
            child.null_count = column.nulls_;
            child.n_buffers = column.is_text() ? 3 : 2;
            child.buffers = buffers.data();
            child.release = &release_child_array;
            data->pointers.push_back(&child);
        }
        ArrowArray array{};
        array.length = n;
        array.n_buffers = 1;
        array.buffers = &data->none;
        array.n_children = static_cast<int64_t>(data->children.size());
        array.children = data->pointers.data();
        array.release = [](ArrowArray* a) {
            delete static_cast<ArrayData*>(a->private_data);
            a->release = nullptr;
        };
        array.private_data = data.release();
        return array;
    }

    void restart() {
        columns_.clear();
        for (const auto& spec : specs_) columns_.emplace_back(spec.type);
    }

    std::vector<ColumnSpec> specs_;
    std::vector<ColumnBuilder> columns_;
};

}  // namespace dunlin
