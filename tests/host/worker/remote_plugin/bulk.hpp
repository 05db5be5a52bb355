// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/connector.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace dunlin::test {

/// Many rows as an ERP's invoices look, made by the builder as a connector would.
class BulkPull : public Pull {
public:
    BulkPull(int64_t rows, int64_t page) : rows_(rows), page_(page), out_(columns()) {}

    static std::vector<ColumnSpec> columns() {
        return {{"external_id"},
                {"customer"},
                {"number"},
                {"kind"},
                {"issue_date", Type::date},
                {"due_date", Type::date},
                {"currency"},
                {"total", Type::i64},
                {"open_amount", Type::i64}};
    }

    bool next(Page& page) override {
        if (at_ >= rows_) return false;
        for (const auto end = std::min(rows_, at_ + page_); at_ < end; ++at_) {
            out_[0].add(name('I', at_));
            out_[1].add(name('C', at_ % 5000));
            out_[2].add(name('N', at_));
            out_[3].add(std::string_view("invoice"));
            out_[4].add(20000 + at_ % 700);
            out_[5].add(20030 + at_ % 700);
            out_[6].add(std::string_view("EUR"));
            out_[7].add(at_ * 100);
            out_[8].add(at_ * 50);
        }
        page.rows = out_.finish();
        page.next_cursor = std::to_string(at_);
        return true;
    }

private:
    std::string_view name(char kind, int64_t number) {
        text_[0] = kind;
        const auto end = std::to_chars(text_.data() + 1, text_.data() + text_.size(), number).ptr;
        return {text_.data(), static_cast<std::size_t>(end - text_.data())};
    }

    int64_t rows_, page_, at_ = 0;
    BatchBuilder out_;
    std::array<char, 32> text_{};
};

}  // namespace dunlin::test
