// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/principal.hpp"
#include "plugins/manifest.hpp"
#include "store/tx.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct dunlin_cancel;

namespace dunlin::host {

class Host;
struct Plugin;

struct CallOptions {
    std::optional<Date> today;    // --today; needs the permission "host.override_date".
    std::string idempotency_key;  // For an action; empty: none.
    dunlin_cancel* cancel = nullptr;
};

/// The one way into a plugin: finds the command, checks the permission, validates the request,
/// opens the transaction, calls, audits, commits. Thread-safe.
class Commands {
public:
    explicit Commands(Host& host) : host_(host) {}

    /// The reply as JSON text. Error denied, not_found, invalid (naming every violation), ….
    std::string call(const Principal& principal, const std::string& command,
                     std::string_view request_json, const CallOptions& options = {});
    /// A plugin's call of another's command inside tx, in a savepoint; `caller` is the plugin.
    std::string call_nested(Tx& tx, const Plugin& caller, const std::string& command,
                            std::string_view request_json);
    /// A request given as texts (command line, query string), typed by the request schema:
    /// integers, numbers, booleans, arrays from "a,b", everything else text.
    Json request_from_texts(const CommandSpec& command,
                            const std::vector<std::pair<std::string, std::string>>& texts) const;

private:
    Host& host_;
};

/// Compiled JSON Schemas (draft-07; an unknown keyword is refused), in one translation unit.
class Schema {
public:
    /// Error data naming the place when the schema itself is wrong.
    static std::shared_ptr<const Schema> compile(const Json& schema, const std::string& where);
    virtual ~Schema() = default;
    /// All violations as "place: what", empty when valid. Thread-safe.
    virtual std::vector<std::string> violations(const Json& document) const = 0;
};

/// Throws one Error that lists all violations, also in its detail; returns when there is none.
void need_none(const std::string& what, const std::vector<std::string>& violations,
               dunlin_status status = DUNLIN_E_INVALID);

/// The part of a schema at `way`, such as /properties/x or /items, with references into `root`
/// followed; null where it has none.
const Json* part_of(const Json& root, const Json* schema, const Json::json_pointer& way);

}  // namespace dunlin::host
