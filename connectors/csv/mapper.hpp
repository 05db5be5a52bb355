// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mapping.hpp"

#include <dunlin/arrow.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace dunlin::csv {

using Fields = std::vector<std::string_view>;

/// A canonical row before it enters a batch; kept and reused from row to row.
struct Row {
    struct Cell {
        bool is_null = true;
        int64_t number = 0;     // Amounts, dates, instants, sequences, flags.
        double real = 0;        // Coordinates and quantities.
        std::string_view text;  // Into the record, into `buffer` or into the rule.
        std::string buffer;
    };
    std::vector<Cell> cells;
};

/// What is wrong with a record.
struct Fault {
    std::string code;    // "amount", "date", …
    std::string reason;  // Everything that is wrong, in one sentence.
};

/// A rule tied to the columns of one file: record in, canonical row out. Pure.
class Mapper {
public:
    enum class Outcome { row, skipped, bad };

    /// Throws a sentence that names every column the file lacks.
    Mapper(const Rule& rule, const std::vector<std::string>& header);
    Mapper(const Mapper&) = delete;  // Its parts point at each other.
    Mapper& operator=(const Mapper&) = delete;

    /// `row` views into `fields` and into this mapper.
    Outcome map(const Fields& fields, Row& row, Fault& fault) const;

    static void append(const Row& row, const Entity& entity, BatchBuilder& out);

private:
    struct BoundTest {
        std::size_t field;
        const Condition* condition;
    };
    struct BoundColumn {
        std::size_t column;
        const Expression* from;
        std::vector<std::size_t> fields;  // One per piece; unused for a literal.
        std::vector<BoundTest> when;
    };
    static bool holds(const BoundTest& test, const Fields& fields);
    static bool hold(const std::vector<BoundTest>& tests, const Fields& fields);
    std::string_view evaluate(const BoundColumn& bound, const Fields& fields, Row::Cell& cell,
                              std::string& reason) const;
    void convert(const BoundColumn& bound, std::string_view text, Row::Cell& cell,
                 std::string& reason) const;

    Rule rule_;
    std::vector<BoundTest> when_;
    std::vector<BoundColumn> columns_;
};

}  // namespace dunlin::csv
