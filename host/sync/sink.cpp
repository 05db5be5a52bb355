// SPDX-License-Identifier: Apache-2.0
#include "sync/sink.hpp"

#include "host.hpp"
#include "sync/page.hpp"

namespace dunlin::host {

namespace {

/// The list a plugin writes when it is asked by call(plugin, tx, args…, writer, err).
template <class Call, class... Args>
Json ask_in(Host& host, Plugin& plugin, Tx& tx, const char* what, Call call, Args... args) {
    std::string text;
    const StringWriter writer(text);
    call_plugin(host, plugin, tx, /*is_scoped=*/false, what, [&](dunlin_tx* view, dunlin_err* err) {
        return call(plugin.instance, view, args..., writer.abi(), err);
    });
    return text.empty() ? Json::array() : Json::parse(text);
}

}  // namespace

std::vector<Sink::Entity> Sink::entities() const {
    std::vector<Entity> out;
    const auto said = ask_plugin(host, plugin, "describe", plugin.sink->describe, plugin.instance);
    for (const auto& entity : said.at("entities")) {
        auto& one = out.emplace_back(Entity{entity.at("name"), {}});
        for (const auto& column : entity.value("columns", Json::array())) {
            const std::string name = column.at("name");
            const auto type = type_of(column.at("format").get_ref<const std::string&>());
            if (!type) {
                throw Error(DUNLIN_E_DATA, "the sink " + plugin.id() + " describes " + one.name +
                                               "." + name + " with a format this host lacks");
            }
            one.columns.push_back({name, *type});
        }
    }
    return out;
}

void Sink::apply(Tx& tx, const Batch& rows, const std::function<RefusedRow(int64_t)>& row_at,
                 EntityReport& report, std::vector<RefusedRow>& refused) const {
    dunlin_apply_counts counts{};
    counts.struct_size = sizeof counts;
    const auto rejects = ask_in(host, plugin, tx, "apply", plugin.sink->apply, to_abi(source),
                                to_abi(report.entity), rows.schema(), rows.array(), &counts);
    for (const auto& reject : rejects) {
        const auto row = reject.at("row").get<int64_t>();
        if (row < 0 || row >= rows.rows()) {
            throw Error(DUNLIN_E_INTERNAL, "the sink " + plugin.id() + " rejected row " +
                                               std::to_string(row) + " of a batch of " +
                                               std::to_string(rows.rows()));
        }
        refused.emplace_back(row_at(row)).explain(reject);
    }
    const auto sum =
        counts.inserted + counts.updated + counts.deleted + counts.unchanged + counts.rejected;
    if (sum != rows.rows() || counts.rejected != static_cast<int64_t>(rejects.size())) {
        throw Error(DUNLIN_E_INTERNAL,
                    "the sink " + plugin.id() + " accounts for " + std::to_string(sum) + " of " +
                        std::to_string(rows.rows()) + " rows of " + report.entity);
    }
    report.inserted += counts.inserted;
    report.updated += counts.updated;
    report.deleted += counts.deleted;
    report.unchanged += counts.unchanged;
}

Json Sink::typed(const std::string& entity, const Json& columns) const {
    auto out = columns;
    std::vector<ColumnSpec> known;
    for (const auto& one : entities()) {
        if (one.name == entity) known = one.columns;
    }
    for (auto& [name, value] : out.items()) {
        const auto column = std::find_if(
            known.begin(), known.end(), [&key = name](const auto& one) { return one.name == key; });
        if (column == known.end()) {
            throw Error(DUNLIN_E_INVALID, entity + " has no column " + name);
        }
        const bool is_text = column->type == Type::text || column->type == Type::date;
        if (value.is_string() && !is_text) {
            const auto text = value.get<std::string>();
            const auto number = Json::parse(text, nullptr, /*allow_exceptions=*/false);
            if (!number.is_discarded()) value = number;
        }
    }
    rows_from_json({out}, known);
    return out;
}

std::vector<std::string> Sink::keys(const std::string& entity, const std::string& after,
                                    int64_t limit) const {
    auto tx = host.begin(Access::read, principal_of(host, plugin));
    return ask_in(host, plugin, *tx, "keys", plugin.sink->keys, to_abi(source), to_abi(entity),
                  to_abi(after), limit);
}

Json Sink::totals() const {
    auto tx = host.begin(Access::read, principal_of(host, plugin));
    return ask_in(host, plugin, *tx, "totals", plugin.sink->totals, to_abi(source));
}

}  // namespace dunlin::host
