// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "books.hpp"
#include "value.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::odoo {

/// Records of one model that become rows of one stream. Odoo's record 17 is known by
/// `prefix` + "17" + one of `suffixes`.
struct Part {
    std::string model;
    std::vector<std::string> fields;
    /// Which records, whenever they changed.
    Domain (*domain)(const Client& client);
    /// Reads what a page of records refers to.
    void (*prepare)(const Json& records, Books& books);
    /// Adds the rows of one record. Throws BadValue for a record that cannot be read.
    void (*map)(const Json& record, const Books& books, Rows& rows);
    std::string prefix = {};
    std::vector<std::string> suffixes = {""};
    /// Not empty: records whose `customer_link` is one of Books::customers_of_entries, instead of
    /// those that changed. Booking on a partner makes it a customer without changing it.
    std::string customer_link = {};

    /// The record an external id stands for.
    std::optional<int64_t> record_of(std::string_view external_id) const;
};

struct Stream {
    std::string_view entity;
    std::string_view columns;
    std::string_view cursor;  // See describe in abi/connector.h.
    std::string_view deletes;
    std::vector<Part> parts;
};

/// In the order in which rows refer to one another.
std::span<const Stream> streams();
/// nullptr when there is none.
const Stream* find_stream(std::string_view entity);

}  // namespace dunlin::odoo
