// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.hpp"

#include <charconv>

namespace dunlin::host {

void Metrics::add(std::string_view name, std::string_view labels, int64_t delta) {
    const std::lock_guard lock(mutex_);
    auto& series = series_[std::string(name)];
    series.is_counter = true;
    series.values[std::string(labels)] += static_cast<double>(delta);
}

void Metrics::set(std::string_view name, std::string_view labels, double value) {
    const std::lock_guard lock(mutex_);
    auto& series = series_[std::string(name)];
    series.is_counter = false;
    series.values[std::string(labels)] = value;
}

std::string Metrics::text() const {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& [name, series] : series_) {
        out += "# TYPE " + name + (series.is_counter ? " counter\n" : " gauge\n");
        for (const auto& [labels, value] : series.values) {
            char number[64];
            const auto end = std::to_chars(number, number + sizeof number, value).ptr;
            out.append(name);
            if (!labels.empty()) out.append("{").append(labels).append("}");
            out.append(" ").append(number, end).append("\n");
        }
    }
    return out;
}

}  // namespace dunlin::host
