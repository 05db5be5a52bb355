// SPDX-License-Identifier: Apache-2.0
#include "base/worker.hpp"

#include "base/backoff.hpp"

namespace dunlin::host {

void Worker::start(Turn turn, Pause first, int threads) {
    const std::lock_guard lock(mutex_);
    if (!threads_.empty()) return;
    for (int i = 0; i < threads; ++i) {
        threads_.emplace_back(
            [this, turn, first](const std::stop_token& stop) { work(stop, turn, first); });
    }
}

void Worker::wake() {
    {
        const std::lock_guard lock(mutex_);
        ++wakes_;
    }
    changed_.notify_all();
}

void Worker::stop() {
    std::vector<std::jthread> threads;
    {
        const std::lock_guard lock(mutex_);
        threads.swap(threads_);
    }
    for (auto& thread : threads) thread.request_stop();
}

void Worker::work(const std::stop_token& stop, const Turn& turn, Pause pause) {
    int64_t failures = 0;
    std::unique_lock lock(mutex_);
    auto seen = wakes_;
    while (true) {
        changed_.wait_for(lock, stop, pause, [&] { return failures == 0 && wakes_ != seen; });
        if (stop.stop_requested()) return;
        seen = wakes_;
        lock.unlock();
        try {
            pause = turn(stop);
            failures = 0;
        } catch (const std::exception& error) {
            pause = Pause(backoff_us(++failures, second_us, 10 * second_us));
            log_.warn(room_, trouble_, {{"error", error.what()}});
        }
        lock.lock();
    }
}

}  // namespace dunlin::host
