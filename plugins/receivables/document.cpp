// SPDX-License-Identifier: Apache-2.0
#include "document.hpp"

#include <algorithm>
#include <utility>

namespace dunlin::receivables {
namespace {

constexpr std::string_view open_document = "application/vnd.oasis.opendocument.";

/// The kind of an OpenDocument file stands plainly in its first member, which is not compressed.
std::string media_type_of_zip(std::string_view bytes) {
    constexpr std::size_t name_at = 30, most = 100;
    constexpr std::string_view member = "mimetype";
    if (bytes.substr(name_at < bytes.size() ? name_at : bytes.size()).starts_with(member)) {
        const auto text = bytes.substr(name_at + member.size(), most);
        const auto end = text.find("PK");
        const auto kind = text.substr(0, end);
        const bool is_plain = std::all_of(kind.begin(), kind.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '/';
        });
        if (end != std::string_view::npos && is_plain && kind.starts_with(open_document)) {
            return std::string(kind);
        }
    }
    return "application/zip";
}

std::string_view ending_of(std::string_view media_type) {
    static constexpr std::pair<std::string_view, std::string_view> endings[] = {
        {"application/pdf", ".pdf"},
        {"application/vnd.oasis.opendocument.text", ".odt"},
        {"application/vnd.oasis.opendocument.spreadsheet", ".ods"},
        {"application/zip", ".zip"},
        {"application/xml", ".xml"},
        {"image/png", ".png"},
        {"image/jpeg", ".jpg"}};
    for (const auto& [type, ending] : endings) {
        if (type == media_type) return ending;
    }
    return ".bin";
}

}  // namespace

std::string media_type_of(std::string_view bytes) {
    using namespace std::string_view_literals;
    static constexpr std::pair<std::string_view, const char*> beginnings[] = {
        {"%PDF-"sv, "application/pdf"},
        {"\x89PNG\r\n\x1a\n"sv, "image/png"},
        {"\xff\xd8\xff"sv, "image/jpeg"},
        {"<?xml"sv, "application/xml"},
        {"\xef\xbb\xbf<?xml"sv, "application/xml"}};
    if (bytes.starts_with("PK\x03\x04"sv)) return media_type_of_zip(bytes);
    for (const auto& [beginning, type] : beginnings) {
        if (bytes.starts_with(beginning)) return type;
    }
    return "application/octet-stream";
}

std::string file_name_of(std::string_view title, std::string_view media_type) {
    constexpr std::size_t most = 100;
    std::string out(title.substr(0, most));
    // Not in the middle of a letter.
    while (title.size() > out.size() && !out.empty() &&
           (static_cast<unsigned char>(title[out.size()]) & 0xc0U) == 0x80) {
        out.pop_back();
    }
    for (auto& c : out) {
        const bool is_odd = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ||
                            std::string_view("/\\:*?\"<>|").find(c) != std::string_view::npos;
        if (is_odd) c = '_';
    }
    if (out.empty() || out.front() == '.') out.insert(0, "document");
    return out.append(ending_of(media_type));
}

}  // namespace dunlin::receivables
