// SPDX-License-Identifier: Apache-2.0
#include "plugins/library.hpp"

#include <dunlin/error.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace dunlin::host {

namespace {

void sync_folder(const std::filesystem::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    ::fsync(fd);
    ::close(fd);
}

/// The marker's file, locked. Another process that loads the same plugin is waited for; it removes
/// the file when it is done, and then a new one is made.
int open_locked(const std::filesystem::path& path) {
    for (;;) {
        const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0) {
            throw Error(DUNLIN_E_UNAVAILABLE, path.string() +
                                                  " cannot be written: " + std::strerror(errno) +
                                                  "; make its folder writable for the host");
        }
        struct stat status {};
        if (::flock(fd, LOCK_EX) == 0 && ::fstat(fd, &status) == 0 && status.st_nlink > 0) {
            return fd;
        }
        ::close(fd);
    }
}

// What the handlers below need, and may touch: plain memory and an open file.
constexpr std::array<int, 5> crashes = {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE};
std::atomic<int> marker_fd{-1};
std::array<char, 64> marker_text{};
std::array<struct sigaction, crashes.size()> handlers_before{};

void note_end() {
    const int fd = marker_fd.exchange(-1);
    if (fd < 0) return;
    if (::pwrite(fd, marker_text.data(), marker_text.size(), 0) > 0) ::fsync(fd);
}

void note_crash(int signal) {
    note_end();
    for (std::size_t i = 0; i < crashes.size(); ++i) {
        if (crashes[i] == signal) ::sigaction(signal, &handlers_before[i], nullptr);
    }
    ::raise(signal);
}

void watch(int fd, const std::string& sha256) {
    [[maybe_unused]] static const int registered = std::atexit(&note_end);
    marker_text.fill(' ');
    std::copy_n(sha256.begin(), std::min(sha256.size(), marker_text.size()), marker_text.begin());
    marker_fd = fd;
    struct sigaction handler {};
    handler.sa_handler = &note_crash;
    for (std::size_t i = 0; i < crashes.size(); ++i) {
        ::sigaction(crashes[i], &handler, &handlers_before[i]);
    }
}

void unwatch() {
    marker_fd = -1;
    for (std::size_t i = 0; i < crashes.size(); ++i) {
        ::sigaction(crashes[i], &handlers_before[i], nullptr);
    }
}

}  // namespace

std::filesystem::path LoadingMarker::path_of(const std::filesystem::path& folder,
                                             const std::string& id) {
    return folder / ("loading-" + id);
}

LoadingMarker::LoadingMarker(const std::filesystem::path& folder, const std::string& id,
                             const std::string& sha256)
    : path_(path_of(folder, id)) {
    std::filesystem::create_directories(folder);
    fd_ = open_locked(path_);
    if (::pwrite(fd_, "loading", 7, 0) != 7 || ::fsync(fd_) != 0) {
        const std::string why = std::strerror(errno);
        ::close(fd_);
        throw Error(DUNLIN_E_UNAVAILABLE, path_.string() + " cannot be written: " + why);
    }
    sync_folder(folder);
    watch(fd_, sha256);
}

LoadingMarker::~LoadingMarker() {
    unwatch();
    ::unlink(path_.c_str());
    ::close(fd_);
}

bool LoadingMarker::was_left(const std::filesystem::path& folder, const std::string& id,
                             const std::string& sha256) {
    const auto path = path_of(folder, id);
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return false;
    const bool is_free = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
    std::array<char, 64> text{};
    const auto n = ::pread(fd, text.data(), text.size(), 0);
    const bool is_same = n > 0 && std::string(text.data(), static_cast<std::size_t>(n)) == sha256;
    if (is_free && n > 0 && !is_same) ::unlink(path.c_str());
    ::close(fd);
    return is_free && is_same;
}

}  // namespace dunlin::host
