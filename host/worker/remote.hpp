// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "worker/answers.hpp"
#include "worker/workers.hpp"

namespace dunlin::host {

/// A connector's library in other processes, as the host reaches it. Thread-safe but for its
/// processes, which take one call at a time.
class RemotePlugin {
public:
    using Read = std::function<void(Unpacker&, Frame&)>;

    RemotePlugin(Host& host, Plugin& plugin)
        : host_(host), plugin_(plugin), answers_(host, plugin) {}

    /// A process that has loaded the plugin. Error: what the loader or the plugin refuses with, or
    /// unavailable as Workers::start() has it.
    std::unique_ptr<Child> load(const std::string& source, dunlin_cancel* cancel);
    /// One call; the payload of its reply goes to `read`, bytes that come before it to `pieces`.
    /// Throws what the connector failed with, or ChildDied.
    dunlin_status ask(Child& child, Op op, const Packer& fields, dunlin_cancel* cancel,
                      const Read& read = nullptr, const dunlin_writer* pieces = nullptr);
    /// Ends a process in order.
    void close(std::unique_ptr<Child> child) noexcept;
    /// What the connector says of itself, kept from the first process on.
    std::string describe();

    Host& host() { return host_; }
    const Plugin& plugin() const { return plugin_; }

private:
    void keep_description(Unpacker& in);
    /// Throws when its library brought down the process that loaded it.
    void refuse_when_quarantined();

    Host& host_;
    Plugin& plugin_;
    Answers answers_;
    std::mutex mutex_;  // Guards what follows.
    bool was_loaded_ = false;
    std::string quarantined_;  // Why.
    std::optional<std::string> description_;
    std::optional<Error> undescribed_;
};

}  // namespace dunlin::host
