// SPDX-License-Identifier: Apache-2.0
#include "sync/stream.hpp"

#include "base/backoff.hpp"

#include <dunlin/digest.hpp>

#include <map>

namespace dunlin::host {

namespace {

constexpr int64_t day_us = 86'400 * second_us;
/// An unfinished window that is older begins again: pages behind it may have moved.
constexpr int64_t window_age_max_us = day_us;

template <class T>
T choice(const Json& said, const char* key, const std::map<std::string, T>& choices, T otherwise) {
    if (!said.contains(key)) return otherwise;
    const auto found = choices.find(said.at(key).get<std::string>());
    if (found != choices.end()) return found->second;
    throw Error(DUNLIN_E_DATA, std::string(key) + " is " + said.at(key).dump());
}

StreamSpec spec_of(const Json& said) {
    using Cursor = StreamSpec::Cursor;
    StreamSpec out;
    out.entity = said.at("name");
    out.cursor = choice<Cursor>(
        said, "cursor",
        {{"none", Cursor::none}, {"token", Cursor::token}, {"keyset", Cursor::keyset}},
        Cursor::token);
    out.overlap_us = said.value("overlap_seconds", int64_t{0}) * second_us;
    out.retention_us = said.value("retention_days", int64_t{0}) * day_us;
    out.is_swept =
        choice<bool>(said, "deletes", {{"none", false}, {"rows", false}, {"sweep", true}}, false);
    out.by_id = said.value("by_id", false);
    out.digest = sha256_of(said.dump());
    return out;
}

/// The later of two times, either of which may be unknown.
void raise(std::optional<int64_t>& to, const std::optional<int64_t>& at) {
    if (at && (!to || *at > *to)) to = at;
}

}  // namespace

Described Described::of(const Json& said, const std::string& connector) {
    Described out;
    out.retries = said.value("retries", out.retries);
    for (const auto& one : said.value("write_backs", Json::array())) {
        out.write_backs[one.at("kind")] = one.value("key", "none");
    }
    for (const auto& one : said.at("entities")) {
        try {
            out.streams.push_back(spec_of(one));
        } catch (const std::exception& e) {
            throw Error(DUNLIN_E_DATA, "the connector " + connector +
                                           " describes a stream that this host does not "
                                           "understand: " +
                                           e.what() + " in " + one.dump());
        }
    }
    return out;
}

StreamState StreamState::load(Tx& tx, const std::string& source, const std::string& entity) {
    StreamState out;
    auto row = tx.db().query(
        "SELECT cursor_text, since_us, seen_us, server_us, window_began_us, swept_us, shape"
        " FROM dunlin_sync_cursor WHERE source = ? AND entity = ?",
        source, entity);
    if (!row->step()) return out;
    const auto time = [&](int column) {
        return row->is_null(column) ? std::nullopt : std::optional(row->i64(column));
    };
    out.resume = row->text(0);
    out.since_us = time(1);
    out.seen_us = time(2);
    out.server_us = time(3);
    out.window_began_us = row->i64(4);
    out.swept_us = row->i64(5);
    out.shape = row->text(6);
    out.is_new = false;
    return out;
}

void StreamState::save(Tx& tx, const std::string& source, const std::string& entity) const {
    tx.db().exec(
        "INSERT INTO dunlin_sync_cursor VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (source, entity) DO UPDATE SET cursor_text = excluded.cursor_text,"
        " since_us = excluded.since_us, seen_us = excluded.seen_us,"
        " server_us = excluded.server_us, window_began_us = excluded.window_began_us,"
        " swept_us = excluded.swept_us, shape = excluded.shape, at_us = excluded.at_us",
        source, entity, resume, since_us, seen_us, server_us, window_began_us, swept_us, shape,
        tx.moment().now_us);
}

std::string StreamState::begin(const StreamSpec& spec, const std::string& shape_now,
                               int64_t now_us) {
    if (spec.cursor == StreamSpec::Cursor::token) return {};  // The connector's own affair.
    const auto restart = [&](const std::string& why) {
        since_us.reset();
        resume.clear();
        return "everything is read again: " + why;
    };
    std::string note;
    if (!is_new && shape != shape_now) {
        note = restart("the source's settings or the connector changed");
    } else if (since_us && spec.retention_us > 0 && now_us - *since_us > spec.retention_us) {
        note = restart("the last run is longer ago than the other system keeps changes");
    } else if (!resume.empty() && now_us - window_began_us > window_age_max_us) {
        resume.clear();
        note = "the run that was broken off began more than a day ago; it begins again";
    }
    if (resume.empty()) {
        seen_us.reset();
        server_us.reset();
        window_began_us = now_us;
        // The first look at everything finds no deletions.
        if (is_new) swept_us = now_us;
    }
    shape = shape_now;
    return note;
}

void StreamState::pass(const StreamSpec& spec, const PulledPage& page) {
    if (!page.next_cursor.empty()) resume = page.next_cursor;
    if (spec.cursor != StreamSpec::Cursor::keyset) return;
    raise(seen_us, page.changed_max_us);
    if (!server_us) server_us = page.server_us;
}

void StreamState::finish(const StreamSpec& spec, int64_t now_us) {
    if (spec.cursor == StreamSpec::Cursor::token) return;
    resume.clear();
    window_began_us = now_us;
    auto reached = seen_us;
    if (reached && server_us) reached = std::min(*reached, *server_us);
    if (reached) *reached -= spec.overlap_us;
    raise(since_us, reached);
}

}  // namespace dunlin::host
