// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/clock.h>
#include <dunlin/abi/plugin.h>

#include <cstring>

namespace dunlin::test {

/// A host's get_service() that has a clock, which stands still, and nothing else.
inline dunlin_status DUNLIN_CALL clock_only(dunlin_ctx*, const char* id, const void** out,
                                            dunlin_err*) noexcept {
    static const dunlin_clock_v1 clock{sizeof clock, 0,
                                       [](dunlin_ctx*) -> int64_t { return 4'000'000'000'000'000; },
                                       nullptr, nullptr};
    if (std::strcmp(id, DUNLIN_SVC_CLOCK) != 0) return DUNLIN_E_UNSUPPORTED;
    *out = &clock;
    return DUNLIN_OK;
}

}  // namespace dunlin::test
