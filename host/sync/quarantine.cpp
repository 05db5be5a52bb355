// SPDX-License-Identifier: Apache-2.0
#include "sync/quarantine.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

namespace dunlin::host {

namespace {

constexpr std::size_t key_bytes_max = 500;
constexpr std::size_t raw_bytes_max = 256 * 1024;

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// UTF-8 without zero bytes, whatever it was.
std::string clean(std::string_view text, std::size_t bytes_max) {
    auto out = Json::parse(dump(std::string(text.substr(0, bytes_max)))).get<std::string>();
    std::erase(out, '\0');
    return out;
}

/// Rows without an id of their own are known by what they hold.
std::string key_of(std::string_view external_id, std::string_view content) {
    if (!external_id.empty() && external_id.size() <= key_bytes_max) {
        return clean(external_id, key_bytes_max);
    }
    std::array<unsigned char, 16> digest{};
    const std::string all = std::string(external_id) + '\n' + std::string(content);
    crypto_generichash(digest.data(), digest.size(),
                       reinterpret_cast<const unsigned char*>(all.data()), all.size(), nullptr, 0);
    std::string out = "#";
    for (const auto byte : digest) {
        out += "0123456789abcdef"[byte >> 4];
        out += "0123456789abcdef"[byte & 15];
    }
    return out;
}

RefusedRow refuse_row(const BatchView& rows, int64_t row, std::string code, std::string reason) {
    RefusedRow out;
    out.raw_json = dump(row_to_json(rows, row));
    out.key = key_of(rows.optional("external_id").text(row), out.raw_json);
    out.code = std::move(code);
    out.reason = std::move(reason);
    return out;
}

std::string text_of(const Json& object, const char* member) {
    const auto it = object.find(member);
    if (it == object.end() || it->is_null()) return {};
    return it->is_string() ? it->get<std::string>() : dump(*it);
}

}  // namespace

Quarantine::Quarantine(Tx& tx, std::string source, std::string entity)
    : source_(std::move(source)), entity_(std::move(entity)) {
    auto rows = tx.db().query(
        "SELECT row_key FROM dunlin_quarantine WHERE source = ? AND entity = ? AND state = 'open'",
        source_, entity_);
    while (rows->step()) open_.emplace(rows->text(0));
}

std::vector<RefusedRow> Quarantine::of_connector(const std::string& errors_json) {
    std::vector<RefusedRow> out;
    if (errors_json.empty()) return out;
    const auto errors = Json::parse(errors_json, nullptr, /*allow_exceptions=*/false);
    if (!errors.is_array()) {
        throw Error(DUNLIN_E_DATA,
                    "the connector's list of rows it could not read is no JSON list");
    }
    for (const auto& error : errors) {
        RefusedRow row;
        const auto raw = text_of(error, "raw");
        row.position = clean(text_of(error, "position"), 1000);
        row.key = key_of(text_of(error, "external_id"), row.position + "\n" + raw);
        row.code = text_of(error, "code");
        row.reason = text_of(error, "reason");
        row.raw_json = dump({{"raw", raw.substr(0, raw_bytes_max)}});
        out.push_back(std::move(row));
    }
    return out;
}

std::vector<RefusedRow> Quarantine::of_broken(const BatchView& rows,
                                              const std::vector<int64_t>& broken) {
    std::vector<RefusedRow> out;
    for (const auto row : broken) {
        out.push_back(refuse_row(rows, row, "encoding",
                                 "a text of this row is not UTF-8 or holds a zero byte; correct it "
                                 "in the source or set the source's encoding"));
    }
    return out;
}

std::vector<RefusedRow> Quarantine::of_sink(const BatchView& rows, const Json& rejects) {
    std::vector<RefusedRow> out;
    for (const auto& reject : rejects) {
        const auto row = reject.at("row").get<int64_t>();
        if (row < 0 || row >= rows.rows()) {
            throw Error(DUNLIN_E_INTERNAL, "the sink rejected row " + std::to_string(row) +
                                               " of a batch of " + std::to_string(rows.rows()));
        }
        auto refused = refuse_row(rows, row, text_of(reject, "code"), text_of(reject, "reason"));
        refused.row = row;
        refused.can_retry = reject.value("retry", 0) != 0;
        out.push_back(std::move(refused));
    }
    return out;
}

void Quarantine::put(Tx& tx, const std::vector<RefusedRow>& refused) {
    if (refused.empty()) return;
    auto upsert = tx.db().prepare(
        "INSERT INTO dunlin_quarantine (source, entity, row_key, position, code, reason, raw_json,"
        " can_retry, state, attempts, first_seen_us, last_seen_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', 1, ?, ?)"
        " ON CONFLICT (source, entity, row_key) DO UPDATE SET"
        " position = CASE WHEN excluded.position = '' THEN dunlin_quarantine.position"
        " ELSE excluded.position END,"
        " code = excluded.code, reason = excluded.reason, raw_json = excluded.raw_json,"
        " can_retry = excluded.can_retry, state = 'open',"
        " attempts = dunlin_quarantine.attempts + 1, last_seen_us = excluded.last_seen_us");
    const auto now = tx.moment().now_us;
    for (const auto& row : refused) {
        const bool is_cut = row.raw_json.size() > raw_bytes_max;
        const auto raw =
            is_cut
                ? dump({{"cut_after", raw_bytes_max}, {"raw", clean(row.raw_json, raw_bytes_max)}})
                : row.raw_json;
        upsert->bind(source_, entity_, row.key, row.position, clean(row.code, 100),
                     clean(row.reason, 4000), raw, row.can_retry && !is_cut ? 1 : 0, now, now);
        while (upsert->step()) {
        }
        upsert->reset();
    }
}

int64_t Quarantine::settle(Tx& tx, const BatchView& taken, const std::vector<RefusedRow>& refused) {
    if (open_.empty() || taken.rows() == 0) return 0;
    std::unordered_set<std::string_view> still_bad;
    for (const auto& row : refused) still_bad.insert(row.key);
    std::vector<std::string> fixed;
    const auto ids = taken.optional("external_id");
    for (int64_t r = 0; r < taken.rows(); ++r) {
        std::string key(ids.text(r));
        if (open_.count(key) > 0 && still_bad.count(key) == 0) fixed.push_back(std::move(key));
    }
    return mark_fixed(tx, fixed);
}

int64_t Quarantine::mark_fixed(Tx& tx, const std::vector<std::string>& keys) {
    int64_t fixed = 0;
    if (keys.empty()) return fixed;
    auto update = tx.db().prepare(
        "UPDATE dunlin_quarantine SET state = 'fixed', last_seen_us = ?"
        " WHERE source = ? AND entity = ? AND row_key = ? AND state = 'open'");
    for (const auto& key : keys) {
        update->bind(tx.moment().now_us, source_, entity_, key);
        while (update->step()) {
        }
        fixed += update->changes();
        update->reset();
    }
    return fixed;
}

void Quarantine::committed(const std::vector<RefusedRow>& refused) {
    for (const auto& row : refused) open_.insert(row.key);
}

std::vector<std::pair<std::string, Json>> Quarantine::retryable(Tx& tx, const std::string& after,
                                                                int64_t limit) {
    auto rows = tx.db().query(
        "SELECT row_key, raw_json FROM dunlin_quarantine WHERE source = ? AND entity = ?"
        " AND state = 'open' AND can_retry = 1 AND row_key > ? ORDER BY row_key LIMIT ?",
        source_, entity_, after, limit);
    std::vector<std::pair<std::string, Json>> out;
    while (rows->step()) {
        out.emplace_back(rows->text(0),
                         Json::parse(rows->text(1), nullptr, /*allow_exceptions=*/false));
    }
    return out;
}

}  // namespace dunlin::host
