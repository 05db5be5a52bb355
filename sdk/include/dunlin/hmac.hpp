// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sodium.h>

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

namespace dunlin {

/// HMAC-SHA256 over the parts one behind the other, 64 hex digits. Needs libsodium.
inline std::string hmac_sha256_of(std::string_view key,
                                  std::initializer_list<std::string_view> parts) {
    const auto bytes = [](std::string_view text) {
        return reinterpret_cast<const unsigned char*>(text.data());
    };
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, bytes(key), key.size());
    for (const auto part : parts) crypto_auth_hmacsha256_update(&state, bytes(part), part.size());
    std::array<unsigned char, crypto_auth_hmacsha256_BYTES> hash{};
    crypto_auth_hmacsha256_final(&state, hash.data());
    std::string hex(2 * hash.size() + 1, '\0');
    sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
    hex.pop_back();  // The terminating zero.
    return hex;
}

/// Are two texts the same? Takes as long wherever they begin to differ.
inline bool is_same_digest(std::string_view a, std::string_view b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace dunlin
