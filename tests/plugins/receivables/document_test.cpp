// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "document.hpp"

using namespace dunlin::receivables;
using namespace std::string_literals;

TEST_CASE("what a document is its first bytes say, and what they do not say nobody guesses") {
    const auto packed = [](const std::string& member) {
        return "PK\x03\x04"s + std::string(26, '\0') + member;
    };
    const std::pair<std::string, std::string> cases[] = {
        {"", "application/octet-stream"},
        {"%PD", "application/octet-stream"},
        {" %PDF-1.7", "application/octet-stream"},
        {"<html>", "application/octet-stream"},
        {"%PDF-1.7\n\0\xff"s, "application/pdf"},
        {"\x89PNG\r\n\x1a\n...", "image/png"},
        {"\xff\xd8\xff\xe0", "image/jpeg"},
        {"<?xml version=\"1.0\"?>", "application/xml"},
        {"\xef\xbb\xbf<?xml?>", "application/xml"},
        {"PK\x03\x04", "application/zip"},
        {packed("mimetype"), "application/zip"},
        {packed("[Content_Types].xml"), "application/zip"},
        {packed("mimetypeapplication/epub+zipPK"), "application/zip"},
        {packed("mimetypeapplication/vnd.oasis.opendocument.text"), "application/zip"},
        {packed("mimetypeapplication/vnd.oasis.opendocument.<x>PK"), "application/zip"},
        {packed("mimetypeapplication/vnd.oasis.opendocument.textPK\x03\x04"),
         "application/vnd.oasis.opendocument.text"}};
    for (const auto& [bytes, type] : cases) {
        CAPTURE(bytes);
        CHECK(media_type_of(bytes) == type);
    }
}

TEST_CASE("a document's name can be kept in a folder") {
    CHECK(file_name_of("R-17", "application/pdf") == "R-17.pdf");
    CHECK(file_name_of("../a\\b:c\n", "application/xml") == "document.._a_b_c_.xml");
    CHECK(file_name_of("", "application/x") == "document.bin");
    CHECK(file_name_of(std::string(99, 'a') + "ü", "image/png") == std::string(99, 'a') + ".png");
    CHECK(file_name_of("R", "application/vnd.oasis.opendocument.text") == "R.odt");
}
