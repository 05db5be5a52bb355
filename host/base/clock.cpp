// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <date/tz.h>

#include <chrono>

namespace dunlin::host {

using std::chrono::microseconds;
using namespace std::chrono_literals;

Clock::Clock(std::string zone, std::optional<int64_t> fixed_us)
    : zone_(std::move(zone)), fixed_us_(fixed_us) {
    date_in(zone_, 0);  // A wrong zone is refused here and not at the first transaction.
}

int64_t Clock::now_us() const {
    if (fixed_us_) return *fixed_us_;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<microseconds>(now).count();
}

Moment Clock::moment(std::optional<Date> override_today) const {
    const auto now = now_us();
    return {now, override_today ? *override_today : date_in(zone_, now),
            override_today.has_value()};
}

const ::date::time_zone& Clock::zone_named(std::string_view name) {
    try {
        return *::date::locate_zone(name);
    } catch (const std::runtime_error&) {
        throw Error(DUNLIN_E_INVALID, "there is no time zone \"" + std::string(name) +
                                          "\"; write it like Europe/Berlin and see that the "
                                          "package tzdata is installed");
    }
}

Date Clock::date_in(std::string_view zone, int64_t at_us) {
    const auto local = zone_named(zone).to_local(::date::sys_time<microseconds>(at_us * 1us));
    const auto days = ::date::floor<::date::days>(local).time_since_epoch();
    return Date(static_cast<int32_t>(days.count()));
}

std::string timestamp_text(int64_t at_us) {
    return ::date::format("%FT%TZ", ::date::sys_time<microseconds>(at_us * 1us));
}

}  // namespace dunlin::host
