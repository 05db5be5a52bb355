// SPDX-License-Identifier: Apache-2.0
#include "rows.hpp"

#include <cstdlib>

using namespace dunlin::ubl;

/// Whatever the bytes, a document is taken whole or refused with a reason.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    try {
        const auto document = parse_document(bytes, Limits{std::size_t{1} << 20U, 64, 10000});
        check_totals(document);
        const auto posting = make_posting(document, PostingRules{});
        if (posting.total < 0 || posting.open < 0 || posting.open > posting.total) std::abort();
        for (const auto& entity : entities()) {
            Rows rows(entity.columns);
            entity.give({posting, "a.xml", "file:a.xml", "business", true}, rows);
            rows.finish();
        }
    } catch (const Refused& e) {
        if (e.code().empty() || *e.what() == '\0') std::abort();
    }
    return 0;
}
