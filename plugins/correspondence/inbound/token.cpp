// SPDX-License-Identifier: Apache-2.0
#include "inbound/token.hpp"

#include <sodium.h>

#include <array>
#include <charconv>

namespace dunlin::correspondence {

namespace {

constexpr std::size_t proof_bytes = 16;
// With both numbers a mark still fits into a boundary of MIME.
constexpr std::size_t proof_digits = 20;
constexpr std::size_t secret_bytes = 32;

std::string hex_of(const unsigned char* bytes, std::size_t size) {
    std::string out(2 * size + 1, '\0');
    sodium_bin2hex(out.data(), out.size(), bytes, size);
    out.pop_back();
    return out;
}

bool read_number(std::string_view text, int64_t& out) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
    return failure == std::errc() && end == text.data() + text.size() && out > 0;
}

}  // namespace

Tokens::Tokens(Transaction& tx) {
    const auto read = [&] {
        auto rows = tx.query("SELECT secret FROM correspondence_key WHERE key_id = 1");
        return rows.step() ? rows.string(0) : std::string();
    };
    secret_ = read();
    if (!secret_.empty()) return;
    if (sodium_init() < 0) throw Error(DUNLIN_E_INTERNAL, "libsodium does not start");
    std::array<unsigned char, secret_bytes> fresh{};
    randombytes_buf(fresh.data(), fresh.size());
    tx.exec(
        "INSERT INTO correspondence_key (key_id, secret) VALUES (1, ?)"
        " ON CONFLICT (key_id) DO NOTHING",
        hex_of(fresh.data(), fresh.size()));
    secret_ = read();
}

std::string Tokens::proof(std::string_view of) const {
    std::array<unsigned char, proof_bytes> out{};
    crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(of.data()),
                       of.size(), reinterpret_cast<const unsigned char*>(secret_.data()),
                       secret_.size());
    return hex_of(out.data(), out.size()).substr(0, proof_digits);
}

std::string Tokens::mark(int64_t customer_id, int64_t message_id) const {
    const auto what = "m" + std::to_string(customer_id) + "." + std::to_string(message_id);
    return what + "." + proof(what);
}

std::optional<Tokens::Target> Tokens::target(std::string_view mail_id) const {
    const auto mark = mail_id.substr(0, mail_id.find('@'));
    const auto first = mark.find('.'), second = mark.rfind('.');
    Target out;
    if (mark.empty() || mark.front() != 'm' || first == std::string_view::npos || first == second ||
        !read_number(mark.substr(1, first - 1), out.customer_id) ||
        !read_number(mark.substr(first + 1, second - first - 1), out.message_id)) {
        return std::nullopt;
    }
    const auto given = mark.substr(second + 1);
    const auto wanted = proof(mark.substr(0, second));
    if (given.size() != wanted.size() ||
        sodium_memcmp(given.data(), wanted.data(), wanted.size()) != 0) {
        return std::nullopt;
    }
    return out;
}

}  // namespace dunlin::correspondence
