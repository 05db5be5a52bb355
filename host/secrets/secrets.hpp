// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/lease.hpp"
#include "store/store.hpp"

#include <dunlin/abi/config.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dunlin::host {

/// Closes and opens what is kept of secrets, under the operator's [secrets] key.
class Seal {
public:
    /// Error unsupported when there is no key, invalid when it is too short to be one.
    explicit Seal(Host& host);

    /// Hex digits; opens under the same name only.
    std::string close(std::string_view name, std::string_view value) const;
    /// Nothing when it was sealed under another key or name, or changed.
    std::optional<std::string> open(std::string_view name, std::string_view sealed) const;

private:
    std::array<unsigned char, 32> key_{};
};

}  // namespace dunlin::host

/// A secret that nobody else renews as long as this lives.
struct dunlin_held_secret {
    dunlin_held_secret(dunlin::host::Host& host, std::string by, std::string name);
    /// Durable in the database when it returns; gives the lease back. Error conflict once another
    /// one took over, or when it was kept already.
    void keep(std::string_view value);

    dunlin::host::Host& host;
    const std::string by, name;  // The plugin that holds it, and the secret.
    const dunlin::host::Seal seal;
    dunlin::host::Lease lease;
    std::string origin{};  // Digest of the operator's own value.
};

namespace dunlin::host {

extern const dunlin_config_v1 config_service;

/// What stands behind the names in [secrets]: what plugins kept, as long as the operator's own
/// value is the one that it descends from; else that. Thread-safe.
class Secrets {
public:
    explicit Secrets(Host& host) : host_(host) {}
    /// How long one waits for who holds it, and a busy store when it is kept.
    std::chrono::milliseconds patience{60'000};

    /// Hidden in the log from now on. Errors as Config::secret() has them; denied when what was
    /// kept was sealed under another key.
    /// `origin` receives a digest of the operator's own value.
    std::string value(const std::string& name, std::string* origin = nullptr);
    /// Waits until nobody else holds it; `value` receives what it is then. Error timeout after a
    /// minute, cancelled when `stops` says so.
    std::unique_ptr<dunlin_held_secret> hold(const std::string& by, const std::string& name,
                                             const std::function<bool()>& stops,
                                             std::string& value);
    /// For the doctor: is there a key, and does it open what was kept?
    Finding inspect();

private:
    Host& host_;
};

}  // namespace dunlin::host
