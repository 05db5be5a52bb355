// SPDX-License-Identifier: Apache-2.0
#include "sync/write_backs.hpp"

#include "host.hpp"
#include "store/json_rows.hpp"
#include "sync/stream.hpp"
#include "sync/write_back_run.hpp"

#include <dunlin/abi/write_backs.h>
#include <dunlin/document.hpp>
#include <dunlin/entry.hpp>

#include <boost/algorithm/string/join.hpp>

namespace dunlin::host {

namespace {

constexpr const char* send_kind = "host.write_back";
constexpr std::size_t body_max = std::size_t{12} << 20;  // A letter of 9 MB as base64.
constexpr std::size_t name_max = 400;

std::string limited(dunlin_str text, const char* what) {
    const auto view = to_view(text);
    if (view.empty() || view.size() > name_max) {
        throw Error(DUNLIN_E_INVALID, std::string("the ") + what +
                                          " of a write-back is empty or longer than " +
                                          std::to_string(name_max) + " bytes");
    }
    return std::string(view);
}

std::string document(dunlin_str text, const char* what) {
    const auto view = to_view(text);
    if (view.size() > body_max) {
        throw Error(DUNLIN_E_LIMIT, std::string(what) + " has more than 12 MiB; make it smaller");
    }
    return parse_document(view, what).dump();
}

[[noreturn]] void not_listed(const std::string& source, int64_t id) {
    throw Error(DUNLIN_E_NOT_FOUND, "no write-back " + std::to_string(id) + " to " + source +
                                        " can be changed; see: dunlin writebacks list " + source);
}

void queue_entry(dunlin_tx* tx, const dunlin_write_back* write, int64_t* id) {
    const auto made =
        tx->host->write_backs().queue(writable(tx, "queue"), tx->plugin->id(), *write);
    if (id) *id = made;
}

}  // namespace

WriteBacks::WriteBacks(Host& host) : host_(host) {
    host.jobs().add_host_kind(
        send_kind, [this](const Json& args, dunlin_cancel* asked) { run_job(args, asked); });
}

int64_t WriteBacks::queue(Tx& tx, const std::string& plugin, const dunlin_write_back& write) {
    const auto source = limited(write.source, "source");
    const auto kind = limited(write.kind, "kind");
    const std::string job(to_view(write.job));
    if (tx.moment().is_overridden) {
        throw Error(DUNLIN_E_DENIED,
                    "nothing leaves the house under another date; call it without --today");
    }
    const auto* owner = host_.plugins().by_id(plugin);
    if (!job.empty() && !(owner && owner->manifest.has_job(job))) {
        throw Error(DUNLIN_E_DENIED, "the plugin " + plugin + " has no job \"" + job +
                                         "\"; add it under \"jobs\" in plugin.json");
    }
    const auto offered = host_.sync().write_backs_of(source);
    if (!offered.count(kind)) {
        std::vector<std::string> names;
        for (const auto& one : offered) names.push_back(one.first);
        throw Error(DUNLIN_E_UNSUPPORTED,
                    "the source " + source + " takes no \"" + kind + "\" back; it takes " +
                        (names.empty() ? "nothing" : boost::join(names, ", ")));
    }
    const auto id = host_.ids().next();
    const auto now = tx.moment().now_us;
    const auto base = to_view(write.base_json);
    tx.db().exec(
        "INSERT INTO dunlin_write_back VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 'queued', 0, ?, '',"
        " '', ?, ?, ?)",
        id, source, plugin, kind, limited(write.lane, "lane"), limited(write.entity, "entity"),
        limited(write.external_id, "external id"), document(write.body_json, "the body"),
        base.empty() ? "null" : document(write.base_json, "the base"), job, now,
        tx.principal().name, now, now);
    host_.jobs().enqueue(tx, send_kind, source, Json{{"source", source}}.dump(), 0);
    return id;
}

void WriteBacks::run_job(const Json& args, dunlin_cancel* asked) {
    const std::string source = args.at("source");
    const auto done = send(source, asked);
    const auto due = std::max(done.next_due_us, done.resting_until_us);
    if (due == 0) return;
    auto tx = host_.begin(Access::write);
    // Under another key: the job of this name is the one that is running.
    host_.jobs().enqueue(*tx, send_kind, source + "@" + std::to_string(due), args.dump(), due);
    tx->commit();
}

WriteBackRun::Result WriteBacks::send(const std::string& source, dunlin_cancel* asked) {
    const auto [config, connector] = host_.sync().target(source);
    return WriteBackRun(host_, *config, *connector, asked).run();
}

Json WriteBacks::run(const std::string& source, dunlin_cancel* asked) {
    const auto done = send(source, asked);
    try {
        host_.sync().read_hinted(source, asked);
    } catch (const Error& e) {
        if (!is_retryable(e.status())) throw;  // Its job reads them later.
    }
    Json out{{"source", source}, {"write_backs", done.counts}};
    if (done.resting_until_us > 0) out["rests_until"] = timestamp_text(done.resting_until_us);
    return out;
}

Json WriteBacks::list(const std::string& source, bool is_all) const {
    return json_rows(
        *host_.begin(Access::read)
             ->db()
             .query(
                 R"(SELECT id AS "id:text", source, kind, state, entity, external_id, attempts,
             remote_id, reason, plugin, created_by, created_us AS "created:time",
             changed_us AS "changed:time", due_us AS "due:time"
           FROM dunlin_write_back WHERE (? = '' OR source = ?) AND (? = 1 OR state <> 'confirmed')
           ORDER BY id LIMIT 1000)",
                 source, source, is_all ? 1 : 0));
}

Json WriteBacks::counts() const {
    return json_rows(
        *host_.begin(Access::read)->db().query(R"(SELECT source, state, count(*) AS "count"
           FROM dunlin_write_back GROUP BY source, state ORDER BY source, state)"));
}

int64_t WriteBacks::retry(const std::string& source, int64_t id) {
    const auto offered = host_.sync().write_backs_of(source);
    auto tx = host_.begin(Access::write);
    std::vector<int64_t> ids(id != 0 ? 1 : 0, id);
    if (id == 0) {
        auto row = tx->db().query(
            "SELECT id FROM dunlin_write_back WHERE source = ?"
            " AND state IN ('queued', 'unknown', 'parked') ORDER BY id",
            source);
        while (row->step()) ids.push_back(row->i64(0));
    }
    for (const auto one : ids) {
        auto write = WriteBackRun::load(*tx, source, one);
        if (!write || write->state == "confirmed" || write->state == "sending") {
            not_listed(source, one);
        }
        const auto key = offered.find(write->kind);
        const bool cannot_be_found = key == offered.end() || key->second == "none";
        // A person has seen what is there and wants it written nevertheless, under a new key: the
        // old one may belong to something that was made and deleted.
        const bool is_anew = !write->is_waiting() || (write->state == "parked" && cannot_be_found);
        const bool is_queued = is_anew || write->state == "queued";
        tx->db().exec(
            "UPDATE dunlin_write_back SET state = ?, generation = generation + ?, base_json = ?,"
            " attempts = 0, due_us = ?, changed_us = ? WHERE source = ? AND id = ?",
            is_queued ? "queued" : "unknown", is_anew ? 1 : 0,
            is_anew ? "null" : write->base_json.c_str(), tx->moment().now_us, tx->moment().now_us,
            source, one);
    }
    host_.jobs().enqueue(*tx, send_kind, source, Json{{"source", source}}.dump(), 0);
    tx->commit();
    return static_cast<int64_t>(ids.size());
}

void WriteBacks::cancel(const std::string& source, int64_t id) {
    auto tx = host_.begin(Access::write);
    auto write = WriteBackRun::load(*tx, source, id);
    // One that is being sent has its outcome soon.
    if (!write || write->state == "sending" || !write->is_waiting()) not_listed(source, id);
    write->reason = "given up by " + tx->principal().name;
    WriteBackRun::settle(host_, *tx, *write, "cancelled");
    tx->commit();
}

const dunlin_write_backs_v1 write_backs_service = {sizeof write_backs_service, 0,
                                                   entry<queue_entry>};

}  // namespace dunlin::host
