// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/json.hpp>

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace dunlin::receivables {

/// What a source of record is named for.
enum class Book { invoices, cash };

/// Which source is believed about documents and which about money, by company. Where none is named
/// sources stand side by side.
class Record {
public:
    Record() = default;
    /// From the plugin's settings.
    explicit Record(const Json& settings);

    bool is_named() const { return !everywhere_.is_empty() || !companies_.empty(); }
    bool is_by_company() const { return !companies_.empty(); }
    /// The source of record for a company of this name, which may be empty; empty when there is
    /// none.
    const std::string& source(Book book, std::string_view company) const;
    /// Whether a source is of record for any company.
    bool has(Book book, std::string_view source) const;
    std::set<std::string> sources() const;
    /// Whether money that names no customer is kept until it is known whose it is.
    bool keeps_unassigned() const { return keeps_unassigned_; }

private:
    struct Named {
        std::string invoices, cash;
        bool is_empty() const { return invoices.empty() && cash.empty(); }
        const std::string& of(Book book) const { return book == Book::cash ? cash : invoices; }
    };
    static Named named(const Json& settings);
    Named everywhere_;
    std::map<std::string, Named> companies_;  // By the key of their name.
    bool keeps_unassigned_ = false;
};

}  // namespace dunlin::receivables
