// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct UConverter;

namespace dunlin::csv {

/// A file as UTF-8, a chunk at a time. A byte-order mark decides over the configured encoding and
/// is dropped. Bytes that mean nothing in the encoding become U+FFFD; UTF-8 passes through as it
/// is, and the reader judges it record by record.
class Decoder {
public:
    /// Throws dunlin::Error when the file cannot be opened or the encoding is not known.
    Decoder(const std::filesystem::path& path, std::string_view encoding);
    ~Decoder();
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    /// Appends the next chunk; false at the end of the file.
    bool read(std::string& out);
    bool is_pass_through() const { return source_ == nullptr; }
    /// Bytes read from the file so far.
    int64_t bytes_read() const { return bytes_read_; }

private:
    struct CloseFile {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    struct CloseConverter {
        void operator()(UConverter* converter) const;
    };
    void open_converter(std::string_view encoding);
    void convert(const char* from, std::size_t size, bool is_last, std::string& out);

    std::unique_ptr<std::FILE, CloseFile> file_;
    std::unique_ptr<UConverter, CloseConverter> source_;
    std::unique_ptr<UConverter, CloseConverter> utf8_;
    std::string pending_;  // Read while looking for a byte-order mark.
    std::vector<char> input_;
    std::vector<char16_t> pivot_;
    char16_t* pivot_source_ = nullptr;
    char16_t* pivot_target_ = nullptr;
    int64_t bytes_read_ = 0;
    bool is_finished_ = false;
    std::string name_;
};

/// Throws dunlin::Error when ICU knows no such encoding.
void require_encoding(std::string_view encoding);

}  // namespace dunlin::csv
