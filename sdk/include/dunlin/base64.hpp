// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/error.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace dunlin {

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as base64 (RFC 4648, padded), piece by piece.
class Base64Encoder {
public:
    explicit Base64Encoder(std::string& out) : out_(out) {}

    void add(std::string_view bytes) {
        for (const char c : bytes) {
            group_ = group_ << 8U | static_cast<unsigned char>(c);
            if (++n_ == 3) put();
        }
    }
    /// After the last piece.
    void finish() {
        if (n_ > 0) put();
    }

private:
    void put() {
        group_ <<= 8 * (3 - n_);
        for (unsigned i = 0; i < 4; ++i) {
            out_ += i <= n_ ? base64_alphabet[group_ >> (18 - 6 * i) & 63U] : '=';
        }
        group_ = n_ = 0;
    }
    std::string& out_;
    uint32_t group_ = 0;
    unsigned n_ = 0;
};

inline std::string to_base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    Base64Encoder encoder(out);
    encoder.add(bytes);
    encoder.finish();
    return out;
}

/// What base64 stands for, handed over in pieces, so that large texts are never there twice. Line
/// ends between the digits are passed over. Error data for what is no base64; pieces may have been
/// handed over by then.
inline void from_base64(std::string_view text, const std::function<void(std::string_view)>& take) {
    constexpr std::size_t piece_bytes = std::size_t{48} << 10;
    std::string piece;
    uint32_t group = 0;
    unsigned digits = 0, padding = 0;
    for (const char c : text) {
        if (c == '\n' || c == '\r') continue;
        const auto value = base64_alphabet.find(c);
        const bool is_padding = c == '=' && digits >= 2;
        if ((value == std::string_view::npos && !is_padding) || (padding > 0 && !is_padding)) {
            throw Error(DUNLIN_E_DATA, "a text is no base64");
        }
        padding += is_padding ? 1 : 0;
        group = group << 6U | (is_padding ? 0U : static_cast<uint32_t>(value));
        if (++digits < 4) continue;
        for (unsigned i = 0; i < 3 - padding; ++i) {
            piece += static_cast<char>(group >> (16 - 8 * i) & 0xffU);
        }
        group = digits = 0;
        if (piece.size() < piece_bytes) continue;
        take(piece);
        piece.clear();
    }
    if (digits > 0) throw Error(DUNLIN_E_DATA, "a text of base64 ends too early");
    if (!piece.empty()) take(piece);
}

}  // namespace dunlin
