// SPDX-License-Identifier: Apache-2.0
#include "commands/ledger.hpp"

#include <sodium.h>

#include <array>

namespace dunlin::host {

namespace {

constexpr std::string_view claimed_meanwhile = "{\"reason\":\"idempotency_key_claimed\"}";

std::string digest_of(const std::string& text) {
    std::array<unsigned char, crypto_generichash_BYTES> hash{};
    crypto_generichash(hash.data(), hash.size(),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr,
                       0);
    std::array<char, 2 * crypto_generichash_BYTES + 1> hex{};
    sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
    return hex.data();
}

}  // namespace

void write_audit(Tx& tx, int64_t id, const std::string& command, std::string_view request_json,
                 std::string_view status) {
    tx.db().enter(nullptr);
    tx.db().exec("INSERT INTO dunlin_audit VALUES (?, ?, ?, ?, ?, ?, ?)", id, tx.moment().now_us,
                 tx.moment().today, tx.principal().name, command, request_json, status);
}

FirstReply::FirstReply(std::string command, std::string key, const std::string& request)
    : command_(std::move(command)), key_(std::move(key)) {
    if (key_.size() > 200) {
        throw Error(DUNLIN_E_INVALID, "an idempotency key has at most 200 bytes");
    }
    if (!key_.empty()) digest_ = digest_of(command_ + "\n" + request);
}

std::optional<std::string> FirstReply::find_or_claim(Tx& tx) const {
    if (key_.empty()) return std::nullopt;
    {
        auto row = tx.db().query(
            "SELECT command, request_digest, reply_json FROM dunlin_idempotency "
            "WHERE principal = ? AND key = ?",
            tx.principal().name, key_);
        if (row->step()) {
            if (row->text(1) == digest_) return std::string(row->text(2));
            throw Error(DUNLIN_E_CONFLICT, "the idempotency key " + key_ +
                                               " was used for another request (of " +
                                               std::string(row->text(0)) + "); use a new key");
        }
    }
    try {
        tx.db().exec("INSERT INTO dunlin_idempotency VALUES (?, ?, ?, ?, '', ?)",
                     tx.principal().name, key_, command_, digest_, tx.moment().now_us);
    } catch (const Error& e) {
        if (e.status() != DUNLIN_E_EXISTS) throw;
        throw Error(DUNLIN_E_CONFLICT, "the same idempotency key is in use at this moment",
                    std::string(claimed_meanwhile));
    }
    return std::nullopt;
}

void FirstReply::keep(Tx& tx, const std::string& reply) const {
    if (key_.empty()) return;
    tx.db().exec("UPDATE dunlin_idempotency SET reply_json = ? WHERE principal = ? AND key = ?",
                 reply, tx.principal().name, key_);
}

bool FirstReply::was_claimed_meanwhile(const Error& e) {
    return e.detail_json() == claimed_meanwhile;
}

}  // namespace dunlin::host
