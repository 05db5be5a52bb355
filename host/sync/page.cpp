// SPDX-License-Identifier: Apache-2.0
#include "sync/page.hpp"

#include <algorithm>
#include <chrono>

namespace dunlin::host {

namespace {

/// Lets the connector free something. What escapes from it has been logged.
template <class Body>
void let_go(Host& host, const Plugin& connector, const char* what, Body&& body) noexcept {
    try {
        call_plugin(host, connector, what, [&](dunlin_err*) {
            body();
            return DUNLIN_OK;
        });
    } catch (const Error&) {
    }
}

void need_handle(const Plugin& connector, const void* handle, const char* what) {
    if (handle) return;
    throw Error(DUNLIN_E_INTERNAL, "the connector " + connector.id() + " ended " + what +
                                       " with \"ok\" and gave nothing");
}

}  // namespace

OpenSource::OpenSource(Host& host, const Plugin& connector, const std::string& name,
                       const Json& settings)
    : host_(host), connector_(connector) {
    const auto text = settings.dump();
    call_plugin(host, connector_, "open", [&](dunlin_err* err) {
        return connector_.connector->open(connector_.instance, to_abi(name), to_abi(text), &source_,
                                          err);
    });
    need_handle(connector_, source_, "open");
}

OpenSource::~OpenSource() {
    let_go(host_, connector_, "close", [&] { connector_.connector->close(source_); });
}

PageReader::PageReader(Host& host, const OpenSource& source, std::string entity, std::string cursor)
    : host_(host),
      source_(source),
      entity_(std::move(entity)),
      cursor_(std::move(cursor)),
      thread_([this] { read(); }) {}

PageReader::~PageReader() {
    {
        std::lock_guard lock(mutex_);
        is_closed_ = true;
        cancel_.requested = true;
    }
    changed_.notify_all();
    thread_.join();
}

PageReader::Next PageReader::next(PulledPage& page) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(200),
                      [&] { return !pages_.empty() || is_done_; });
    if (!pages_.empty()) {
        page = std::move(pages_.front());
        pages_.pop_front();
        lock.unlock();
        changed_.notify_all();
        return Next::page;
    }
    if (!is_done_) return Next::nothing_yet;
    if (failure_) std::rethrow_exception(failure_);
    return Next::end;
}

void PageReader::read() {
    const auto& connector = source_.connector();
    std::exception_ptr failure;
    try {
        dunlin_pull* pull = nullptr;
        call_plugin(host_, connector, "pull", [&](dunlin_err* err) {
            return connector.connector->pull(source_.get(), to_abi(entity_), to_abi(cursor_),
                                             &cancel_, &pull, err);
        });
        need_handle(connector, pull, "pull");
        const auto end = [&](dunlin_pull* p) {
            let_go(host_, connector, "end", [&] { connector.connector->end(p); });
        };
        const std::unique_ptr<dunlin_pull, decltype(end)> owner(pull, end);
        bool is_end = false;
        while (!is_end && !cancel_.requested) {
            auto page = fetch(pull, is_end);
            if (!is_end) push(std::move(page));
        }
        if (!is_end) throw Error(DUNLIN_E_CANCELLED, "stopped on request");
    } catch (...) {
        failure = std::current_exception();
    }
    {
        std::lock_guard lock(mutex_);
        failure_ = failure;
        is_done_ = true;
    }
    changed_.notify_all();
}

PulledPage PageReader::fetch(dunlin_pull* pull, bool& is_end) {
    const auto& connector = source_.connector();
    PulledPage out;
    dunlin_page page{};
    page.struct_size = sizeof page;
    page.schema = out.rows.schema();
    page.rows = out.rows.array();
    page.total = -1;
    const auto status = call_plugin(host_, connector, "next", [&](dunlin_err* err) {
        return connector.connector->next(pull, &page, err);
    });
    is_end = status == DUNLIN_DONE;
    if (is_end) return out;
    const auto where = "the connector " + connector.id() + " sent a page of " + entity_;
    if (out.rows.rows() > rows_max) {
        throw Error(DUNLIN_E_LIMIT, where + " with " + std::to_string(out.rows.rows()) + " rows; " +
                                        std::to_string(rows_max) +
                                        " are allowed: it must send smaller pages");
    }
    try {
        check_shape(out.rows);
        if (out.rows.rows() > 0) out.broken_rows = rows_with_broken_text(BatchView(out.rows));
    } catch (const Error& e) {
        throw Error(DUNLIN_E_DATA, where + " that cannot be read: " + e.what());
    }
    out.next_cursor = to_view(page.next_cursor);
    out.errors_json = to_view(page.errors_json);
    out.done = page.done;
    out.total = page.total;
    return out;
}

void PageReader::push(PulledPage page) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return pages_.size() < 2 || is_closed_; });
    if (is_closed_) return;
    pages_.push_back(std::move(page));
    lock.unlock();
    changed_.notify_all();
}

namespace {

void check(bool is_right, const char* what) {
    if (!is_right) throw Error(DUNLIN_E_DATA, what);
}

/// Offsets of a text column must not run backwards, or a reader leaves the buffer.
void check_offsets(const ArrowArray& column, int64_t rows) {
    const auto* offsets = static_cast<const int32_t*>(column.buffers[1]);
    check(offsets != nullptr || rows == 0, "a text column has no offsets");
    if (rows == 0) return;
    check(offsets[0] >= 0, "a text column has a negative offset");
    bool is_rising = true;
    for (int64_t i = 0; i < rows; ++i) is_rising &= offsets[i] <= offsets[i + 1];
    check(is_rising, "the offsets of a text column run backwards");
    check(offsets[rows] == 0 || column.buffers[2] != nullptr, "a text column has no bytes");
}

void check_column(const ArrowSchema& schema, const ArrowArray& column, int64_t rows_needed) {
    check(schema.format != nullptr, "a column has no format");
    check(column.offset >= 0 && column.length >= rows_needed, "a column is shorter than its page");
    check(column.buffers != nullptr, "a column has no buffers");
    const ColumnView view(&schema, &column, 0);  // Refuses types and buffers it does not know.
    const auto rows = column.offset + column.length;
    const auto* values = schema.dictionary ? column.dictionary : &column;
    if (schema.dictionary) {
        check(column.buffers[1] != nullptr || rows == 0, "a column has no values");
        check(values->buffers != nullptr && values->offset >= 0 && values->length >= 0,
              "a dictionary has no buffers");
    }
    if (view.type() == Type::text || view.type() == Type::bytes) {
        check_offsets(*values, values->offset + values->length);
    } else {
        check(column.buffers[1] != nullptr || rows == 0, "a column has no values");
    }
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) - 1U < 0x7fU; });
}

/// UTF-8 as the standard has it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_clean(std::string_view text) {
    const auto at = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    for (std::size_t i = 0; i < text.size();) {
        const unsigned lead = at(i), second = at(i + 1);
        std::size_t length = 1;
        unsigned least = 0x80, most = 0xbf;  // Of the second byte.
        if (lead == 0) return false;
        if (lead >= 0x80) {
            if (lead < 0xc2 || lead > 0xf4) return false;
            length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
            if (lead == 0xe0) least = 0xa0;
            if (lead == 0xed) most = 0x9f;
            if (lead == 0xf0) least = 0x90;
            if (lead == 0xf4) most = 0x8f;
            if (second < least || second > most) return false;
            for (std::size_t k = 2; k < length; ++k) {
                if ((at(i + k) & 0xc0U) != 0x80) return false;
            }
        }
        i += length;
    }
    return true;
}

}  // namespace

void check_shape(const Batch& batch) {
    const auto* schema = batch.schema();
    const auto* array = batch.array();
    if (!array->release) return;  // A page may bring a cursor and no rows.
    check(schema->release && schema->format, "it has no schema");
    check(array->length >= 0 && array->offset >= 0, "its length is negative");
    const BatchView view(schema, array);
    check(array->n_children > 0 || array->length == 0, "it has no columns");
    for (int64_t i = 0; i < array->n_children; ++i) {
        check(schema->children[i] && array->children[i], "a column is missing");
        check_column(*schema->children[i], *array->children[i], array->offset + array->length);
    }
}

std::vector<int64_t> rows_with_broken_text(const BatchView& rows) {
    std::vector<int64_t> broken;
    for (int64_t c = 0; c < rows.columns(); ++c) {
        const auto column = rows[c];
        if (column.type() != Type::text) continue;
        for (int64_t r = 0; r < rows.rows(); ++r) {
            const auto text = column.text(r);
            if (!is_ascii(text) && !is_clean(text)) broken.push_back(r);
        }
    }
    std::sort(broken.begin(), broken.end());
    broken.erase(std::unique(broken.begin(), broken.end()), broken.end());
    return broken;
}

}  // namespace dunlin::host
