// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

namespace dunlin::correspondence {

/// What a connector must bring of a message that came in.
Json describe_messages();
/// Keeps and files a batch of them; one that was brought before changes nothing.
Applied take_messages(const Services& services, Transaction& tx, std::string_view source,
                      const BatchView& rows);

}  // namespace dunlin::correspondence
