// SPDX-License-Identifier: Apache-2.0
#include "exact_json.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using dunlin::Json;

namespace {

/// No number is a double or beyond an int64.
void check(const Json& value) {
    if (value.is_number_float()) std::abort();
    if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX}) std::abort();
    for (const auto& part : value) {
        if (value.is_structured()) check(part);
    }
}

}  // namespace

/// Any bytes are JSON, exactly as they are for the library's own reader, or are refused.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const bool is_json = Json::accept(text);
    try {
        check(dunlin::odoo::parse_exact(text, "it"));
        if (!is_json) std::abort();
    } catch (const dunlin::Error& e) {
        const bool is_deep = std::string_view(e.what()).find("deeply") != std::string_view::npos;
        if (is_json && !is_deep) std::abort();
    }
    return 0;
}
