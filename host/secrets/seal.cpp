// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"

#include <sodium.h>

namespace dunlin::host {

namespace {

constexpr std::size_t key_characters_min = 32;
constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t extra_bytes = nonce_bytes + crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string key_of(Host& host) {
    try {
        auto text = host.config().secret(sealing_key);
        host.log().hide(text);
        if (text.size() >= key_characters_min) return text;
    } catch (const Error& e) {
        if (e.status() != DUNLIN_E_NOT_FOUND) throw;
        throw Error(DUNLIN_E_UNSUPPORTED,
                    std::string("a token that changes by being used cannot be kept: ") + e.what() +
                        "; make a key in the instance's folder with: (umask 077; head -c 32 "
                        "/dev/urandom | base64 > secrets/key)");
    }
    throw Error(DUNLIN_E_INVALID, "the secret \"key\", which seals kept tokens, has less than " +
                                      std::to_string(key_characters_min) +
                                      " characters; give a random one");
}

}  // namespace

Seal::Seal(Host& host) {
    const auto text = key_of(host);
    crypto_generichash(key_.data(), key_.size(), bytes_of(text), text.size(), nullptr, 0);
}

std::string Seal::close(std::string_view name, std::string_view value) const {
    std::string raw(value.size() + extra_bytes, '\0');
    auto* at = reinterpret_cast<unsigned char*>(raw.data());
    randombytes_buf(at, nonce_bytes);
    crypto_aead_xchacha20poly1305_ietf_encrypt(at + nonce_bytes, nullptr, bytes_of(value),
                                               value.size(), bytes_of(name), name.size(), nullptr,
                                               at, key_.data());
    std::string hex(2 * raw.size() + 1, '\0');
    sodium_bin2hex(hex.data(), hex.size(), at, raw.size());
    hex.pop_back();  // The terminating zero.
    return hex;
}

std::optional<std::string> Seal::open(std::string_view name, std::string_view sealed) const {
    std::string raw(sealed.size() / 2, '\0');
    auto* at = reinterpret_cast<unsigned char*>(raw.data());
    std::size_t size = 0;
    sodium_hex2bin(at, raw.size(), sealed.data(), sealed.size(), nullptr, &size, nullptr);
    if (size < extra_bytes) return std::nullopt;
    std::string out(size - extra_bytes, '\0');
    const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        reinterpret_cast<unsigned char*>(out.data()), nullptr, nullptr, at + nonce_bytes,
        size - nonce_bytes, bytes_of(name), name.size(), at, key_.data());
    return failed == 0 ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace dunlin::host
