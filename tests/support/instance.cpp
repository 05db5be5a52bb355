// SPDX-License-Identifier: Apache-2.0
#include "support/instance.hpp"

#include "plugins/services.hpp"
#include "support/postgres.hpp"

#include <dunlin/batch_builder.hpp>

#include <fstream>
#include <sstream>

namespace dunlin::test {

namespace {

namespace fs = std::filesystem;

fs::path fresh_folder() {
    auto name = (fs::temp_directory_path() / "dunlin-test-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp failed");
    return name;
}

void add_value(ColumnBuilder& column, const Json& value) {
    if (value.is_null()) {
        column.add_null();
    } else if (value.is_boolean()) {
        column.add(static_cast<int64_t>(value.get<bool>()));
    } else if (value.is_number_integer()) {
        column.add(value.get<int64_t>());
    } else if (value.is_number()) {
        column.add_f64(value.get<double>());
    } else if (column.type() == Type::date) {
        column.add(Date::parse(value.get_ref<const std::string&>()));
    } else {
        column.add(std::string_view(value.get_ref<const std::string&>()));
    }
}

Json cell_of(host::Prepared& row, uint32_t column) {
    switch (row.column_type(column)) {
        case DUNLIN_COL_NULL: return nullptr;
        case DUNLIN_COL_I64: return row.i64(column);
        case DUNLIN_COL_F64: return row.f64(column);
        case DUNLIN_COL_BLOB: return std::string(row.blob(column));
        default: return std::string(row.text(column));
    }
}

}  // namespace

Instance::Instance(Dialect dialect, InstanceOptions options)
    : dialect_(dialect),
      options_(std::move(options)),
      folder_(fresh_folder()),
      store_url_(dialect == Dialect::sqlite ? "sqlite:data/dunlin.db"
                                            : shared_postgres().fresh_database()) {
    fs::create_directories(folder_ / "data");
    fs::create_directories(folder_ / "plugins");
    fs::create_directories(folder_ / "shipped");
    for (const auto& id : options_.test_plugins) {
        fs::create_directory_symlink(fs::path(DUNLIN_BINARY_DIR) / "test_plugins" / id,
                                     folder_ / "plugins" / id);
    }
    restart();
}

Instance::~Instance() {
    host_.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void Instance::write_config() {
    std::ofstream out(folder_ / "dunlin.toml");
    // Ids of a later start begin behind those of an earlier one.
    out << "[instance]\nname = \"test\"\ntime_zone = \"" << options_.zone << "\"\n"
        << "[store]\nurl = \"" << store_url_ << "\"\ndurability = \"normal\"\n"
        << "[plugins]\nfolders = [\"plugins\"]\n"
        << "[log]\npath = \"test.log\"\nlevel = \"debug\"\n"
        << "[testing]\nclock = \"" << options_.now
        << "\"\nids_seed = " << 1 + 10'000'000LL * starts_
        << "\nchecks_replies = " << (options_.checks_replies ? "true" : "false") << "\n"
        << options_.toml << "\n";
}

void Instance::stop() {
    host_.reset();
}

void Instance::restart(const std::string& now) {
    host_.reset();
    if (!now.empty()) options_.now = now;
    write_config();
    ++starts_;
    host::Host::Options options;
    options.instance = folder_;
    options.is_safe_mode = options_.is_safe_mode;
    options.program = fs::path(DUNLIN_BINARY_DIR) / "dunlin";
    options.plugin_root = options_.has_shipped_plugins ? fs::path(DUNLIN_BINARY_DIR) / "plugins"
                                                       : folder_ / "shipped";
    host_ = std::make_unique<host::Host>(options);
    if (options_.is_started) host_->start();
}

Json Instance::call(const std::string& command, const Json& request,
                    const host::Principal& principal, const host::CallOptions& options) {
    return Json::parse(host_->commands().call(principal, command, request.dump(), options));
}

dunlin_status Instance::status_of(const std::string& command, const Json& request,
                                  const host::Principal& principal) {
    try {
        call(command, request, principal);
        return DUNLIN_OK;
    } catch (const Error& e) {
        return e.status();
    }
}

AppliedBatch Instance::apply(const std::string& source, const std::string& entity,
                             const std::vector<ColumnSpec>& columns,
                             const std::vector<std::vector<Json>>& rows) {
    host::Plugin* sink = nullptr;
    for (auto* plugin : host_->plugins().in_order()) {
        if (!plugin->is_running() || !plugin->sink) continue;
        const auto said =
            host::ask_plugin(*host_, *plugin, "describe", plugin->sink->describe, plugin->instance);
        if (!sink || said.dump().find("\"name\":\"" + entity + "\"") != std::string::npos) {
            sink = plugin;
        }
    }
    if (!sink) throw Error(DUNLIN_E_NOT_FOUND, "no running plugin has a sink");
    BatchBuilder builder(columns);
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < columns.size(); ++i) {
            add_value(builder[i], i < row.size() ? row[i] : Json());
        }
    }
    const auto batch = builder.finish();
    AppliedBatch out;
    out.counts.struct_size = sizeof out.counts;
    std::string rejects;
    StringWriter writer(rejects);
    auto tx = host_->begin(host::Access::write);
    host::call_plugin(
        *host_, *sink, *tx, /*is_scoped=*/false, "apply", [&](dunlin_tx* view, dunlin_err* err) {
            return sink->sink->apply(sink->instance, view, to_abi(source), to_abi(entity),
                                     batch.schema(), batch.array(), &out.counts, writer.abi(), err);
        });
    tx->commit();
    if (!rejects.empty()) out.rejects = Json::parse(rejects);
    return out;
}

std::vector<std::vector<Json>> Instance::sql(const std::string& query) {
    auto tx = host_->begin(host::Access::read);
    auto row = tx->db().query(query);
    std::vector<std::vector<Json>> out;
    while (row->step()) {
        auto& cells = out.emplace_back();
        for (uint32_t i = 0; i < row->column_count(); ++i) cells.push_back(cell_of(*row, i));
    }
    return out;
}

Json Instance::cell(const std::string& query) {
    const auto rows = sql(query);
    return rows.empty() ? Json() : rows.front().front();
}

int64_t Instance::exec(const std::string& statement) {
    auto tx = host_->begin(host::Access::write);
    const auto rows = tx->db().exec(statement);
    tx->commit();
    return rows;
}

std::string Instance::log() const {
    std::ifstream in(folder_ / "test.log");
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

}  // namespace dunlin::test
