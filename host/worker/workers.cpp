// SPDX-License-Identifier: Apache-2.0
#include "worker/workers.hpp"

#include "base/backoff.hpp"
#include "base/metrics.hpp"
#include "config/config.hpp"

#include <dunlin/json.hpp>

namespace dunlin::host {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int64_t first_wait_us = second_us / 2;
constexpr int64_t most_wait_us = 10 * second_us;

/// "dunlin" itself, also when its file was replaced since; of another program the one beside it.
std::filesystem::path program_beside() {
    std::error_code failed;
    const std::filesystem::path self = "/proc/self/exe";
    const auto exe = std::filesystem::read_symlink(self, failed);
    const auto name = exe.filename().string();
    return name == "dunlin" || name == "dunlin (deleted)" ? self : exe.parent_path() / "dunlin";
}

std::string who(const std::string& connector, const std::string& source) {
    return "the connector " + connector + (source.empty() ? "" : " of the source " + source);
}

std::string resting_after(milliseconds wait) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait).count();
    return " rests for " + std::to_string(seconds) + " s, because its process died " +
           std::to_string(Breaker::deaths_max) + " times in " +
           std::to_string(Breaker::window.count()) + " minutes; see: dunlin doctor, and the log";
}

Error rest_error(const std::string& message, milliseconds wait) {
    return {DUNLIN_E_UNAVAILABLE, message, Json{{"retry_after_ms", wait.count()}}.dump()};
}

}  // namespace

void Breaker::note_death(Time now) {
    while (!deaths_.empty() && now - deaths_.front() > window) deaths_.pop_front();
    deaths_.push_back(now);
    const auto died = static_cast<int64_t>(deaths_.size());
    not_before_ = now + std::chrono::microseconds(backoff_us(died, first_wait_us, most_wait_us));
    if (deaths_.size() >= deaths_max) rests_until_ = now + rest;
}

milliseconds Breaker::wait(Time now) const {
    return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(
                                         std::max(not_before_, rests_until_) - now));
}

Workers::Workers(const Config& config, Metrics& metrics, std::filesystem::path program)
    : config_(config),
      metrics_(metrics),
      spawner_(program.empty() ? program_beside() : std::move(program)) {}

std::unique_ptr<Child> Workers::start(const std::string& connector, const std::string& source,
                                      const Child::Stops& stops) {
    const auto name = who(connector, source);
    const auto began = steady_clock::now();
    milliseconds wait{0};
    {
        const std::lock_guard lock(mutex_);
        const auto& breaker = breakers_[name];
        wait = breaker.wait(began);
        if (breaker.rests(began)) throw rest_error(name + resting_after(wait), wait);
        if (breaker.has_died()) {
            metrics_.add("dunlin_worker_restarts_total",
                         "connector=\"" + connector + "\",source=\"" + source + "\"");
        }
    }
    while (steady_clock::now() - began < wait) {
        if (stops && stops()) throw Error(DUNLIN_E_CANCELLED, "stopped on request");
        std::this_thread::sleep_for(milliseconds(10));
    }
    const ChildLimits limits{config_.worker_memory_max_mib,
                             std::chrono::seconds(config_.worker_silence_s)};
    return std::make_unique<Child>(spawner_, limits, name);
}

Error Workers::after_death(const ChildDied& died, const std::string& connector,
                           const std::string& source) {
    if (died.status() == DUNLIN_E_CANCELLED) return died;
    const auto name = who(connector, source);
    const auto now = steady_clock::now();
    const std::lock_guard lock(mutex_);
    auto& breaker = breakers_[name];
    breaker.note_death(now);
    if (!breaker.rests(now)) return died;
    const auto wait = breaker.wait(now);
    return rest_error(died.what() + (". It" + resting_after(wait)), wait);
}

}  // namespace dunlin::host
