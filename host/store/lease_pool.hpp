// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/error.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace dunlin::host {

/// Connections that keep their prepared statements between uses: at most `max`, made when needed.
template <class C>
class LeasePool {
public:
    using Make = std::function<std::unique_ptr<C>()>;
    LeasePool(int max, std::chrono::milliseconds wait_max, Make make)
        : make_(std::move(make)), wait_max_(wait_max), max_(max) {}

    std::unique_ptr<C> take() {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, wait_max_, [&] { return out_ < max_; })) {
            throw Error(DUNLIN_E_UNAVAILABLE,
                        "all " + std::to_string(max_) +
                            " database connections are in use; try "
                            "again, or raise connections_max under [store] in dunlin.toml");
        }
        ++out_;
        if (!idle_.empty()) {
            auto connection = std::move(idle_.back());
            idle_.pop_back();
            return connection;
        }
        lock.unlock();
        try {
            return make_();
        } catch (...) {
            give(nullptr);
            throw;
        }
    }
    /// Null: the connection was broken and is gone.
    void give(std::unique_ptr<C> connection) {
        {
            const std::lock_guard lock(mutex_);
            --out_;
            if (connection) idle_.push_back(std::move(connection));
        }
        changed_.notify_one();
    }
    void drop_idle() {
        const std::lock_guard lock(mutex_);
        idle_.clear();
    }

private:
    Make make_;
    std::chrono::milliseconds wait_max_;
    int max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    int out_ = 0;
    std::vector<std::unique_ptr<C>> idle_;
};

/// One place, given in the order of asking. SQLite has one writer at a time, and its own busy
/// handler polls and is not fair.
class TicketQueue {
public:
    explicit TicketQueue(std::chrono::milliseconds wait_max) : wait_max_(wait_max) {}

    void acquire() {
        std::unique_lock lock(mutex_);
        const auto ticket = next_++;
        waiting_.push_back(ticket);
        const auto is_mine = [&] { return !held_ && waiting_.front() == ticket; };
        if (!changed_.wait_for(lock, wait_max_, is_mine)) {
            std::erase(waiting_, ticket);
            lock.unlock();
            changed_.notify_all();
            throw Error(DUNLIN_E_UNAVAILABLE,
                        "another transaction of this process kept the writer's place for " +
                            std::to_string(wait_max_.count()) +
                            " ms; try again, and keep transactions short");
        }
        waiting_.pop_front();
        held_ = true;
    }
    void release() {
        {
            const std::lock_guard lock(mutex_);
            held_ = false;
        }
        changed_.notify_all();
    }

private:
    std::chrono::milliseconds wait_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<uint64_t> waiting_;
    uint64_t next_ = 0;
    bool held_ = false;
};

}  // namespace dunlin::host
