// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

#include "balance.hpp"
#include "text.hpp"
#include "xml.hpp"

#include <utility>

namespace dunlin::bank_statement {
namespace {

/// "CHARSET:1252" or "ENCODING:UTF-8" out of the header of an OFX file.
std::string ofx_encoding(std::string_view head) {
    const auto value = [&](std::string_view key) -> std::string_view {
        const auto at = head.find(key);
        if (at == std::string_view::npos) return {};
        const auto from = at + key.size();
        return trimmed(head.substr(from, head.find_first_of("\r\n", from) - from));
    };
    const auto charset = value("CHARSET:");
    if (all_digits(charset)) return "windows-" + std::string(charset);
    if (!charset.empty() && charset != "NONE") return std::string(charset);
    return std::string(declared_encoding(head));
}

bool has_tag_line(std::string_view text) {
    LineReader lines(text);
    for (std::string_view line; lines.next(line) && lines.number() <= 50;) {
        const auto content = trimmed(line);
        if (content.size() < 4 || content.front() != ':') continue;
        const auto end = content.find(':', 1);
        const auto tag = content.substr(1, end - 1);
        if (end <= 4 && (tag == "NS" || all_digits(tag.substr(0, 2)))) return true;
    }
    return false;
}

Format format_of(std::string_view text) {
    const auto start = trimmed(text.substr(0, 4096));
    if (start.find("<OFX>") != std::string_view::npos || start.substr(0, 9) == "OFXHEADER") {
        return Format::ofx;
    }
    if (!start.empty() && start.front() == '<') return Format::camt;
    if (start.substr(0, 3) == "01,") return Format::bai2;
    if (has_tag_line(text.substr(0, 65536))) return Format::mt940;
    refuse_file(0,
                "the file is neither camt.052, 053 or 054, nor MT940, OFX or BAI2; keep other "
                "files out of the folder, or set \"files\" in the source");
}

/// Bytes before the text begins, as in a file that starts with empty lines.
std::string_view without_blanks(std::string_view bytes) {
    const auto at = bytes.find_first_not_of(" \t\r\n");
    return bytes.substr(std::min(at, bytes.size()));
}

}  // namespace

Document read_document(std::string_view bytes, std::string_view fallback, const Limits& limits) {
    if (bytes.size() > limits.bytes) {
        refuse_file(0, "the file has " + std::to_string(bytes.size()) +
                           " bytes, more than the limit of " + std::to_string(limits.bytes) +
                           "; ask the bank for it in parts, or raise max_file_bytes");
    }
    const auto head = without_blanks(bytes).substr(0, 1024);
    const auto xml = declared_encoding(head);
    auto text = to_utf8(bytes, xml.empty() ? ofx_encoding(head) : std::string(xml), fallback);
    if (text.find('\0') != std::string::npos) {
        refuse_file(0, "the file holds zero bytes and is no text; ask the bank for it again");
    }
    Document out;
    switch (format_of(text)) {
        case Format::camt: out = read_camt(std::move(text), limits); break;
        case Format::mt940: out = read_mt940(text, limits); break;
        case Format::ofx: out = read_ofx(text, limits); break;
        case Format::bai2: out = read_bai2(text, limits); break;
    }
    if (out.statements.empty()) {
        refuse_file(0, "the file holds no statement; ask the bank for it again");
    }
    for (auto& statement : out.statements) check_balance(statement);
    return out;
}

}  // namespace dunlin::bank_statement
