// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "payment.hpp"

#include <dunlin/file_source.hpp>

#include <string>
#include <string_view>

namespace dunlin::bank_statement {

/// How far the folder has been read and what is remembered of it, as one text.
struct Cursor {
    FileCursor files;
    Memory memory;

    static Cursor parse(std::string_view text);
    std::string text() const;
};

}  // namespace dunlin::bank_statement
