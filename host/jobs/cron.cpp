// SPDX-License-Identifier: Apache-2.0
#include <date/tz.h>

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include "jobs/jobs.hpp"

#include <array>
#include <bitset>
#include <regex>

namespace dunlin::host {

namespace {

using std::chrono::microseconds;
using std::chrono::minutes;
using Values = std::bitset<60>;

enum Field { minute, hour, day, month, weekday };
struct Limits {
    int least, most;
};
constexpr std::array<Limits, 5> limits = {{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}}};

[[noreturn]] void refuse(const std::string& cron, const std::string& part) {
    throw Error(DUNLIN_E_INVALID, "\"" + cron + "\" is no cron line because of \"" + part +
                                      "\"; write five fields, such as \"30 6 * * 1-5\"");
}

std::vector<std::string> split(const std::string& text, const char* at) {
    std::vector<std::string> parts;
    boost::split(parts, text, boost::is_any_of(at), boost::token_compress_on);
    return parts;
}

/// "*", "5" or "1-5", each with "/step" behind it, and commas between them.
Values read_field(const std::string& cron, const std::string& text, Limits limit) {
    static const std::regex form(R"((\*|(\d{1,2})(-(\d{1,2}))?)(/(\d{1,3}))?)");
    Values values;
    for (const auto& range : split(text, ",")) {
        std::smatch found;
        if (!std::regex_match(range, found, form)) refuse(cron, range);
        const auto number = [&](std::size_t group, int otherwise) {
            return found[group].matched ? std::stoi(found[group]) : otherwise;
        };
        const int step = number(6, 1);
        const int from = number(2, limit.least);
        const bool is_one = found[2].matched && !found[5].matched;
        const int to = number(4, is_one ? from : limit.most);
        if (step == 0 || from < limit.least || from > to || to > limit.most) refuse(cron, range);
        for (int value = from; value <= to; value += step) values.set(value);
    }
    return values;
}

}  // namespace

int64_t next_cron(const std::string& cron, const std::string& zone_name, int64_t after_us) {
    const auto texts = split(cron, " ");
    if (texts.size() != limits.size()) refuse(cron, cron);
    std::array<Values, limits.size()> named;
    for (std::size_t i = 0; i < limits.size(); ++i) {
        named[i] = read_field(cron, texts[i], limits[i]);
    }
    if (named[weekday].test(7)) named[weekday].set(0);
    const auto is_any = [&](Field field) { return texts[field].front() == '*'; };
    const auto is_named = [&](date::local_days at) {
        const date::year_month_day ymd(at);
        if (!named[month].test(static_cast<unsigned>(ymd.month()))) return false;
        const bool is_day = named[day].test(static_cast<unsigned>(ymd.day()));
        const bool is_weekday = named[weekday].test(date::weekday(at).c_encoding());
        return is_any(day) || is_any(weekday) ? is_day && is_weekday : is_day || is_weekday;
    };

    const auto& zone = Clock::zone_named(zone_name);
    const date::sys_time<microseconds> after{microseconds(after_us)};
    const auto today = date::floor<date::days>(zone.to_local(after));
    // Eight years hold a 29 February. The day before: a repeated midnight belongs to it.
    for (auto at = today - date::days(1); at <= today + date::days(8 * 366); at += date::days(1)) {
        if (!is_named(at)) continue;
        auto first = date::sys_time<microseconds>::max();
        for (int i = 0; i < 24 * 60; ++i) {
            if (!named[hour].test(i / 60) || !named[minute].test(i % 60)) continue;
            for (const auto twin : {date::choose::earliest, date::choose::latest}) {
                if (twin == date::choose::latest && !is_any(hour)) continue;
                const auto instant = zone.to_sys(at + minutes(i), twin);
                if (instant > after && instant < first) first = instant;
            }
        }
        if (first != date::sys_time<microseconds>::max()) return first.time_since_epoch().count();
    }
    refuse(cron, "a day that never comes");
}

}  // namespace dunlin::host
