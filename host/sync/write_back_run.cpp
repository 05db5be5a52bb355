// SPDX-License-Identifier: Apache-2.0
#include "sync/write_back_run.hpp"

#include "base/backoff.hpp"
#include "host.hpp"
#include "sync/hints.hpp"

#include <algorithm>
#include <future>

namespace dunlin::host {

namespace {

constexpr int64_t minute_us = 60 * second_us;
constexpr int64_t attempts_max = 24;  // With the waits below about a day.
/// A request that was cut off may still be carried out that long after.
constexpr int64_t absence_us = minute_us;

constexpr const char* columns =
    "SELECT id, generation, attempts, due_us, changed_us, source, plugin, kind, lane, entity, "
    "external_id, job,"
    " state, body_json, base_json, remote_id, reason FROM dunlin_write_back WHERE source = ?";

int64_t wait_of(const Error& error, int64_t attempts) {
    const auto asked = retry_after_us(error);
    return asked ? *asked : backoff_us(attempts, second_us, 3600 * second_us);
}

const char* name_of(Receipt::State state) {
    switch (state) {
        case Receipt::State::confirmed: return "confirmed";
        case Receipt::State::rejected: return "rejected";
        case Receipt::State::conflict: return "conflict";
        case Receipt::State::absent: break;
    }
    return "absent";
}

void save(Tx& tx, const PendingWrite& write) {
    tx.db().exec(
        "UPDATE dunlin_write_back SET state = ?, attempts = ?, due_us = ?, remote_id = ?,"
        " reason = ?, changed_us = ? WHERE source = ? AND id = ?",
        write.state, write.attempts, write.due_us, write.remote_id, write.reason, write.changed_us,
        write.source, write.id);
}

void change(PendingWrite& write, const std::string& state, int64_t now_us) {
    if (state != write.state) write.changed_us = now_us;
    write.state = state;
}

}  // namespace

WriteBackRun::WriteBackRun(Host& host, const SourceConfig& source, Plugin& connector,
                           dunlin_cancel* asked)
    : host_(host),
      source_(source),
      connector_(connector),
      asked_(asked),
      lease_(host, "write_backs:" + source.name, source.name, principal_of(host, connector)),
      described_(Described::of(host.sync().describe(connector.id()), connector.id())) {}

std::optional<PendingWrite> WriteBackRun::load(Tx& tx, const std::string& source, int64_t id) {
    auto row = tx.db().query(std::string(columns) + " AND id = ?", source, id);
    if (!row->step()) return std::nullopt;
    PendingWrite out;
    int at = 0;
    for (auto* number : {&out.id, &out.generation, &out.attempts, &out.due_us, &out.changed_us}) {
        *number = row->i64(at++);
    }
    for (auto* text :
         {&out.source, &out.plugin, &out.kind, &out.lane, &out.entity, &out.external_id, &out.job,
          &out.state, &out.body_json, &out.base_json, &out.remote_id, &out.reason}) {
        *text = row->text(at++);
    }
    return out;
}

void WriteBackRun::settle(Host& host, Tx& tx, PendingWrite& write, const std::string& state) {
    change(write, state, tx.moment().now_us);
    save(tx, write);
    if (write.job.empty()) return;
    const auto id = std::to_string(write.id);
    host.jobs().enqueue(tx, write.job, id,
                        Json{{"id", id},
                             {"kind", write.kind},
                             {"entity", write.entity},
                             {"external_id", write.external_id},
                             {"remote_id", write.remote_id},
                             {"reason", write.reason},
                             {"state", state}}
                            .dump(),
                        0);
}

WriteBackRun::Result WriteBackRun::run() {
    // We hold the lease: whoever was sending is gone, and how far it came nobody knows.
    lease_.commit("the begin of write-backs", [&](Tx& tx) {
        tx.db().exec(
            "UPDATE dunlin_write_back SET state = 'unknown', due_us = ?, changed_us = ?,"
            " reason = 'the host ended while it was sent'"
            " WHERE source = ? AND state = 'sending'",
            tx.moment().now_us, tx.moment().now_us, source_.name);
    });
    result_.resting_until_us = parked_until(*host_.begin(Access::read), source_.name);
    if (result_.resting_until_us == 0) {
        opened_ = open_source(host_, connector_, source_);
        while (pass()) {
        }
    }
    auto tx = host_.begin(Access::read);
    auto row = tx->db().query(
        "SELECT state, count(*) FROM dunlin_write_back WHERE source = ? GROUP BY state",
        source_.name);
    while (row->step()) result_.counts[std::string(row->text(0))] = row->i64(1);
    return result_;
}

bool WriteBackRun::pass() {
    struct Head {
        int64_t id;
        std::string lane;
        bool is_due;
    };
    std::vector<Head> heads;
    result_.next_due_us = 0;
    {
        auto tx = host_.begin(Access::read);
        std::set<std::string> lanes;
        auto row = tx->db().query(
            "SELECT id, lane, state, due_us FROM dunlin_write_back WHERE source = ?"
            " AND state IN ('queued', 'unknown', 'parked') ORDER BY id",
            source_.name);
        while (row->step()) {
            if (!lanes.insert(std::string(row->text(1))).second || row->text(2) == "parked")
                continue;
            heads.push_back({row->i64(0), std::string(row->text(1)), false});
            heads.back().is_due = row->i64(3) <= tx->moment().now_us;
            if (!heads.back().is_due) wait_for(row->i64(3));
        }
    }
    bool has_moved = false;
    for (const auto& head : heads) {
        if (asked_ && asked_->requested) {
            throw Error(DUNLIN_E_CANCELLED, "stopped on request; the rest is sent later");
        }
        if (!head.is_due) continue;
        auto write = load(*host_.begin(Access::read), source_.name, head.id);
        if (!write || !write->is_waiting() || write->state == "parked") continue;
        if (write->state == "queued") {
            send(*write);
        } else {
            look_for(*write);
        }
        has_moved = has_moved || !write->is_waiting() || write->due_us <= host_.clock().now_us();
        if (result_.resting_until_us > 0) return false;
    }
    return has_moved;
}

void WriteBackRun::wait_for(int64_t due_us) {
    auto& next = result_.next_due_us;
    next = next == 0 ? due_us : std::min(next, due_us);
}

void WriteBackRun::send(PendingWrite& write) {
    ++write.attempts;
    // Whoever finds it in this state later must look for it first.
    lease_.commit("sending", [&](Tx& tx) {
        change(write, "sending", tx.moment().now_us);
        save(tx, write);
    });
    try {
        return take(write, ask(write, connector_.connector->push, "push"));
    } catch (const Error& error) {
        if (lease_.is_lost()) throw;
        write.reason = error.what();
        if (error.status() != DUNLIN_E_UNAVAILABLE) {
            // The first look is at once: most of what was cut off had been carried out.
            keep(write, "unknown", write.attempts == 1 ? 0 : wait_of(error, write.attempts));
            return;
        }
        const auto wait = wait_of(error, write.attempts);
        keep(write, write.attempts < attempts_max ? "queued" : "parked", wait);
        rest(error);
    } catch (const std::exception& error) {
        write.reason = error.what();
        keep(write, "unknown", 0);
    }
}

/// What asks to be left alone is, by all lanes; for a long while, by every run.
void WriteBackRun::rest(const Error& error) {
    const auto asked = retry_after_us(error);
    if (!asked) return;
    result_.resting_until_us = host_.clock().now_us() + *asked;
    if (*asked <= wait_max_us) return;
    lease_.commit("parking", [&](Tx& tx) { park(tx, source_.name, *asked, error.what()); });
}

void WriteBackRun::look_for(PendingWrite& write) {
    const auto key = described_.write_backs.find(write.kind);
    const auto find = connector_.connector->find;
    if (!find || key == described_.write_backs.end() || key->second == "none") {
        write.reason +=
            "; whether it arrived can only be seen there: look, then retry or cancel it";
        return keep(write, "parked", 0);
    }
    try {
        const auto receipt = ask(write, find, "find");
        if (receipt.state != Receipt::State::absent) return take(write, receipt);
        // Such a system refuses a second one itself. Others are given time to finish the first.
        const auto now = host_.clock().now_us();
        if (key->second == "native" || now - write.changed_us >= absence_us) {
            return keep(write, "queued", 0);
        }
        keep(write, "unknown", write.changed_us + absence_us - now);
    } catch (const std::exception& error) {
        if (lease_.is_lost()) throw;
        ++write.attempts;
        write.reason = std::string("whether it arrived cannot be told yet: ") + error.what();
        // One minute, five, an hour, then days.
        static constexpr int64_t waits[] = {1, 5, 60, 1440};
        const auto at = std::clamp<int64_t>(write.attempts - 2, 0, 3);
        keep(write, write.attempts < attempts_max ? "unknown" : "parked", waits[at] * minute_us);
        if (const auto* known = dynamic_cast<const Error*>(&error)) rest(*known);
    }
}

Receipt WriteBackRun::ask(const PendingWrite& write, Call call, const char* what) {
    const auto text =
        "{\"key\":" + Json(write.key()).dump() + ",\"kind\":" + Json(write.kind).dump() +
        ",\"target\":" + Json{{"entity", write.entity}, {"external_id", write.external_id}}.dump() +
        ",\"body\":" + write.body_json + ",\"base\":" + write.base_json + "}";
    dunlin_cancel cancel;
    auto answer = std::async(std::launch::async, [&] {
        const ReservedRequests reserved;
        return ask_plugin(host_, connector_, what, call, opened_.get(), to_abi(text), &cancel);
    });
    // Declared behind `answer`: when the lease is lost the call is asked to stop, then waited for.
    const std::shared_ptr<void> stops(nullptr, [&](void*) { cancel.requested = true; });
    while (answer.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
        lease_.keep();
        if (asked_ && asked_->requested) cancel.requested = true;
    }
    return answer.get().get<Receipt>();
}

void WriteBackRun::take(PendingWrite& write, const Receipt& receipt) {
    if (receipt.state == Receipt::State::absent) {
        throw Error(DUNLIN_E_DATA, "the connector answers a write with \"absent\"");
    }
    write.remote_id = receipt.remote_id;
    write.reason = receipt.reason;
    auto touched = Json::array();
    for (const auto& [entity, external_id] : receipt.touched) {
        touched.push_back({{"entity", entity}, {"external_ids", {external_id}}});
    }
    lease_.commit("a receipt", [&](Tx& tx) {
        settle(host_, tx, write, name_of(receipt.state));
        // Read at once, so that the next sync finds nothing new in what we wrote ourselves.
        keep_hints(host_, tx, source_.name, touched);
    });
    host_.metrics().add("dunlin_write_backs_total",
                        "source=\"" + source_.name + "\",state=\"" + write.state + "\"");
    host_.log().info("sync", "a write-back is settled",
                     {{"source", source_.name},
                      {"id", std::to_string(write.id)},
                      {"kind", write.kind},
                      {"state", write.state},
                      {"reason", write.reason}});
}

/// It stays where it is in its lane.
void WriteBackRun::keep(PendingWrite& write, const std::string& state, int64_t wait_us) {
    const auto now = host_.clock().now_us();
    change(write, state, now);
    write.due_us = now + wait_us;
    lease_.commit("a write-back", [&](Tx& tx) { save(tx, write); });
    if (state != "parked" && wait_us > 0) wait_for(write.due_us);
    host_.log().warn("sync", "a write-back waits",
                     {{"source", source_.name},
                      {"id", std::to_string(write.id)},
                      {"kind", write.kind},
                      {"state", state},
                      {"wait_ms", wait_us / 1000},
                      {"reason", write.reason}});
}

}  // namespace dunlin::host
