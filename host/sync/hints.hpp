// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/json.hpp>

#include <string>

struct dunlin_cancel;

namespace dunlin::host {

class Host;
class Tx;
struct Plugin;
struct SourceConfig;

/// The kind of job that reads what other systems said has changed: {"source":…}.
constexpr const char* hint_kind = "host.sync_hint";

/// Keeps what a message or a write-back's receipt names, as `hook` in abi/connector.h has it, and
/// queues its reading. A hint is no fact: one that is lost, doubled or wrong changes nothing but
/// when a row is read.
void keep_hints(Host& host, Tx& tx, const std::string& source, const Json& changed);

/// Reads what the hints of a source name, under its lease, and forgets them. Error unavailable
/// while a run is under way.
void read_hints(Host& host, const SourceConfig& source, Plugin& connector, Plugin& sink,
                dunlin_cancel* cancel);

}  // namespace dunlin::host
