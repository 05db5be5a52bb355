// SPDX-License-Identifier: Apache-2.0
#include "mapper.hpp"

#include <dunlin/did_you_mean.hpp>
#include <dunlin/money.hpp>

#include <algorithm>

namespace dunlin::csv {
namespace {

const char* code_of(Kind kind) {
    switch (kind) {
        case Kind::text: return "text";
        case Kind::amount: return "amount";
        case Kind::date: return "date";
        case Kind::instant: return "instant";
        case Kind::sequence:
        case Kind::real: return "number";
        case Kind::rate: return "rate";
        case Kind::flag: return "flag";
        case Kind::currency: return "currency";
    }
    return "text";
}

/// Finds columns by name and remembers those that are not there.
class HeaderLookup {
public:
    explicit HeaderLookup(const std::vector<std::string>& header) : header_(header) {}

    std::size_t operator()(const std::string& name) {
        const auto it = std::find(header_.begin(), header_.end(), name);
        if (it != header_.end()) return static_cast<std::size_t>(it - header_.begin());
        const auto sentence =
            "the column \"" + name + "\" is missing" + did_you_mean(name, header_);
        if (std::find(missing_.begin(), missing_.end(), sentence) == missing_.end()) {
            missing_.push_back(sentence);
        }
        return 0;
    }
    void throw_if_missing() const {
        if (missing_.empty()) return;
        std::string message;
        for (const auto& sentence : missing_) message += (message.empty() ? "" : "; ") + sentence;
        throw Error(DUNLIN_E_DATA,
                    message + "; correct the file's header or the mapping's column names");
    }

private:
    const std::vector<std::string>& header_;
    std::vector<std::string> missing_;
};

void add_fault(Fault& fault, const char* code, const std::string& column,
               const std::string& reason) {
    if (fault.code.empty()) fault.code = code;
    if (!fault.reason.empty()) fault.reason += "; ";
    fault.reason += column + ": " + reason;
}

}  // namespace

Mapper::Mapper(const Rule& rule, const std::vector<std::string>& header) : rule_(rule) {
    HeaderLookup find(header);
    const auto bind = [&](const std::vector<Condition>& conditions) {
        std::vector<BoundTest> tests;
        tests.reserve(conditions.size());
        for (const auto& condition : conditions)
            tests.push_back({find(condition.column), &condition});
        return tests;
    };
    when_ = bind(rule_.when);
    for (const auto& assignment : rule_.columns) {
        BoundColumn bound{assignment.column, &assignment.from, {}, bind(assignment.from.when)};
        for (const auto& piece : assignment.from.pieces) {
            bound.fields.push_back(piece.is_column ? find(piece.text) : 0);
        }
        columns_.push_back(std::move(bound));
    }
    find.throw_if_missing();
    // The id first, so that a bad row can be named.
    const auto id = rule_.entity->index_of("external_id");
    std::stable_partition(columns_.begin(), columns_.end(),
                          [&](const BoundColumn& bound) { return bound.column == id; });
}

bool Mapper::holds(const BoundTest& test, const Fields& fields) {
    using Test = Condition::Test;
    const auto value = fields[test.field];
    const auto& values = test.condition->values;
    const auto is_listed = [&] {
        return std::find(values.begin(), values.end(), value) != values.end();
    };
    const auto is_negative = [&] {
        std::string plain, reason;
        return to_plain_decimal(value, test.condition->number, plain, reason) &&
               plain.front() == '-' && plain.find_first_not_of("-0.") != std::string::npos;
    };
    switch (test.condition->test) {
        case Test::filled: return !value.empty();
        case Test::empty: return value.empty();
        case Test::in: return is_listed();
        case Test::not_in: return !is_listed();
        case Test::negative: return is_negative();
        case Test::not_negative: return !is_negative();
    }
    return false;
}

bool Mapper::hold(const std::vector<BoundTest>& tests, const Fields& fields) {
    return std::all_of(tests.begin(), tests.end(),
                       [&](const BoundTest& test) { return holds(test, fields); });
}

std::string_view Mapper::evaluate(const BoundColumn& bound, const Fields& fields, Row::Cell& cell,
                                  std::string& reason) const {
    const auto& from = *bound.from;
    if (!bound.when.empty() && !hold(bound.when, fields)) return {};
    std::string_view value;
    if (from.pieces.size() == 1) {
        const auto& piece = from.pieces.front();
        value = piece.is_column ? fields[bound.fields.front()] : std::string_view(piece.text);
    } else {
        cell.buffer.clear();
        for (std::size_t i = 0; i < from.pieces.size(); ++i) {
            const auto& piece = from.pieces[i];
            const auto part =
                piece.is_column ? fields[bound.fields[i]] : std::string_view(piece.text);
            if (part.empty()) {
                cell.buffer.clear();
                break;
            }
            cell.buffer += part;
        }
        value = cell.buffer;
    }
    if (value.empty()) return from.fallback;
    if (from.words.empty()) return value;
    const auto word = from.words.find(std::string(value));
    if (word != from.words.end()) return word->second;
    if (from.other_words) return *from.other_words;
    reason =
        in_quotes(value) + " is not in the mapping's \"map\"; add it there, or an \"otherwise\"";
    return {};
}

void Mapper::convert(const BoundColumn& bound, std::string_view text, Row::Cell& cell,
                     std::string& reason) const {
    const auto& formats = bound.from->formats;
    const auto set = [&](const std::optional<int64_t>& number) {
        if (number) cell.number = *number;
    };
    switch (rule_.entity->columns[bound.column].kind) {
        case Kind::text: cell.text = text; break;
        case Kind::amount:
            set(parse_amount(text, formats.number, reason));
            if (bound.from->sign == Expression::Sign::negate) cell.number = -cell.number;
            if (bound.from->sign == Expression::Sign::absolute && cell.number < 0) {
                cell.number = -cell.number;
            }
            break;
        case Kind::date: set(formats.date.parse(text, reason)); break;
        case Kind::instant: set(parse_instant(text, formats.date, reason)); break;
        case Kind::sequence: set(parse_sequence(text, reason)); break;
        case Kind::flag: set(parse_flag(text, reason)); break;
        case Kind::real: {
            const auto real = parse_real(text, formats.number, reason);
            if (real) cell.real = *real;
            break;
        }
        case Kind::rate:
            if (parse_rate(text, formats.number, cell.buffer, reason)) cell.text = cell.buffer;
            break;
        case Kind::currency:
            cell.text = text;
            if (minor_digits(text) < 0) {
                reason = in_quotes(text) + " is not a currency; use an ISO 4217 code such as EUR";
            }
            break;
    }
}

Mapper::Outcome Mapper::map(const Fields& fields, Row& row, Fault& fault) const {
    if (!hold(when_, fields)) return Outcome::skipped;
    row.cells.resize(rule_.entity->columns.size());
    for (auto& cell : row.cells) {
        cell.is_null = true;
        cell.text = {};
    }
    fault.code.clear();
    fault.reason.clear();
    std::string reason;
    for (const auto& bound : columns_) {
        auto& cell = row.cells[bound.column];
        const auto& column = rule_.entity->columns[bound.column];
        const auto text = evaluate(bound, fields, cell, reason);
        if (reason.empty() && !text.empty()) {
            cell.is_null = false;
            convert(bound, text, cell, reason);
        }
        if (!reason.empty()) {
            add_fault(fault, code_of(column.kind), std::string(column.name), reason);
            reason.clear();
        }
    }
    const auto id = rule_.entity->index_of("external_id");
    if (row.cells[id].is_null) {
        add_fault(fault, "external_id", "external_id", "is empty; every row needs its own");
    }
    return fault.code.empty() ? Outcome::row : Outcome::bad;
}

void Mapper::append(const Row& row, const Entity& entity, BatchBuilder& out) {
    for (std::size_t i = 0; i < entity.columns.size(); ++i) {
        const auto& cell = row.cells[i];
        auto& column = out[i];
        if (cell.is_null) {
            column.add_null();
        } else if (column.type() == Type::text) {
            column.add(cell.text);
        } else if (column.type() == Type::f64) {
            column.add_f64(cell.real);
        } else {
            column.add(cell.number);
        }
    }
}

}  // namespace dunlin::csv
