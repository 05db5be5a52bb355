// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/log.h>
#include <dunlin/json.hpp>

#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::host {

/// One JSON object a line, to standard error or a file: at, level, origin, message, fields. Values
/// registered as secrets are replaced in everything that is written. Thread-safe.
class Log {
public:
    ~Log();
    /// "-" is standard error; what is below the level (debug, info, warn, error) is not written.
    void open(const std::string& path, const std::string& level = "info");
    void set_level(int32_t level) { level_ = level; }
    /// Of those that pass, because others take their place, the latest thousand stay hidden.
    void hide(std::string_view secret, bool is_passing = false);
    void write(int32_t level, std::string_view origin, std::string_view message,
               const Json& fields = {}) noexcept;
    void info(std::string_view origin, std::string_view message, const Json& fields = {}) noexcept {
        write(DUNLIN_LOG_INFO, origin, message, fields);
    }
    void warn(std::string_view origin, std::string_view message, const Json& fields = {}) noexcept {
        write(DUNLIN_LOG_WARN, origin, message, fields);
    }
    void error(std::string_view origin, std::string_view message,
               const Json& fields = {}) noexcept {
        write(DUNLIN_LOG_ERROR, origin, message, fields);
    }
    /// The text with every registered secret replaced.
    std::string redact(std::string text) const;

private:
    mutable std::mutex mutex_;
    std::vector<std::string> secrets_;
    std::deque<std::string> passing_;  // Those of them, in order.
    int32_t level_ = DUNLIN_LOG_INFO;
    int fd_ = 2;
};

}  // namespace dunlin::host
