// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/sink.h>
#include <dunlin/services.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace dunlin {

/// A row the sink would not take.
struct Reject {
    int64_t row = 0;
    std::string code;
    std::string reason;      // The thing and the remedy.
    bool can_retry = false;  // What it refers to may still come.
};

/// What became of a batch; the counts add up to its length.
struct Applied {
    int64_t inserted = 0;
    int64_t updated = 0;
    int64_t deleted = 0;
    int64_t unchanged = 0;
    std::vector<Reject> rejects;
};

/// The C table of a plugin P that has describe_sink(), apply(tx, source, entity, rows) -> Applied,
/// totals(tx, source) -> Json and keys(tx, source, entity, after, limit) -> vector<string>.
template <class P>
class SinkTable {
public:
    static const dunlin_sink_v1* get() {
        static const dunlin_sink_v1 table{sizeof table, 0, &describe, &apply, &totals, &keys};
        return &table;
    }

private:
    static dunlin_status DUNLIN_CALL describe(dunlin_plugin* plugin, const dunlin_writer* json,
                                              dunlin_err* err) noexcept {
        auto* self = P::from(plugin);
        return guard(self->err_set(), err, [&] { write_to(json, self->describe_sink().dump()); });
    }
    static dunlin_status DUNLIN_CALL apply(dunlin_plugin* plugin, dunlin_tx* tx, dunlin_str source,
                                           dunlin_str entity, const ArrowSchema* schema,
                                           const ArrowArray* rows, dunlin_apply_counts* counts,
                                           const dunlin_writer* rejects_json,
                                           dunlin_err* err) noexcept {
        auto* self = P::from(plugin);
        return guard(self->err_set(), err, [&] {
            Transaction transaction(self->services().tx_services(), tx);
            const Applied applied =
                self->apply(transaction, to_view(source), to_view(entity), BatchView(schema, rows));
            counts->inserted = applied.inserted;
            counts->updated = applied.updated;
            counts->deleted = applied.deleted;
            counts->unchanged = applied.unchanged;
            counts->rejected = static_cast<int64_t>(applied.rejects.size());
            auto list = Json::array();
            for (const auto& reject : applied.rejects) {
                list.push_back({{"row", reject.row},
                                {"code", reject.code},
                                {"reason", reject.reason},
                                {"retry", reject.can_retry ? 1 : 0}});
            }
            write_to(rejects_json, list.dump());
        });
    }
    static dunlin_status DUNLIN_CALL totals(dunlin_plugin* plugin, dunlin_tx* tx, dunlin_str source,
                                            const dunlin_writer* json, dunlin_err* err) noexcept {
        auto* self = P::from(plugin);
        return guard(self->err_set(), err, [&] {
            Transaction transaction(self->services().tx_services(), tx);
            write_to(json, self->totals(transaction, to_view(source)).dump());
        });
    }
    static dunlin_status DUNLIN_CALL keys(dunlin_plugin* plugin, dunlin_tx* tx, dunlin_str source,
                                          dunlin_str entity, dunlin_str after, int64_t limit,
                                          const dunlin_writer* json, dunlin_err* err) noexcept {
        auto* self = P::from(plugin);
        return guard(self->err_set(), err, [&] {
            Transaction transaction(self->services().tx_services(), tx);
            const std::vector<std::string> found =
                self->keys(transaction, to_view(source), to_view(entity), to_view(after), limit);
            write_to(json, Json(found).dump());
        });
    }
};

}  // namespace dunlin
