// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entity.hpp"
#include "value.hpp"

#include <dunlin/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::csv {

/// How the bytes of a file become records. The source's configuration gives the defaults, a mapping
/// file overrides them.
struct Layout {
    char delimiter = ',';
    std::string encoding = "UTF-8";
    Formats formats;
    std::size_t skip_rows = 0;        // Physical lines above the header.
    std::vector<std::string> header;  // The columns of a file that has no header line.
};

/// A test on a cell of the record; several must all hold.
struct Condition {
    enum class Test { filled, empty, in, not_in, negative, not_negative };
    std::string column;
    Test test = Test::filled;
    std::vector<std::string> values;
    NumberFormat number;
};

/// Where a canonical value comes from: pieces of text and cells, put together. A single cell is the
/// usual case. Empty when any cell in it is empty, so that "pay-{id}" never becomes just "pay-".
struct Expression {
    struct Piece {
        bool is_column = false;
        std::string text;  // The column's name or the literal.
    };
    enum class Sign { keep, negate, absolute };

    std::vector<Piece> pieces;
    std::vector<Condition> when;               // Otherwise the value is empty.
    std::map<std::string, std::string> words;  // Their word → ours.
    std::optional<std::string> other_words;    // For a word that is not listed.
    std::string fallback;                      // For an empty value.
    Sign sign = Sign::keep;
    Formats formats;
    bool is_constant() const { return pieces.size() == 1 && !pieces.front().is_column; }
};

/// One canonical row that each record may give.
struct Rule {
    struct Assignment {
        std::size_t column = 0;  // In entity->columns.
        Expression from;
    };
    const Entity* entity = nullptr;
    std::vector<Condition> when;
    std::vector<Assignment> columns;
};

struct Mapping {
    std::string files;  // A pattern with * and ?.
    Layout layout;
    std::vector<Rule> rules;

    bool gives(const Entity& entity) const;
};

/// Reads a mapping file's text. Throws one dunlin::Error that lists every mistake, each with its
/// place in the document. `name` is for the message.
Mapping parse_mapping(std::string_view name, std::string_view json_text, const Layout& defaults);

/// The rule of a canonical file: every column under its own name. Throws what is wrong with the
/// header, for a person.
Rule canonical_rule(const Entity& entity, const std::vector<std::string>& header,
                    const Formats& formats);

/// Throws dunlin::Error when it is none.
char parse_delimiter(std::string_view text);
NumberFormat parse_number_format(std::string_view decimal, std::string_view thousands);

}  // namespace dunlin::csv
