// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/error.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

namespace dunlin::host {

/// Places given in the order of asking. SQLite has one for writers, and its own busy handler polls
/// and is not fair.
class Places {
public:
    Places(int free, std::chrono::milliseconds wait_max, std::string refusal)
        : wait_max_(wait_max), refusal_(std::move(refusal)), free_(free) {}

    /// A place until the last copy is gone; Error unavailable when there was none in time.
    std::shared_ptr<void> take() {
        std::unique_lock lock(mutex_);
        const auto ticket = next_++;
        waiting_.push_back(ticket);
        const bool is_mine = changed_.wait_for(
            lock, wait_max_, [&] { return free_ > 0 && waiting_.front() == ticket; });
        std::erase(waiting_, ticket);
        if (is_mine) --free_;
        lock.unlock();
        changed_.notify_all();
        if (!is_mine) throw Error(DUNLIN_E_UNAVAILABLE, refusal_);
        return {this, [](Places* places) { places->give(); }};
    }

private:
    void give() {
        {
            const std::lock_guard lock(mutex_);
            ++free_;
        }
        changed_.notify_all();
    }
    std::chrono::milliseconds wait_max_;
    std::string refusal_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<uint64_t> waiting_;
    uint64_t next_ = 0;
    int free_;
};

}  // namespace dunlin::host
