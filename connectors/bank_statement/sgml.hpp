// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "document.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::bank_statement {

/// An aggregate or a value of an OFX file. Values need no end tag in version 1, so a tag with text
/// is a value, and one that is never closed is an empty value.
struct OfxNode {
    std::string_view name;
    std::string text;
    int64_t line = 0;
    std::vector<OfxNode> children;

    const OfxNode* child(std::string_view wanted) const;
    /// The text of a child, empty when there is none.
    std::string_view value(std::string_view wanted) const;
};

/// The <OFX> aggregate with all below it. Points into `text`. Throws DUNLIN_E_DATA with a line
/// when tags do not match.
OfxNode parse_ofx_tree(std::string_view text, const Limits& limits);

}  // namespace dunlin::bank_statement
