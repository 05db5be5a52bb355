// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sodium.h>

#include <array>
#include <string>
#include <string_view>

namespace dunlin {

/// SHA-256 of bytes that come in pieces. Needs libsodium.
class Sha256 {
public:
    Sha256() { crypto_hash_sha256_init(&state_); }
    void add(std::string_view bytes) {
        crypto_hash_sha256_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()),
                                  bytes.size());
    }
    /// After the last piece: 64 hex digits.
    std::string hex() {
        std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
        crypto_hash_sha256_final(&state_, hash.data());
        std::string out(2 * hash.size() + 1, '\0');
        sodium_bin2hex(out.data(), out.size(), hash.data(), hash.size());
        out.pop_back();  // The terminating zero.
        return out;
    }

private:
    crypto_hash_sha256_state state_{};
};

/// SHA-256, 64 hex digits. Needs libsodium.
inline std::string sha256_of(std::string_view bytes) {
    Sha256 hash;
    hash.add(bytes);
    return hash.hex();
}

}  // namespace dunlin
