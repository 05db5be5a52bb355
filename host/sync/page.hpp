// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"
#include "plugins/services.hpp"

#include <dunlin/arrow.hpp>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace dunlin::host {

/// What a connector read, checked for shape; owned by the host.
struct PulledPage {
    Batch rows;
    std::string next_cursor;
    std::string errors_json;
    std::vector<int64_t> broken_rows;  // With text that no store takes.
    int64_t done = 0, total = -1;
};

/// A source a connector opened, closed at the end.
class OpenSource {
public:
    OpenSource(Host& host, const Plugin& connector, const std::string& name, const Json& settings);
    ~OpenSource();
    OpenSource(const OpenSource&) = delete;
    OpenSource& operator=(const OpenSource&) = delete;

    dunlin_source* get() const { return source_; }
    const Plugin& connector() const { return connector_; }

private:
    Host& host_;
    const Plugin& connector_;
    dunlin_source* source_ = nullptr;
};

/// Pulls the pages of one entity ahead, on a thread of its own, two at most: reading overlaps with
/// applying and memory stays flat.
class PageReader {
public:
    PageReader(Host& host, const OpenSource& source, std::string entity, std::string cursor);
    /// Asks the connector to stop and waits for it.
    ~PageReader();

    enum class Next { page, end, nothing_yet };
    /// Waits a moment for the next page; throws what the connector failed with, once the pages
    /// before it are taken.
    Next next(PulledPage& page);

    static constexpr int64_t rows_max = 200'000;

private:
    void read();
    PulledPage fetch(dunlin_pull* pull, bool& is_end);
    void push(PulledPage page);

    Host& host_;
    const OpenSource& source_;
    std::string entity_, cursor_;
    dunlin_cancel cancel_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<PulledPage> pages_;
    bool is_done_ = false, is_closed_ = false;
    std::exception_ptr failure_;
    std::thread thread_;
};

/// Throws data unless the arrays may be read without harm: buffers present, lengths and text
/// offsets consistent.
void check_shape(const Batch& batch);
/// The rows with a text that is not UTF-8 or holds a zero byte, which no store takes.
std::vector<int64_t> rows_with_broken_text(const BatchView& rows);

}  // namespace dunlin::host
