// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/services.hpp"
#include "sync/quarantine.hpp"

#include <dunlin/connector.hpp>

#include <future>

namespace dunlin::host {

struct SourceConfig;

/// What a plugin writes when it is asked by call(args…, writer, err).
template <class Call, class... Args>
Json ask_plugin(Host& host, const Plugin& plugin, const char* what, Call call, Args... args) {
    std::string text;
    const StringWriter writer(text);
    call_plugin(host, plugin, what,
                [&](dunlin_err* err) { return call(args..., writer.abi(), err); });
    return text.empty() ? Json::object() : Json::parse(text);
}

/// Something a connector made and is asked to free.
template <class T>
using Owned = std::unique_ptr<T, std::function<void(T*)>>;

/// A source of the configuration, opened.
Owned<dunlin_source> open_source(Host& host, const Plugin& connector, const SourceConfig& config);

/// What a connector read: rows that every store takes, and those it or the host set aside.
struct PulledPage {
    Batch rows;
    std::vector<RefusedRow> refused;
    std::string next_cursor;
    int64_t done = 0, total = -1;
    std::optional<int64_t> changed_max_us, server_us;
};

/// How long the other system asks to be left alone, from an error's detail.
std::optional<int64_t> retry_after_us(const Error& error);
/// Until when a source is left alone because the other system asked for that; 0 when it is not.
int64_t parked_until(Tx& tx, const std::string& source, std::string* reason = nullptr);
/// Error unavailable while it is; the detail says for how long.
void refuse_when_parked(Host& host, const std::string& source);
/// Longer waits than this are not waited for: the source is parked.
inline constexpr int64_t wait_max_us = 120'000'000;
void park(Tx& tx, const std::string& source, int64_t wait_us, const std::string& reason);

/// Pulls the pages of one request, each on a thread of its own while the one before it is applied:
/// reading overlaps with applying and memory stays flat.
class PageReader {
public:
    PageReader(Host& host, const Plugin& connector, dunlin_source* source, PullRequest request);
    /// Asks the connector to stop and waits for it.
    ~PageReader() { cancel_.requested = true; }

    /// Waits a moment for the next page.
    bool is_ready() const;
    /// That page, nothing at the end; throws what the connector failed with.
    std::optional<PulledPage> take();

private:
    void read_ahead();
    std::optional<PulledPage> read();

    Host& host_;
    const Plugin& connector_;
    dunlin_source* source_;
    PullRequest request_;
    dunlin_cancel cancel_;
    Owned<dunlin_pull> pull_;
    std::future<std::optional<PulledPage>> ahead_;  // The last member: its end is waited for.
};

}  // namespace dunlin::host
