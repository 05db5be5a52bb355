// SPDX-License-Identifier: Apache-2.0
#include "decoder.hpp"

#include <dunlin/error.hpp>

#include <unicode/ucnv.h>
#include <unicode/ucnv_err.h>

#include <array>

namespace dunlin::csv {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{256} << 10U;

bool is_utf8(std::string_view encoding) {
    return ucnv_compareNames(std::string(encoding).c_str(), "UTF-8") == 0;
}

UConverter* open_named(std::string_view encoding) {
    UErrorCode failure = U_ZERO_ERROR;
    UConverter* converter = ucnv_open(std::string(encoding).c_str(), &failure);
    if (U_FAILURE(failure)) {
        throw Error(DUNLIN_E_INVALID,
                    "\"" + std::string(encoding.substr(0, 40)) +
                        "\" is not an encoding; use UTF-8, UTF-16, windows-1252, ISO-8859-15 or "
                        "another IANA name");
    }
    return converter;
}

}  // namespace

void Decoder::CloseConverter::operator()(UConverter* converter) const {
    ucnv_close(converter);
}

void require_encoding(std::string_view encoding) {
    ucnv_close(open_named(encoding));
}

Decoder::Decoder(const std::filesystem::path& path, std::string_view encoding)
    : file_(std::fopen(path.c_str(), "rb")), input_(chunk_bytes), name_(path.filename().string()) {
    if (!file_) {
        throw Error(DUNLIN_E_UNAVAILABLE,
                    "the file " + path.string() + " cannot be opened; let Dunlin's user read it");
    }
    std::array<char, 3> head{};
    const auto size = std::fread(head.data(), 1, head.size(), file_.get());
    const std::string_view start(head.data(), size);
    bytes_read_ = static_cast<int64_t>(size);
    std::size_t mark = 0;
    if (start == "\xEF\xBB\xBF") {
        mark = 3;
        encoding = "UTF-8";
    } else if (start.substr(0, 2) == "\xFF\xFE") {
        mark = 2;
        encoding = "UTF-16LE";
    } else if (start.substr(0, 2) == "\xFE\xFF") {
        mark = 2;
        encoding = "UTF-16BE";
    }
    pending_ = start.substr(mark);
    if (!is_utf8(encoding)) open_converter(encoding);
}

Decoder::~Decoder() = default;

void Decoder::open_converter(std::string_view encoding) {
    source_.reset(open_named(encoding));
    utf8_.reset(open_named("UTF-8"));
    UErrorCode failure = U_ZERO_ERROR;
    ucnv_setToUCallBack(source_.get(), UCNV_TO_U_CALLBACK_SUBSTITUTE, nullptr, nullptr, nullptr,
                        &failure);
    if (U_FAILURE(failure)) throw Error(DUNLIN_E_INTERNAL, u_errorName(failure));
    pivot_.resize(4096);
    pivot_source_ = pivot_target_ = pivot_.data();
}

bool Decoder::read(std::string& out) {
    if (is_finished_) return false;
    std::size_t size = pending_.size();
    pending_.copy(input_.data(), size);
    pending_.clear();
    const auto got = std::fread(input_.data() + size, 1, input_.size() - size, file_.get());
    if (got == 0 && std::ferror(file_.get())) {
        throw Error(DUNLIN_E_UNAVAILABLE,
                    "reading " + name_ + " failed half way; check the disk or the network share");
    }
    bytes_read_ += static_cast<int64_t>(got);
    size += got;
    is_finished_ = got == 0;
    if (is_pass_through()) {
        out.append(input_.data(), size);
    } else {
        convert(input_.data(), size, is_finished_, out);
    }
    return true;
}

void Decoder::convert(const char* from, std::size_t size, bool is_last, std::string& out) {
    const char* const end = from + size;
    std::array<char, 8192> buffer;
    UErrorCode status = U_ZERO_ERROR;
    do {
        status = U_ZERO_ERROR;
        char* target = buffer.data();
        ucnv_convertEx(utf8_.get(), source_.get(), &target, buffer.data() + buffer.size(), &from,
                       end, pivot_.data(), &pivot_source_, &pivot_target_,
                       pivot_.data() + pivot_.size(), /*reset=*/0,
                       static_cast<UBool>(is_last ? 1 : 0), &status);
        out.append(buffer.data(), static_cast<std::size_t>(target - buffer.data()));
    } while (status == U_BUFFER_OVERFLOW_ERROR);
    if (U_FAILURE(status) && status != U_TRUNCATED_CHAR_FOUND) {
        throw Error(DUNLIN_E_DATA, "decoding " + name_ + " failed: " + u_errorName(status) +
                                       "; check the source's \"encoding\"");
    }
    // Half a character at the very end: the last record is judged like one with a bad byte.
    if (status == U_TRUNCATED_CHAR_FOUND) out += "\xEF\xBF\xBD";
}

}  // namespace dunlin::csv
