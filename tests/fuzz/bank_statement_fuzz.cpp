// SPDX-License-Identifier: Apache-2.0
#include "payment.hpp"
#include "reader.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace dunlin::bank_statement;

/// Any bytes are a document or a refusal; a statement that is taken adds up.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    Limits limits;
    limits.entries = 1000;
    Rules rules;
    rules.intraday = rules.outgoing = true;
    try {
        const auto document =
            read_document({reinterpret_cast<const char*>(data), size}, "windows-1252", limits);
        Memory memory;
        for (const auto& statement : document.statements) {
            const auto yield = payments_of(statement, rules, memory);
            for (const auto& payment : yield.payments) {
                if (payment.code.empty() && payment.external_id.empty()) std::abort();
            }
            if (!statement.code.empty() || !statement.opening || !statement.closing) continue;
            if (statement.kind != Kind::statement) continue;
            auto sum = statement.opening->amount;
            for (const auto& entry : statement.entries) sum += entry.is_booked ? entry.amount : 0;
            if (sum != statement.closing->amount) std::abort();
        }
    } catch (const dunlin::Error&) {
    }
    return 0;
}
