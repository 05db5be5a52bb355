// SPDX-License-Identifier: Apache-2.0
#include "plugins/marker.hpp"

#include <dunlin/error.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
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
    const auto n = static_cast<ssize_t>(sha256.size());
    if (::pwrite(fd_, sha256.data(), sha256.size(), 0) != n || ::fsync(fd_) != 0) {
        const std::string why = std::strerror(errno);
        ::close(fd_);
        throw Error(DUNLIN_E_UNAVAILABLE, path_.string() + " cannot be written: " + why);
    }
    sync_folder(folder);
}

LoadingMarker::~LoadingMarker() {
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
