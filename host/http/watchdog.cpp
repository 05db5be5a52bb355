// SPDX-License-Identifier: Apache-2.0
#include "http/watchdog.hpp"

#include <sys/socket.h>
#include <unistd.h>

namespace dunlin::host {

namespace {
thread_local Watch* current = nullptr;
}

Watchdog::Watchdog(std::chrono::milliseconds read_max)
    : read_max_(read_max), thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void Watchdog::run() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        wake_.wait_for(lock, std::chrono::milliseconds(200));
        expire(std::chrono::steady_clock::now());
    }
}

void Watchdog::expire(Time now) {
    // Only reading ends: the refusal can still be sent.
    for (const auto& [id, entry] : entries_) {
        if (entry.deadline <= now) ::shutdown(entry.fd, SHUT_RD);
    }
}

void Watchdog::expire_all() {
    const std::lock_guard lock(mutex_);
    expire(Time::max());
}

int64_t Watchdog::add(int fd) {
    const std::lock_guard lock(mutex_);
    const auto copy = ::dup(fd);
    if (copy < 0) return 0;
    entries_.emplace(++last_, Entry{copy, std::chrono::steady_clock::now() + read_max_});
    return last_;
}

void Watchdog::remove(int64_t id) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    ::close(found->second.fd);
    entries_.erase(found);
}

Watch::Watch(Watchdog& watchdog, int fd)
    : watchdog_(watchdog),
      id_(watchdog.add(fd)),
      deadline_(std::chrono::steady_clock::now() + watchdog.read_max_) {
    current = this;
}

Watch::~Watch() {
    watchdog_.remove(id_);
    current = nullptr;
}

void Watch::done() {
    if (!current || current->is_done_) return;
    current->is_done_ = true;
    current->watchdog_.remove(current->id_);
}

bool Watch::has_expired() {
    return current && !current->is_done_ && std::chrono::steady_clock::now() >= current->deadline_;
}

}  // namespace dunlin::host
