// SPDX-License-Identifier: Apache-2.0
#include "cash/reference.hpp"

#include <algorithm>
#include <array>

namespace dunlin::receivables::cash {
namespace {

constexpr std::size_t runs_most = 120, runs_joined_most = 7, length_least = 3, length_most = 24;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

std::string without_zeros(std::string_view digits) {
    const auto first = digits.find_first_not_of('0');
    return std::string(first == std::string_view::npos ? std::string_view{} : digits.substr(first));
}

/// A run of letters or of digits.
struct Run {
    std::string text;
    bool is_number = false;
    bool follows_blank = false;
};

std::vector<Run> runs_of(std::string_view text) {
    std::vector<Run> runs;
    bool is_open = false, blank = true;
    for (const char c : text) {
        if (!is_digit(c) && !is_letter(c)) {
            is_open = false;
            if (c != '-' && c != '/' && c != '.' && c != '_') blank = true;
            continue;
        }
        if (!is_open || runs.back().is_number != is_digit(c)) {
            if (runs.size() == runs_most) break;
            runs.push_back({{}, is_digit(c), blank});
            blank = false;
        }
        is_open = true;
        runs.back().text.push_back(upper(c));
    }
    return runs;
}

}  // namespace

std::string squeeze(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (is_digit(c) || is_letter(c)) out.push_back(upper(c));
    }
    return out;
}

std::string look_alike(std::string squeezed) {
    for (auto& c : squeezed) {
        switch (c) {
            case 'O': c = '0'; break;
            case 'I':
            case 'L': c = '1'; break;
            case 'S': c = '5'; break;
            case 'B': c = '8'; break;
            case 'Z': c = '2'; break;
            case 'G': c = '6'; break;
            default: break;
        }
    }
    return squeezed;
}

NumberKeys keys_of(std::string_view number) {
    NumberKeys keys;
    keys.full = look_alike(squeeze(number));
    std::string all, last;
    bool is_open = false;
    for (const char c : number) {
        if (is_digit(c)) {
            if (!is_open) last.clear();
            last.push_back(c);
            all.push_back(c);
        }
        is_open = is_digit(c);
    }
    keys.digits = without_zeros(all);
    keys.tail = without_zeros(last);
    if (keys.tail == keys.digits) keys.tail.clear();
    return keys;
}

std::vector<Token> tokens_of(std::string_view text) {
    const auto runs = runs_of(text);
    std::vector<Token> out;
    for (std::size_t first = 0; first < runs.size(); ++first) {
        Token token;
        bool is_number = true, any_digit = false;
        for (auto last = first; last < runs.size() && last < first + runs_joined_most; ++last) {
            token.text += runs[last].text;
            if (token.text.size() > length_most) break;
            is_number = is_number && runs[last].is_number;
            any_digit = any_digit || runs[last].is_number;
            token.is_glued = token.is_glued && (last == first || !runs[last].follows_blank);
            if (!any_digit || token.text.size() < length_least) continue;
            token.first = first;
            token.last = last;
            token.is_last = last + 1 == runs.size();
            token.digits = is_number ? without_zeros(token.text) : std::string();
            out.push_back(token);
        }
    }
    return out;
}

bool is_one_slip_apart(std::string_view a, std::string_view b) {
    if (a.size() > b.size()) std::swap(a, b);
    if (b.size() - a.size() > 1 || a == b) return false;
    std::size_t at = 0;
    while (at < a.size() && a[at] == b[at]) ++at;
    if (a.size() < b.size()) return a.substr(at) == b.substr(at + 1);
    if (a.substr(at + 1) == b.substr(at + 1)) return true;
    return at + 1 < a.size() && a[at] == b[at + 1] && a[at + 1] == b[at] &&
           a.substr(at + 2) == b.substr(at + 2);
}

std::string name_words(std::string_view folded_name) {
    static constexpr std::array<std::string_view, 22> forms{
        "ag",   "bv",  "co", "company", "corp", "eg",  "ev",  "gesellschaft",
        "gmbh", "inc", "kg", "limited", "llc",  "llp", "ltd", "nv",
        "oy",   "plc", "sa", "sarl",    "se",   "spa"};
    std::vector<std::string> words;
    std::string word;
    const auto close = [&] {
        const bool is_form = std::find(forms.begin(), forms.end(), word) != forms.end();
        if (!word.empty() && !is_form) words.push_back(word);
        word.clear();
    };
    for (const char c : folded_name) {
        if (c == '.') continue;  // "b.v." is "bv".
        const bool is_part = is_digit(c) || is_letter(c) || static_cast<unsigned char>(c) >= 0x80;
        if (!is_part) {
            close();
            continue;
        }
        word.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    }
    close();
    std::sort(words.begin(), words.end());
    std::string out;
    for (const auto& one : words) out += (out.empty() ? "" : " ") + one;
    return out;
}

bool resembles(std::string_view name, std::string_view other) {
    constexpr std::size_t telling = 8;
    const auto a = squeeze(name), b = squeeze(other);
    if (std::min(a.size(), b.size()) < telling) return false;
    return a == b || a.starts_with(b) || b.starts_with(a) || is_one_slip_apart(a, b);
}

}  // namespace dunlin::receivables::cash
