// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace dunlin::host {

/// Counters and gauges, printed in Prometheus' text format. Thread-safe.
class Metrics {
public:
    /// `labels` is ready-made: `kind="a",state="b"`, or empty.
    void add(std::string_view name, std::string_view labels, int64_t delta = 1);
    void set(std::string_view name, std::string_view labels, double value);
    std::string text() const;

private:
    struct Series {
        bool is_counter = true;
        std::map<std::string, double, std::less<>> values;
    };
    mutable std::mutex mutex_;
    std::map<std::string, Series, std::less<>> series_;
};

}  // namespace dunlin::host
