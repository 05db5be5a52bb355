// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

namespace dunlin::host {

/// `dunlin worker`: loads one connector and does what the host asks over the socket, until it is
/// closed. The flag is a page of the host's that says that the call under way should stop.
[[noreturn]] void serve_worker(int socket, int flag, pid_t parent);

}  // namespace dunlin::host
