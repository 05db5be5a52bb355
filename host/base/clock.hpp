// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace date {
class time_zone;
}

namespace dunlin::host {

/// The instant and business date fixed for one transaction.
struct Moment {
    int64_t now_us = 0;
    Date today;
    bool is_overridden = false;  // Somebody asked for another business date.
};

/// The only reader of the clock in the process. Thread-safe.
class Clock {
public:
    /// `zone` is the instance's (IANA); `fixed_us` freezes time for tests and reproducible runs.
    explicit Clock(std::string zone = "UTC", std::optional<int64_t> fixed_us = std::nullopt);

    int64_t now_us() const;
    Moment moment(std::optional<Date> override_today = std::nullopt) const;
    /// The business date of an instant in a zone.
    static Date date_in(std::string_view zone, int64_t at_us);
    /// By its IANA name; Error invalid when there is none.
    static const ::date::time_zone& zone_named(std::string_view name);
    const std::string& zone() const { return zone_; }

private:
    std::string zone_;
    std::optional<int64_t> fixed_us_;
};

/// "2026-02-28T10:11:12.123456Z"
std::string timestamp_text(int64_t at_us);

}  // namespace dunlin::host
