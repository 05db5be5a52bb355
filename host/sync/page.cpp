// SPDX-License-Identifier: Apache-2.0
#include "sync/page.hpp"

#include "host.hpp"

#include <dunlin/page_check.hpp>

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
    auto opened = own<dunlin_source>(
        host, connector, "open",
        [&](dunlin_source** out, dunlin_err* err) {
            return table.open(connector.instance, to_abi(config.name), to_abi(settings), out, err);
        },
        table.close, "close");
    // Opening asks the other system for nothing; in a worker it tells us what is described.
    const auto said = ask_plugin(host, connector, "describe", table.describe, connector.instance);
    host.http_client().rates().declare(connector.id(), said.value("rate", Json()));
    return opened;
}

PageReader::PageReader(Host& host, const Plugin& connector, dunlin_source* source,
                       PullRequest request)
    : host_(host), connector_(connector), source_(source), request_(std::move(request)) {
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
                const auto ids = request_.ids.empty() ? "" : Json(request_.ids).dump();
                const dunlin_pull_request request{sizeof request,
                                                  static_cast<uint32_t>(request_.mode),
                                                  to_abi(request_.entity),
                                                  to_abi(request_.resume),
                                                  request_.since_us.value_or(DUNLIN_NO_TIME),
                                                  to_abi(ids)};
                return table.pull(source_, &request, &cancel_, out, err);
            },
            table.end, "end");
    }
    PulledPage out;
    dunlin_page page{};
    page.struct_size = sizeof page;
    page.schema = out.rows.schema();
    page.rows = out.rows.array();
    page.total = -1;
    page.changed_max_us = page.server_us = DUNLIN_NO_TIME;
    const auto status = call_plugin(host_, connector_, "next", [&](dunlin_err* err) {
        return table.next(pull_.get(), &page, err);
    });
    if (status == DUNLIN_DONE) return std::nullopt;
    const auto where = "the connector " + connector_.id() + " sent a page of " + request_.entity;
    try {
        check_page(out.rows);
        out.refused = RefusedRow::of_connector(std::string(to_view(page.errors_json)));
        if (out.rows.rows() > 0) set_broken_aside(out);
    } catch (const Error& e) {
        throw Error(DUNLIN_E_DATA, where + " that cannot be read: " + e.what());
    }
    out.next_cursor = to_view(page.next_cursor);
    out.done = page.done;
    out.total = page.total;
    if (page.changed_max_us != DUNLIN_NO_TIME) out.changed_max_us = page.changed_max_us;
    if (page.server_us != DUNLIN_NO_TIME) out.server_us = page.server_us;
    return out;
}

}  // namespace dunlin::host
