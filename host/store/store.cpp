// SPDX-License-Identifier: Apache-2.0
#include "store/store.hpp"

#include "store/backends.hpp"

#include <sys/statvfs.h>

namespace dunlin::host {

std::unique_ptr<Store> Store::open(const StoreOptions& options) {
    if (options.url.rfind("sqlite:", 0) == 0) return open_sqlite(options);
    if (options.url.rfind("postgresql:", 0) == 0) return open_postgres(options);
    // Only the scheme is repeated: the rest may hold a password.
    throw Error(DUNLIN_E_INVALID, "the store URL begins with \"" +
                                      options.url.substr(0, options.url.find(':')) +
                                      "\"; write sqlite:PATH or postgresql:host=… dbname=… user=…");
}

Finding disk_finding(const std::filesystem::path& folder) {
    struct statvfs info {};
    if (::statvfs(folder.c_str(), &info) != 0) {
        return {"store.disk", "warn", "the free space of " + folder.string() + " is not known",
                "check that the folder exists"};
    }
    const auto free_mb = info.f_bavail * info.f_frsize >> 20;
    const auto text = std::to_string(free_mb) + " MB free at " + folder.string();
    if (free_mb < 200) return {"store.disk", "fail", text, "make room on this disk"};
    if (free_mb < 2000) return {"store.disk", "warn", text, "make room on this disk soon"};
    return {"store.disk", "ok", text, ""};
}

}  // namespace dunlin::host
