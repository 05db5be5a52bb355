// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "document.hpp"
#include "xml.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace dunlin::ubl {

// Values off elements. What cannot be read is refused with the element's name and line; an element
// that is not there is nothing, and refused only where a rule is named for it.

/// A text that identifies something: refused when it is longer than 200 bytes.
std::string identifier(const Element& element);
/// The same with its scheme, which may not be longer either.
Identifier numbered(const Element& element);
/// A text for people, cut to 2,000 bytes.
std::string words(const Element& element);
/// Refuses an empty value: `rule` is the one of EN 16931 that wants it, `what` its words.
std::string required(std::string value, const Element& near, const char* rule, const char* what);

/// An exact amount in the document's currency; 0 for none. Refuses another currency and more than
/// four decimals that matter.
int64_t amount(const Element& element, std::string_view currency);
int64_t required_amount(const Element& parent, const char* path, std::string_view currency,
                        const char* rule);
/// a + b. Refuses what is too large for an amount.
int64_t plus(int64_t a, int64_t b);
/// "2026-02-28" with or without a zone.
std::optional<Date> iso_date(const Element& element);
/// "20260228" in CII's date element, format 102 (or 203, with a time).
std::optional<Date> cii_date(const Element& element);
std::optional<double> quantity(const Element& element);
/// xs:boolean.
bool flag(const Element& element);

}  // namespace dunlin::ubl
