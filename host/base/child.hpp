// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/error.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace dunlin::host {

/// A descriptor away from those that a child expects at fixed numbers.
class Fd {
public:
    explicit Fd(int fd) : fd_(::fcntl(fd, F_DUPFD_CLOEXEC, 16)) {
        ::close(fd);
        if (fd_ >= 0) return;
        throw Error(DUNLIN_E_UNAVAILABLE, std::string("a process cannot be prepared: ") +
                                              std::strerror(errno) +
                                              "; raise the limit of open files");
    }
    ~Fd() { close(); }
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&&) = delete;
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }
    void close() {
        if (fd_ >= 0) ::close(release());
    }

private:
    int fd_;
};

/// As exec wants them.
inline std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

}  // namespace dunlin::host
