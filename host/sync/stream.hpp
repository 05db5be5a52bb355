// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/tx.hpp"
#include "sync/page.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dunlin::host {

/// What a connector says of one of its streams, see `describe` in abi/connector.h.
struct StreamSpec {
    enum class Cursor { none, token, keyset };
    std::string entity;
    Cursor cursor = Cursor::token;
    int64_t overlap_us = 0, retention_us = 0;
    bool is_swept = false;  // Deletions are found by comparing ids.
    bool by_id = false;
    std::string digest;  // Of all that was said.
};

/// What a connector says of itself.
struct Described {
    std::vector<StreamSpec> streams;
    int64_t retries = 5;  // Of a page, before a run gives up.
    /// The kinds of write-backs it takes, and how one is known there: native, search or none.
    std::map<std::string, std::string> write_backs;

    /// Error data naming the connector and the stream when it says something unknown.
    static Described of(const Json& said, const std::string& connector);
};

/// How far a stream was read, kept between runs and changed in the transactions of its pages.
///
/// A keyset stream is read in windows. A window begins at `since` and is finished when the
/// connector has no further page. Only then `since` moves on, to the latest change that was seen
/// or the other system's clock at the window's begin, whichever is earlier, less the overlap: a
/// transaction that was open meanwhile commits with a change time in the past, and equal times
/// have no order. Rows of the overlap come again and are found unchanged.
struct StreamState {
    std::string resume;  // The next page; of a token stream: for ever.
    std::optional<int64_t> since_us;
    std::optional<int64_t> seen_us, server_us;  // Of the unfinished window.
    int64_t window_began_us = 0;                // By our clock.
    int64_t swept_us = 0;                       // When deletions were looked for.
    std::string shape;                          // What was read under which settings.
    bool is_new = true;

    static StreamState load(Tx& tx, const std::string& source, const std::string& entity);
    void save(Tx& tx, const std::string& source, const std::string& entity) const;

    /// Begins a window or goes on with one. What a person should know about it, or nothing.
    std::string begin(const StreamSpec& spec, const std::string& shape_now, int64_t now_us);
    /// Takes over what a page says about the window.
    void pass(const StreamSpec& spec, const PulledPage& page);
    void finish(const StreamSpec& spec, int64_t now_us);
};

}  // namespace dunlin::host
