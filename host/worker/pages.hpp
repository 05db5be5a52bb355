// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "worker/wire.hpp"

#include <dunlin/batch.hpp>

namespace dunlin::host {

/// Rows on their way through a channel: their shape as fields, their buffers as they lie.
struct PackedRows {
    std::vector<iovec> data;                    // Borrowed from the batch and from what follows.
    std::vector<std::vector<int32_t>> offsets;  // Of texts that do not begin at 0.
};

/// Describes a batch that check_page() found right; of a slice only the rows it shows go.
PackedRows pack_rows(const Batch& rows, Packer& fields);

/// The batch again, over the frame's data, which it takes. Nothing in it points outside of that,
/// whatever the fields say: Error data otherwise. What check_page() looks at is left to it.
Batch unpack_rows(Unpacker& fields, Frame& frame);

}  // namespace dunlin::host
