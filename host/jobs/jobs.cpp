// SPDX-License-Identifier: Apache-2.0
#include "jobs/jobs.hpp"

#include "host.hpp"

namespace dunlin::host {

namespace {

constexpr auto poll_every = std::chrono::seconds(1);
constexpr auto keep_every = std::chrono::milliseconds(500);
constexpr int keeps_per_renewal = 20;  // A third of the lease's time at most, in all cases.
constexpr int64_t kept_us = 30LL * 86'400 * second_us;  // Events read and jobs done.

}  // namespace

Jobs::Jobs(Host& host)
    : host_(host),
      keeper_(host.log(), "jobs", "leases are renewed later"),
      clock_(host.log(), "jobs", "schedules fire later"),
      workers_(host.log(), "jobs", "jobs pause") {
    add_host_kind(purge_kind, [&host](const Json&, dunlin_cancel*) {
        const auto before = host.clock().now_us() - kept_us;
        host.events().purge(before);
        host.jobs().purge(before);
    });
}

std::map<std::string, Plugin*, std::less<>> Jobs::kinds() const {
    std::map<std::string, Plugin*, std::less<>> out;
    for (const auto& own : own_kinds_) out[own.first] = nullptr;
    for (auto* plugin : host_.plugins().in_order()) {
        if (!plugin->is_running() || !plugin->jobs) continue;
        for (const auto& job : plugin->manifest.jobs) out[job.kind] = plugin;
    }
    return out;
}

void Jobs::start() {
    clock_.start(
        [this](const auto&) {
            fire_due();
            return keep_every;
        },
        keep_every);
    workers_.start(
        [this](const std::stop_token& stop) {
            while (!stop.stop_requested() && run_next()) {
            }
            return poll_every;
        },
        {}, host_.config().jobs_threads);
}

void Jobs::stop() {
    clock_.stop();
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
        for (const auto& job : running_) job->cancel.requested = true;
    }
    workers_.stop();
    keeper_.stop();
    is_stopping_ = false;
}

int64_t Jobs::run_due() {
    fire_due();
    int64_t ran = 0;
    while (run_next()) ++ran;
    return ran;
}

bool Jobs::run_next() {
    const auto job = std::make_shared<Running>();
    if (!claim(*job)) return false;
    job->cancel.on_progress = [r = job.get()](int64_t done, int64_t total, std::string_view note) {
        const std::lock_guard lock(r->mutex);
        r->done = done;
        r->total = total;
        r->note = note.substr(0, 200);
        r->is_changed = true;
    };
    {
        const std::lock_guard lock(mutex_);
        running_.push_back(job);
        // Claimed while stop() went through the others.
        if (is_stopping_) job->cancel.requested = true;
    }
    keeper_.start(
        [this](const auto&) {
            keep_all();
            return keep_every;
        },
        keep_every);
    std::optional<Error> error;
    try {
        call(*job);
    } catch (const Error& e) {
        error = e;
    } catch (const std::exception& e) {  // A bug in a kind of the host's own.
        error = Error(DUNLIN_E_INTERNAL, e.what());
    }
    {
        const std::lock_guard lock(mutex_);
        std::erase(running_, job);
    }
    conclude(*job, error);
    return true;
}

void Jobs::call(Running& job) {
    if (const auto own = own_kinds_.find(job.kind); own != own_kinds_.end()) {
        own->second(Json::parse(job.args_json), &job.cancel);
        return;
    }
    const auto* plugin = kinds().at(job.kind);
    const auto moment = host_.clock().moment();
    const dunlin_job view{sizeof view,
                          static_cast<uint32_t>(job.attempt),
                          job.id,
                          moment.now_us,
                          moment.today.days(),
                          0,
                          to_abi(job.kind),
                          to_abi(job.args_json),
                          &job.cancel};
    call_plugin(host_, *plugin, "job",
                [&](dunlin_err* err) { return plugin->jobs->run(plugin->instance, &view, err); });
}

void Jobs::conclude(const Running& job, const std::optional<Error>& error) {
    for (int64_t attempt = 1;; ++attempt) {
        try {
            return write_end(job, error);
        } catch (const Error& e) {
            host_.log().warn("jobs", "the end of a job could not be written yet",
                             {{"job", std::to_string(job.id)}, {"error", e.what()}});
            // Given up, its lease runs out and it runs again somewhere.
            if (attempt == 5 || !is_retryable(e.status())) return;
            std::this_thread::sleep_for(
                std::chrono::microseconds(backoff_us(attempt, second_us / 10, second_us)));
        }
    }
}

void Jobs::write_end(const Running& job, const std::optional<Error>& error) {
    const bool is_stopped = error && error->status() == DUNLIN_E_CANCELLED;
    const char* outcome = "failed";
    auto attempts = job.attempt;
    std::optional<int64_t> run_at_us;  // Again.
    auto tx = host_.begin(Access::write);
    const auto now = tx->moment().now_us;
    if (!error) {
        outcome = "done";
    } else if (is_stopped && is_stopping_) {
        outcome = "queued";  // The host goes down; the job goes on elsewhere or later.
        run_at_us = now;
        --attempts;
    } else if (is_stopped) {
        outcome = "cancelled";
    } else if (is_retryable(error->status()) && attempts < attempts_max) {
        outcome = "retry";
        run_at_us = now + backoff_us(attempts, second_us, 300 * second_us);
    }
    const bool is_ours =
        tx->db().exec(
            "UPDATE dunlin_job SET state = ?, run_at_us = coalesce(?, run_at_us), attempts = ?,"
            " ended_us = ?, last_error = ?, lease_until_us = 0"
            " WHERE id = ? AND fence = ? AND state = 'running'",
            run_at_us ? "queued" : outcome, run_at_us, attempts, run_at_us ? 0 : now,
            error ? error->what() : "", job.id, job.fence) == 1;
    tx->commit();
    if (!is_ours) outcome = "lost";
    host_.metrics().add("dunlin_jobs_total",
                        "kind=\"" + job.kind + "\",outcome=\"" + outcome + "\"");
    host_.log().write(
        (error && !is_stopped) || !is_ours ? DUNLIN_LOG_WARN : DUNLIN_LOG_INFO, "jobs",
        is_ours ? "a job ended"
                : "a job ended here after its lease had gone to another host; its end here does "
                  "not count",
        {{"job", std::to_string(job.id)},
         {"kind", job.kind},
         {"attempt", job.attempt},
         {"outcome", outcome},
         {"error", error ? error->what() : ""}});
}

void Jobs::keep_all() {
    std::unique_lock lock(mutex_);
    const auto now = running_;
    lock.unlock();
    for (const auto& job : now) {
        try_to("a lease is renewed later", job->kind, [&] { keep(*job); });
    }
}

void Jobs::keep(Running& job) {
    bool must_stop = true;  // Also one that another host has by now.
    host_.begin(Access::read)
        ->db()
        .query("SELECT cancel_requested FROM dunlin_job WHERE id = ? AND fence = ?", job.id,
               job.fence)
        ->next(must_stop);
    if (must_stop) job.cancel.requested = true;
    std::unique_lock lock(job.mutex);
    if (++job.keeps % keeps_per_renewal != 0 && !job.is_changed) return;
    job.is_changed = false;
    const auto done = job.done, total = job.total;
    const auto note = job.note;
    lock.unlock();
    auto tx = host_.begin(Access::write);
    tx->db().exec(
        "UPDATE dunlin_job SET lease_until_us = ?, progress_done = ?, progress_total = ?,"
        " progress_note = ? WHERE id = ? AND fence = ? AND state = 'running'",
        tx->moment().now_us + lease_us, done, total, note, job.id, job.fence);
    tx->commit();
}

void Jobs::try_to(const char* what, const std::string& name, const std::function<void()>& body) {
    try {
        body();
    } catch (const std::exception& error) {
        host_.log().warn("jobs", what, {{"name", name}, {"error", error.what()}});
    }
}

}  // namespace dunlin::host
