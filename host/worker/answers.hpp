// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/services.hpp"
#include "worker/wire.hpp"

namespace dunlin::host {

/// What a connector's process asks the host for while the host waits for it: the services of its
/// manifest, as the plugin has them, with the same grants and refusals.
class Answers {
public:
    Answers(Host& host, Plugin& plugin) : context_{&host, &plugin} {}

    /// Replies where a reply is waited for. `cancel` is that of the call under way, or null, and
    /// `pieces` takes the bytes that belong to its answer. Error data for what is no question.
    void give(const Frame& asked, Channel& channel, dunlin_cancel* cancel,
              const dunlin_writer* pieces);

private:
    void tell(const Frame& told, dunlin_cancel* cancel);
    void reply(const Frame& asked, dunlin_cancel* cancel, const dunlin_writer* pieces, Packer& out);
    void send(Unpacker& in, dunlin_cancel* cancel, Packer& out);
    template <class Table>
    const Table& service(const char* id);

    dunlin_ctx context_;
};

/// Status, message and detail, as every reply begins.
void pack_status(Packer& out, dunlin_status status, const ErrorSink& said);

}  // namespace dunlin::host
