// SPDX-License-Identifier: Apache-2.0
#include "visits/postcode.hpp"

#include <dunlin/did_you_mean.hpp>
#include <dunlin/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

namespace dunlin::receivables {
namespace {

const std::vector<std::string> columns{"country", "postcode", "lat", "lon"};

std::string_view trimmed(std::string_view text) {
    const auto from = text.find_first_not_of(" \t\r");
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (auto& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
}

/// The fields of a line; quotes may stand around one.
std::vector<std::string> fields_of(std::string_view line) {
    std::vector<std::string> out;
    for (;;) {
        const auto comma = line.find(',');
        auto field = trimmed(line.substr(0, comma));
        if (field.size() > 1 && field.front() == '"' && field.back() == '"') {
            field = trimmed(field.substr(1, field.size() - 2));
        }
        out.emplace_back(field);
        if (comma == std::string_view::npos) return out;
        line.remove_prefix(comma + 1);
    }
}

class Reading {
public:
    std::vector<PostcodePlace> run(std::string_view csv) {
        constexpr std::string_view mark = "\xEF\xBB\xBF";
        if (csv.starts_with(mark)) csv.remove_prefix(mark.size());
        while (!csv.empty()) {
            const auto end = csv.find('\n');
            ++at_;
            take(csv.substr(0, end));
            csv.remove_prefix(end == std::string_view::npos ? csv.size() : end + 1);
        }
        if (!has_head_) wrong("the file is empty; its first line names country,postcode,lat,lon");
        if (wrong_ > 0) {
            const auto more = wrong_ > lines_told
                                  ? " and " + std::to_string(wrong_ - lines_told) + " more lines"
                                  : std::string();
            throw Error(DUNLIN_E_INVALID, "nothing was taken: " + told_ + more);
        }
        return std::move(out_);
    }

private:
    static constexpr int lines_told = 10;

    void wrong(const std::string& why) {
        if (++wrong_ > lines_told) return;
        told_ += (told_.empty() ? "" : "; ") + why;
    }
    void wrong_line(const std::string& why) { wrong("line " + std::to_string(at_) + ": " + why); }

    void take(std::string_view line) {
        if (trimmed(line).empty()) return;
        const auto fields = fields_of(line);
        if (!has_head_) return take_head(fields);
        if (fields.size() != width_) {
            return wrong_line(std::to_string(fields.size()) + " fields, the first line has " +
                              std::to_string(width_));
        }
        PostcodePlace one;
        one.country = upper(fields[where_[0]]);
        one.postcode = postcode_key(fields[where_[1]]);
        const auto latitude = number(fields[where_[2]], 90);
        const auto longitude = number(fields[where_[3]], 180);
        const bool is_country =
            one.country.size() == 2 && std::all_of(one.country.begin(), one.country.end(),
                                                   [](char c) { return c >= 'A' && c <= 'Z'; });
        if (!is_country) {
            return wrong_line("\"" + fields[where_[0]] + "\" is no country; two letters as DE");
        }
        if (one.postcode.empty() || one.postcode.size() > 20) {
            return wrong_line("\"" + fields[where_[1]] + "\" is no postcode");
        }
        if (!latitude) {
            return wrong_line("lat \"" + fields[where_[2]] + "\" is no number from -90 to 90");
        }
        if (!longitude) {
            return wrong_line("lon \"" + fields[where_[3]] + "\" is no number from -180 to 180");
        }
        one.place = {*latitude, *longitude};
        add(std::move(one));
    }

    void take_head(const std::vector<std::string>& fields) {
        has_head_ = true;
        width_ = fields.size();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const auto it = std::find_if(fields.begin(), fields.end(), [&](const auto& field) {
                return upper(field) == upper(columns[i]);
            });
            where_[i] = static_cast<std::size_t>(it - fields.begin());
            if (it != fields.end()) continue;
            throw Error(DUNLIN_E_INVALID, "the first line has no column \"" + columns[i] +
                                              "\"; it names country,postcode,lat,lon with commas");
        }
    }

    void add(PostcodePlace one) {
        const auto [it, is_new] = seen_.try_emplace({one.country, one.postcode}, at_, out_.size());
        if (is_new) {
            out_.push_back(std::move(one));
            return;
        }
        const auto& before = out_[it->second.second].place;
        const bool is_same =
            before.latitude == one.place.latitude && before.longitude == one.place.longitude;
        if (is_same) return;
        wrong_line(one.country + " " + one.postcode + " lies elsewhere in line " +
                   std::to_string(it->second.first));
    }

    static std::optional<double> number(std::string_view text, double most) {
        double out = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
        const bool is_whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
        // Also false for what is not a number at all.
        if (!is_whole || !(std::abs(out) <= most)) return std::nullopt;
        return out;
    }

    std::vector<PostcodePlace> out_;
    std::map<std::pair<std::string, std::string>, std::pair<int, std::size_t>> seen_;
    std::array<std::size_t, 4> where_{};
    std::size_t width_ = 0;
    bool has_head_ = false;
    int at_ = 0, wrong_ = 0;
    std::string told_;
};

}  // namespace

std::string postcode_key(std::string_view postcode) {
    std::string out;
    for (const char c : upper(postcode)) {
        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) out += c;
    }
    return out;
}

std::vector<std::string> postcode_keys(std::string_view postcode) {
    postcode = trimmed(postcode);
    std::vector<std::string> out{postcode_key(postcode)};
    const auto area = postcode_key(postcode.substr(0, postcode.find(' ')));
    if (area != out.front()) out.push_back(area);
    out.erase(std::remove(out.begin(), out.end(), std::string()), out.end());
    return out;
}

std::vector<PostcodePlace> parse_postcodes(std::string_view csv) {
    return Reading().run(csv);
}

}  // namespace dunlin::receivables
