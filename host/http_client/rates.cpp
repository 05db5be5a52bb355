// SPDX-License-Identifier: Apache-2.0
#include "http_client/rates.hpp"

#include "host.hpp"
#include "plugins/services.hpp"

#include <algorithm>
#include <thread>

namespace dunlin::host {

namespace {

using std::chrono::milliseconds;

constexpr int64_t day_us = 86'400 * second_us;
constexpr int64_t step_max = 50;       // Requests that are taken out of the table at once.
constexpr int64_t reserved_part = 10;  // A tenth of the day is for write-backs.

thread_local int reserved_depth = 0;

/// Takes up to `count` requests of the day, above `most` none; how many were taken.
int64_t take(Host& host, const std::pair<std::string, std::string>& key, int64_t day, int64_t count,
             int64_t most) {
    auto tx = host.begin(Access::write);
    const auto changed = tx->db().exec(
        "INSERT INTO dunlin_http_budget VALUES (?, ?, ?, ?) ON CONFLICT (plugin, origin) DO UPDATE"
        " SET used = CASE WHEN dunlin_http_budget.day = excluded.day"
        " THEN dunlin_http_budget.used + excluded.used ELSE excluded.used END, day = excluded.day"
        " WHERE dunlin_http_budget.day <> excluded.day"
        " OR dunlin_http_budget.used + excluded.used <= ?",
        key.first, key.second, day, count, most);
    tx->commit();
    return changed > 0 ? count : 0;
}

}  // namespace

ReservedRequests::ReservedRequests() {
    ++reserved_depth;
}

ReservedRequests::~ReservedRequests() {
    --reserved_depth;
}

void RequestRates::declare(const std::string& plugin, const Json& rate) {
    Rate out;
    if (rate.is_object()) {
        out = {rate.value("per_second", 0.0), rate.value("burst", 0.0),
               rate.value("per_day", int64_t{0})};
    }
    const std::lock_guard lock(mutex_);
    declared_[plugin] = out;
}

RequestRates::Rate RequestRates::rate_of(Host& host, const Plugin& plugin,
                                         const std::string& origin) {
    const auto lower = [](auto& to, auto limit) {
        if (limit > 0) to = to > 0 ? std::min(to, limit) : limit;
    };
    Rate written;  // The least of what several sources at one origin say.
    for (const auto& source : host.config().sources) {
        if (source.connector != plugin.id()) continue;
        const auto urls = texts_of_format(plugin.manifest.source_schema, source.settings, "uri");
        const auto is_there = [&](const auto& url) { return HttpClient::origin_of(url) == origin; };
        // Without an address in its settings it goes where the manifest says.
        if (!urls.empty() && std::none_of(urls.begin(), urls.end(), is_there)) continue;
        lower(written.per_second, static_cast<double>(source.requests_per_second));
        lower(written.per_day, source.requests_per_day);
    }
    Rate out;
    {
        const std::lock_guard lock(mutex_);
        out = declared_[plugin.id()];
    }
    if (written.per_second > 0) out = {written.per_second, 0, out.per_day};
    if (written.per_day > 0) out.per_day = written.per_day;
    if (out.burst < 1) out.burst = std::max(1.0, out.per_second);
    return out;
}

void RequestRates::wait(Host& host, const Plugin& plugin, const std::string& origin,
                        const std::function<bool()>& stops) {
    const auto rate = rate_of(host, plugin, origin);
    const Key key(plugin.id(), origin);
    if (rate.per_day > 0) spend(host, key, rate.per_day);
    if (rate.per_second > 0) queue(key, rate, stops);
}

void RequestRates::spend(Host& host, const Key& key, int64_t per_day) {
    auto& budget = [&]() -> Budget& {
        const std::lock_guard lock(mutex_);
        return budgets_[key];
    }();
    const std::lock_guard lock(budget.mutex);
    const auto now = host.clock().now_us();
    const auto day = now / day_us;
    if (budget.day != day) {
        budget.day = day;
        budget.left = 0;
    }
    const bool is_reserved = reserved_depth > 0;
    const auto most = is_reserved ? per_day : per_day - per_day / reserved_part;
    if (budget.left == 0 && !is_reserved) {
        budget.left = take(host, key, day, std::clamp<int64_t>(per_day / 100, 1, step_max), most);
    }
    if (budget.left == 0) budget.left = take(host, key, day, 1, most);
    if (budget.left == 0) {
        throw Error(DUNLIN_E_UNAVAILABLE,
                    "the " + std::to_string(per_day) + " requests a day for " + key.second +
                        " are used up; it goes on at midnight (UTC), or with a higher "
                        "requests_per_day in the source",
                    Json{{"retry_after_ms", ((day + 1) * day_us - now) / 1000}}.dump());
    }
    --budget.left;
}

void RequestRates::queue(const Key& key, const Rate& rate, const std::function<bool()>& stops) {
    Clock::time_point turn;
    {
        const std::lock_guard lock(mutex_);
        auto& bucket = buckets_[key];
        const auto now = Clock::now();
        if (!bucket.filled) bucket.tokens = rate.burst;
        const std::chrono::duration<double> passed = now - bucket.filled.value_or(now);
        bucket.tokens = std::min(rate.burst, bucket.tokens + passed.count() * rate.per_second) - 1;
        bucket.filled = now;
        const std::chrono::duration<double> wait(std::max(0.0, -bucket.tokens / rate.per_second));
        turn = now + std::chrono::duration_cast<Clock::duration>(wait);
    }
    while (Clock::now() < turn) {
        if (stops()) {
            const std::lock_guard lock(mutex_);
            buckets_[key].tokens += 1;
            throw Error(DUNLIN_E_CANCELLED, "stopped on request");
        }
        std::this_thread::sleep_until(std::min(turn, Clock::now() + milliseconds(20)));
    }
}

}  // namespace dunlin::host
