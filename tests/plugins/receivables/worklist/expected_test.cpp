// SPDX-License-Identifier: Apache-2.0
// When a customer is expected to pay, and how wrong that is on a real file, split by date.
#include "worklist/expected.hpp"

#include <dunlin/date.hpp>

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

using namespace dunlin;
using namespace dunlin::receivables;

TEST_CASE("the median is the middle one, of two the smaller") {
    CHECK(median_of({7}) == 7);
    CHECK(median_of({9, 1, 5}) == 5);
    CHECK(median_of({9, 1, 5, 3}) == 3);
}

TEST_CASE("a customer's own habit counts from three settlements on, early ones too") {
    CHECK(usual_lateness({}, std::nullopt).days_late == 0);
    CHECK(usual_lateness({30, 30}, 4).days_late == 4);
    CHECK(usual_lateness({30, 31, 32}, 4).days_late == 31);
    CHECK(usual_lateness({-5, -4, -3}, 4).days_late == -4);
    CHECK(usual_lateness({}, -4).days_late == -4);
    CHECK(usual_lateness({30, 31, 32}, 4).basis ==
          "median of 3 settlements of this customer within 365 days: 31 days after the due date");
    CHECK(usual_lateness({-5, -4, -3}, 4).basis ==
          "median of 3 settlements of this customer within 365 days: 4 days before the due date");
}

namespace {

struct Settled {
    std::string customer;
    Date issued_on, due_on, settled_on;
};

/// "2/15/2013".
Date american(const std::string& text) {
    int month = 0, day = 0, year = 0;
    char slash = 0;
    std::istringstream(text) >> month >> slash >> day >> slash >> year;
    return Date(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
}

std::vector<Settled> histories(std::istream& file) {
    std::vector<Settled> out;
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        std::istringstream cells(line);
        std::vector<std::string> row;
        for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
        if (row.size() < 9) continue;
        out.push_back({row[1], american(row[4]), american(row[5]), american(row[8])});
    }
    return out;
}

}  // namespace

TEST_CASE(
    "the expected day is nearer to the truth than the due date, on invoices of a later year") {
    const auto path = std::filesystem::path(DUNLIN_SOURCE_DIR) /
                      "../shared/data/receivables/ibm-late-payment-histories.csv";
    std::ifstream file(path);
    if (!file) {
        std::cout << "skipped: the payment histories are not there\n";
        return;
    }
    const auto all = histories(file);
    REQUIRE(all.size() > 2000);
    const Date split(2013, 1, 1);
    int64_t invoices = 0, error = 0, error_of_due_date = 0, within_a_week = 0;
    for (const auto& one : all) {
        if (one.issued_on < split) continue;
        // What was known on the day it was issued, and nothing later.
        std::vector<int32_t> own, others;
        for (const auto& past : all) {
            if (past.settled_on > one.issued_on || past.settled_on <= one.issued_on - 365) continue;
            const auto late = past.settled_on - past.due_on;
            others.push_back(late);
            if (past.customer == one.customer) own.push_back(late);
        }
        const auto of_all =
            others.empty() ? std::nullopt : std::optional(median_of(std::move(others)));
        const auto expected = one.due_on + usual_lateness(own, of_all).days_late;
        const auto wrong = std::abs(one.settled_on - expected);
        ++invoices;
        error += wrong;
        error_of_due_date += std::abs(one.settled_on - one.due_on);
        within_a_week += wrong <= 7 ? 1 : 0;
    }
    std::cout << "expected payment: " << invoices << " invoices, mean error in days "
              << static_cast<double>(error) / static_cast<double>(invoices) << ", of the due date "
              << static_cast<double>(error_of_due_date) / static_cast<double>(invoices)
              << "; within a week " << 100 * within_a_week / invoices << " %\n";
    CHECK(error * 3 < error_of_due_date * 2);
}
