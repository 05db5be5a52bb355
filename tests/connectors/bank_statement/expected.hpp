// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>

#include <map>
#include <string>
#include <vector>

namespace dunlin::bank_statement::test {

/// A transaction of the .yml beside an MT940 file: what the library that wrote it read. Values are
/// plain text, dates "2026-02-28", amounts "-12.30"; what is null is not there.
using ExpectedTransaction = std::map<std::string, std::string>;

std::vector<ExpectedTransaction> read_expected(const std::string& yaml);

}  // namespace dunlin::bank_statement::test
