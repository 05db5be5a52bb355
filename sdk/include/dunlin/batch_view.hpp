// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/batch.hpp>
#include <dunlin/date.hpp>

#include <cstring>

namespace dunlin {

/// One column of a batch, read in place. Borrowed from the batch.
class ColumnView {
public:
    ColumnView() = default;
    ColumnView(const ArrowSchema* schema, const ArrowArray* array, int64_t parent_offset)
        : array_(array), offset_(array->offset + parent_offset) {
        const auto* values = schema->dictionary ? schema->dictionary : schema;
        const auto type = type_of(values->format);
        if (!type) refuse(schema, std::string("has the format ") + values->format);
        type_ = *type;
        if (schema->dictionary) {
            if (type_ != Type::text || std::strcmp(schema->format, "i") != 0) {
                refuse(schema, "has a dictionary that is not text indexed by int32");
            }
            dictionary_ = array->dictionary;
            if (!dictionary_ || dictionary_->n_buffers != 3) refuse(schema, "lacks its dictionary");
        }
        const bool is_text = !dictionary_ && (type_ == Type::text || type_ == Type::bytes);
        if (array->n_buffers != (is_text ? 3 : 2)) refuse(schema, "has buffers of another type");
    }

    explicit operator bool() const { return array_ != nullptr; }
    Type type() const { return type_; }

    bool is_null(int64_t row) const {
        if (!array_) return true;
        const auto at = offset_ + row;
        if (!is_valid(*array_, at)) return true;
        return dictionary_ && !is_valid(*dictionary_, entry(at));
    }
    /// The value of an i64, timestamp, i32, date or boolean column; 0 for null.
    int64_t i64(int64_t row) const {
        if (is_null(row)) return 0;
        switch (type_) {
            case Type::i64:
            case Type::timestamp: return values<int64_t>()[offset_ + row];
            case Type::i32:
            case Type::date: return values<int32_t>()[offset_ + row];
            case Type::boolean: {
                const auto at = offset_ + row;
                return values<uint8_t>()[at / 8] >> (at % 8) & 1;
            }
            default: throw Error(DUNLIN_E_DATA, "a column that should hold numbers holds text");
        }
    }
    double f64(int64_t row) const {
        if (type_ != Type::f64) return static_cast<double>(i64(row));
        return is_null(row) ? 0 : values<double>()[offset_ + row];
    }
    /// The text of a text or bytes column; empty for null. Valid as long as the batch.
    std::string_view text(int64_t row) const {
        if (is_null(row)) return {};
        if (type_ != Type::text && type_ != Type::bytes) {
            throw Error(DUNLIN_E_DATA, "a column that should hold text holds numbers");
        }
        const ArrowArray* array = array_;
        int64_t at = offset_ + row;
        if (dictionary_) {
            at = entry(at);
            array = dictionary_;
        }
        const auto* offsets = static_cast<const int32_t*>(array->buffers[1]);
        const auto* bytes = static_cast<const char*>(array->buffers[2]);
        return {bytes + offsets[at], static_cast<std::size_t>(offsets[at + 1] - offsets[at])};
    }
    Date date(int64_t row) const { return Date(static_cast<int32_t>(i64(row))); }

private:
    [[noreturn]] static void refuse(const ArrowSchema* schema, const std::string& why) {
        throw Error(DUNLIN_E_DATA, "column " + std::string(schema->name ? schema->name : "") + " " +
                                       why + ", which this version does not read");
    }
    static bool is_valid(const ArrowArray& array, int64_t at) {
        const auto* bits = static_cast<const uint8_t*>(array.buffers[0]);
        return !bits || (bits[at / 8] >> (at % 8) & 1) != 0;
    }
    /// Where the text of a dictionary column's row stands.
    int64_t entry(int64_t at) const {
        const int64_t index = values<int32_t>()[at];
        if (index < 0 || index >= dictionary_->length) {
            throw Error(DUNLIN_E_DATA, "a column points outside its dictionary");
        }
        return dictionary_->offset + index;
    }
    template <class T>
    const T* values() const {
        return static_cast<const T*>(array_->buffers[1]);
    }
    const ArrowArray* array_ = nullptr;
    const ArrowArray* dictionary_ = nullptr;
    int64_t offset_ = 0;
    Type type_ = Type::text;
};

/// A batch, read in place. Borrowed: schema and array stay the caller's.
class BatchView {
public:
    BatchView(const ArrowSchema* schema, const ArrowArray* array) : schema_(schema), array_(array) {
        if (std::strcmp(schema->format, "+s") != 0 || schema->n_children != array->n_children) {
            throw Error(DUNLIN_E_DATA, "a batch must be a struct array whose children are columns");
        }
    }
    explicit BatchView(const Batch& batch) : BatchView(batch.schema(), batch.array()) {}

    int64_t rows() const { return array_->length; }
    int64_t columns() const { return schema_->n_children; }
    std::string_view name(int64_t column) const {
        const char* name = schema_->children[column]->name;
        return name ? name : "";
    }
    ColumnView operator[](int64_t column) const {
        const auto* child = array_->children[column];
        if (child->length < array_->offset + array_->length) {
            throw Error(DUNLIN_E_DATA,
                        "column " + std::string(name(column)) + " is shorter than its batch");
        }
        return {schema_->children[column], child, array_->offset};
    }
    /// The column of that name; an empty view (every row null) when there is none.
    ColumnView optional(std::string_view name_wanted) const {
        for (int64_t i = 0; i < columns(); ++i) {
            if (name(i) == name_wanted) return (*this)[i];
        }
        return {};
    }
    ColumnView required(std::string_view name_wanted) const {
        const auto found = optional(name_wanted);
        if (!found) {
            throw Error(DUNLIN_E_DATA, "a batch lacks the column " + std::string(name_wanted));
        }
        return found;
    }

private:
    const ArrowSchema* schema_;
    const ArrowArray* array_;
};

}  // namespace dunlin
