// SPDX-License-Identifier: Apache-2.0
#include "names.hpp"

#include <unicode/normalizer2.h>
#include <unicode/translit.h>

#include <dunlin/error.hpp>

#include <algorithm>

namespace dunlin::receivables {
namespace {

void check(UErrorCode failure) {
    if (U_SUCCESS(failure)) return;
    throw Error(DUNLIN_E_INTERNAL, std::string("ICU cannot fold names: ") + u_errorName(failure));
}

const icu::Normalizer2& case_folding() {
    UErrorCode failure = U_ZERO_ERROR;
    const auto* folding = icu::Normalizer2::getNFKCCasefoldInstance(failure);
    check(failure);
    return *folding;
}

/// Takes marks off letters. Marks that are a part of their script's writing stay.
const icu::Transliterator& accent_removal() {
    static const auto& removal = [&]() -> const icu::Transliterator& {
        UErrorCode failure = U_ZERO_ERROR;
        auto* made = icu::Transliterator::createInstance(
            "NFD; [[:Mn:]&[:sc=Zinh:]] Remove; NFC; Latin-ASCII", UTRANS_FORWARD, failure);
        check(failure);
        return *made;  // Never destroyed: a library is never unloaded.
    }();
    return removal;
}

}  // namespace

std::string name_key(std::string_view name) {
    std::string out(name);
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (std::all_of(name.begin(), name.end(), is_ascii)) {
        for (auto& c : out) {
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
        }
        return out;
    }
    UErrorCode failure = U_ZERO_ERROR;
    const icu::StringPiece piece(name.data(), static_cast<int32_t>(name.size()));
    auto text = case_folding().normalize(icu::UnicodeString::fromUTF8(piece), failure);
    check(failure);
    accent_removal().transliterate(text);
    out.clear();
    text.toUTF8String(out);
    return out;
}

}  // namespace dunlin::receivables
