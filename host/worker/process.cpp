// SPDX-License-Identifier: Apache-2.0
#include "worker/process.hpp"

#include "base/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <future>
#include <set>

namespace dunlin::host {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds stop_grace{10'000};  // For a call that was asked to stop.
constexpr milliseconds look_every{20};
constexpr std::size_t flag_bytes = 4096;
constexpr int buffer_bytes = 4 << 20;

std::pair<Fd, Fd> socket_pair() {
    std::array<int, 2> ends{-1, -1};
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data());
    for (const int end : ends) {
        for (const int which : {SO_SNDBUF, SO_RCVBUF}) {
            ::setsockopt(end, SOL_SOCKET, which, &buffer_bytes, sizeof buffer_bytes);
        }
    }
    Fd first(ends[0]);
    return {std::move(first), Fd(ends[1])};
}

/// Of a size that nobody can change: touching it stays safe whatever the other side does.
Fd shared_page() {
    Fd out(::memfd_create("dunlin-worker", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (::ftruncate(out.get(), flag_bytes) != 0 ||
        ::fcntl(out.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        throw Error(DUNLIN_E_UNAVAILABLE,
                    std::string("no memory can be shared: ") + std::strerror(errno));
    }
    return out;
}

/// What a connector needs of ours. Secrets may stand in the rest.
std::vector<std::string> environment() {
    static const std::set<std::string> kept = {"PATH", "HOME",   "LANG",           "LANGUAGE",
                                               "TZ",   "TMPDIR", "LD_LIBRARY_PATH"};
    std::vector<std::string> out;
    for (char** one = environ; one && *one; ++one) {
        const std::string text(*one);
        const auto name = text.substr(0, text.find('='));
        if (kept.count(name) || name.starts_with("LC_") || name.ends_with("SAN_OPTIONS")) {
            out.push_back(text);
        }
    }
    return out;
}

std::string how_it_ended(int status) {
    if (WIFSIGNALED(status)) {
        const int signal = WTERMSIG(status);
        return "was killed by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
    }
    return "ended by itself with exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Spawner::Spawner(std::filesystem::path program) : program_(std::move(program)) {}

Spawner::~Spawner() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Spawner::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return ends_ || task_; });
        if (ends_) return;
        std::exchange(task_, nullptr)();
        changed_.notify_all();
    }
}

pid_t Spawner::spawn(int socket, int flag) {
    std::call_once(started_, [this] { thread_ = std::thread([this] { work(); }); });
    std::packaged_task<pid_t()> made([&] { return spawn_here(socket, flag); });
    auto pid = made.get_future();
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !task_; });
        task_ = [&] { made(); };
    }
    changed_.notify_all();
    return pid.get();
}

pid_t Spawner::spawn_here(int socket, int flag) const {
    std::vector<std::string> arguments = {"dunlin",   "worker",
                                          "--fd",     std::to_string(worker_socket_fd),
                                          "--flag",   std::to_string(worker_flag_fd),
                                          "--parent", std::to_string(::getpid())};
    auto variables = environment();
    posix_spawn_file_actions_t files;
    posix_spawnattr_t rules;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&rules);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    // What it prints is no output of the program that started it.
    posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, socket, worker_socket_fd);
    posix_spawn_file_actions_adddup2(&files, flag, worker_flag_fd);
    posix_spawn_file_actions_addclosefrom_np(&files, worker_flag_fd + 1);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&rules, &none);
    posix_spawnattr_setsigdefault(&rules, &all);
    // A group of its own: Ctrl-C in a terminal is for the host, which ends it in order.
    posix_spawnattr_setpgroup(&rules, 0);
    posix_spawnattr_setflags(
        &rules, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    pid_t pid = -1;
    const int failed = ::posix_spawn(&pid, program_.c_str(), &files, &rules,
                                     pointers(arguments).data(), pointers(variables).data());
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&rules);
    if (failed == 0) return pid;
    throw Error(DUNLIN_E_UNAVAILABLE,
                program_.string() +
                    ", which holds connectors, cannot be started: " + std::strerror(failed));
}

Child::Child(Spawner& spawner, ChildLimits limits, std::string who)
    : limits_(limits), who_(std::move(who)) {
    auto [ours, theirs] = socket_pair();
    const auto page = shared_page();
    void* mapped = ::mmap(nullptr, flag_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, page.get(), 0);
    if (mapped == MAP_FAILED) throw Error(DUNLIN_E_UNAVAILABLE, "no memory can be shared");
    flag_ = static_cast<std::atomic<uint8_t>*>(mapped);
    try {
        pid_ = spawner.spawn(theirs.get(), page.get());
    } catch (...) {
        ::munmap(flag_, flag_bytes);
        throw;
    }
    channel_.emplace(ours.release(), [this] { tick(); });
}

Child::~Child() {
    channel_.reset();
    // Without its host it ends by itself.
    if (pid_ > 0 && !reap(milliseconds(500))) {
        ::kill(pid_, SIGKILL);
        reap(milliseconds::max());
    }
    ::munmap(flag_, flag_bytes);
}

bool Child::reap(milliseconds most) {
    const auto began = steady_clock::now();
    while (::waitpid(pid_, &end_, most == milliseconds::max() ? 0 : WNOHANG) == 0) {
        if (steady_clock::now() - began > most) return false;
        std::this_thread::sleep_for(milliseconds(1));
    }
    pid_ = -1;
    return true;
}

void Child::stop(dunlin_status status, const std::string& why) {
    ::kill(pid_, SIGKILL);
    reap(milliseconds::max());
    throw ChildDied(status, who_ + " " + why);
}

void Child::refuse(const std::string& why) {
    stop(DUNLIN_E_UNAVAILABLE, "sent what nobody can read and was stopped: " + why);
}

void Child::lost() {
    if (!reap(milliseconds(2000))) {
        stop(DUNLIN_E_UNAVAILABLE, "closed its connection to the host and was stopped");
    }
    const bool is_memory = WIFEXITED(end_) && WEXITSTATUS(end_) == exit_memory;
    throw ChildDied(DUNLIN_E_UNAVAILABLE,
                    who_ + " " +
                        (is_memory ? "used more than " + std::to_string(limits_.memory_mib) + " MiB"
                                   : how_it_ended(end_)));
}

int64_t Child::resident_mib() const {
    int64_t size = 0, pages = 0;
    std::ifstream("/proc/" + std::to_string(pid_) + "/statm") >> size >> pages;
    return pages * ::sysconf(_SC_PAGESIZE) >> 20;
}

void Child::tick() {
    const auto now = steady_clock::now();
    if (now - looked_ < look_every) return;
    looked_ = now;
    if (!asked_to_stop_ && *stops_ && (*stops_)()) {
        asked_to_stop_ = now;
        flag_->store(1);
    }
    if (asked_to_stop_ && now - *asked_to_stop_ > stop_grace) {
        stop(DUNLIN_E_CANCELLED, "did not stop when it was asked to and was stopped");
    }
    if (now - heard_ > limits_.silence) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limits_.silence);
        stop(DUNLIN_E_UNAVAILABLE,
             "was silent for " + std::to_string(seconds.count()) + " s and was stopped");
    }
    if (limits_.memory_mib > 0 && resident_mib() > limits_.memory_mib) {
        stop(DUNLIN_E_UNAVAILABLE,
             "used more than " + std::to_string(limits_.memory_mib) + " MiB and was stopped");
    }
}

Frame Child::ask(Op op, const Packer& fields, const Stops& stops, const Answer& answer) {
    stops_ = &stops;
    asked_to_stop_.reset();
    flag_->store(0);
    heard_ = steady_clock::now();
    if (!channel_->send(op, fields.bytes())) lost();
    try {
        for (;;) {
            auto frame = channel_->receive();
            if (!frame) lost();
            if (frame->op == Op::reply) return std::move(*frame);
            answer(*frame, *channel_);
            heard_ = steady_clock::now();
        }
    } catch (const ChildDied&) {
        throw;
    } catch (const Error& e) {
        refuse(e.what());
    }
}

}  // namespace dunlin::host
