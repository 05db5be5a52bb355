// SPDX-License-Identifier: Apache-2.0
#include "worker/pages.hpp"

#include <dunlin/page_check.hpp>
#include <dunlin/schema.hpp>

#include <array>
#include <cstring>

namespace dunlin::host {

namespace {

constexpr int64_t columns_max = 2000;
constexpr int64_t entries_max = 1 << 26;  // Of a dictionary.
constexpr std::size_t alignment = 8;

std::size_t round_up(std::size_t n) {
    return (n + alignment - 1) / alignment * alignment;
}

std::size_t bytes_of_bits(int64_t rows) {
    return static_cast<std::size_t>((rows + 7) / 8);
}

bool is_text(Type type) {
    return type == Type::text || type == Type::bytes;
}

/// Bytes of the second buffer of a column.
std::size_t values_size(Type type, int64_t rows) {
    switch (type) {
        case Type::boolean: return bytes_of_bits(rows);
        case Type::i32:
        case Type::date: return 4 * static_cast<std::size_t>(rows);
        case Type::text:
        case Type::bytes: return 4 * static_cast<std::size_t>(rows + 1);
        default: return 8 * static_cast<std::size_t>(rows);
    }
}

class RowsPacker {
public:
    RowsPacker(Packer& fields, PackedRows& out) : fields_(fields), out_(out) {}

    /// The rows `from` to `to` of a column, counted in its buffers.
    void column(const ArrowSchema& schema, const ArrowArray& array, int64_t from, int64_t to) {
        const bool is_dictionary = schema.dictionary != nullptr;
        const auto type = is_dictionary ? Type::i32 : *type_of(schema.format);
        // Whole bytes of the bitmaps: what is left over is an offset there, too.
        const auto first = from / 8 * 8;
        const auto rows = to - first;
        const auto* valid = static_cast<const uint8_t*>(array.buffers[0]);
        fields_.text(schema.name ? schema.name : "")
            .text(schema.format)
            .number(schema.flags)
            .number(is_dictionary)
            .number(from - first)
            .number(to - from);
        part(valid ? valid + first / 8 : nullptr, valid ? bytes_of_bits(rows) : 0);
        const auto* values = static_cast<const uint8_t*>(array.buffers[1]);
        if (is_text(type)) {
            text(array, first, rows);
        } else {
            part(values ? values + values_size(type, first) : nullptr, values_size(type, rows));
        }
        if (!is_dictionary) return;
        const auto& entries = *array.dictionary;
        column(*schema.dictionary, entries, entries.offset, entries.offset + entries.length);
    }

private:
    void part(const void* bytes, std::size_t n) {
        static const std::array<char, alignment> nothing{};
        fields_.number(static_cast<int64_t>(n));
        if (n == 0) return;
        out_.data.push_back({const_cast<void*>(bytes), n});
        if (round_up(n) > n) {
            out_.data.push_back({const_cast<char*>(nothing.data()), round_up(n) - n});
        }
    }

    void text(const ArrowArray& array, int64_t first, int64_t rows) {
        static const int32_t zero = 0;
        const auto* offsets = static_cast<const int32_t*>(array.buffers[1]);
        offsets = offsets ? offsets + first : &zero;  // Without rows there need not be any.
        const auto begin = offsets[0], end = offsets[rows];
        if (begin != 0) {
            auto& rebased = out_.offsets.emplace_back(offsets, offsets + rows + 1);
            for (auto& one : rebased) one -= begin;
            offsets = rebased.data();
        }
        part(offsets, values_size(Type::text, rows));
        part(static_cast<const char*>(array.buffers[2]) + begin,
             static_cast<std::size_t>(end - begin));
    }

    Packer& fields_;
    PackedRows& out_;
};

/// A column over the frame's data.
struct Column {
    ArrowArray array{};
    std::array<const void*, 3> buffers{};
    std::unique_ptr<Column> dictionary;
};

/// What a batch points to. Columns may be moved out of it, so each holds a share.
struct Rows {
    std::shared_ptr<std::byte[]> data;
    std::vector<std::unique_ptr<Column>> columns;
    std::vector<ArrowArray*> children;
    const void* none = nullptr;
};
using Share = std::shared_ptr<Rows>;

void drop_share(ArrowArray* array) noexcept {
    array->release = nullptr;
    delete static_cast<Share*>(array->private_data);
}

void release_rows(ArrowArray* array) noexcept {
    const auto rows = *static_cast<Share*>(array->private_data);
    for (auto* child : rows->children) {
        if (child->release) child->release(child);
    }
    drop_share(array);
}

class RowsUnpacker {
public:
    RowsUnpacker(Unpacker& fields, const std::byte* data, std::size_t size)
        : fields_(fields), data_(data), size_(size) {}

    std::unique_ptr<Column> column(ArrowSchema& schema, int64_t rows_max, bool is_entries) {
        const std::string name(fields_.text()), format(fields_.text());
        const auto flags = fields_.number();
        const bool is_dictionary = fields_.count(is_entries ? 0 : 1) == 1;
        const auto type = type_of(format);
        const bool fits = is_dictionary ? type == Type::i32 : !is_entries || type == Type::text;
        detail::require(type && fits, "a column has a format that is not in use");
        schema = detail::make_node(format, name, flags, 0);
        auto out = std::make_unique<Column>();
        auto& array = out->array;
        array.offset = fields_.count(7);
        array.length = fields_.count(rows_max);
        array.null_count = -1;  // Not counted.
        array.n_buffers = is_text(*type) ? 3 : 2;
        array.buffers = out->buffers.data();
        const auto rows = array.offset + array.length;
        const auto valid = part();
        detail::require(valid.empty() || valid.size() == bytes_of_bits(rows),
                        "a column has validity bits of another length");
        if (!valid.empty()) out->buffers[0] = valid.data();
        const auto values = part();
        detail::require(values.size() == values_size(*type, rows),
                        "a column has values of another length");
        out->buffers[1] = values.data();
        if (is_text(*type)) {
            int32_t end = 0;
            std::memcpy(&end, values.data() + 4 * rows, 4);
            const auto text = part();
            detail::require(end >= 0 && text.size() == static_cast<std::size_t>(end),
                            "a text column has bytes of another length");
            out->buffers[2] = text.data();
        }
        if (is_dictionary) {
            auto* node = static_cast<detail::SchemaNode*>(schema.private_data);
            out->dictionary = column(node->dictionary, entries_max, /*is_entries=*/true);
            schema.dictionary = &node->dictionary;
            array.dictionary = &out->dictionary->array;
        }
        return out;
    }

private:
    /// The next buffer; never null.
    std::string_view part() {
        const auto n = static_cast<std::size_t>(fields_.count(frame_data_max));
        static constexpr std::array<char, alignment> nothing{};
        if (n == 0) return {nothing.data(), 0};
        detail::require(round_up(n) <= size_ - at_, "a column reaches outside its page");
        const std::string_view out(reinterpret_cast<const char*>(data_) + at_, n);
        at_ += round_up(n);
        return out;
    }

    Unpacker& fields_;
    const std::byte* data_;
    std::size_t size_, at_ = 0;
};

}  // namespace

PackedRows pack_rows(const Batch& rows, Packer& fields) {
    PackedRows out;
    const auto& schema = *rows.schema();
    const auto& array = *rows.array();
    if (!array.release) {
        fields.number(0).number(0);
        return out;
    }
    fields.number(array.n_children).number(array.length);
    RowsPacker packer(fields, out);
    for (int64_t i = 0; i < array.n_children; ++i) {
        const auto from = array.children[i]->offset + array.offset;
        packer.column(*schema.children[i], *array.children[i], from, from + array.length);
    }
    return out;
}

Batch unpack_rows(Unpacker& fields, Frame& frame) {
    const auto columns = fields.count(columns_max);
    const auto length = fields.count(page_rows_max);
    if (columns == 0 && length == 0) return {};
    const auto rows = std::make_shared<Rows>();
    RowsUnpacker unpacker(fields, frame.data.get(), frame.data_size);
    Batch out(detail::make_node("+s", "", 0, static_cast<std::size_t>(columns)), {});
    for (int64_t i = 0; i < columns; ++i) {
        rows->columns.push_back(unpacker.column(*out.schema()->children[i], length, false));
        auto& array = rows->columns.back()->array;
        detail::require(array.length == length, "a column is shorter than its page");
        rows->children.push_back(&array);
    }
    rows->data = std::move(frame.data);
    for (auto* child : rows->children) {
        child->private_data = new Share(rows);
        child->release = &drop_share;
    }
    auto& array = *out.array();
    array.length = length;
    array.n_buffers = 1;
    array.buffers = &rows->none;
    array.n_children = columns;
    array.children = rows->children.data();
    array.private_data = new Share(rows);
    array.release = &release_rows;
    return out;
}

}  // namespace dunlin::host
