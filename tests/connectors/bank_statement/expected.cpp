// SPDX-License-Identifier: Apache-2.0
#include "expected.hpp"

#include "text.hpp"

namespace dunlin::bank_statement::test {
namespace {

std::size_t indent_of(std::string_view line) {
    return std::min(line.find_first_not_of(' '), line.size());
}

/// The four bytes of a date, in base64.
std::string date_text(std::string_view base64) {
    static constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    unsigned bits = 0;
    int count = 0;
    for (const char c : base64) {
        const auto value = digits.find(c);
        if (value == std::string_view::npos) break;
        bits = (bits << 6U) | static_cast<unsigned>(value);
        if ((count += 6) < 8) continue;
        count -= 8;
        bytes += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xFFU);
    }
    if (bytes.size() < 4) return {};
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    return Date(at(0) * 256 + at(1), at(2), at(3)).text();
}

std::string unquoted(std::string text) {
    if (text.size() < 2 || (text.front() != '\'' && text.front() != '"')) return text;
    std::string out;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        if (text.compare(i, 2, "\\x") == 0) {  // "\xDC" is U+00DC.
            const auto code = std::stoul(text.substr(i + 2, 2), nullptr, 16);
            out += static_cast<char>(0xC0U | (code >> 6U));
            out += static_cast<char>(0x80U | (code & 0x3FU));
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

}  // namespace

std::vector<ExpectedTransaction> read_expected(const std::string& yaml) {
    std::vector<ExpectedTransaction> out;
    LineReader lines(yaml);
    std::string key;
    for (std::string_view line; lines.next(line);) {
        if (line.find("- !!python/object:mt940.models.Transaction") == 0) {
            out.emplace_back();
            key.clear();
            continue;
        }
        if (out.empty()) continue;
        const auto indent = indent_of(line);
        const auto content = trimmed(line);
        if (indent == 4 && content.front() != '-' && content.find(':') != std::string_view::npos) {
            const auto colon = content.find(':');
            key = content.substr(0, colon);
            out.back()[key] = trimmed(content.substr(colon + 1));
        } else if (indent < 4 && !content.empty()) {
            key.clear();
        } else if (key == "amount" && content.substr(0, 3) == "- '") {
            out.back()[key] = unquoted(std::string(content.substr(2)));
        } else if ((key == "date" || key == "entry_date") && indent == 6) {
            out.back()[key] = date_text(content);
        } else if (!key.empty() && key != "amount" && key != "date" && key != "entry_date") {
            append_part(out.back()[key], " ", content);
        }
    }
    for (auto& transaction : out) {
        std::erase_if(transaction, [](const auto& item) { return item.second == "null"; });
        for (auto& [name, value] : transaction) value = unquoted(value);
    }
    return out;
}

}  // namespace dunlin::bank_statement::test
