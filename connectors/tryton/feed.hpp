// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client.hpp"
#include "rows.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace dunlin::tryton {

/// What a feed may use while it makes rows.
struct Reading {
    Client& client;
    int64_t company = 0;
    std::vector<int64_t> companies;  // All that are synced.
    std::string base_currency;       // The company's.
    bool is_whole = false;           // Everything is read, so nothing needs to be called gone.
    Cancel cancel;
};

/// One of Tryton's models as a source of an entity's rows, read in the order of its ids.
struct Feed {
    std::string model;
    Json domain = Json::array();
    std::vector<std::string> fields;
    /// External ids: a letter that says whose number follows; empty for the number alone.
    std::vector<std::string> prefixes = {""};
    /// The field by which a record is found behind such a number.
    std::string by_id = "id";
    /// Paths to what a row depends on, each with a write_date; "" is the record itself.
    std::vector<std::string> changes = {""};
    void (*make)(const Reading&, const Json& records, Rows& rows) = nullptr;
    int64_t limit = 0;  // Records a page; 0: what the source is set to.
};

/// Of an entity: where its rows come from, and where its ids are listed. Of `whole` feeds every
/// record makes a row; the others also tell what is no row any more.
std::vector<Feed> feeds_of(std::string_view entity, int64_t company, bool is_whole);
std::vector<Feed> listings_of(std::string_view entity, int64_t company);

/// Whether an entity's rows are the same for all companies.
bool is_shared(std::string_view entity);

// Where the rows are made: parties.cpp, documents.cpp and postings.cpp.
namespace parties {
Feed companies();
Feed customers();
Feed mechanisms();
Feed addresses();
Feed rates();
}  // namespace parties
namespace documents {
Feed invoices(int64_t company);
/// Credit notes of customers whose documents changed.
Feed notes(int64_t company);
Feed lines(int64_t company);
Feed instalments(int64_t company);
}  // namespace documents
namespace postings {
Feed payments(int64_t company);
Feed adjustments(int64_t company);
Feed differences(int64_t company, bool is_whole);
Feed settlements(int64_t company, bool is_whole);
/// Part payments: of all assignments, or of the open lines of customers whose documents changed.
Feed assignments(int64_t company, bool is_whole);
}  // namespace postings

}  // namespace dunlin::tryton
