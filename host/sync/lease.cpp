// SPDX-License-Identifier: Apache-2.0
#include "sync/lease.hpp"

#include "base/backoff.hpp"
#include "host.hpp"

#include <algorithm>

namespace dunlin::host {

namespace {
using std::chrono::microseconds, std::chrono::milliseconds, std::chrono::steady_clock;

constexpr int64_t lease_us = 60 * second_us;
constexpr int64_t tries_max = 5;

/// Writers of other processes poll for SQLite's lock: without a gap they starve.
void give_way(steady_clock::duration held) {
    const auto gap = std::chrono::duration_cast<milliseconds>(held / 20);
    std::this_thread::sleep_for(std::clamp(gap, milliseconds(1), milliseconds(100)));
}

}  // namespace

RunLease::RunLease(Host& host, const std::string& name, const std::string& source, Principal writer)
    : host_(host),
      source_(source),
      writer_(std::move(writer)),
      lease_(host, name, lease_us),
      renewed_(steady_clock::now()) {
    if (lease_.fence() == 0) {
        throw Error(DUNLIN_E_CONFLICT, "a run of the source " + source +
                                           " is under way already; wait for its end, or for a "
                                           "minute when its host was killed");
    }
    writer_.name = name;
}

void RunLease::commit(const std::string& what, const std::function<void(Tx&)>& body) {
    for (int64_t attempt = 1;; ++attempt) {
        try {
            return commit_once(body);
        } catch (const Error& error) {
            if (is_lost_ || attempt == tries_max || !is_retryable(error.status())) throw;
            host_.log().warn("sync", what + " is tried again",
                             {{"source", source_}, {"error", error.what()}});
        }
        std::this_thread::sleep_for(
            microseconds(backoff_us(attempt, second_us / 20, 2 * second_us)));
    }
}

void RunLease::commit_once(const std::function<void(Tx&)>& body) {
    const auto began = steady_clock::now();
    auto tx = host_.begin(Access::write, writer_);
    is_lost_ = !lease_.renew(*tx);
    if (is_lost_) {
        throw Error(DUNLIN_E_CONFLICT, "another run of " + source_ +
                                           " took over, because this one was not heard of for too "
                                           "long; nothing is lost, the other one goes on");
    }
    body(*tx);
    tx->commit();
    renewed_ = began;
    if (host_.store().dialect() == Dialect::sqlite) give_way(steady_clock::now() - began);
}

void RunLease::keep() {
    if (steady_clock::now() - renewed_ < microseconds(lease_us / 4)) return;
    commit("the lease of the run", [](Tx&) {});
}

}  // namespace dunlin::host
