// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "payment.hpp"
#include "reader.hpp"
#include "source.hpp"
#include "text.hpp"

#include <support/drop_folder.hpp>

#include <dunlin/money.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace dunlin::bank_statement::test {

using namespace dunlin::test;

/// The files nobody here wrote, beside the tree.
inline std::filesystem::path corpus(const std::string& folder) {
    return std::filesystem::path(DUNLIN_SOURCE_DIR) / "../shared/data/bank" / folder;
}

inline std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder,
                                                   const std::string& extension) {
    std::vector<std::filesystem::path> out;
    if (!std::filesystem::exists(folder)) return out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == extension) out.push_back(entry.path());
    }
    std::sort(out.begin(), out.end());
    return out;
}

inline std::string amount_text(int64_t units) {
    return Money::text_of(units, 2);
}

/// "119.00 EUR C4711 | …" per payment, tombstones with a minus, the rest with its code.
inline Lines lines_of(const std::vector<Payment>& payments) {
    Lines out;
    for (const auto& payment : payments) {
        if (!payment.code.empty()) {
            out.push_back(payment.code + ": " + payment.reason);
        } else if (payment.is_deleted) {
            out.push_back("gone " + payment.external_id);
        } else {
            out.push_back(amount_text(payment.amount) + " " + payment.currency + " " +
                          payment.external_id);
        }
    }
    return out;
}

inline std::vector<Payment> payments_of_text(const std::string& text, const Rules& rules,
                                             Memory& memory) {
    std::vector<Payment> out;
    for (const auto& statement : read_document(text).statements) {
        auto yield = payments_of(statement, rules, memory);
        out.insert(out.end(), yield.payments.begin(), yield.payments.end());
    }
    return out;
}

inline std::vector<Payment> payments_of_text(const std::string& text, const Rules& rules = {}) {
    Memory memory;
    return payments_of_text(text, rules, memory);
}

inline Lines ids_of(const std::vector<Payment>& payments) {
    Lines out;
    for (const auto& payment : payments) {
        if (payment.code.empty()) {
            out.push_back((payment.is_deleted ? "gone " : "") + payment.external_id);
        }
    }
    return out;
}

}  // namespace dunlin::bank_statement::test
