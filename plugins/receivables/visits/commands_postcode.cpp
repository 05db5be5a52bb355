// SPDX-License-Identifier: Apache-2.0
// The operator's file of postcodes: taken whole, and asked where the customer's system knows no
// place.
#include <set>

#include "visits/postcode.hpp"
#include "visits/visits.hpp"

namespace dunlin::receivables {

Json load_postcodes(const Services&, Call& call) {
    auto& tx = call.tx();
    const auto rows = parse_postcodes(call.value<std::string>("csv", ""));
    std::set<std::string> countries;
    for (const auto& row : rows) countries.insert(row.country);
    if (call.value("replace", false)) {
        for (const auto& country : countries) {
            tx.exec("DELETE FROM receivables_postcode WHERE country = ?", country);
        }
    }
    auto remove = tx.prepare("DELETE FROM receivables_postcode WHERE country = ? AND postcode = ?");
    auto insert = tx.prepare(
        "INSERT INTO receivables_postcode (country, postcode, latitude, longitude) VALUES (?, ?, "
        "?, ?)");
    for (const auto& row : rows) {
        remove.run(row.country, row.postcode);
        insert.run(row.country, row.postcode, row.place.latitude, row.place.longitude);
    }
    auto kept = Json::array();
    for (const auto& row :
         tx.query("SELECT country, CAST(count(*) AS bigint) FROM receivables_postcode GROUP BY "
                  "country ORDER BY country")) {
        kept.push_back({{"country", row.string(0)}, {"postcodes", row.i64(1)}});
    }
    return {{"loaded", rows.size()}, {"kept", kept}};
}

std::optional<Place> place_of_postcode(Transaction& tx, std::string_view country,
                                       std::string_view postcode) {
    const auto letters = postcode_key(country);  // Some systems write the name of the country.
    for (const auto& key : postcode_keys(postcode)) {
        Sql sql;
        sql.add("SELECT latitude, longitude FROM receivables_postcode WHERE postcode = ?",
                std::string_view(key));
        if (letters.size() == 2) sql.add(" AND country = ?", std::string_view(letters));
        auto row = sql.run(tx);
        if (!row.step()) continue;
        const Place out{row.f64(0), row.f64(1)};
        // Without a country, one that several have says nothing.
        if (row.step()) return std::nullopt;
        return out;
    }
    return std::nullopt;
}

}  // namespace dunlin::receivables
