// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/arrow.h>
#include <dunlin/error.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dunlin {

/// Type of a column; the text is its Arrow format.
enum class Type { i64, i32, f64, boolean, date, timestamp, text, bytes };

inline const char* format_of(Type type) noexcept {
    switch (type) {
        case Type::i64: return "l";
        case Type::i32: return "i";
        case Type::f64: return "g";
        case Type::boolean: return "b";
        case Type::date: return "tdD";
        case Type::timestamp: return "tsu:UTC";
        case Type::text: return "u";
        case Type::bytes: return "z";
    }
    return "u";
}

inline std::optional<Type> type_of(std::string_view format) noexcept {
    for (const auto type : {Type::i64, Type::i32, Type::f64, Type::boolean, Type::date,
                            Type::timestamp, Type::text, Type::bytes}) {
        if (format == format_of(type)) return type;
    }
    return std::nullopt;
}

/// A text column that a connector may add: where the row stood, "orders.csv:17". The host keeps it
/// with a row that goes to quarantine; sinks pass over it like over any column they do not know.
inline constexpr const char* position_column = "_position";

struct ColumnSpec {
    std::string name;
    Type type = Type::text;
};

/// A schema and an array that release themselves. Movable like a unique_ptr.
class Batch {
public:
    Batch() = default;
    Batch(ArrowSchema schema, ArrowArray array) : schema_(schema), array_(array) {}
    Batch(Batch&& other) noexcept
        : schema_(std::exchange(other.schema_, {})), array_(std::exchange(other.array_, {})) {}
    Batch& operator=(Batch&& other) noexcept {
        if (this != &other) {
            clear();
            schema_ = std::exchange(other.schema_, {});
            array_ = std::exchange(other.array_, {});
        }
        return *this;
    }
    ~Batch() { clear(); }

    int64_t rows() const { return array_.release ? array_.length : 0; }
    ArrowSchema* schema() { return &schema_; }
    ArrowArray* array() { return &array_; }
    const ArrowSchema* schema() const { return &schema_; }
    const ArrowArray* array() const { return &array_; }
    ArrowSchema take_schema() { return std::exchange(schema_, {}); }
    ArrowArray take_array() { return std::exchange(array_, {}); }

private:
    void clear() {
        if (array_.release) array_.release(&array_);
        if (schema_.release) schema_.release(&schema_);
        array_ = {};
        schema_ = {};
    }
    ArrowSchema schema_{};
    ArrowArray array_{};
};

}  // namespace dunlin
