// SPDX-License-Identifier: Apache-2.0
#include "encoding.hpp"

#include "refused.hpp"

#include <unicode/ucnv.h>
#include <unicode/ucnv_err.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>

namespace dunlin::ubl {
namespace {

struct CloseConverter {
    void operator()(UConverter* converter) const { ucnv_close(converter); }
};

/// The value of encoding="…" in the XML declaration; empty when there is none.
std::string declared_encoding(std::string_view bytes) {
    if (bytes.substr(0, 5) != "<?xml") return {};
    const auto declaration = bytes.substr(0, std::min(bytes.find("?>"), std::size_t{200}));
    auto rest = declaration.substr(std::min(declaration.find("encoding"), declaration.size()));
    const auto open = rest.find_first_of("\"'");
    if (open == std::string_view::npos) return {};
    rest.remove_prefix(open);
    const auto close = rest.find(rest.front(), 1);
    if (close == std::string_view::npos) return {};
    return std::string(rest.substr(1, close - 1));
}

/// Takes the byte-order mark off.
std::string encoding_of(std::string_view& bytes) {
    const auto begins = [&](std::string_view mark) { return bytes.substr(0, mark.size()) == mark; };
    if (begins("\xEF\xBB\xBF")) {
        bytes.remove_prefix(3);
        return "UTF-8";
    }
    const bool is_little = begins("\xFF\xFE");
    if (is_little || begins("\xFE\xFF")) {
        bytes.remove_prefix(2);
        return is_little ? "UTF-16LE" : "UTF-16BE";
    }
    if (begins(std::string_view("<\0", 2))) return "UTF-16LE";
    if (begins(std::string_view("\0<", 2))) return "UTF-16BE";
    auto declared = declared_encoding(bytes);
    return declared.empty() ? "UTF-8" : declared;
}

std::string convert(std::string_view bytes, const std::string& encoding) {
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<UConverter, CloseConverter> from(ucnv_open(encoding.c_str(), &status));
    if (U_FAILURE(status)) {
        throw Refused("encoding", in_quotes(encoding) +
                                      " in the XML declaration is no known encoding; send the "
                                      "document as UTF-8");
    }
    ucnv_setToUCallBack(from.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
    if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int32_t>::max() / 4)) {
        throw Refused("too_large", "the document is too large to be converted to UTF-8");
    }
    std::string out(bytes.size() * 3 + 16, '\0');
    const auto size =
        ucnv_toAlgorithmic(UCNV_UTF8, from.get(), out.data(), static_cast<int32_t>(out.size()),
                           bytes.data(), static_cast<int32_t>(bytes.size()), &status);
    if (U_FAILURE(status)) {
        throw Refused("encoding", "the document holds bytes that are not " + encoding +
                                      "; correct the encoding in its XML declaration");
    }
    out.resize(static_cast<std::size_t>(size));
    return out;
}

void require_characters(std::string_view text) {
    const auto* const s = reinterpret_cast<const uint8_t*>(text.data());
    const auto size = static_cast<int32_t>(text.size());
    int64_t line = 1;
    for (int32_t i = 0; i < size;) {
        UChar32 c = 0;
        U8_NEXT(s, i, size, c);
        if (c < 0) {
            throw Refused("encoding",
                          "the document holds bytes that are not UTF-8; name the encoding it uses "
                          "in its XML declaration",
                          line);
        }
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0xFFFE || c == 0xFFFF) {
            throw Refused("encoding",
                          "the document holds a control character that XML does not allow; it is "
                          "damaged, have it sent again",
                          line);
        }
        if (c == '\n') ++line;
    }
}

}  // namespace

std::string to_utf8(std::string_view bytes) {
    const auto encoding = encoding_of(bytes);
    const bool is_utf8 = ucnv_compareNames(encoding.c_str(), "UTF-8") == 0 ||
                         ucnv_compareNames(encoding.c_str(), "US-ASCII") == 0;
    auto text = is_utf8 ? std::string(bytes) : convert(bytes, encoding);
    require_characters(text);
    return text;
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t most = 60;
    if (text.size() <= most) return "\"" + std::string(text) + "\"";
    auto size = most;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
    return "\"" + std::string(text.substr(0, size)) + "…\"";
}

}  // namespace dunlin::ubl
