// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/host.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace dunlin {

/// Text across the contract, both ways. Borrowed: valid as long as what it points to.
inline dunlin_str to_abi(std::string_view text) noexcept {
    return {text.data(), text.size()};
}
inline std::string_view to_view(dunlin_str text) noexcept {
    return {text.data ? text.data : "", static_cast<std::size_t>(text.len)};
}

/// Why something could not be done. The status says what the caller can do next, the message says
/// it to a person: the thing and the remedy. Becomes a status at the C boundary, see guard.hpp.
class Error : public std::runtime_error {
public:
    Error(dunlin_status status, const std::string& message, std::string detail_json = {})
        : std::runtime_error(message), status_(status), detail_json_(std::move(detail_json)) {}

    dunlin_status status() const noexcept { return status_; }
    const std::string& detail_json() const noexcept { return detail_json_; }

private:
    dunlin_status status_;
    std::string detail_json_;
};

/// "invalid", "not_found", …: the word for a status in JSON, logs and exit messages.
inline const char* status_name(dunlin_status status) noexcept {
    switch (status) {
        case DUNLIN_OK: return "ok";
        case DUNLIN_E_INVALID: return "invalid";
        case DUNLIN_E_NOT_FOUND: return "not_found";
        case DUNLIN_E_EXISTS: return "exists";
        case DUNLIN_E_CONFLICT: return "conflict";
        case DUNLIN_E_DENIED: return "denied";
        case DUNLIN_E_UNSUPPORTED: return "unsupported";
        case DUNLIN_E_UNAVAILABLE: return "unavailable";
        case DUNLIN_E_TIMEOUT: return "timeout";
        case DUNLIN_E_CANCELLED: return "cancelled";
        case DUNLIN_E_LIMIT: return "limit";
        case DUNLIN_E_DATA: return "data";
        case DUNLIN_DONE: return "done";
        default: return "internal";
    }
}

/// True when trying the same thing again later can help.
inline bool is_retryable(dunlin_status status) noexcept {
    return status == DUNLIN_E_UNAVAILABLE || status == DUNLIN_E_CONFLICT ||
           status == DUNLIN_E_TIMEOUT;
}

}  // namespace dunlin
