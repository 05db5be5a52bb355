// SPDX-License-Identifier: Apache-2.0
#include "inbound/recognise.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace dunlin::correspondence {

namespace {

constexpr std::size_t read_max = 16384;
constexpr std::size_t before_bytes = 24;  // In which a "not" takes a phrase's sense away.
constexpr std::size_t around_bytes = 160;
constexpr int half_sure = 40;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_word(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

/// Small letters, also of Ä, Ö and Ü, single blanks, plain apostrophes.
std::string plain(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
            if (!out.empty() && out.back() != ' ') out += ' ';
        } else if (text.substr(i, 2) == "\xc2\xa0") {
            out += ' ';
            ++i;
        } else if (text.substr(i, 3) == "\xe2\x80\x99") {
            out += '\'';
            i += 2;
        } else if (c == '\xc3' && i + 1 < text.size()) {
            const char next = text[++i];
            const bool is_big = next == '\x84' || next == '\x96' || next == '\x9c';
            out += c;
            out += is_big ? static_cast<char>(next + 0x20) : next;
        } else {
            out += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        }
    }
    return out;
}

bool is_quote_head(std::string_view line) {
    const auto text = plain(line);
    const auto has = [&](std::string_view word) { return text.find(word) != std::string::npos; };
    const auto begins = [&](std::string_view word) {
        return text.compare(0, word.size(), word) == 0;
    };
    const bool ends =
        text.find_last_not_of(' ') != std::string::npos && text[text.find_last_not_of(' ')] == ':';
    return (ends && ((begins("on ") && has("wrote")) || (begins("am ") && has("schrieb")))) ||
           has("-----original message-----") || has("-----ursprüngliche nachricht-----") ||
           has("________________") || begins("from: ") || begins("von: ");
}

bool is_denied(std::string_view text, std::size_t at) {
    const auto from = at > before_bytes ? at - before_bytes : 0;
    auto before = text.substr(from, at - from);
    // Not across the end of a sentence.
    if (const auto end = before.find_last_of(".!?,;"); end != std::string_view::npos) {
        before.remove_prefix(end);
    }
    for (const std::string_view word : {"not ", "n't ", "never ", "nicht ", "noch nie ", "kein"}) {
        if (before.find(word) != std::string_view::npos) return true;
    }
    return false;
}

/// Reads numbers and names of a text from one place on.
class Scanner {
public:
    Scanner(std::string_view text, std::size_t at) : text_(text), at_(at) {}
    bool number(std::size_t digits_max, int& out) {
        const auto begin = at_;
        out = 0;
        while (at_ < text_.size() && is_digit(text_[at_]) && at_ - begin < digits_max) {
            out = out * 10 + (text_[at_++] - '0');
        }
        return at_ > begin && (at_ == text_.size() || !is_digit(text_[at_]));
    }
    bool skip(std::string_view word) {
        if (text_.substr(at_, word.size()) != word) return false;
        at_ += word.size();
        return true;
    }
    /// The number of the month that is named here, 0 for none.
    int month() {
        static constexpr std::array<std::string_view, 15> names{"jan", "feb", "mar", "apr", "may",
                                                                "jun", "jul", "aug", "sep", "oct",
                                                                "nov", "dec", "mär", "mai", "okt"};
        static constexpr std::array<int, 15> numbers{1, 2,  3,  4,  5, 6, 7, 8,
                                                     9, 10, 11, 12, 3, 5, 10};
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (!skip(names[i])) continue;
            while (at_ < text_.size() && is_word(text_[at_]) && !is_digit(text_[at_])) ++at_;
            return numbers[i];
        }
        return skip("dez") ? 12 : 0;
    }

private:
    std::string_view text_;
    std::size_t at_;
};

std::optional<Date> day_of(int year, int month, int day) {
    const auto text = [](int number, std::size_t width) {
        auto out = std::to_string(number);
        return std::string(width - std::min(width, out.size()), '0') + out;
    };
    try {
        return Date::parse(text(year, 4) + "-" + text(month, 2) + "-" + text(day, 2));
    } catch (const Error&) {
        return std::nullopt;
    }
}

/// 2026-03-15, 15.3.2026, 15.03., 15 March, 15. März 2026
std::optional<Date> date_at(std::string_view text, std::size_t at, Date received_on) {
    const int this_year = std::stoi(received_on.text().substr(0, 4));
    int first = 0, second = 0, third = 0;
    Scanner iso(text, at);
    if (iso.number(4, first) && first > 1999 && iso.skip("-") && iso.number(2, second) &&
        iso.skip("-") && iso.number(2, third)) {
        return day_of(first, second, third);
    }
    Scanner words(text, at);
    if (!words.number(2, first)) return std::nullopt;
    bool is_named = false;
    if (Scanner named = words; named.skip(".") || true) {
        for (const auto* suffix : {"st", "nd", "rd", "th"}) named.skip(suffix);
        named.skip(" ");
        named.skip("of ");
        second = named.month();
        is_named = second != 0;
        if (is_named) {
            words = named;
            words.skip(" ");
        }
    }
    if (!is_named && !(words.skip(".") && words.number(2, second) && words.skip("."))) {
        return std::nullopt;
    }
    // "5 April 300 Euro" names no year.
    if (words.number(4, third) && (third > 1999 || (third < 100 && !is_named))) {
        return day_of(third < 100 ? 2000 + third : third, second, first);
    }
    auto out = day_of(this_year, second, first);
    if (out && *out < received_on) out = day_of(this_year + 1, second, first);
    return out;
}

std::string currency_in(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, const char*>, 7> all{{{"€", "EUR"},
                                                                                  {"eur", "EUR"},
                                                                                  {"£", "GBP"},
                                                                                  {"gbp", "GBP"},
                                                                                  {"$", "USD"},
                                                                                  {"usd", "USD"},
                                                                                  {"chf", "CHF"}}};
    for (const auto& [word, code] : all) {
        if (text.find(word) != std::string_view::npos) return code;
    }
    return {};
}

/// "1.190,00", "1,190.00", "500": decimal text; empty when it is none. `end` is where it ends.
std::string amount_at(std::string_view text, std::size_t at, std::size_t& end) {
    end = at;
    while (end < text.size() &&
           (is_digit(text[end]) || ((text[end] == '.' || text[end] == ',') &&
                                    end + 1 < text.size() && is_digit(text[end + 1])))) {
        ++end;
    }
    auto number = std::string(text.substr(at, end - at));
    const auto sign = number.find_last_of(".,");
    const bool has_cents = sign != std::string::npos && number.size() - sign == 3;
    std::string whole = has_cents ? number.substr(0, sign) : number;
    whole.erase(std::remove_if(whole.begin(), whole.end(), [](char c) { return !is_digit(c); }),
                whole.end());
    if (whole.empty() || whole.size() > 12) return {};
    return has_cents ? whole + "." + number.substr(sign + 1) : whole;
}

/// What is said around a promise: how much, with a currency beside it, and when.
void read_terms(std::string_view text, std::size_t at, Date received_on, Suggestion& out) {
    const auto from = at > around_bytes ? at - around_bytes : 0;
    const auto to = std::min(text.size(), at + out.phrase.size() + around_bytes);
    for (auto i = from; i < to; ++i) {
        const bool is_begin = is_digit(text[i]) && (i == 0 || !is_word(text[i - 1]));
        if (!is_begin || (i > 0 && (text[i - 1] == '.' || text[i - 1] == ','))) continue;
        if (const auto day = date_at(text, i, received_on)) {
            if (out.due_on.empty() && *day >= received_on) out.due_on = day->text();
            while (i < to && text[i] != ' ') ++i;
            continue;
        }
        std::size_t end = i;
        const auto amount = amount_at(text, i, end);
        const auto before = text.substr(i > 4 ? i - 4 : 0, i > 4 ? 4 : i);
        auto currency = currency_in(text.substr(end, 4));
        if (currency.empty()) currency = currency_in(before);
        if (!amount.empty() && !currency.empty() && out.amount.empty()) {
            out.amount = amount;
            out.currency = currency;
        }
        i = end > i ? end - 1 : i;
    }
}

}  // namespace

std::string own_words(std::string_view body) {
    std::string out;
    while (!body.empty()) {
        const auto end = body.find('\n');
        const auto line = body.substr(0, end);
        body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
        if (is_quote_head(line)) break;
        if (!line.empty() && line.front() == '>') continue;
        out.append(line).append("\n");
    }
    return out;
}

std::vector<Suggestion> recognise(std::string_view subject, std::string_view body,
                                  Date received_on) {
    const auto text = plain(std::string(subject) + " . " + own_words(body.substr(0, 4 * read_max)))
                          .substr(0, read_max);
    std::vector<Suggestion> out;
    for (const auto& phrase : phrases()) {
        for (auto at = text.find(phrase.words); at != std::string::npos;
             at = text.find(phrase.words, at + 1)) {
            const auto end = at + phrase.words.size();
            if ((at > 0 && is_word(text[at - 1])) || (end < text.size() && is_word(text[end]))) {
                continue;
            }
            const bool can_be_denied = phrase.kind == "already_paid" || phrase.kind == "promise";
            Suggestion one{std::string(phrase.kind), phrase.percent, std::string(phrase.words)};
            if (can_be_denied && is_denied(text, at)) one.percent = half_sure;
            if (phrase.kind == "promise") read_terms(text, at, received_on, one);
            if (!one.due_on.empty()) one.percent = std::min(95, one.percent + 10);
            const auto same = std::find_if(out.begin(), out.end(), [&](const Suggestion& other) {
                return other.kind == one.kind;
            });
            if (same == out.end()) {
                out.push_back(std::move(one));
            } else if (same->percent < one.percent) {
                *same = std::move(one);
            }
            break;
        }
    }
    std::stable_sort(out.begin(), out.end(), [](const Suggestion& a, const Suggestion& b) {
        return a.percent > b.percent;
    });
    return out;
}

}  // namespace dunlin::correspondence
