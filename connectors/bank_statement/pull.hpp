// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cursor.hpp"
#include "source.hpp"
#include "text.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dunlin::bank_statement {

/// What one run has to read, fixed when it begins.
struct PullPlan {
    Settings settings;
    Cursor cursor;
    FileQueue queue;
    std::function<void(const std::string&)> warn;
};

/// Reads the waiting files, one behind the other, in pages.
class StatementPull : public Pull {
public:
    StatementPull(PullPlan plan, Cancel cancel);

    bool next(Page& page) override;

private:
    /// A file read as a whole, with what of it was not given yet.
    struct OpenFile {
        const WaitingFile* waiting = nullptr;
        std::string bytes;
        LineIndex lines{{}};
        std::vector<Payment> payments;
        std::size_t next = 0;
        Memory memory;  // As it is once the file is done.
    };
    void open(const WaitingFile& waiting);
    void close();
    void give(const Payment& payment, Page& page);
    void set_aside(const Payment& payment, Page& page) const;

    PullPlan plan_;
    Cancel cancel_;
    std::unique_ptr<OpenFile> open_;
    std::size_t next_file_ = 0;
    int64_t bytes_finished_ = 0;
    int64_t bytes_total_ = 0;
    BatchBuilder rows_;
};

}  // namespace dunlin::bank_statement
