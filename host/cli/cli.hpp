// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace dunlin::host {

/// The program: reads the command line, does it, and says how it went. 0 ok, 2 invalid, 3 denied,
/// 4 not found, 5 conflict, 6 unavailable, 1 anything else.
int run(int argc, char** argv);

}  // namespace dunlin::host
