// SPDX-License-Identifier: Apache-2.0
#include "mime.hpp"

#include <dunlin/base64.hpp>
#include <dunlin/error.hpp>

#include <algorithm>

namespace dunlin::correspondence {

namespace {

constexpr std::size_t line_max = 76;
// 39 bytes are 52 characters of base64: with "Subject: =?UTF-8?B?" and "?=" they fit into a line.
constexpr std::size_t word_bytes = 39;

bool is_plain(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127; });
}

const std::string& one_line(const std::string& text) {
    if (is_plain(text) && text.find_first_of("<> ") == std::string::npos) return text;
    throw Error(DUNLIN_E_INVALID, "\"" + text + "\" is no address for an e-mail");
}

std::string lines_of_base64(std::string_view bytes) {
    const auto all = to_base64(bytes);
    std::string out;
    out.reserve(all.size() + all.size() / line_max * 2 + 2);
    for (std::size_t at = 0; at < all.size(); at += line_max) {
        out.append(all, at, line_max).append("\r\n");
    }
    return out;
}

std::string part(const std::string& type, const std::string& more, std::string_view bytes) {
    return "Content-Type: " + type + "\r\nContent-Transfer-Encoding: base64\r\n" + more + "\r\n" +
           lines_of_base64(bytes);
}

/// Parts between boundaries, which no line of base64 can be.
std::string together(const std::string& kind, const std::string& boundary,
                     const std::vector<std::string>& parts) {
    std::string out =
        "Content-Type: multipart/" + kind + ";\r\n boundary=\"" + boundary + "\"\r\n\r\n";
    for (const auto& one : parts) out += "--" + boundary + "\r\n" + one;
    return out + "--" + boundary + "--\r\n";
}

/// A name in quotes, or as encoded words, before its address.
std::string mailbox(const std::string& name, const std::string& address, std::size_t column) {
    auto where = "<" + one_line(address) + ">";
    if (name.empty()) return where;
    auto words = header_text(name, column);
    if (words == name) {
        words.clear();
        for (const char c : name) {
            if (c == '"' || c == '\\') words += '\\';
            words += c;
        }
        words = "\"" + words + "\"";
    }
    return words + "\r\n " + where;
}

}  // namespace

std::string header_text(const std::string& text, std::size_t column) {
    const bool is_short = text.size() + column <= line_max;
    if (is_plain(text) && is_short && text.find("=?") == std::string::npos) return text;
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        auto n = std::min(word_bytes, text.size() - at);
        // A word holds whole characters.
        while (at + n < text.size() &&
               (static_cast<unsigned char>(text[at + n]) & 0xc0U) == 0x80U) {
            --n;
        }
        if (at > 0) out += "\r\n ";
        out += "=?UTF-8?B?" + to_base64(text.substr(at, n)) + "?=";
        at += n;
    }
    return out;
}

std::string Mime::write() const {
    std::string out;
    const auto head = [&](const std::string& name, const std::string& value) {
        out += name + ": " + value + "\r\n";
    };
    head("From", mailbox(from_name, from, 6));
    head("To", mailbox(to_name, to, 4));
    if (!reply_to.empty()) head("Reply-To", "<" + one_line(reply_to) + ">");
    head("Subject", header_text(subject, 9));
    head("Date", date);
    head("Message-ID", "<" + one_line(id) + ">");
    head("Auto-Submitted", "auto-generated");
    head("MIME-Version", "1.0");
    const auto boundary = "=_" + id.substr(0, id.find('@'));
    const auto body = together(
        "alternative", boundary + "_text",
        {part("text/plain; charset=utf-8", "", text), part("text/html; charset=utf-8", "", html)});
    if (attachments.empty()) return out + body;
    std::vector<std::string> parts{body};
    for (const auto& file : attachments) {
        parts.push_back(part(
            one_line(file.media_type),
            "Content-Disposition: attachment;\r\n filename=\"" + one_line(file.name) + "\"\r\n",
            file.bytes));
    }
    return out + together("mixed", boundary + "_all", parts);
}

}  // namespace dunlin::correspondence
