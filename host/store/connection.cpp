// SPDX-License-Identifier: Apache-2.0
#include "store/connection.hpp"

#include "store/sql_text.hpp"

#include <boost/algorithm/string/join.hpp>

#include <algorithm>

namespace dunlin::host {
namespace {

using boost::algorithm::join;

/// Rows of a batch that a query hands out, and the bytes of text after which it ends early.
constexpr int64_t batch_rows = 8192;
constexpr std::size_t batch_bytes = std::size_t{16} << 20;

std::vector<std::string> names_of(const ArrowSchema& schema) {
    std::vector<std::string> out;
    for (int64_t i = 0; i < schema.n_children; ++i) {
        out.emplace_back(schema.children[i]->name);
        check_name(out.back());
    }
    return out;
}

/// "CREATE TEMP VIEW name_scoped …", filtered by the session's scope.
std::string scoped_view_sql(const ScopedView& view, Dialect dialect) {
    check_name(view.name);
    const bool is_sqlite = dialect == Dialect::sqlite;
    std::vector<std::string> settings, limits;
    for (const auto& [dimension, column] : view.columns) {
        const auto rows = "FROM dunlin_scope WHERE dimension = '" + dimension + "'";
        const auto setting = "current_setting('dunlin.scope_" + dimension + "', true)";
        // PostgreSQL plans in parallel only without a temporary table and without a set made by
        // the query, so the values are the members of a JSON object. Each is read once.
        const auto is_open = is_sqlite ? "NOT EXISTS (SELECT 1 " + rows + ")"
                                       : "(SELECT coalesce(" + setting + ", '')) = ''";
        const auto value = "CAST(" + column + " AS text)";
        const auto fits = is_sqlite
                              ? value + " IN (SELECT value " + rows + ")"
                              : "(SELECT CAST(nullif(" + setting + ", '') AS jsonb)) ? " + value;
        settings.push_back(setting);
        limits.push_back("(" + is_open + " OR " + fits + ")");
    }
    const auto is_unlimited = is_sqlite ? "NOT EXISTS (SELECT 1 FROM dunlin_scope)"
                                        : "(SELECT concat(" + join(settings, ", ") + ") = '')";
    // Of IS NOT NULL a planner expects that most rows pass, as they do for most who ask.
    auto where = "CASE WHEN " + is_unlimited + " THEN 1 WHEN " + join(limits, " AND ") +
                 " THEN 1 END IS NOT NULL";
    for (const auto& [other, column] : view.through) {
        where += " OR EXISTS (SELECT 1 FROM " + other + "_scoped o WHERE o." + column + " = v." +
                 column + ")";
    }
    return "CREATE TEMP VIEW " + view.name + "_scoped AS SELECT * FROM " + view.name + " v WHERE " +
           where;
}

/// For a stream, which a plugin may keep longer than what it reads from.
void need_alive(const std::weak_ptr<int>& owner) {
    if (!owner.expired()) return;
    throw Error(DUNLIN_E_INVALID,
                "a stream was read after its statement or transaction ended; read it before");
}

}  // namespace

int64_t Prepared::exec_batch(StreamReader rows) {
    int64_t changed = 0;
    while (rows.next()) {
        const auto columns = columns_of(rows.view());
        if (columns.size() != parameter_count()) {
            throw Error(DUNLIN_E_INVALID, "the batch has " + std::to_string(columns.size()) +
                                              " columns for " + std::to_string(parameter_count()) +
                                              " parameters");
        }
        for (int64_t row = 0; row < rows.view().rows(); ++row) {
            for (uint32_t i = 0; i < columns.size(); ++i) bind_cell(i, cell_of(columns[i], row));
            while (step()) {
            }
            changed += changes_;
        }
    }
    return changed;
}

ArrowArrayStream Prepared::query_stream() {
    std::vector<ColumnSpec> specs;
    for (uint32_t i = 0; i < column_count(); ++i) specs.push_back(spec_of_alias(column_name(i)));
    auto builder = std::make_shared<BatchBuilder>(specs);
    const auto columns = column_count();
    return make_stream(builder->finish().take_schema(),
                       [builder, columns, next = rows(),
                        alive = std::weak_ptr(alive_)]() -> std::optional<ArrowArray> {
                           need_alive(alive);
                           std::size_t bytes = 0;
                           while (builder->rows() < batch_rows && bytes < batch_bytes) {
                               auto* row = next();
                               if (!row) break;
                               for (uint32_t i = 0; i < columns; ++i) {
                                   bytes += append_cell((*builder)[i], *row, i);
                               }
                           }
                           if (builder->rows() == 0) return std::nullopt;
                           return builder->finish().take_array();
                       });
}

int64_t Connection::bulk_write(std::string_view table, const std::vector<std::string>& keys,
                               int32_t mode, StreamReader rows) {
    check_table(wall_, table, Access::write);
    if (access_ == Access::read) throw Error(DUNLIN_E_DENIED, "this transaction only reads");
    BulkWrite to{std::string(table), names_of(*rows.schema()), keys, ""};
    for (const auto& key : keys) check_name(key);
    if (mode == DUNLIN_BULK_UPSERT) {
        if (keys.empty()) throw Error(DUNLIN_E_INVALID, "an upsert needs the names of its keys");
        std::vector<std::string> updates;
        for (const auto& name : to.columns) {
            if (std::find(keys.begin(), keys.end(), name) != keys.end()) continue;
            updates.push_back(name + " = excluded." + name);
        }
        to.conflict = " ON CONFLICT (" + join(keys, ", ") + ") DO " +
                      (updates.empty() ? "NOTHING" : "UPDATE SET " + join(updates, ", "));
    }
    return write_rows(to, rows);
}

ArrowArrayStream Connection::bulk_lookup(std::string_view table, StreamReader keys,
                                         const std::vector<std::string>& columns) {
    auto reader = std::make_shared<StreamReader>(std::move(keys));
    check_table(wall_, table, Access::read);
    BulkLookup from{std::string(table), names_of(*reader->schema()), {}};
    std::vector<ColumnSpec> specs;
    for (const auto& column : columns) {
        specs.push_back(spec_of_alias(column));
        from.columns.push_back(specs.back().name);
        check_name(from.columns.back());
    }
    auto builder = std::make_shared<BatchBuilder>(specs);
    if (!alive_) alive_ = std::make_shared<int>();
    const auto alive = std::weak_ptr(alive_);
    return make_stream(builder->finish().take_schema(), [=, this]() -> std::optional<ArrowArray> {
        need_alive(alive);
        if (!reader->next()) return std::nullopt;
        look_up(from, reader->view(), *builder);
        return builder->finish().take_array();
    });
}

std::string Connection::key_of(const Wall* wall, std::string_view sql) {
    if (!wall) return "-\n" + std::string(sql);
    return wall->plugin_id + (wall->is_scoped ? "+\n" : "-\n") + std::string(sql);
}

void Connection::use(std::shared_ptr<const SessionSettings> settings) {
    if (settings_ == settings) return;
    const bool is_sqlite = dialect() == Dialect::sqlite;
    const std::string schema = is_sqlite ? "temp." : "pg_temp.";
    for (; !views_.empty(); views_.pop_back()) {
        command("DROP VIEW IF EXISTS " + schema + views_.back());
    }
    for (const auto& view : settings->views) {
        command(scoped_view_sql(view, dialect()));
        views_.push_back(view.name + "_scoped");
        if (!is_sqlite) command("GRANT SELECT ON " + schema + views_.back() + " TO PUBLIC");
    }
    relations_ = relations_of(*this);
    settings_ = std::move(settings);
}

void Connection::hand_over() noexcept {
    wall_ = nullptr;
    alive_.reset();
    rollback();
}

}  // namespace dunlin::host
