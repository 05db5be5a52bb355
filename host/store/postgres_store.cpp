// SPDX-License-Identifier: Apache-2.0
#include "store/backends.hpp"

namespace dunlin::host {

std::unique_ptr<Store> open_postgres(const StoreOptions&) {
    throw Error(DUNLIN_E_UNSUPPORTED, "not yet");
}

}  // namespace dunlin::host
