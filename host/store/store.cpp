// SPDX-License-Identifier: Apache-2.0
#include "store/store.hpp"

#include "store/backends.hpp"
#include "store/sql_text.hpp"

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

std::string scoped_view_sql(const ScopedView& view, Dialect dialect) {
    check_name(view.name);
    std::string where;
    for (const auto& [dimension, column] : view.columns) {
        check_name(dimension);
        check_name(column);
        const auto rows = "FROM dunlin_scope WHERE dimension = '" + dimension + "'";
        const auto setting = "current_setting('dunlin.scope_" + dimension + "', true)";
        // PostgreSQL plans in parallel only without a temporary table; each half is evaluated once.
        const auto is_open = dialect == Dialect::sqlite
                                 ? "NOT EXISTS (SELECT 1 " + rows + ")"
                                 : "(SELECT coalesce(" + setting + ", '')) = ''";
        const auto values =
            dialect == Dialect::sqlite
                ? "SELECT value " + rows
                : "SELECT jsonb_array_elements_text(CAST(nullif(" + setting + ", '') AS jsonb))";
        where += (where.empty() ? " WHERE (" : " AND (") + is_open + " OR CAST(" + column +
                 " AS text) IN (" + values + "))";
    }
    return "CREATE TEMP VIEW " + view.name + "_scoped AS SELECT * FROM " + view.name + where;
}

}  // namespace dunlin::host
