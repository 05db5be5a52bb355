// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace dunlin {

inline bool is_ascii(std::string_view text) noexcept {
    uint64_t seen = 0;
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
        uint64_t word = 0;
        std::memcpy(&word, text.data() + i, 8);
        seen |= word;
    }
    for (; i < text.size(); ++i) seen |= static_cast<uint64_t>(static_cast<uint8_t>(text[i])) << 8U;
    return (seen & 0x8080808080808080U) == 0;
}

/// Well-formed, shortest forms only, no surrogates.
inline bool is_utf8(std::string_view text) noexcept {
    if (is_ascii(text)) return true;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<uint8_t>(text[i]);
        const std::size_t size = lead < 0x80   ? 1
                                 : lead < 0xC2 ? 0
                                 : lead < 0xE0 ? 2
                                 : lead < 0xF0 ? 3
                                 : lead < 0xF5 ? 4
                                               : 0;
        if (size == 0 || i + size > text.size()) return false;
        for (std::size_t k = 1; k < size; ++k) {
            if ((static_cast<uint8_t>(text[i + k]) & 0xC0U) != 0x80) return false;
        }
        const auto second = size > 1 ? static_cast<uint8_t>(text[i + 1]) : uint8_t{0};
        const bool is_wrong = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                              (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
        if (is_wrong) return false;
        i += size;
    }
    return true;
}

}  // namespace dunlin
