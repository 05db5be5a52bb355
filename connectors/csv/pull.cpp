// SPDX-License-Identifier: Apache-2.0
#include "pull.hpp"

#include <xxhash.h>

#include <algorithm>

namespace dunlin::csv {
namespace {

// A page also ends here, so that memory stays flat whatever the rows look like.
constexpr std::size_t errors_max = 1000;
constexpr int64_t page_bytes_max = int64_t{64} << 20U;
// Fewer records say nothing about a file.
constexpr int64_t judged_records_min = 100;

std::vector<ColumnSpec> page_columns(const Entity& entity) {
    auto out = column_specs(entity);
    out.push_back({position_column, Type::text});
    return out;
}

/// Header cells without blanks around them. Throws what no layout can mean.
std::vector<std::string> to_header(const Record& record) {
    if (record.code) throw Error(DUNLIN_E_DATA, record.reason);
    std::vector<std::string> names(record.fields.begin(), record.fields.end());
    for (auto it = names.begin(); it != names.end(); ++it) {
        if (!it->empty() && std::find(names.begin(), it, *it) != it) {
            throw Error(DUNLIN_E_DATA, "the header names the column " + in_quotes(*it) +
                                           " twice; give each its own name");
        }
    }
    return names;
}

}  // namespace

CsvPull::CsvPull(PullPlan plan, Cancel cancel)
    : plan_(std::move(plan)), cancel_(cancel), rows_(page_columns(plan_.entity)) {
    for (const auto& waiting : plan_.queue.files) bytes_total_ += waiting.file.size;
}

CsvPull::~CsvPull() = default;

bool CsvPull::is_full(const Page& page) const {
    return rows_.rows() >= plan_.settings.batch_rows || page.errors.size() >= errors_max ||
           bytes_ >= page_bytes_max;
}

void CsvPull::read_header(OpenFile& file, Reader& reader) const {
    const auto& layout = plan_.mapping ? plan_.mapping->layout : plan_.settings.layout;
    reader.skip_lines(layout.skip_rows);
    if (layout.header.empty()) {
        Record record;
        if (!reader.next(record)) {
            throw Error(DUNLIN_E_DATA, "the file is empty; deliver it again with its header");
        }
        file.header = to_header(record);
    } else {
        file.header = layout.header;
    }
    if (!plan_.mapping) {
        const auto rule = canonical_rule(plan_.entity, file.header, layout.formats);
        file.mappers.push_back(std::make_unique<Mapper>(rule, file.header));
        return;
    }
    for (const auto& rule : plan_.mapping->rules) {
        if (rule.entity != &plan_.entity) continue;
        file.mappers.push_back(std::make_unique<Mapper>(rule, file.header));
    }
}

void CsvPull::open(const WaitingFile& waiting, Page& page) {
    const auto& layout = plan_.mapping ? plan_.mapping->layout : plan_.settings.layout;
    auto settings = plan_.settings.reader;
    settings.delimiter = layout.delimiter;
    settings.encoding = layout.encoding;
    auto file = std::make_unique<OpenFile>();
    file->waiting = &waiting;
    file->reader = std::make_unique<Reader>(waiting.file.path, settings);
    has_moved_ = true;
    try {
        read_header(*file, *file->reader);
    } catch (const Error& e) {
        if (e.status() != DUNLIN_E_DATA) throw;
        require_unchanged(waiting.file);
        page.errors.push_back({"", waiting.file.name + ":" + std::to_string(layout.skip_rows + 1),
                               "header", "the file is refused: " + std::string(e.what()), ""});
        plan_.cursor.finish(waiting.key, plan_.queue.present);
        bytes_finished_ += waiting.file.size;
        return;
    }
    const auto& current = plan_.cursor.current;
    if (current && current->key == waiting.key) {
        file->reader = std::make_unique<Reader>(waiting.file.path, settings, current->position);
    }
    open_ = std::move(file);
}

void CsvPull::close() {
    require_unchanged(open_->waiting->file);
    plan_.cursor.finish(open_->waiting->key, plan_.queue.present);
    bytes_finished_ += open_->waiting->file.size;
    open_.reset();
}

std::string CsvPull::position() const {
    return open_->waiting->file.name + ":" + std::to_string(record_.begin.line);
}

void CsvPull::refuse(Page& page, const std::string& external_id, const std::string& code,
                     const std::string& reason) const {
    page.errors.push_back({external_id, position(), code, reason, record_.raw});
}

/// Most rows unreadable means that the layout is wrong, and no row should be set aside for that.
void CsvPull::require_mostly_good(const Page& page) const {
    const auto bad = static_cast<int64_t>(page.errors.size());
    const auto share =
        static_cast<double>(bad) / static_cast<double>(std::max<int64_t>(records_, 1));
    if (records_ < judged_records_min || share <= plan_.settings.max_bad_share) return;
    const auto& first = page.errors.front();
    throw Error(DUNLIN_E_DATA, std::to_string(bad) + " of " + std::to_string(records_) +
                                   " rows cannot be read, the first at " + first.position + ": " +
                                   first.reason +
                                   ". Correct the source's layout or mapping, or raise "
                                   "max_bad_share to set all of them aside");
}

/// One line of a mapped file often repeats a row of an earlier one, such as its customer.
bool CsvPull::is_repeated(const Row& row) {
    auto& bytes = seen_buffer_;
    bytes.clear();
    for (const auto& cell : row.cells) {
        bytes += cell.is_null ? '0' : '1';
        if (cell.is_null) continue;
        bytes.append(reinterpret_cast<const char*>(&cell.number), sizeof cell.number);
        bytes.append(reinterpret_cast<const char*>(&cell.real), sizeof cell.real);
        bytes += std::to_string(cell.text.size()) + ':';
        bytes += cell.text;
    }
    const auto hash = XXH3_128bits(bytes.data(), bytes.size());
    return !seen_.insert({hash.high64, hash.low64}).second;
}

void CsvPull::add_row(const Row& row) {
    if (plan_.mapping && is_repeated(row)) return;
    Mapper::append(row, plan_.entity, rows_);
    rows_[plan_.entity.columns.size()].add(position());
}

void CsvPull::map_record(Page& page) {
    const auto id = plan_.entity.index_of("external_id");
    for (const auto& mapper : open_->mappers) {
        switch (mapper->map(record_.fields, row_, fault_)) {
            case Mapper::Outcome::skipped: break;
            case Mapper::Outcome::row: add_row(row_); break;
            case Mapper::Outcome::bad:
                refuse(page, std::string(row_.cells[id].text), fault_.code, fault_.reason);
                break;
        }
    }
}

bool CsvPull::read_record(Page& page) {
    const auto before = open_->reader->position().offset;
    if (!open_->reader->next(record_)) return false;
    bytes_ += open_->reader->position().offset - before;
    const bool is_empty = std::all_of(record_.fields.begin(), record_.fields.end(),
                                      [](std::string_view field) { return field.empty(); });
    if (is_empty && !record_.code) return true;  // A spreadsheet's left-over ",,,".
    if (++records_ % 1024 == 0) cancel_.throw_if_requested();
    if (record_.code) {
        refuse(page, "", record_.code, record_.reason);
    } else if (record_.fields.size() != open_->header.size()) {
        refuse(page, "", "columns",
               "the row has " + std::to_string(record_.fields.size()) +
                   " columns where the header has " + std::to_string(open_->header.size()) +
                   "; check the delimiter and the quotes, or whether the file is truncated");
    } else {
        map_record(page);
    }
    return true;
}

bool CsvPull::next(Page& page) {
    records_ = 0;
    bytes_ = 0;
    has_moved_ = false;
    seen_.clear();
    while (!is_full(page)) {
        cancel_.throw_if_requested();
        if (!open_) {
            if (next_file_ == plan_.queue.files.size()) break;
            open(plan_.queue.files[next_file_++], page);
            continue;
        }
        has_moved_ = true;
        bool has_more = true;
        while (has_more && !is_full(page)) has_more = read_record(page);
        if (!has_more) close();
    }
    if (!has_moved_) return false;
    require_mostly_good(page);
    page.done = bytes_finished_;
    page.total = bytes_total_;
    if (open_) {
        require_unchanged(open_->waiting->file);
        plan_.cursor.current = FileCursor::Place{open_->waiting->key, open_->reader->position(),
                                                 open_->waiting->file.name};
        page.done += open_->reader->bytes_read();
    }
    page.next_cursor = plan_.cursor.text();
    page.rows = rows_.finish();
    return true;
}

}  // namespace dunlin::csv
