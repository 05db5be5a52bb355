// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the host demands of a page before anybody reads it. A connector's tests call it, too.
#include <dunlin/batch_view.hpp>
#include <dunlin/utf8.hpp>

#include <vector>

namespace dunlin {

inline constexpr int64_t page_rows_max = 200'000;

namespace detail {

inline void require(bool is_right, const char* what) {
    if (!is_right) throw Error(DUNLIN_E_DATA, what);
}

inline void check_column(const ArrowSchema& schema, const ArrowArray& column, int64_t rows_needed) {
    require(schema.format && (!schema.dictionary || schema.dictionary->format),
            "a column has no format");
    require(column.offset >= 0 && column.length >= rows_needed,
            "a column is shorter than its page");
    require(column.buffers, "a column has no buffers");
    const auto type = ColumnView(&schema, &column, 0).type();  // Refuses what it does not know.
    const auto rows = column.offset + column.length;
    if (rows > 0) require(column.buffers[1], "a column has no values or offsets");
    if (schema.dictionary) return check_column(*schema.dictionary, *column.dictionary, 0);
    if (rows == 0 || (type != Type::text && type != Type::bytes)) return;
    // Offsets must not run backwards, or a reader leaves the buffer.
    const auto* offsets = static_cast<const int32_t*>(column.buffers[1]);
    bool is_rising = offsets[0] >= 0;
    for (int64_t i = 0; i < rows; ++i) is_rising &= offsets[i] <= offsets[i + 1];
    require(is_rising, "the offsets of a text column run backwards");
    require(offsets[rows] == 0 || column.buffers[2], "a text column has no bytes");
}

/// Whether no byte is zero or the part of a longer character: what nearly every text is.
inline bool is_plain(std::string_view text) {
    unsigned bits = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        bits |= byte | (byte - 1U);
    }
    return (bits & 0x80U) == 0;
}

}  // namespace detail

/// Throws data unless the page has a legal size and its arrays may be read without harm: buffers
/// present, lengths and text offsets consistent. A page without rows is right.
inline void check_page(const Batch& page) {
    using detail::require;
    const auto* schema = page.schema();
    const auto* array = page.array();
    if (!array->release) return;
    require(schema->release && schema->format, "it has no schema");
    require(array->length >= 0 && array->offset >= 0, "its length is negative");
    require(array->length <= page_rows_max,
            "it has more than 200000 rows: it must send smaller pages");
    const BatchView view(page);
    require(array->n_children > 0 || array->length == 0, "it has no columns");
    for (int64_t i = 0; i < array->n_children; ++i) {
        require(schema->children[i] && array->children[i], "a column is missing");
        detail::check_column(*schema->children[i], *array->children[i],
                             array->offset + array->length);
    }
}

/// The rows, ascending, with a text that is not UTF-8 or holds a zero byte: no store takes them.
inline std::vector<int64_t> rows_with_broken_text(const BatchView& rows) {
    std::vector<bool> is_broken(static_cast<std::size_t>(rows.rows()));
    for (int64_t c = 0; c < rows.columns(); ++c) {
        const auto column = rows[c];
        if (column.type() != Type::text) continue;
        for (int64_t r = 0; r < rows.rows(); ++r) {
            const auto text = column.text(r);
            if (detail::is_plain(text)) continue;
            if (text.find('\0') == std::string_view::npos && is_utf8(text)) continue;
            is_broken[static_cast<std::size_t>(r)] = true;
        }
    }
    std::vector<int64_t> out;
    for (int64_t r = 0; r < rows.rows(); ++r) {
        if (is_broken[static_cast<std::size_t>(r)]) out.push_back(r);
    }
    return out;
}

}  // namespace dunlin
