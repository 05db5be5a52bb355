// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <date/tz.h>

#include <chrono>
#include <cstdio>

namespace dunlin::host {

Clock::Clock(std::string zone, std::optional<int64_t> fixed_us)
    : zone_(std::move(zone)), fixed_us_(fixed_us) {
    date_in(zone_, 0);  // A wrong zone is refused here and not at the first transaction.
}

int64_t Clock::now_us() const {
    if (fixed_us_) return *fixed_us_;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

Moment Clock::moment(std::optional<Date> override_today) const {
    const auto now = now_us();
    return {now, override_today ? *override_today : date_in(zone_, now),
            override_today.has_value()};
}

Date Clock::date_in(std::string_view zone, int64_t at_us) {
    const ::date::time_zone* found = nullptr;
    try {
        found = ::date::locate_zone(zone);
    } catch (const std::runtime_error&) {
        throw Error(DUNLIN_E_INVALID, "there is no time zone \"" + std::string(zone) +
                                          "\"; write it like Europe/Berlin and see that the "
                                          "package tzdata is installed");
    }
    const std::chrono::sys_time<std::chrono::microseconds> at{std::chrono::microseconds(at_us)};
    const auto local = found->to_local(at);
    const auto days = std::chrono::floor<std::chrono::days>(local.time_since_epoch());
    return Date(static_cast<int32_t>(days.count()));
}

std::string timestamp_text(int64_t at_us) {
    constexpr int64_t day_us = 86'400'000'000;
    const int64_t days = at_us >= 0 ? at_us / day_us : -((day_us - 1 - at_us) / day_us);
    const int64_t rest = at_us - days * day_us;
    const int64_t seconds = rest / 1'000'000;
    char clock[40];
    std::snprintf(clock, sizeof clock, "T%02d:%02d:%02d.%06dZ", static_cast<int>(seconds / 3600),
                  static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60),
                  static_cast<int>(rest % 1'000'000));
    return Date(static_cast<int32_t>(days)).text() + clock;
}

}  // namespace dunlin::host
