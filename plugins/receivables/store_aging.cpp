// SPDX-License-Identifier: Apache-2.0
#include <unordered_map>

#include "store.hpp"
#include "views.hpp"

namespace dunlin::receivables {
namespace {

const char* group_column(Group group) {
    switch (group) {
        case Group::customer: return "customer_id";
        case Group::company: return "company_id";
        case Group::salesperson: return "salesperson";
        case Group::none: break;
    }
    return "CAST(0 AS bigint)";
}

struct Question {
    Date as_of;
    bool by_issue;
    const Buckets& buckets;
    Group group;
    const Filter& filter;
    bool only_credits;
};

/// Rows of key, currency, bucket or credit column, and amount. Sums of residuals need no residual
/// of any item: an amount and what was allocated to it fall into the same bucket, so each table is
/// read on its own.
Sql aged_sql(const Question& q, int part, bool is_grouped) {
    const std::string own = part == 0 ? "" : "item_";
    const std::string amount = part == 1 ? "-amount" : "amount";
    Sql sql;
    sql.add("SELECT ").add(group_column(q.group));
    sql.add(q.group == Group::salesperson ? " AS \"key:u\"" : " AS \"key:l\"");
    sql.add(", currency, CASE WHEN " + own + "amount < 0 THEN CASE " + own +
            "kind WHEN 'payment' THEN -1 WHEN 'credit_note' THEN -2 ELSE -3 END");
    const auto& edges = q.buckets.edges();
    for (std::size_t i = 0; i < edges.size(); ++i) {
        sql.add(" WHEN " + own + (q.by_issue ? "issued_on" : "due_on") + " >= ? THEN " +
                    std::to_string(i),
                q.as_of - edges[i]);
    }
    sql.add(" ELSE " + std::to_string(edges.size()) + " END AS \"bucket:l\", ");
    sql.add(is_grouped ? "CAST(sum(" + amount + ") AS bigint)" : amount).add(" AS \"amount:l\"");
    constexpr const char* views[] = {"item", "allocation", "allocation_source"};
    sql.add(std::string(" FROM receivables_v1_") + views[part] + "_scoped");
    sql.add(part == 0 ? " WHERE posted_on <= ? AND void_on > ?"
                      : " WHERE effective_on <= ? AND until_on > ?",
            q.as_of, q.as_of);
    if (!q.by_issue) sql.add(" AND (" + own + "instalments = 0 OR " + own + "amount < 0)");
    if (q.only_credits) sql.add(" AND " + own + "amount < 0");
    sql.limit(q.filter, "");
    if (is_grouped) sql.add(" GROUP BY 1, 2, 3");
    return sql;
}

/// Adds up rows of aged_sql.
class AgedSums {
public:
    explicit AgedSums(const Question& q) : q_(q) {}

    /// Few rows: PostgreSQL plans no stream in parallel.
    void read_groups(Statement rows) {
        for (const auto& row : rows) {
            const auto key = is_text() ? number_of(row.text(0)) : row.i64(0);
            line(key, row.text(1))[row.i64(2) - adjustments] += row.i64(3);
        }
    }

    void read_all(Statement rows) {
        auto batches = rows.stream();
        while (batches.next()) {
            const auto view = batches.view();
            const auto keys = view[0], currency = view[1], bucket = view[2], amount = view[3];
            for (int64_t i = 0; i < view.rows(); ++i) {
                const auto key = is_text() ? number_of(keys.text(i)) : keys.i64(i);
                line(key, currency.text(i))[bucket.i64(i) - adjustments] += amount.i64(i);
            }
        }
    }

    std::vector<AgedSum> take() const {
        std::vector<AgedSum> out;
        for (const auto& [currency, lines] : lines_) {
            for (const auto& [key, line] : lines) {
                const auto from = out.size();
                const auto put = [&, key = key, &currency = currency](int64_t bucket,
                                                                      int64_t amount) {
                    out.push_back({is_text() ? 0 : key, is_text() ? texts_.at(key) : "", currency,
                                   bucket, amount});
                };
                for (std::size_t i = 0; i < line.size(); ++i) {
                    if (line[i] != 0) put(static_cast<int64_t>(i) + adjustments, line[i]);
                }
                if (out.size() == from) put(0, 0);  // That there was something is known as well.
            }
        }
        return out;
    }

private:
    bool is_text() const { return q_.group == Group::salesperson; }

    int64_t number_of(std::string_view text) {
        const auto [it, is_new] =
            numbers_.try_emplace(std::string(text), static_cast<int64_t>(numbers_.size()));
        if (is_new) texts_[it->second] = it->first;
        return it->second;
    }

    /// The sums of a key. Rows of one key often follow each other.
    int64_t* line(int64_t key, std::string_view currency) {
        if (!line_ || currency != currency_ || key != key_) {
            currency_ = currency;
            key_ = key;
            line_ = &lines_[currency_][key];
            if (line_->empty()) line_->resize(q_.buckets.count() - adjustments);
        }
        return line_->data();
    }

    const Question& q_;
    /// By currency and key: the credit columns, then the buckets.
    std::map<std::string, std::unordered_map<int64_t, std::vector<int64_t>>> lines_;
    std::string currency_;  // Of the line before, with its key.
    int64_t key_ = 0;
    std::vector<int64_t>* line_ = nullptr;
    std::map<std::string, int64_t> numbers_;
    std::map<int64_t, std::string> texts_;
};

}  // namespace

std::vector<AgedSum> Views::aged_sums(Date as_of, bool by_issue, const Buckets& buckets,
                                      Group group, const Filter& filter, bool only_credits) {
    const Question question{as_of, by_issue, buckets, group, filter, only_credits};
    AgedSums sums(question);
    const bool is_grouped = groups_fast(tx_);
    for (const int part : {0, 1, 2}) {
        auto rows = aged_sql(question, part, is_grouped).run(tx_);
        is_grouped ? sums.read_groups(std::move(rows)) : sums.read_all(std::move(rows));
    }
    auto out = sums.take();
    if (by_issue || only_credits) return out;
    for (const auto& open : open_parts(as_of, filter)) {
        AgedSum sum;
        if (group == Group::customer) sum.key_id = open.customer_id;
        if (group == Group::company) sum.key_id = open.company_id;
        if (group == Group::salesperson) sum.key_text = open.salesperson;
        sum.currency = open.currency;
        sum.bucket = static_cast<int64_t>(buckets.of(days_late(open.part.due_on, as_of)));
        sum.amount = open.part.open();
        out.push_back(std::move(sum));
    }
    return out;
}

}  // namespace dunlin::receivables
