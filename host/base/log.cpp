// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include "base/clock.hpp"

#include <dunlin/error.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <boost/algorithm/string/replace.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace dunlin::host {
namespace {

constexpr std::string_view hidden = "[secret]";
constexpr std::size_t passing_max = 1000;

constexpr std::array<const char*, 4> level_names = {"debug", "info", "warn", "error"};

/// As it appears inside a JSON string.
std::string escaped(std::string_view text) {
    const auto quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

Log::~Log() {
    if (fd_ > 2) ::close(fd_);
}

void Log::open(const std::string& path, const std::string& level) {
    int fd = 2;
    if (path != "-") {
        fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (fd < 0) {
            throw Error(DUNLIN_E_UNAVAILABLE, "the log file " + path +
                                                  " cannot be written: " + std::strerror(errno) +
                                                  "; check its folder and permissions");
        }
    }
    const std::lock_guard lock(mutex_);
    if (fd_ > 2) ::close(fd_);
    fd_ = fd;
    const auto found = std::find(level_names.begin(), level_names.end(), level);
    level_ = static_cast<int32_t>(found - level_names.begin());
}

void Log::hide(std::string_view secret, bool is_passing) {
    if (secret.size() < 4) return;  // Shorter ones would make holes in every line.
    const std::lock_guard lock(mutex_);
    for (auto form : {std::string(secret), escaped(secret)}) {
        if (std::find(secrets_.begin(), secrets_.end(), form) != secrets_.end()) continue;
        if (is_passing) passing_.push_back(form);
        secrets_.push_back(std::move(form));
    }
    for (; passing_.size() > passing_max; passing_.pop_front()) {
        std::erase(secrets_, passing_.front());
    }
    // The longest first: one secret may contain another.
    std::sort(secrets_.begin(), secrets_.end(),
              [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string Log::redact(std::string text) const {
    const std::lock_guard lock(mutex_);
    for (const auto& secret : secrets_) boost::replace_all(text, secret, hidden);
    return text;
}

void Log::write(int32_t level, std::string_view origin, std::string_view message,
                const Json& fields) noexcept {
    if (level < level_) return;
    try {
        const auto now_us = Clock().now_us();
        Json line = {{"at", timestamp_text(now_us)},
                     {"level", level_names.at(static_cast<std::size_t>(level))},
                     {"origin", origin},
                     {"message", message}};
        if (!fields.is_null() && !fields.empty()) line["fields"] = fields;
        auto text = redact(line.dump(-1, ' ', false, Json::error_handler_t::replace));
        text += '\n';
        const std::lock_guard lock(mutex_);
        std::string_view rest = text;
        while (!rest.empty()) {
            const auto n = ::write(fd_, rest.data(), rest.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return;
            rest.remove_prefix(static_cast<std::size_t>(n));
        }
    } catch (...) {  // A log that cannot be written must not stop the work it speaks of.
    }
}

}  // namespace dunlin::host
