// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

#include <dunlin/error.hpp>
#include <dunlin/utf8.hpp>

#include <algorithm>
#include <cstdlib>

namespace dunlin::csv {
namespace {

constexpr std::size_t raw_bytes_max = 4096;
constexpr std::size_t record_bytes_max = std::size_t{4} << 20U;
// A line without an end is parsed in pieces of this size, so that memory stays flat.
constexpr std::size_t piece_bytes = std::size_t{64} << 10U;

/// libcsv's buffer is allocated once, at the size of the largest field, and never grows: that is
/// how the limit is held while a field is still coming in.
void* allocate_once(void* old, std::size_t size) {
    return old ? nullptr : std::malloc(size);
}

}  // namespace

Reader::Reader(const std::filesystem::path& path, const ReaderSettings& settings, Position from)
    : settings_(settings), decoder_(path, settings.encoding) {
    csv_init(&parser_, CSV_STRICT);
    csv_set_delim(&parser_, static_cast<unsigned char>(settings_.delimiter));
    csv_set_blk_size(&parser_, settings_.field_bytes_max + 4);
    csv_set_realloc_func(&parser_, &allocate_once);
    auto rest = from.offset;
    while (rest > 0) {
        if (begin_ == buffer_.size()) {
            fill();
            if (begin_ == buffer_.size() && is_end_) break;
        }
        const auto step = std::min(rest, static_cast<int64_t>(buffer_.size() - begin_));
        begin_ += static_cast<std::size_t>(step);
        rest -= step;
    }
    position_ = from;
}

Reader::~Reader() {
    csv_free(&parser_);
}

void Reader::fill() {
    buffer_.erase(0, begin_);
    begin_ = 0;
    const auto before = buffer_.size();
    while (!is_end_ && buffer_.size() == before) is_end_ = !decoder_.read(buffer_);
}

/// The next physical line with its end (LF, CR LF or CR), or a piece of a very long one; empty at
/// the end of the file.
std::string_view Reader::take_line() {
    std::size_t searched = 0;
    for (;;) {
        const auto rest = std::string_view(buffer_).substr(begin_);
        auto at = rest.find('\n', searched);
        const auto cr = rest.substr(0, at).find('\r', searched);
        const bool is_lone_cr = cr != std::string_view::npos && cr + 1 != at;
        // Whether a CR at the end of what is read stands alone shows with the next byte.
        if (is_lone_cr && (cr + 1 < rest.size() || is_end_)) at = cr;
        if (at != std::string_view::npos) {
            begin_ += at + 1;
            position_.offset += static_cast<int64_t>(at + 1);
            ++position_.line;
            return rest.substr(0, at + 1);
        }
        if (is_end_ || rest.size() > piece_bytes) {
            const auto piece = rest.substr(0, rest.size() - (is_lone_cr && !is_end_ ? 1 : 0));
            if (is_end_ || piece.size() > piece_bytes) {
                begin_ += piece.size();
                position_.offset += static_cast<int64_t>(piece.size());
                return piece;
            }
        }
        searched = is_lone_cr ? cr : rest.size();
        fill();
    }
}

void Reader::skip_lines(std::size_t n) {
    const auto last = position_.line + static_cast<int64_t>(n);
    while (position_.line < last && !take_line().empty()) {
    }
}

bool Reader::is_blank(std::string_view line) const {
    return std::all_of(line.begin(), line.end(), [&](char c) {
        return c == '\n' || c == '\r' || ((c == ' ' || c == '\t') && c != settings_.delimiter);
    });
}

void Reader::fail(const char* code, const std::string& reason) {
    if (code_) return;  // The first fault explains the others.
    code_ = code;
    reason_ = reason;
}

void Reader::fail_too_large() {
    fail("too_large", "a field is larger than " + std::to_string(settings_.field_bytes_max) +
                          " bytes; shorten it, or raise max_field_bytes");
}

void Reader::on_field(const char* data, std::size_t size) {
    ++columns_;
    if (columns_ > settings_.columns_max) {
        fail("columns", "the record has more than " + std::to_string(settings_.columns_max) +
                            " columns; check the delimiter and the quotes");
        return;
    }
    if (size > settings_.field_bytes_max) {
        fail_too_large();
        return;
    }
    if (text_.size() + size > record_bytes_max) {
        fail("too_large", "the record is larger than 4 MiB; check the quotes around it");
        return;
    }
    text_.append(data, size);
    ends_.push_back(text_.size());
}

/// A stray quote: nobody knows where the field ends, so the record ends with its line.
void Reader::drop_line(bool is_line_over) {
    csv_set_opts(&parser_, 0);
    csv_fini(&parser_, nullptr, nullptr, nullptr);
    csv_set_opts(&parser_, CSV_STRICT);
    is_dropping_ = !is_line_over;
    is_complete_ = is_line_over;
}

void Reader::feed(std::string_view line) {
    const auto keep = raw_bytes_max - std::min(raw_bytes_max, raw_.size());
    raw_.append(line.substr(0, keep));
    const bool has_end = line.back() == '\n' || line.back() == '\r';
    is_line_over_ = has_end;
    if (is_dropping_) {
        if (has_end) {
            is_dropping_ = false;
            is_complete_ = true;
        }
        return;
    }
    const auto on_field = [](void* data, std::size_t size, void* self) {
        static_cast<Reader*>(self)->on_field(static_cast<const char*>(data), size);
    };
    const auto on_record = [](int, void* self) { static_cast<Reader*>(self)->is_complete_ = true; };
    while (!line.empty()) {
        const auto used = csv_parse(&parser_, line.data(), line.size(), on_field, on_record, this);
        line.remove_prefix(std::min(used, line.size()));
        if (line.empty()) return;
        if (csv_error(&parser_) == CSV_ENOMEM) {
            fail_too_large();
            // What came so far is given up; the parser still finds the field's end.
            parser_.entry_pos = 1;
            parser_.spaces = 0;
        } else if (!parser_.quoted) {
            // A quote inside an unquoted field is an ordinary character: 5" pipe.
            csv_set_opts(&parser_, 0);
            csv_parse(&parser_, line.data(), 1, on_field, on_record, this);
            csv_set_opts(&parser_, CSV_STRICT);
            line.remove_prefix(1);
        } else {
            fail("quote", "a quote inside a quoted field is not doubled; write it as \"\"");
            drop_line(/*is_line_over=*/has_end);
            return;
        }
    }
}

void Reader::end_of_file() {
    if (is_dropping_) {
        is_dropping_ = false;
    } else {
        csv_set_opts(&parser_, CSV_STRICT | CSV_STRICT_FINI);
        const auto on_field = [](void* data, std::size_t size, void* self) {
            static_cast<Reader*>(self)->on_field(static_cast<const char*>(data), size);
        };
        if (csv_fini(&parser_, on_field, nullptr, this) != 0) {
            fail("truncated",
                 "the file is truncated: the quote opened in this record is never closed; "
                 "deliver the whole file again");
        } else if (settings_.is_final_newline_required) {
            fail("truncated",
                 "the file is truncated: its last line has no end; deliver the whole file again");
        }
    }
    is_complete_ = true;
}

void Reader::judge(Record& record) {
    if (code_) return;
    if (text_.find('\0') != std::string::npos) {
        fail("encoding",
             "the record holds NUL bytes; if the file is UTF-16, say so in \"encoding\"");
        return;
    }
    if (is_ascii(text_)) return;
    const auto is_bad = [&](std::string_view field) {
        return decoder_.is_pass_through() ? !is_utf8(field)
                                          : field.find("\xEF\xBF\xBD") != std::string_view::npos;
    };
    const auto bad = std::find_if(record.fields.begin(), record.fields.end(), is_bad);
    if (bad == record.fields.end()) return;
    fail("encoding", "column " + std::to_string(bad - record.fields.begin() + 1) +
                         " holds bytes that are not " +
                         (decoder_.is_pass_through() ? std::string("UTF-8") : settings_.encoding) +
                         "; set \"encoding\" to what the file uses, such as windows-1252");
}

void Reader::finish(Record& record) {
    record.begin = record_begin_;
    record.fields.clear();
    std::size_t begin = 0;
    for (const auto end : ends_) {
        record.fields.push_back(std::string_view(text_).substr(begin, end - begin));
        begin = end;
    }
    judge(record);
    record.raw = raw_;
    while (!record.raw.empty() && (record.raw.back() == '\n' || record.raw.back() == '\r')) {
        record.raw.pop_back();
    }
    const auto last_line = position_.line - (is_line_over_ ? 1 : 0);
    if (code_ && last_line > record_begin_.line) {
        reason_ += "; lines " + std::to_string(record_begin_.line) + " to " +
                   std::to_string(last_line) + " are set aside with it";
    }
    record.code = code_;
    record.reason = reason_;
    is_in_record_ = false;
}

bool Reader::next(Record& record) {
    text_.clear();
    ends_.clear();
    raw_.clear();
    reason_.clear();
    columns_ = 0;
    code_ = nullptr;
    is_complete_ = false;
    while (!is_complete_) {
        const auto before = position_;
        const auto line = take_line();
        if (line.empty()) {
            if (!is_in_record_) return false;
            end_of_file();
            break;
        }
        if (!is_in_record_) {
            if (is_blank(line)) continue;
            is_in_record_ = true;
            record_begin_ = before;
        }
        feed(line);
    }
    finish(record);
    return true;
}

}  // namespace dunlin::csv
