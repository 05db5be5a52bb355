// SPDX-License-Identifier: Apache-2.0
#include "sync/sink.hpp"

#include "host.hpp"
#include "sync/page.hpp"

namespace dunlin::host {

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

std::vector<RefusedRow> Sink::apply(Tx& tx, const Batch& rows,
                                    const std::function<RefusedRow(int64_t)>& row_at,
                                    EntityReport& report) const {
    dunlin_apply_counts counts{};
    counts.struct_size = sizeof counts;
    std::string text;
    const StringWriter writer(text);
    call_plugin(
        host, plugin, tx, /*is_scoped=*/false, "apply", [&](dunlin_tx* view, dunlin_err* err) {
            return plugin.sink->apply(plugin.instance, view, to_abi(source), to_abi(report.entity),
                                      rows.schema(), rows.array(), &counts, writer.abi(), err);
        });
    std::vector<RefusedRow> refused;
    const auto rejects = text.empty() ? Json::array() : Json::parse(text);
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
    if (sum != rows.rows() || counts.rejected != static_cast<int64_t>(refused.size())) {
        throw Error(DUNLIN_E_INTERNAL,
                    "the sink " + plugin.id() + " accounts for " + std::to_string(sum) + " of " +
                        std::to_string(rows.rows()) + " rows of " + report.entity);
    }
    report.inserted += counts.inserted;
    report.updated += counts.updated;
    report.deleted += counts.deleted;
    report.unchanged += counts.unchanged;
    return refused;
}

Json Sink::totals() const {
    auto tx = host.begin(Access::read, principal_of(host, plugin));
    std::string text;
    const StringWriter writer(text);
    call_plugin(
        host, plugin, *tx, /*is_scoped=*/false, "totals", [&](dunlin_tx* view, dunlin_err* err) {
            return plugin.sink->totals(plugin.instance, view, to_abi(source), writer.abi(), err);
        });
    return text.empty() ? Json::array() : Json::parse(text);
}

}  // namespace dunlin::host
