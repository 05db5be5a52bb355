// SPDX-License-Identifier: Apache-2.0
#include <date/tz.h>

#include "jobs/jobs.hpp"

#include <bitset>
#include <charconv>

namespace dunlin::host {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// One field: the values it names.
struct Field {
    std::bitset<64> values;
    bool is_any = false;  // Begins with a star.

    bool has(unsigned value) const { return values.test(value); }
};

struct Cron {
    Field minute, hour, day, month, weekday;

    bool names(date::local_days on) const {
        const date::year_month_day ymd{on};
        if (!month.has(static_cast<unsigned>(ymd.month()))) return false;
        const bool is_day = day.has(static_cast<unsigned>(ymd.day()));
        const bool is_weekday = weekday.has(date::weekday{on}.c_encoding());
        if (!day.is_any && !weekday.is_any) return is_day || is_weekday;
        return is_day && is_weekday;
    }
};

[[noreturn]] void refuse(const std::string& cron, std::string_view part) {
    throw Error(DUNLIN_E_INVALID, "\"" + cron + "\" is no cron line because of \"" +
                                      std::string(part) +
                                      "\"; write five fields, such as \"30 6 * * 1-5\"");
}

unsigned number(const std::string& cron, std::string_view text, unsigned most) {
    unsigned value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, bad] = std::from_chars(text.data(), end, value);
    if (bad != std::errc{} || stop != end || value > most) refuse(cron, text);
    return value;
}

/// "*", "5", "1-5", each with "/step" behind it.
void add_range(const std::string& cron, std::string_view text, unsigned least, unsigned most,
               Field& field) {
    const auto slash = text.find('/');
    const auto range = text.substr(0, slash);
    const auto dash = range.find('-');
    unsigned from = least, to = most, step = 1;
    if (slash != text.npos) step = number(cron, text.substr(slash + 1), 1000);
    if (range != "*") {
        from = number(cron, range.substr(0, dash), most);
        if (dash != range.npos) {
            to = number(cron, range.substr(dash + 1), most);
        } else if (slash == text.npos) {
            to = from;
        }
    }
    if (step == 0 || from < least || from > to) refuse(cron, text);
    for (auto value = from; value <= to; value += step) field.values.set(value);
}

Field read_field(const std::string& cron, std::string_view text, unsigned least, unsigned most) {
    Field field;
    field.is_any = !text.empty() && text.front() == '*';
    while (true) {
        const auto comma = text.find(',');
        add_range(cron, text.substr(0, comma), least, most, field);
        if (comma == text.npos) return field;
        text.remove_prefix(comma + 1);
    }
}

Cron read_cron(const std::string& cron) {
    std::vector<std::string_view> parts;
    for (std::string_view rest = cron; !rest.empty();) {
        const auto space = rest.find(' ');
        if (space != 0) parts.push_back(rest.substr(0, space));
        if (space == rest.npos) break;
        rest.remove_prefix(space + 1);
    }
    if (parts.size() != 5) refuse(cron, cron);
    Cron out{read_field(cron, parts[0], 0, 59), read_field(cron, parts[1], 0, 23),
             read_field(cron, parts[2], 1, 31), read_field(cron, parts[3], 1, 12),
             read_field(cron, parts[4], 0, 7)};
    if (out.weekday.has(7)) out.weekday.values.set(0);
    return out;
}

/// The earliest instant behind `after` that the line names on a local day, or none.
std::optional<date::sys_seconds> first_on(const Cron& cron, const date::time_zone& zone,
                                          date::local_days day, date::sys_seconds after) {
    std::optional<date::sys_seconds> first;
    const auto offer = [&](date::sys_seconds at) {
        if (at > after && (!first || at < *first)) first = at;
    };
    for (unsigned hour = 0; hour < 24; ++hour) {
        for (unsigned minute = 0; cron.hour.has(hour) && minute < 60; ++minute) {
            if (!cron.minute.has(minute)) continue;
            const auto local = day + hours(hour) + minutes(minute);
            const auto info = zone.get_info(date::local_seconds(local));
            const auto as_sys = date::sys_seconds(local.time_since_epoch());
            if (info.result == date::local_info::nonexistent) {
                offer(info.first.end);
                continue;
            }
            offer(as_sys - info.first.offset);
            if (info.result == date::local_info::ambiguous && cron.hour.is_any) {
                offer(as_sys - info.second.offset);
            }
        }
    }
    return first;
}

}  // namespace

int64_t next_cron(const std::string& line, const std::string& zone_name, int64_t after_us) {
    const auto cron = read_cron(line);
    const date::time_zone* zone = nullptr;
    try {
        zone = date::locate_zone(zone_name);
    } catch (const std::runtime_error&) {
        throw Error(DUNLIN_E_INVALID, "there is no time zone \"" + zone_name + "\"");
    }
    const auto after = date::floor<seconds>(date::sys_time<microseconds>(microseconds(after_us)));
    const auto today = date::floor<days>(zone->to_local(after));
    // Eight years hold a 29 February. The day before: a repeated midnight belongs to it.
    for (auto day = today - days(1); day < today + days(8 * 366 + 1); day += days(1)) {
        if (!cron.names(day)) continue;
        if (const auto at = first_on(cron, *zone, day, after)) {
            return microseconds(at->time_since_epoch()).count();
        }
    }
    refuse(line, "a day that never comes");
}

}  // namespace dunlin::host
