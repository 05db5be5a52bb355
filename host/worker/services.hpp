// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"
#include "worker/wire.hpp"

#include <atomic>

namespace dunlin::host {

/// The services as a connector finds them in its own process: each asks the host over the channel.
/// What the host has but does not lend answers UNSUPPORTED. There is one of it in a process.
const dunlin_host* lent_services(Channel& channel, const std::atomic<uint8_t>& flag,
                                 dunlin_ctx& context);

/// Stands for every cancel of the host's: the flag is that of the call under way.
dunlin_cancel* lent_cancel();
/// Takes bytes to the host while a call is under way, in messages of a bounded size.
const dunlin_writer* lent_pieces();

/// Leaves the process: the host is gone.
[[noreturn]] void leave();

}  // namespace dunlin::host
