// SPDX-License-Identifier: Apache-2.0
#include "config/reader.hpp"

#include <dunlin/date.hpp>
#include <dunlin/error.hpp>

#include <algorithm>
#include <cstdio>

namespace dunlin::host {

namespace {

std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

const char* kind_of(const Json& value) {
    if (value.is_string()) return "a text";
    if (value.is_boolean()) return "a boolean";
    if (value.is_number_integer()) return "a whole number";
    if (value.is_number()) return "a number with decimals";
    return value.is_array() ? "an array" : "a table";
}

}  // namespace

void Mistakes::throw_if_any() const {
    if (all_.empty()) return;
    std::string message;
    auto list = Json::array();
    for (const auto& [line, what] : all_) {
        list.push_back(file_ + ":" + std::to_string(line) + ": " + what);
        message += (message.empty() ? "" : "\n") + list.back().get<std::string>();
    }
    throw Error(DUNLIN_E_INVALID, message, Json{{"violations", list}}.dump());
}

int Reader::line_of(const std::string& key) const {
    const auto& lines = document_.lines();
    auto found = lines.find(path_.empty() ? key : path_ + "." + key);
    if (found == lines.end()) found = lines.find(path_);
    return found == lines.end() ? 1 : found->second;
}

void Reader::mistake(const std::string& key, const std::string& what) {
    const auto place = path_.empty() ? "[" + key + "]" : key + " in [" + path_ + "]";
    mistakes_.add(line_of(key), place + ": " + what);
}

void Reader::unknown(const std::string& key, const std::vector<std::string>& known) {
    auto what = (path_.empty() ? "unknown section [" + key + "]"
                               : "unknown key \"" + key + "\" in [" + path_ + "]");
    const auto nearest = std::min_element(
        known.begin(), known.end(),
        [&](const auto& a, const auto& b) { return distance(key, a) < distance(key, b); });
    if (nearest != known.end() && distance(key, *nearest) <= 2) {
        what += "; did you mean \"" + *nearest + "\"?";
    } else {
        what += "; known are";
        for (const auto& name : known) what += (&name == &known[0] ? " " : ", ") + name;
    }
    mistakes_.add(line_of(key), what);
}

void Reader::only(const std::vector<std::string>& known) {
    for (const auto& key : keys()) {
        if (std::find(known.begin(), known.end(), key) == known.end()) unknown(key, known);
    }
}

std::vector<std::string> Reader::keys() const {
    std::vector<std::string> out;
    for (const auto& [key, value] : table_.items()) out.push_back(key);
    return out;
}

std::optional<Reader> Reader::section(const std::string& key) {
    if (!has(key)) return std::nullopt;
    if (!is_table(key)) {
        mistake(key, std::string("must be a table, not ") + kind_of(table_[key]));
        return std::nullopt;
    }
    return Reader(*this, key);
}

bool Reader::text(const std::string& key, std::string& out) {
    if (!has(key)) return false;
    if (!table_[key].is_string()) {
        mistake(key, std::string("must be a text in quotes, not ") + kind_of(table_[key]));
        return false;
    }
    out = table_[key].get<std::string>();
    return true;
}

void Reader::texts(const std::string& key, std::vector<std::string>& out) {
    if (!has(key)) return;
    const auto& list = table_[key];
    const auto is_text = [](const Json& value) { return value.is_string(); };
    if (!list.is_array() || !std::all_of(list.begin(), list.end(), is_text)) {
        mistake(key, "must be an array of texts, for example [\"a\", \"b\"]");
        return;
    }
    out = list.get<std::vector<std::string>>();
}

void Reader::one_of(const std::string& key, std::string& out,
                    const std::vector<std::string>& choices) {
    std::string value = out;
    if (!text(key, value)) return;
    if (std::find(choices.begin(), choices.end(), value) != choices.end()) {
        out = value;
        return;
    }
    std::string what = "must be";
    for (const auto& choice : choices) {
        what += (&choice == &choices[0] ? " \"" : ", \"") + choice + "\"";
    }
    mistake(key, what + ", not \"" + value + "\"");
}

void Reader::boolean(const std::string& key, bool& out) {
    if (!has(key)) return;
    if (table_[key].is_boolean()) {
        out = table_[key].get<bool>();
    } else {
        mistake(key, std::string("must be true or false, not ") + kind_of(table_[key]));
    }
}

bool Reader::integer_in(const std::string& key, int64_t& out, int64_t min, int64_t max) {
    if (!has(key)) return false;
    if (!table_[key].is_number_integer()) {
        mistake(key, std::string("must be a whole number, not ") + kind_of(table_[key]));
        return false;
    }
    out = table_[key].get<int64_t>();
    if (out >= min && out <= max) return true;
    mistake(key, "must be " + std::to_string(min) + " to " + std::to_string(max) + ", not " +
                     std::to_string(out));
    return false;
}

void Reader::duration(const std::string& key, int64_t& out_us, int64_t min_us, int64_t max_us) {
    std::string value;
    if (!text(key, value)) return;
    int64_t number = 0;
    std::size_t i = 0;
    for (; i < value.size() && i < 9 && value[i] >= '0' && value[i] <= '9'; ++i) {
        number = number * 10 + (value[i] - '0');
    }
    const std::map<std::string, int64_t> units{
        {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}, {"d", 86'400'000'000}};
    const auto unit = units.find(value.substr(i));
    if (i == 0 || unit == units.end()) {
        mistake(key, "\"" + value + "\" is no duration; write \"30s\", \"15m\", \"2h\" or \"1d\"");
    } else if (number * unit->second < min_us || number * unit->second > max_us) {
        mistake(key, "must be " + std::to_string(min_us / 1'000'000) + "s to " +
                         std::to_string(max_us / 86'400'000'000) + "d, not \"" + value + "\"");
    } else {
        out_us = number * unit->second;
    }
}

void Reader::instant(const std::string& key, std::optional<int64_t>& out_us) {
    std::string value;
    if (!text(key, value)) return;
    int hour = 0, minute = 0, second = 0, end = 0;
    try {
        const auto date = Date::parse(value.substr(0, 10));
        const auto time = value.substr(std::min<std::size_t>(10, value.size()));
        const auto read =
            std::sscanf(time.c_str(), "T%2d:%2d:%2dZ%n", &hour, &minute, &second, &end);
        if (read == 3 && time.size() == 10 && end == 10 && hour >= 0 && hour < 24 && minute >= 0 &&
            minute < 60 && second >= 0 && second < 60) {
            out_us =
                (date.days() * int64_t{86400} + hour * 3600 + minute * 60 + second) * 1'000'000;
            return;
        }
    } catch (const Error&) {
        // Said below, for the whole instant.
    }
    mistake(key, "\"" + value + "\" is no instant; write it as \"2024-05-31T10:00:00Z\"");
}

}  // namespace dunlin::host
