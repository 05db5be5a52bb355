// SPDX-License-Identifier: Apache-2.0
#include "worker/pages.hpp"

#include <dunlin/page_check.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

using namespace dunlin;
using namespace dunlin::host;

namespace {

/// Reads every cell, as a sink would.
uint64_t read(const BatchView& view) {
    uint64_t seen = 0;
    for (int64_t c = 0; c < view.columns(); ++c) {
        const auto column = view[c];
        for (int64_t r = 0; r < view.rows(); ++r) {
            if (column.is_null(r)) continue;
            const auto type = column.type();
            if (type == Type::text || type == Type::bytes) {
                for (const char byte : column.text(r)) seen += static_cast<unsigned char>(byte);
            } else if (type == Type::f64) {
                seen += column.f64(r) > 0 ? 1 : 0;
            } else {
                seen += static_cast<uint64_t>(column.i64(r));
            }
        }
    }
    return seen;
}

}  // namespace

/// The first two bytes say how much of the rest are fields; what follows them are buffers. Whatever
/// a connector's process sends is a page that can be read whole, or is refused.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const auto wanted =
        static_cast<std::size_t>(data[0]) + (static_cast<std::size_t>(data[1]) << 8U);
    const auto fields = std::min(wanted, size - 2);
    Frame frame;
    frame.fields.assign(reinterpret_cast<const char*>(data) + 2, fields);
    frame.data_size = size - 2 - fields;
    frame.data.reset(new std::byte[frame.data_size]);  // Of this size: the sanitizer sees its end.
    std::memcpy(frame.data.get(), data + 2 + fields, frame.data_size);
    static uint64_t seen = 0;
    try {
        Unpacker unpacker(frame.fields);
        const auto page = unpack_rows(unpacker, frame);
        unpacker.end();
        check_page(page);
        if (page.rows() > 0) {
            const BatchView view(page);
            seen += read(view);
            rows_with_broken_text(view);
        }
    } catch (const Error& e) {
        if (*e.what() == '\0') std::abort();
    }
    return 0;
}
