// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/error.hpp>
#include <dunlin/json.hpp>

#include <string>
#include <string_view>

namespace dunlin {

inline constexpr std::size_t document_bytes_max = 1U << 20;
inline constexpr int document_depth_max = 64;

/// JSON from outside, called `what` where it is refused. Error invalid when it is none or nests too
/// deep, because whoever walks it may do so by recursion; limit when it is too large.
inline Json parse_document(std::string_view text, const std::string& what) {
    if (text.size() > document_bytes_max) {
        throw Error(DUNLIN_E_LIMIT, what + " is larger than 1 MB; send less at once");
    }
    const auto check_depth = [&](int depth, Json::parse_event_t, Json&) {
        if (depth <= document_depth_max) return true;
        throw Error(DUNLIN_E_INVALID,
                    what + " nests deeper than " + std::to_string(document_depth_max) + " levels");
    };
    try {
        return Json::parse(text, check_depth);
    } catch (const Json::exception& e) {  // Numbers too large are no parse_error.
        throw Error(DUNLIN_E_INVALID, what + " is not JSON: " + e.what());
    }
}

}  // namespace dunlin
