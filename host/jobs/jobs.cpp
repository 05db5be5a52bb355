// SPDX-License-Identifier: Apache-2.0
#include "jobs/jobs.hpp"

#include "host.hpp"
#include "jobs/queue.hpp"
#include "jobs/schedules.hpp"
#include "plugins/services.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace dunlin::host {

namespace {

constexpr auto poll_every = std::chrono::seconds(1);
constexpr auto keep_every = std::chrono::milliseconds(500);
constexpr const char* purge_kind = "host.purge";
constexpr int64_t kept_us = 30LL * 86'400 * second_us;  // Events read and jobs done.
constexpr int keeps_per_renewal = 20;  // A third of the lease's time at most, in all cases.

/// A job that runs in this process now.
struct Running {
    ClaimedJob job;
    dunlin_cancel cancel;
    std::mutex mutex;
    JobProgress progress;
    bool is_changed = false;
    int keeps = 0;

    JobProgress take_progress() {
        std::lock_guard lock(mutex);
        is_changed = false;
        return progress;
    }
    bool is_keep_due() {
        std::lock_guard lock(mutex);
        return ++keeps % keeps_per_renewal == 0 || is_changed;
    }
};

}  // namespace

struct Jobs::Impl {
    explicit Impl(Host& h) : host(h), queue(h), schedules(h) {}

    Plugin* plugin_of(std::string_view kind) const {
        for (auto* plugin : host.plugins().in_order()) {
            if (!plugin->is_running() || !plugin->jobs) continue;
            for (const auto& job : plugin->manifest.jobs) {
                if (job.kind == kind) return plugin;
            }
        }
        return nullptr;
    }
    /// A job of a plugin that is blocked here stays for a host on which it runs.
    std::vector<std::string> kinds() const {
        std::vector<std::string> out;
        for (const auto& [kind, job] : host_kinds) out.push_back(kind);
        for (auto* plugin : host.plugins().in_order()) {
            if (!plugin->is_running() || !plugin->jobs) continue;
            for (const auto& job : plugin->manifest.jobs) out.push_back(job.kind);
        }
        return out;
    }

    void call(Running& run) {
        const auto& job = run.job;
        const auto own = host_kinds.find(job.kind);
        if (own != host_kinds.end()) {
            own->second(Json::parse(job.args_json), &run.cancel);
            return;
        }
        auto* plugin = plugin_of(job.kind);
        const auto moment = host.clock().moment();
        dunlin_job view{};
        view.struct_size = sizeof view;
        view.attempt = static_cast<uint32_t>(job.attempt);
        view.id = job.id;
        view.now_us = moment.now_us;
        view.today = moment.today.days();
        view.kind = to_abi(job.kind);
        view.args_json = to_abi(job.args_json);
        view.cancel = &run.cancel;
        call_plugin(host, *plugin, "job", [&](dunlin_err* err) {
            return plugin->jobs->run(plugin->instance, &view, err);
        });
    }

    void run(ClaimedJob job) {
        auto running = std::make_shared<Running>();
        running->job = std::move(job);
        running->cancel.on_progress = [r = running.get()](int64_t done, int64_t total,
                                                          std::string_view note) {
            std::lock_guard lock(r->mutex);
            r->progress = {done, total, std::string(note.substr(0, 200))};
            r->is_changed = true;
        };
        keep(running);
        std::optional<Error> error;
        try {
            call(*running);
        } catch (const Error& e) {
            error = e;
        } catch (const std::exception& e) {  // A bug in a kind of the host's own.
            error = Error(DUNLIN_E_INTERNAL, e.what());
        }
        {
            std::lock_guard lock(mutex);
            std::erase(running_now, running);
        }
        settle(*running, error);
    }

    void settle(Running& running, const std::optional<Error>& error) {
        for (int64_t attempt = 1;; ++attempt) {
            try {
                conclude(running.job, error);
                return;
            } catch (const Error& e) {
                host.log().warn("jobs", "the end of a job could not be written yet",
                                {{"job", std::to_string(running.job.id)}, {"error", e.what()}});
                // Given up, its lease runs out and it runs again somewhere.
                if (attempt == 5 || !is_retryable(e.status())) return;
                std::this_thread::sleep_for(
                    std::chrono::microseconds(backoff_us(attempt, second_us / 10, second_us)));
            }
        }
    }

    void conclude(const ClaimedJob& job, const std::optional<Error>& error) {
        const bool is_stopped = error && error->status() == DUNLIN_E_CANCELLED;
        const char* outcome = "done";
        bool is_ours = false;
        if (!error) {
            is_ours = queue.finish(job, "done", "");
        } else if (is_stopped && is_stopping) {
            // The host goes down; the job goes on elsewhere or later.
            outcome = "queued";
            is_ours = queue.requeue(job, 0, job.attempt - 1, "");
        } else if (is_stopped) {
            outcome = "cancelled";
            is_ours = queue.finish(job, "cancelled", error->what());
        } else if (is_retryable(error->status()) && job.attempt < JobQueue::attempts_max) {
            outcome = "retry";
            is_ours = queue.requeue(job, backoff_us(job.attempt, second_us, 300 * second_us),
                                    job.attempt, error->what());
        } else {
            outcome = "failed";
            is_ours = queue.finish(job, "failed", error->what());
        }
        if (!is_ours) outcome = "lost";
        host.metrics().add("dunlin_jobs_total",
                           "kind=\"" + job.kind + "\",outcome=\"" + outcome + "\"");
        const bool is_bad = error && !is_stopped;
        host.log().write(
            is_bad || !is_ours ? DUNLIN_LOG_WARN : DUNLIN_LOG_INFO, "jobs",
            is_ours ? "a job ended"
                    : "a job ended here after its lease had gone to another host; its end here "
                      "does not count",
            {{"job", std::to_string(job.id)},
             {"kind", job.kind},
             {"attempt", job.attempt},
             {"outcome", outcome},
             {"error", error ? error->what() : ""}});
    }

    std::optional<ClaimedJob> claim() {
        const auto able = kinds();
        if (!queue.has_due(able)) return std::nullopt;
        return queue.claim(able);
    }

    void work() {
        while (!is_stopping) {
            try {
                while (auto job = is_stopping ? std::nullopt : claim()) run(std::move(*job));
            } catch (const Error& error) {
                host.log().warn("jobs", "jobs pause", {{"error", error.what()}});
            }
            std::unique_lock lock(mutex);
            const auto seen = wakes;
            wake_up.wait_for(lock, poll_every, [&] { return wakes != seen || is_stopping; });
        }
    }

    /// Leases, progress and cancelling are looked after on a thread of their own, because a job may
    /// hold the store's only writer while it reports.
    void keep(const std::shared_ptr<Running>& running) {
        std::lock_guard lock(mutex);
        running_now.push_back(running);
        // Claimed while stop() went through the others.
        if (is_stopping) running->cancel.requested = true;
        if (!keeper.joinable()) keeper = std::thread([this] { look_after(); });
    }

    void look_after() {
        while (true) {
            std::vector<std::shared_ptr<Running>> now;
            {
                std::unique_lock lock(mutex);
                wake_keeper.wait_for(lock, keep_every, [&] { return is_keeper_done; });
                if (is_keeper_done) return;
                now = running_now;
            }
            for (const auto& running : now) {
                try_to("a lease is renewed later", [&] { renew(*running); });
            }
            if (has_clock) try_to("schedules fire later", [&] { fire(); });
        }
    }
    template <class Body>
    void try_to(const char* otherwise, Body&& body) {
        try {
            body();
        } catch (const std::exception& error) {
            host.log().warn("jobs", otherwise, {{"error", error.what()}});
        }
    }

    void renew(Running& running) {
        if (!running.is_keep_due() && !is_cancel_asked(running)) return;
        const auto cancelled = queue.renew(running.job, running.take_progress());
        // Lost to another host, or somebody asked: either way it should stop.
        if (!cancelled || *cancelled) running.cancel.requested = true;
    }
    bool is_cancel_asked(const Running& running) {
        auto tx = host.begin(Access::read);
        auto row =
            tx->db().query("SELECT cancel_requested FROM dunlin_job WHERE id = ? AND fence = ?",
                           running.job.id, running.job.fence);
        return !row->step() || row->i64(0) != 0;
    }

    int64_t fire() {
        load_schedules();
        const auto fired = schedules.fire([this](Tx& tx, const Schedule& s) {
            return host.jobs().enqueue(tx, s.kind, s.dedup_key, s.args_json, 0);
        });
        return fired;
    }
    void load_schedules() {
        if (are_loaded.exchange(true)) return;
        const auto nightly = [zone = host.clock().zone()](int64_t after) {
            return next_cron("17 3 * * *", zone, after);
        };
        schedules.add({purge_kind, purge_kind, "cron", "{}", nightly});
        for (auto* plugin : host.plugins().in_order()) {
            if (!plugin->is_running() || !plugin->jobs) continue;
            for (const auto& job : plugin->manifest.jobs) {
                if (job.cron.empty()) continue;
                schedules.add({job.kind, job.kind, "cron", "{}",
                               [cron = job.cron, zone = host.clock().zone()](int64_t after) {
                                   return next_cron(cron, zone, after);
                               }});
            }
        }
    }

    Host& host;
    JobQueue queue;
    Schedules schedules;
    std::map<std::string, HostJob, std::less<>> host_kinds;

    std::mutex mutex;
    std::condition_variable wake_up, wake_keeper;
    uint64_t wakes = 0;
    std::vector<std::shared_ptr<Running>> running_now;
    std::vector<std::thread> workers;
    std::thread keeper;
    bool is_keeper_done = false;
    std::atomic<bool> is_stopping{false}, has_clock{false}, are_loaded{false};
};

Jobs::Jobs(Host& host) : impl_(std::make_unique<Impl>(host)) {
    add_host_kind(purge_kind, [&host](const Json&, dunlin_cancel*) {
        const auto before = host.clock().now_us() - kept_us;
        host.events().purge(before);
        host.jobs().purge(before);
    });
}
Jobs::~Jobs() {
    stop();
}

bool Jobs::enqueue(Tx& tx, std::string_view kind, std::string_view dedup_key,
                   std::string_view args_json, int64_t run_at_us) {
    if (tx.access() != Access::write) {
        throw Error(DUNLIN_E_DENIED, "a query changes nothing and so queues no job");
    }
    std::string owner = "host";
    if (impl_->host_kinds.find(kind) == impl_->host_kinds.end()) {
        const auto* plugin = impl_->plugin_of(kind);
        if (!plugin) {
            throw Error(DUNLIN_E_NOT_FOUND, "no running plugin declares the job kind \"" +
                                                std::string(kind) + "\" in its manifest");
        }
        owner = plugin->id();
    }
    if (!impl_->queue.insert(tx, owner, kind, dedup_key, args_json, run_at_us)) return false;
    if (run_at_us <= tx.moment().now_us) {
        tx.after_commit([this] { wake(); });
    }
    return true;
}

void Jobs::add_host_kind(const std::string& kind, HostJob job) {
    impl_->host_kinds[kind] = std::move(job);
}
void Jobs::add_schedule(Schedule schedule) {
    impl_->schedules.add(std::move(schedule));
}
int64_t Jobs::fire_due() {
    return impl_->fire();
}

void Jobs::start() {
    if (!impl_->workers.empty()) return;
    impl_->is_stopping = false;
    impl_->has_clock = true;
    {
        std::lock_guard lock(impl_->mutex);
        if (!impl_->keeper.joinable()) {
            impl_->keeper = std::thread([this] { impl_->look_after(); });
        }
    }
    for (int i = 0; i < impl_->host.config().jobs_threads; ++i) {
        impl_->workers.emplace_back([this] { impl_->work(); });
    }
}

void Jobs::stop() {
    impl_->has_clock = false;
    {
        std::lock_guard lock(impl_->mutex);
        impl_->is_stopping = true;
        for (const auto& running : impl_->running_now) running->cancel.requested = true;
    }
    impl_->wake_up.notify_all();
    for (auto& worker : impl_->workers) worker.join();
    impl_->workers.clear();
    {
        std::lock_guard lock(impl_->mutex);
        impl_->is_keeper_done = true;
    }
    impl_->wake_keeper.notify_all();
    if (impl_->keeper.joinable()) impl_->keeper.join();
    impl_->is_keeper_done = false;
    impl_->is_stopping = false;
}

void Jobs::wake() {
    {
        std::lock_guard lock(impl_->mutex);
        ++impl_->wakes;
    }
    impl_->wake_up.notify_all();
}

int64_t Jobs::run_due() {
    impl_->fire();
    int64_t ran = 0;
    while (auto job = impl_->claim()) {
        impl_->run(std::move(*job));
        ++ran;
    }
    return ran;
}

Json Jobs::list(const std::string& state) {
    return impl_->queue.list(state);
}

void Jobs::cancel(int64_t id) {
    if (impl_->queue.cancel(id) != "running") return;
    std::lock_guard lock(impl_->mutex);
    for (const auto& running : impl_->running_now) {
        if (running->job.id == id) running->cancel.requested = true;
    }
}

void Jobs::retry(int64_t id) {
    impl_->queue.retry(id);
    wake();
}

int64_t Jobs::purge(int64_t before_us) {
    return impl_->queue.purge(before_us);
}

}  // namespace dunlin::host
