// SPDX-License-Identifier: Apache-2.0
#include "sync/quarantine.hpp"

#include <dunlin/digest.hpp>

#include <algorithm>

namespace dunlin::host {

namespace {

constexpr std::size_t key_bytes_max = 500;
constexpr std::size_t raw_bytes_max = 256 * 1024;

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// UTF-8 without zero bytes, whatever it was.
std::string clean(std::string_view text, std::size_t bytes_max) {
    auto out = Json::parse(dump(text.substr(0, bytes_max))).get<std::string>();
    std::erase(out, '\0');
    return out;
}

/// Rows without an id of their own are known by what they hold.
std::string key_of(std::string_view external_id, std::string_view content) {
    if (!external_id.empty() && external_id.size() <= key_bytes_max) {
        return clean(external_id, key_bytes_max);
    }
    return "#" + sha256_of(std::string(external_id) + '\n' + std::string(content)).substr(0, 32);
}

std::string text_of(const Json& object, const char* member) {
    const auto it = object.find(member);
    if (it == object.end() || it->is_null()) return {};
    return it->is_string() ? it->get<std::string>() : dump(*it);
}

}  // namespace

Batch without_rows(const BatchView& rows, const std::vector<int64_t>& left_out) {
    std::vector<ColumnSpec> columns;
    for (int64_t c = 0; c < rows.columns(); ++c) {
        columns.push_back({std::string(rows.name(c)), rows[c].type()});
    }
    BatchBuilder out(columns);
    for (int64_t r = 0; r < rows.rows(); ++r) {
        if (!std::binary_search(left_out.begin(), left_out.end(), r)) {
            add_row(out, row_to_json(rows, r));
        }
    }
    return out.finish();
}

std::vector<RefusedRow> RefusedRow::of_connector(const std::string& errors_json) {
    std::vector<RefusedRow> out;
    if (errors_json.empty()) return out;
    const auto errors = Json::parse(errors_json, nullptr, /*allow_exceptions=*/false);
    if (!errors.is_array()) {
        throw Error(DUNLIN_E_DATA, "its list of rows that could not be read is no JSON list");
    }
    for (const auto& error : errors) {
        auto& row = out.emplace_back();
        const auto raw = text_of(error, "raw");
        row.position = text_of(error, "position");
        row.key = key_of(text_of(error, "external_id"), row.position + "\n" + raw);
        row.raw_json = dump({{"raw", raw.substr(0, raw_bytes_max)}});
        row.explain(error);
    }
    return out;
}

RefusedRow RefusedRow::of_batch(const BatchView& rows, int64_t row) {
    auto content = row_to_json(rows, row);
    RefusedRow out;
    out.position = text_of(content, position_column);
    content.erase(position_column);
    out.raw_json = dump(content);
    out.key = key_of(rows.optional("external_id").text(row), out.raw_json);
    return out;
}

void RefusedRow::explain(const Json& said) {
    code = text_of(said, "code");
    reason = text_of(said, "reason");
    const auto retry = text_of(said, "retry");
    can_retry = retry == "1" || retry == "true";
}

Quarantine::Quarantine(Tx& tx, std::string source, std::string entity)
    : source_(std::move(source)), entity_(std::move(entity)) {
    auto rows = tx.db().query(
        "SELECT row_key FROM dunlin_quarantine WHERE source = ? AND entity = ? AND state = 'open'",
        source_, entity_);
    while (rows->step()) open_.emplace(rows->text(0));
}

std::vector<std::string> Quarantine::known_of(const BatchView& rows) const {
    std::vector<std::string> out;
    if (open_.empty()) return out;
    const auto ids = rows.optional("external_id");
    for (int64_t r = 0; r < rows.rows(); ++r) {
        std::string key(ids.text(r));
        if (open_.count(key) > 0) out.push_back(std::move(key));
    }
    return out;
}

int64_t Quarantine::settle(Tx& tx, const std::vector<RefusedRow>& refused,
                           const std::vector<std::string>& brought) {
    const auto now = tx.moment().now_us;
    std::unordered_set<std::string_view> still_bad;
    for (const auto& row : refused) {
        const bool is_cut = row.raw_json.size() > raw_bytes_max;
        const auto cut = [&] {
            return dump(
                {{"cut_after", raw_bytes_max}, {"raw", clean(row.raw_json, raw_bytes_max)}});
        };
        tx.db().exec(
            "INSERT INTO dunlin_quarantine (source, entity, row_key, position, code, reason,"
            " raw_json, can_retry, state, attempts, first_seen_us, last_seen_us)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', 1, ?, ?)"
            " ON CONFLICT (source, entity, row_key) DO UPDATE SET"
            " position = CASE WHEN excluded.position = '' THEN dunlin_quarantine.position"
            " ELSE excluded.position END,"
            " code = excluded.code, reason = excluded.reason, raw_json = excluded.raw_json,"
            " can_retry = excluded.can_retry, state = 'open',"
            " attempts = dunlin_quarantine.attempts + 1, last_seen_us = excluded.last_seen_us",
            source_, entity_, row.key, clean(row.position, 1000), clean(row.code, 100),
            clean(row.reason, 4000), is_cut ? cut() : row.raw_json, row.can_retry && !is_cut, now,
            now);
        still_bad.insert(row.key);
        open_.insert(row.key);
    }
    int64_t fixed = 0;
    for (const auto& key : brought) {
        if (still_bad.count(key) > 0) continue;
        fixed += tx.db().exec(
            "UPDATE dunlin_quarantine SET state = 'fixed', last_seen_us = ?"
            " WHERE source = ? AND entity = ? AND row_key = ? AND state = 'open'",
            now, source_, entity_, key);
    }
    return fixed;
}

std::vector<std::string> Quarantine::unreadable(Tx& tx, int64_t before_us,
                                                std::size_t limit) const {
    auto rows = tx.db().query(
        "SELECT row_key FROM dunlin_quarantine WHERE source = ? AND entity = ?"
        " AND state = 'open' AND can_retry = 0 AND row_key NOT LIKE '#%' AND last_seen_us < ?"
        " ORDER BY last_seen_us LIMIT ?",
        source_, entity_, before_us, static_cast<int64_t>(limit));
    std::vector<std::string> out;
    while (rows->step()) out.emplace_back(rows->text(0));
    return out;
}

std::vector<RefusedRow> Quarantine::retryable(Tx& tx, const std::string& after,
                                              int64_t limit) const {
    auto rows = tx.db().query(
        "SELECT row_key, position, raw_json FROM dunlin_quarantine WHERE source = ? AND entity = ?"
        " AND state = 'open' AND can_retry = 1 AND row_key > ? ORDER BY row_key LIMIT ?",
        source_, entity_, after, limit);
    std::vector<RefusedRow> out;
    while (rows->step()) {
        auto& row = out.emplace_back();
        row.key = rows->text(0);
        row.position = rows->text(1);
        row.raw_json = rows->text(2);
    }
    return out;
}

}  // namespace dunlin::host
