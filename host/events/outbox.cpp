// SPDX-License-Identifier: Apache-2.0
#include "events/outbox.hpp"

namespace dunlin::host {

namespace {

/// Orders this transaction's events behind everything that readers may have passed already.
int64_t order_number(Connection& db) {
    if (db.dialect() == Dialect::postgresql) return db.transaction_number();
    // SQLite has one writer at a time, so counting on is enough. Ids alone would not be: those of
    // another process may run behind the ones that subscribers have read.
    auto last = db.query(
        "SELECT coalesce(max(n), 0) FROM (SELECT max(tx_number) AS n FROM dunlin_event"
        " UNION ALL SELECT max(tx_number) FROM dunlin_subscriber) AS numbers");
    last->step();
    return last->i64(0) + 1;
}

}  // namespace

void Outbox::write(Tx& tx, Ids& ids) {
    if (events.empty()) return;
    const auto number = order_number(tx.db());
    std::vector<int64_t> fresh(events.size());
    ids.next(fresh.size(), fresh.data());
    BatchBuilder rows({{"tx_number", Type::i64},
                       {"id", Type::i64},
                       {"topic", Type::text},
                       {"key", Type::text},
                       {"payload_json", Type::text},
                       {"cause_date", Type::i32},
                       {"occurred_us", Type::i64},
                       {"origin", Type::text}});
    for (std::size_t i = 0; i < events.size(); ++i) {
        rows[0].add(number);
        rows[1].add(fresh[i]);
        rows[2].add(events[i].topic);
        rows[3].add(events[i].key);
        rows[4].add(events[i].payload_json);
        rows[5].add(tx.moment().today);
        rows[6].add(tx.moment().now_us);
        rows[7].add(events[i].origin);
    }
    events.clear();
    tx.db().bulk_write("dunlin_event", {}, DUNLIN_BULK_INSERT, make_stream(rows.finish()));
}

}  // namespace dunlin::host
