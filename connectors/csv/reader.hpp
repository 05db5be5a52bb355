// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "decoder.hpp"

#include <dunlin/file_source.hpp>

#include <csv.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::csv {

struct ReaderSettings {
    char delimiter = ',';
    std::string encoding = "UTF-8";
    std::size_t field_bytes_max = 65536;
    std::size_t columns_max = 512;
    bool is_final_newline_required = false;
};

/// Where a record begins: enough to go on from there later. The offset is in the decoded file, the
/// line is physical.
using Position = FilePosition;

/// One record of the file. Its texts are valid until the next one is read.
struct Record {
    Position begin;
    std::vector<std::string_view> fields;
    std::string raw;     // The first 4 kB as they stand in the file.
    const char* code{};  // Of what is wrong with the record as such; nullptr when nothing is.
    std::string reason;
};

/// Records out of a file, with physical line numbers, in constant memory. A record that is broken
/// (a stray quote, a field too long, a byte that is no text) comes out with a reason, and the
/// reader goes on behind it.
class Reader {
public:
    Reader(const std::filesystem::path& path, const ReaderSettings& settings, Position from = {});
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    bool next(Record& record);
    void skip_lines(std::size_t n);
    /// Behind the record that next() gave.
    const Position& position() const { return position_; }
    int64_t bytes_read() const { return decoder_.bytes_read(); }

private:
    std::string_view take_line();
    void fill();
    bool is_blank(std::string_view line) const;
    void feed(std::string_view line);
    void on_field(const char* data, std::size_t size);
    void drop_line(bool is_line_over);
    void finish(Record& record);
    void end_of_file();
    void judge(Record& record);
    void fail(const char* code, const std::string& reason);
    void fail_too_large();

    ReaderSettings settings_;
    Decoder decoder_;
    csv_parser parser_{};
    std::string buffer_;  // Decoded and not yet parsed, from begin_ on.
    std::size_t begin_ = 0;
    bool is_end_ = false;
    Position position_;

    // The record being read.
    bool is_in_record_ = false;
    bool is_complete_ = false;
    bool is_line_over_ = false;  // What was fed last ended its line.
    bool is_dropping_ = false;   // The rest of a line behind a stray quote.
    Position record_begin_;
    std::string text_;  // Its fields, one behind the other.
    std::vector<std::size_t> ends_;
    std::size_t columns_ = 0;
    std::string raw_;
    const char* code_ = nullptr;
    std::string reason_;
};

}  // namespace dunlin::csv
