// SPDX-License-Identifier: Apache-2.0
#include "sync/page.hpp"

#include "config/config.hpp"

#include <boost/locale/utf.hpp>

#include <algorithm>

namespace dunlin::host {

namespace {

/// What a call of the connector made, freed by another one. What escapes from that one is logged.
template <class T, class Make>
Owned<T> own(Host& host, const Plugin& connector, const char* what, Make&& make,
             void(DUNLIN_CALL* free)(T*), const char* ends) {
    T* made = nullptr;
    call_plugin(host, connector, what, [&](dunlin_err* err) { return make(&made, err); });
    if (!made) {
        throw Error(DUNLIN_E_INTERNAL, "the connector " + connector.id() + " ended " + what +
                                           " with \"ok\" and gave nothing");
    }
    return {made, [&host, &connector, free, ends](T* it) noexcept {
                try {
                    call_plugin(host, connector, ends, [&](dunlin_err*) {
                        free(it);
                        return DUNLIN_OK;
                    });
                } catch (const Error&) {
                }
            }};
}

void require(bool is_right, const char* what) {
    if (!is_right) throw Error(DUNLIN_E_DATA, what);
}

void check_column(const ArrowSchema& schema, const ArrowArray& column, int64_t rows_needed) {
    require(schema.format && (!schema.dictionary || schema.dictionary->format),
            "a column has no format");
    require(column.offset >= 0 && column.length >= rows_needed,
            "a column is shorter than its page");
    require(column.buffers, "a column has no buffers");
    const auto type = ColumnView(&schema, &column, 0).type();  // Refuses what it does not know.
    const auto rows = column.offset + column.length;
    if (rows > 0) require(column.buffers[1], "a column has no values or offsets");
    if (schema.dictionary) return check_column(*schema.dictionary, *column.dictionary, 0);
    if (rows == 0 || (type != Type::text && type != Type::bytes)) return;
    // Offsets must not run backwards, or a reader leaves the buffer.
    const auto* offsets = static_cast<const int32_t*>(column.buffers[1]);
    bool is_rising = offsets[0] >= 0;
    for (int64_t i = 0; i < rows; ++i) is_rising &= offsets[i] <= offsets[i + 1];
    require(is_rising, "the offsets of a text column run backwards");
    require(offsets[rows] == 0 || column.buffers[2], "a text column has no bytes");
}

/// UTF-8 as the standard has it, without zero bytes.
bool is_clean(std::string_view text) {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) - 1U < 0x7fU; };
    if (std::all_of(text.begin(), text.end(), is_ascii)) return true;
    namespace utf = boost::locale::utf;
    for (const auto* at = text.begin(); at != text.end();) {
        const auto point = utf::utf_traits<char>::decode(at, text.end());
        if (point == 0 || point == utf::illegal || point == utf::incomplete) return false;
    }
    return true;
}

/// Takes the rows that no store takes out of the page.
void set_broken_aside(PulledPage& page) {
    const BatchView rows(page.rows);
    const auto broken = rows_with_broken_text(rows);
    for (const auto row : broken) {
        auto& refused = page.refused.emplace_back(RefusedRow::of_batch(rows, row));
        refused.code = "encoding";
        refused.reason =
            "a text of this row is not UTF-8 or holds a zero byte; correct it in the source or set "
            "the source's encoding";
    }
    if (!broken.empty()) page.rows = without_rows(rows, broken);
}

}  // namespace

Owned<dunlin_source> open_source(Host& host, const Plugin& connector, const SourceConfig& config) {
    const auto settings = config.settings.dump();
    const auto& table = *connector.connector;
    return own<dunlin_source>(
        host, connector, "open",
        [&](dunlin_source** out, dunlin_err* err) {
            return table.open(connector.instance, to_abi(config.name), to_abi(settings), out, err);
        },
        table.close, "close");
}

PageReader::PageReader(Host& host, const Plugin& connector, dunlin_source* source,
                       std::string entity, std::string cursor)
    : host_(host),
      connector_(connector),
      source_(source),
      entity_(std::move(entity)),
      cursor_(std::move(cursor)) {
    read_ahead();
}

void PageReader::read_ahead() {
    ahead_ = std::async(std::launch::async, [this] { return read(); });
}

bool PageReader::is_ready() const {
    return ahead_.wait_for(std::chrono::milliseconds(200)) == std::future_status::ready;
}

std::optional<PulledPage> PageReader::take() {
    auto page = ahead_.get();
    if (page) read_ahead();
    return page;
}

std::optional<PulledPage> PageReader::read() {
    const auto& table = *connector_.connector;
    if (!pull_) {
        pull_ = own<dunlin_pull>(
            host_, connector_, "pull",
            [&](dunlin_pull** out, dunlin_err* err) {
                return table.pull(source_, to_abi(entity_), to_abi(cursor_), &cancel_, out, err);
            },
            table.end, "end");
    }
    PulledPage out;
    dunlin_page page{};
    page.struct_size = sizeof page;
    page.schema = out.rows.schema();
    page.rows = out.rows.array();
    page.total = -1;
    const auto status = call_plugin(host_, connector_, "next", [&](dunlin_err* err) {
        return table.next(pull_.get(), &page, err);
    });
    if (status == DUNLIN_DONE) return std::nullopt;
    const auto where = "the connector " + connector_.id() + " sent a page of " + entity_;
    try {
        check_shape(out.rows);
        out.refused = RefusedRow::of_connector(std::string(to_view(page.errors_json)));
        if (out.rows.rows() > 0) set_broken_aside(out);
    } catch (const Error& e) {
        throw Error(DUNLIN_E_DATA, where + " that cannot be read: " + e.what());
    }
    out.next_cursor = to_view(page.next_cursor);
    out.done = page.done;
    out.total = page.total;
    return out;
}

void check_shape(const Batch& batch) {
    const auto* schema = batch.schema();
    const auto* array = batch.array();
    if (!array->release) return;  // A page may bring a cursor and no rows.
    require(schema->release && schema->format, "it has no schema");
    require(array->length >= 0 && array->offset >= 0, "its length is negative");
    require(array->length <= 200'000, "it has more than 200000 rows: it must send smaller pages");
    const BatchView view(batch);
    require(array->n_children > 0 || array->length == 0, "it has no columns");
    for (int64_t i = 0; i < array->n_children; ++i) {
        require(schema->children[i] && array->children[i], "a column is missing");
        check_column(*schema->children[i], *array->children[i], array->offset + array->length);
    }
}

std::vector<int64_t> rows_with_broken_text(const BatchView& rows) {
    std::set<int64_t> broken;
    for (int64_t c = 0; c < rows.columns(); ++c) {
        const auto column = rows[c];
        if (column.type() != Type::text) continue;
        for (int64_t r = 0; r < rows.rows(); ++r) {
            if (!is_clean(column.text(r))) broken.insert(r);
        }
    }
    return {broken.begin(), broken.end()};
}

}  // namespace dunlin::host
