// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "worker/wire.hpp"

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

namespace dunlin::host {

/// What a connector's process finds open besides the three standard ones.
constexpr int worker_socket_fd = 3;
constexpr int worker_flag_fd = 4;
/// How it ends when it may not have more memory.
constexpr int exit_memory = 97;

/// Starts programs, all from one thread that lives as long as this: the kernel kills a child that
/// asked for it (PR_SET_PDEATHSIG) when the *thread* that made it ends, and threads of syncs and
/// jobs come and go.
class Spawner {
public:
    explicit Spawner(std::filesystem::path program);
    ~Spawner();

    /// `dunlin worker` with these two descriptors; no other is open in it, nor is there anything in
    /// its environment but language, time zone and where programs and temporary files are. Error
    /// unavailable.
    pid_t spawn(int socket, int flag);

private:
    void work();
    pid_t spawn_here(int socket, int flag) const;

    std::filesystem::path program_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::function<void()> task_;
    bool ends_ = false;
    std::once_flag started_;
    std::thread thread_;
};

/// The process ended or was ended. What is said after "the connector x" in the message.
struct ChildDied : Error {
    using Error::Error;
};

struct ChildLimits {
    int64_t memory_mib = 0;
    std::chrono::milliseconds silence{0};
};

/// One process that holds a connector. It lives no longer than this object. One call at a time.
class Child {
public:
    /// Answers what it asks back; Error data when that is no message.
    using Answer = std::function<void(const Frame&, Channel&)>;
    /// Whether the call should stop.
    using Stops = std::function<bool()>;

    /// `who` begins every sentence about it: "the connector csv of the source erp".
    Child(Spawner& spawner, ChildLimits limits, std::string who);
    ~Child();  // Ends it, by force if it is still there.
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// The fields and data of its reply. ChildDied when it crashed, was silent too long, took too
    /// much memory, sent nonsense, or did not stop when asked; it is gone then.
    Frame ask(Op op, const Packer& fields, const Stops& stops, const Answer& answer);
    /// Ends it as somebody who says nothing we could understand.
    [[noreturn]] void refuse(const std::string& why);
    /// How long it may be silent in calls from now on.
    void set_silence(std::chrono::milliseconds most) { limits_.silence = most; }

private:
    void tick();
    int64_t resident_mib() const;
    [[noreturn]] void stop(dunlin_status status, const std::string& why);
    [[noreturn]] void lost();
    bool reap(std::chrono::milliseconds most);

    ChildLimits limits_;
    const std::string who_;
    pid_t pid_ = -1;
    int end_ = 0;                           // As waitpid() says.
    std::atomic<uint8_t>* flag_ = nullptr;  // Shared with it, for it to read: stop.
    const Stops* stops_ = nullptr;          // Of the call under way.
    std::chrono::steady_clock::time_point looked_, heard_;
    std::optional<std::chrono::steady_clock::time_point> asked_to_stop_;
    std::optional<Channel> channel_;
};

}  // namespace dunlin::host
