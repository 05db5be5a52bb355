// SPDX-License-Identifier: Apache-2.0
#include "pull.hpp"

#include "reader.hpp"

#include <utility>

namespace dunlin::bank_statement {
namespace {

// A page also ends here, so that one of nothing but mistakes stays small.
constexpr std::size_t errors_max = 1000;
constexpr std::size_t raw_bytes_max = 4096;

std::vector<ColumnSpec> page_columns() {
    return {{"external_id"},       {"deleted", Type::boolean},
            {"customer"},          {"company"},
            {"date", Type::date},  {"currency"},
            {"amount", Type::i64}, {"method"},
            {"reference"},         {"status"},
            {"bank_account"},      {"payer_name"},
            {position_column}};
}

std::string place_of(const SourceFile& file, int64_t line) {
    return line > 0 ? file.name + ":" + std::to_string(line) : file.name;
}

}  // namespace

StatementPull::StatementPull(PullPlan plan, Cancel cancel)
    : plan_(std::move(plan)), cancel_(cancel), rows_(page_columns()) {
    for (const auto& waiting : plan_.queue.files) bytes_total_ += waiting.file.size;
}

void StatementPull::open(const WaitingFile& waiting) {
    auto file = std::make_unique<OpenFile>();
    file->waiting = &waiting;
    file->memory = plan_.cursor.memory;
    Limits limits;
    limits.bytes = static_cast<std::size_t>(plan_.settings.file_bytes_max);
    const auto& half = plan_.cursor.files.current;
    const bool is_half_read = half && half->key == waiting.key;
    try {
        file->bytes = read_whole(waiting.file, plan_.settings.file_bytes_max);
        file->lines = LineIndex(file->bytes);
        const auto document = read_document(file->bytes, plan_.settings.encoding, limits);
        for (const auto& statement : document.statements) {
            cancel_.throw_if_requested();
            auto yield = payments_of(statement, plan_.settings.rules, file->memory);
            if (!yield.note.empty() && !is_half_read) {
                plan_.warn(place_of(waiting.file, statement.line) + ": " + yield.note);
            }
            std::move(yield.payments.begin(), yield.payments.end(),
                      std::back_inserter(file->payments));
        }
    } catch (const Error& e) {
        if (e.status() != DUNLIN_E_DATA) throw;
        const auto* const at = dynamic_cast<const FileError*>(&e);
        Payment refused;
        refused.line = at ? at->line() : 0;
        refused.code = "file";
        refused.reason = "the file is refused: " + std::string(e.what());
        file->memory = plan_.cursor.memory;
        file->payments = {std::move(refused)};
    }
    if (is_half_read) file->next = static_cast<std::size_t>(half->position.offset);
    open_ = std::move(file);
}

void StatementPull::close() {
    require_unchanged(open_->waiting->file);
    plan_.cursor.files.finish(open_->waiting->key, plan_.queue.present);
    plan_.cursor.memory = std::move(open_->memory);
    bytes_finished_ += open_->waiting->file.size;
    open_.reset();
}

void StatementPull::set_aside(const Payment& payment, Page& page) const {
    // The file from there on, as far as a person wants to see it.
    auto raw = open_->bytes.substr(open_->lines.offset_of(payment.line), raw_bytes_max);
    page.errors.push_back({payment.external_id, place_of(open_->waiting->file, payment.line),
                           payment.code, payment.reason, std::move(raw)});
}

void StatementPull::give(const Payment& payment, Page& page) {
    if (!payment.code.empty()) return set_aside(payment, page);
    std::size_t column = 0;
    const auto add = [&](std::string_view text) {
        auto& to = rows_[column++];
        if (text.empty()) return to.add_null();
        to.add(text);
    };
    add(payment.external_id);
    rows_[column++].add(payment.is_deleted ? 1 : 0);
    add(payment.customer);
    add(payment.company);
    rows_[column++].add(payment.date);
    add(payment.currency);
    rows_[column++].add(payment.amount);
    add(payment.method);
    add(payment.reference);
    add("posted");
    add(payment.bank_account);
    add(payment.payer_name);
    add(place_of(open_->waiting->file, payment.line));
}

bool StatementPull::next(Page& page) {
    bool has_moved = false;
    const auto is_full = [&] {
        return rows_.rows() >= plan_.settings.batch_rows || page.errors.size() >= errors_max;
    };
    while (!is_full()) {
        cancel_.throw_if_requested();
        if (!open_) {
            if (next_file_ == plan_.queue.files.size()) break;
            open(plan_.queue.files[next_file_++]);
        }
        has_moved = true;
        while (open_->next < open_->payments.size() && !is_full()) {
            give(open_->payments[open_->next++], page);
        }
        if (open_->next >= open_->payments.size()) close();
    }
    if (!has_moved) return false;
    if (open_) {
        require_unchanged(open_->waiting->file);
        const auto& due = open_->payments[open_->next];
        plan_.cursor.files.current =
            FileCursor::Place{open_->waiting->key,
                              {static_cast<int64_t>(open_->next), due.line},
                              open_->waiting->file.name};
    }
    page.done = bytes_finished_;
    page.total = bytes_total_;
    page.next_cursor = plan_.cursor.text();
    page.rows = rows_.finish();
    return true;
}

}  // namespace dunlin::bank_statement
