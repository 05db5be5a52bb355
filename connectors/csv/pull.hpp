// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mapper.hpp"
#include "source.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dunlin::csv {

/// What one run over one entity has to read, fixed when it begins.
struct PullPlan {
    const Entity& entity;
    Settings settings;
    std::shared_ptr<const Mapping> mapping;  // Empty: canonical files.
    FileCursor cursor;
    FileQueue queue;
};

/// Reads the waiting files, one behind the other, in pages.
class CsvPull : public Pull {
public:
    CsvPull(PullPlan plan, Cancel cancel);
    ~CsvPull() override;

    bool next(Page& page) override;

private:
    struct OpenFile {
        const WaitingFile* waiting = nullptr;
        std::vector<std::string> header;
        std::vector<std::unique_ptr<Mapper>> mappers;
        std::unique_ptr<Reader> reader;
    };
    bool is_full(const Page& page) const;
    void open(const WaitingFile& waiting, Page& page);
    void read_header(OpenFile& file, Reader& reader) const;
    void close();
    bool read_record(Page& page);
    void map_record(Page& page);
    void add_row(const Row& row);
    bool is_repeated(const Row& row);
    void refuse(Page& page, const std::string& external_id, const std::string& code,
                const std::string& reason) const;
    /// Where the record stands: "orders.csv:17".
    std::string position() const;
    void require_mostly_good(const Page& page) const;

    PullPlan plan_;
    Cancel cancel_;
    std::unique_ptr<OpenFile> open_;
    std::size_t next_file_ = 0;
    int64_t bytes_finished_ = 0;
    int64_t bytes_total_ = 0;

    BatchBuilder rows_;
    Record record_;
    Row row_;
    Fault fault_;
    // Of the page being made.
    int64_t records_ = 0;
    int64_t bytes_ = 0;
    bool has_moved_ = false;
    std::set<std::pair<uint64_t, uint64_t>> seen_;
    std::string seen_buffer_;
};

}  // namespace dunlin::csv
