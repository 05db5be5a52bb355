// SPDX-License-Identifier: Apache-2.0
#include "sync/stream_run.hpp"

#include "base/backoff.hpp"

#include <dunlin/digest.hpp>

#include <algorithm>
#include <thread>
#include <utility>

namespace dunlin::host {

namespace {

constexpr int64_t broken_rows_min = 1000;  // Fewer never stop an entity.
constexpr int64_t keys_at_once = 10'000;
constexpr std::size_t rows_at_once = 1000;  // Of deletions and of rows fetched by id.
constexpr std::size_t vanished_min = 10;    // Fewer never stop a sweep.
constexpr int64_t fetch_every_us = 3600 * second_us;

}  // namespace

std::optional<int64_t> retry_after_us(const Error& error) {
    const auto detail = Json::parse(error.detail_json(), nullptr, /*allow_exceptions=*/false);
    if (!detail.is_object() || !detail.contains("retry_after_ms")) return std::nullopt;
    return detail["retry_after_ms"].get<int64_t>() * 1000 + second_us;
}

int64_t parked_until(Tx& tx, const std::string& source, std::string* reason) {
    auto row = tx.db().query(
        "SELECT until_us, reason FROM dunlin_sync_parked WHERE source = ? AND until_us > ?", source,
        tx.moment().now_us);
    if (!row->step()) return 0;
    if (reason) *reason = row->text(1);
    return row->i64(0);
}

void refuse_when_parked(Host& host, const std::string& source) {
    std::string why;
    const auto tx = host.begin(Access::read);
    const auto until = parked_until(*tx, source, &why);
    if (until == 0) return;
    const auto wait_ms = (until - tx->moment().now_us) / 1000;
    throw Error(DUNLIN_E_UNAVAILABLE,
                "the source " + source + " rests until " + timestamp_text(until) + ": " + why,
                Json{{"retry_after_ms", wait_ms}}.dump());
}

void park(Tx& tx, const std::string& source, int64_t wait_us, const std::string& reason) {
    tx.db().exec(
        "INSERT INTO dunlin_sync_parked VALUES (?, ?, ?) ON CONFLICT (source)"
        " DO UPDATE SET until_us = excluded.until_us, reason = excluded.reason",
        source, tx.moment().now_us + wait_us, reason);
}

void RunContext::commit(const std::string& what, EntityReport& entity,
                        const std::function<void(Tx&, EntityReport&)>& body) {
    auto now = entity;
    lease.commit(what + entity.entity, [&](Tx& tx) {
        now = entity;
        body(tx, now);
    });
    entity = now;
}

void RunContext::settle(Tx& tx, Quarantine& quarantine, const std::vector<RefusedRow>& refused,
                        const std::vector<std::string>& brought, EntityReport& entity) {
    entity.broken += std::count_if(refused.begin(), refused.end(),
                                   [](const auto& row) { return !row.can_retry; });
    entity.quarantined += static_cast<int64_t>(refused.size());
    if (entity.broken > broken_rows_min && entity.broken * 2 > entity.read) {
        throw Error(DUNLIN_E_DATA, "more than half of the rows of " + entity.entity +
                                       " cannot be taken, so the source has probably changed its "
                                       "shape; the last one: " +
                                       refused.back().reason);
    }
    entity.fixed += quarantine.settle(tx, refused, brought);
}

StreamRun::StreamRun(RunContext& run, dunlin_source* opened, const Described& described,
                     const StreamSpec& spec, const Sink::Entity& kind, EntityReport& entity)
    : run_(run),
      opened_(opened),
      described_(described),
      spec_(spec),
      kind_(kind),
      entity_(entity),
      quarantine_(run.quarantine_of(spec.entity)),
      state_(StreamState::load(*run.host.begin(Access::read), run.source.name, spec.entity)) {}

void StreamRun::read_changes(const Passed& passed, const Told& told) {
    if (run_.options.reads_all) {
        state_.resume.clear();
        state_.since_us.reset();
    }
    entity_.note = state_.begin(spec_, shape(), run_.host.clock().now_us());
    pull({spec_.entity, state_.resume, state_.since_us}, [&](const PulledPage& page) {
        auto state = state_;
        run_.commit("a page of ", entity_, [&](Tx& tx, EntityReport& now) {
            take(tx, page, now);
            state = state_;
            state.pass(spec_, page);
            state.save(tx, run_.source.name, spec_.entity);
            passed(tx, now);
        });
        state_ = state;
        told(page.done, page.total);
    });
    if (spec_.cursor == StreamSpec::Cursor::token) return;
    run_.commit("the end of ", entity_, [&](Tx& tx, EntityReport&) {
        state_.finish(spec_, tx.moment().now_us);
        state_.save(tx, run_.source.name, spec_.entity);
    });
}

void StreamRun::sweep() {
    const auto now = run_.host.clock().now_us();
    const bool is_due =
        run_.options.sweeps ||
        (run_.source.sweep_every_us > 0 && now - state_.swept_us >= run_.source.sweep_every_us);
    if (!spec_.is_swept || !is_due) return;
    const auto there = ids_there();
    std::vector<std::string> gone;
    std::size_t known = 0;
    for (std::string after;;) {
        const auto keys = run_.sink.keys(spec_.entity, after, keys_at_once);
        known += keys.size();
        for (const auto& key : keys) {
            if (!std::binary_search(there.begin(), there.end(), key)) gone.push_back(key);
        }
        if (keys.size() < static_cast<std::size_t>(keys_at_once)) break;
        after = keys.back();
    }
    if (gone.size() > std::max(vanished_min, known / 20) && !run_.options.confirms_sweep) {
        entity_.error = std::to_string(gone.size()) + " of " + std::to_string(known) +
                        " rows are not in the other system any more, more than a twentieth; "
                        "nothing was deleted. If that is right: dunlin sync " +
                        run_.source.name + " --confirm-sweep";
        return;
    }
    remove(gone);
    run_.commit("the sweep of ", entity_, [&](Tx& tx, EntityReport&) {
        state_.swept_us = now;
        state_.save(tx, run_.source.name, spec_.entity);
    });
}

void StreamRun::fetch_unreadable() {
    if (!spec_.by_id) return;
    const auto before = run_.began_us - fetch_every_us;
    read_rows(quarantine_.unreadable(*run_.host.begin(Access::read), before, rows_at_once));
}

void StreamRun::read_rows(const std::vector<std::string>& ids) {
    for (std::size_t at = 0; at < ids.size(); at += rows_at_once) {
        PullRequest request{spec_.entity};
        request.mode = PullRequest::Mode::by_id;
        request.ids.assign(
            ids.begin() + static_cast<std::ptrdiff_t>(at),
            ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), at + rows_at_once)));
        pull(request, [&](const PulledPage& page) {
            run_.commit("rows fetched again of ", entity_,
                        [&](Tx& tx, EntityReport& now) { take(tx, page, now); });
        });
    }
}

/// Reads all pages; one that fails in passing is asked for again.
void StreamRun::pull(PullRequest request, const std::function<void(const PulledPage&)>& take) {
    std::optional<PageReader> reader;
    for (int64_t attempt = 0;;) {
        std::optional<PulledPage> page;
        if (!reader) reader.emplace(run_.host, run_.connector, opened_, request);
        try {
            page = next(*reader);
        } catch (const Error& error) {
            if (run_.lease.is_lost()) throw;
            wait_out(error, ++attempt);
            reader.reset();
            continue;
        }
        if (!page) return;
        attempt = 0;
        take(*page);
        if (!page->next_cursor.empty()) request.resume = page->next_cursor;
    }
}

std::optional<PulledPage> StreamRun::next(PageReader& reader) const {
    do {
        run_.stop_if_asked();
        run_.lease.keep();
    } while (!reader.is_ready());
    return reader.take();
}

/// Returns when it is time to try again, throws on when that is of no use.
void StreamRun::wait_out(const Error& error, int64_t attempt) {
    const bool passes =
        error.status() == DUNLIN_E_UNAVAILABLE || error.status() == DUNLIN_E_TIMEOUT;
    if (!passes) throw error;
    const auto ours = backoff_us(attempt, second_us, 60 * second_us);
    const auto wait = retry_after_us(error).value_or(ours);
    if (wait > wait_max_us) {
        run_.lease.commit("parking",
                          [&](Tx& tx) { park(tx, run_.source.name, wait, error.what()); });
        throw error;
    }
    if (attempt > described_.retries) throw error;
    ++entity_.retries;
    run_.host.log().warn("sync", "a page is asked for again",
                         {{"source", run_.source.name},
                          {"entity", spec_.entity},
                          {"attempt", attempt},
                          {"wait_ms", wait / 1000},
                          {"error", error.what()}});
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(wait);
    while (std::chrono::steady_clock::now() < until) {
        run_.stop_if_asked();
        run_.lease.keep();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

/// What a connector brings and nobody takes is said, not dropped in silence.
void StreamRun::note_unknown_columns(const BatchView& rows, EntityReport& now) {
    if (std::exchange(has_compared_, true)) return;
    std::string unknown;
    for (int64_t i = 0; i < rows.columns(); ++i) {
        const auto name = rows.name(i);
        const bool is_known =
            name == position_column ||
            std::any_of(kind_.columns.begin(), kind_.columns.end(),
                        [&](const ColumnSpec& column) { return column.name == name; });
        if (!is_known) unknown.append(unknown.empty() ? "" : ", ").append(name);
    }
    if (unknown.empty()) return;
    now.note += (now.note.empty() ? "" : "; ") + run_.sink.plugin.id() +
                " does not know and left out: " + unknown;
}

void StreamRun::take(Tx& tx, const PulledPage& page, EntityReport& now) {
    auto refused = page.refused;
    const auto unread = refused.size();
    std::vector<std::string> brought;
    if (page.rows.rows() > 0) {
        const BatchView rows(page.rows);
        note_unknown_columns(rows, now);
        const auto row_at = [&](int64_t row) { return RefusedRow::of_batch(rows, row); };
        run_.sink.apply(tx, page.rows, row_at, now, refused);
        brought = quarantine_.known_of(rows);
    }
    now.read += page.rows.rows() + static_cast<int64_t>(unread);
    now.rejected += static_cast<int64_t>(refused.size() - unread);
    RunContext::settle(tx, quarantine_, refused, brought, now);
}

/// Sorted.
std::vector<std::string> StreamRun::ids_there() {
    std::vector<std::string> out;
    PullRequest request{spec_.entity};
    request.mode = PullRequest::Mode::ids;
    pull(request, [&](const PulledPage& page) {
        if (page.rows.rows() == 0) return;
        const BatchView rows(page.rows);
        const auto ids = rows.required("external_id");
        for (int64_t i = 0; i < rows.rows(); ++i) out.emplace_back(ids.text(i));
    });
    std::sort(out.begin(), out.end());
    return out;
}

void StreamRun::remove(const std::vector<std::string>& gone) {
    for (std::size_t at = 0; at < gone.size(); at += rows_at_once) {
        std::vector<Json> tombstones;
        for (auto i = at; i < std::min(gone.size(), at + rows_at_once); ++i) {
            tombstones.push_back({{"external_id", gone[i]}, {"deleted", true}});
        }
        const auto rows = rows_from_json(tombstones, kind_.columns);
        const auto row_at = [&](int64_t row) { return RefusedRow::of_batch(BatchView(rows), row); };
        run_.commit("deletions of ", entity_, [&](Tx& tx, EntityReport& now) {
            std::vector<RefusedRow> refused;
            run_.sink.apply(tx, rows, row_at, now, refused);
            RunContext::settle(tx, quarantine_, refused, {}, now);
        });
    }
}

/// What decides which rows come: another shape means that earlier ones are of no use.
std::string StreamRun::shape() const {
    return sha256_of(run_.connector.id() + spec_.digest + run_.source.settings_digest);
}

}  // namespace dunlin::host
