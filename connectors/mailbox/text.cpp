// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <dunlin/utf8.hpp>

#include <glib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace dunlin::mailbox {

namespace {

constexpr std::size_t entity_max = 10;

bool is_control(char c) {
    return (c >= 0 && c < ' ' && c != '\n' && c != '\t') || c == '\x7f';
}

/// Less what is left of a character at the end.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    auto end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    return text.substr(0, end);
}

/// The character of "&…;", as UTF-8; empty for one that is not known.
std::string character_of(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, const char*>, 16> known{
        {{"amp", "&"},
         {"lt", "<"},
         {"gt", ">"},
         {"quot", "\""},
         {"apos", "'"},
         {"nbsp", " "},
         {"auml", "ä"},
         {"ouml", "ö"},
         {"uuml", "ü"},
         {"Auml", "Ä"},
         {"Ouml", "Ö"},
         {"Uuml", "Ü"},
         {"szlig", "ß"},
         {"euro", "€"},
         {"pound", "£"},
         {"ndash", "–"}}};
    for (const auto& [word, character] : known) {
        if (word == name) return character;
    }
    if (name.size() < 2 || name.front() != '#') return {};
    const bool is_hex = name[1] == 'x' || name[1] == 'X';
    const std::string digits(name.substr(is_hex ? 2 : 1));
    const auto code = g_ascii_strtoull(digits.c_str(), nullptr, is_hex ? 16 : 10);
    if (code < ' ' || code > 0x10ffff) return {};
    const auto point = static_cast<gunichar>(code);
    if (g_unichar_validate(point) == FALSE) return {};
    std::array<char, 6> bytes{};
    const auto size = g_unichar_to_utf8(point, bytes.data());
    return {bytes.data(), static_cast<std::size_t>(size)};
}

bool begins_line(std::string_view tag) {
    for (const auto* word :
         {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "table", "blockquote"}) {
        if (tag == word) return true;
    }
    return false;
}

/// The name of the tag that begins behind '<', in small letters.
std::string name_of(std::string_view tag) {
    if (!tag.empty() && tag.front() == '/') tag.remove_prefix(1);
    std::size_t end = 0;
    while (end < tag.size() && end < entity_max && g_ascii_isalnum(tag[end]) != FALSE) ++end;
    return lower(tag.substr(0, end));
}

}  // namespace

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), g_ascii_tolower);
    return out;
}

std::string clean_text(std::string_view bytes, std::size_t bytes_max) {
    // What makes it valid at most triples it.
    std::string text(bytes.substr(0, bytes_max));
    text.erase(std::remove_if(text.begin(), text.end(), is_control), text.end());
    if (!is_utf8(text)) {
        const std::unique_ptr<char, void (*)(void*)> valid(
            g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())), g_free);
        text = valid.get();
    }
    return std::string(cut(text, bytes_max));
}

std::string clean_line(std::string_view bytes, std::size_t bytes_max) {
    auto out = clean_text(bytes, bytes_max);
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    const auto first = out.find_first_not_of(' ');
    if (first == std::string::npos) return {};
    return out.substr(first, out.find_last_not_of(' ') - first + 1);
}

std::string text_of_html(std::string_view html, std::size_t bytes_max) {
    std::string out;
    const auto small = lower(html);
    constexpr auto none = std::string_view::npos;
    for (std::size_t at = 0; at < html.size() && out.size() < bytes_max;) {
        const char c = html[at];
        const auto ends = c == '&' ? html.substr(at, entity_max + 2).find(';') : none;
        if (c == '<') {
            const auto name = name_of(html.substr(at + 1));
            auto end = html.find('>', at);
            if (html.substr(at, 4) == "<!--") {
                end = html.find("-->", at);
            } else if (name == "style" || name == "script" || name == "head") {
                end = small.find("</" + name, at);  // What it holds is for programs.
            }
            if (begins_line(name) && !out.empty() && out.back() != '\n') out += '\n';
            end = end == none ? none : html.find('>', end);
            if (end == none) break;
            at = end + 1;
        } else if (ends != none) {
            const auto character = character_of(html.substr(at + 1, ends - 1));
            out += character.empty() ? std::string(html.substr(at, ends + 1)) : character;
            at += ends + 1;
        } else {
            const bool is_blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
            if (!is_blank) out += c;
            if (is_blank && !out.empty() && out.back() != ' ' && out.back() != '\n') out += ' ';
            ++at;
        }
    }
    return clean_text(out, bytes_max);
}

}  // namespace dunlin::mailbox
