// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace dunlin::ubl {

/// What a document may cost before it is refused.
struct Limits {
    std::size_t bytes = std::size_t{50} << 20U;
    std::size_t depth = 64;
    std::size_t elements = 2'000'000;
};

/// A document that is not taken. The code is a rule of EN 16931 ("BR-CO-10") or a word of ours
/// ("xml", "encoding", …); the message names the thing and the remedy.
class Refused : public Error {
public:
    Refused(std::string code, const std::string& reason, int64_t line = 0)
        : Error(DUNLIN_E_DATA, reason), code_(std::move(code)), line_(line) {}

    const std::string& code() const { return code_; }
    /// The line of the file, as an editor counts; 0 when no line is to blame.
    int64_t line() const { return line_; }

private:
    std::string code_;
    int64_t line_;
};

/// A value for a message: quoted and cut.
std::string in_quotes(std::string_view text);

}  // namespace dunlin::ubl
