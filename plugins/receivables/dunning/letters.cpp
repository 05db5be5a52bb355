// SPDX-License-Identifier: Apache-2.0
#include "dunning/letters.hpp"

#include <dunlin/batch_builder.hpp>

#include <algorithm>

#include "store.hpp"

namespace dunlin::receivables::dunning {
namespace {

Run run_of(const Statement& row) {
    return {row.i64(0), row.string(1), row.date(2), row.text(3) == "done", row.i64(4),
            row.i64(5), row.i64(6),    row.i64(7),  row.string(8)};
}

constexpr const char* run_sql =
    "SELECT run_id, procedure, as_of, state, after_customer, letters, lines, held, asked_by FROM "
    "receivables_dunning_run WHERE ";

std::optional<Run> first(Statement rows) {
    if (!rows.step()) return std::nullopt;
    return run_of(rows);
}

/// Rows of one table on their way in.
class Rows {
public:
    explicit Rows(std::vector<ColumnSpec> columns) : builder_(std::move(columns)) {}
    template <class... Values>
    void add(const Values&... values) {
        std::size_t column = 0;
        (put(column++, values), ...);
    }
    void insert(Transaction& tx, std::string_view table) {
        if (builder_.rows() > 0) tx.bulk_insert(table, make_stream(builder_.finish()));
    }

private:
    void put(std::size_t column, int64_t value) { builder_[column].add(value); }
    void put(std::size_t column, Date value) { builder_[column].add(int64_t{value.days()}); }
    void put(std::size_t column, std::string_view value) { builder_[column].add(value); }
    BatchBuilder builder_;
};

ColumnSpec number(const char* name) {
    return {name, Type::i64};
}
ColumnSpec text(const char* name) {
    return {name, Type::text};
}

Rows letter_rows() {
    return Rows({number("customer_id"),
                 number("letter_id"),
                 number("run_id"),
                 text("procedure"),
                 number("procedure_version"),
                 number("level"),
                 text("currency"),
                 number("company_id"),
                 text("state"),
                 number("as_of"),
                 number("released_on"),
                 text("released_by"),
                 number("voided_on"),
                 text("voided_by"),
                 text("void_reason"),
                 number("sent_on"),
                 number("due"),
                 number("credits"),
                 number("fee"),
                 number("interest"),
                 number("fixed_sums"),
                 number("earlier_charges"),
                 number("total"),
                 text("channel"),
                 text("template"),
                 text("language"),
                 number("credit_hold"),
                 text("charges"),
                 number("charges_version"),
                 number("known_at")});
}

Rows line_rows() {
    return Rows({number("customer_id"), number("letter_id"), number("line_no"), number("item_id"),
                 number("part"), text("procedure"), number("level"), number("is_raised"),
                 number("is_live"), number("due_on"), number("days_overdue"), number("original"),
                 number("open"), number("collectable"), number("fixed_sum"), number("interest"),
                 number("interest_from")});
}

}  // namespace

std::string Letters::table(const char* name) const {
    return is_scoped_ ? "receivables_v1_" + std::string(name) + "_scoped"
                      : "receivables_v1_" + std::string(name);
}

std::optional<Run> Letters::run(std::string_view procedure, Date as_of) {
    return first(tx_.query(std::string(run_sql) + "procedure = ? AND as_of = ?", procedure, as_of));
}

std::optional<Run> Letters::run(int64_t id) {
    return first(tx_.query(std::string(run_sql) + "run_id = ?", id));
}

Run Letters::start(const std::string& procedure, Date as_of, const std::string& asked_by) {
    Run run;
    run.id = services_.next_id();
    run.procedure = procedure;
    run.as_of = as_of;
    run.asked_by = asked_by;
    // Of two who ask at once one starts it and both go on with it.
    tx_.exec(
        "INSERT INTO receivables_dunning_run (run_id, procedure, as_of, state, after_customer, "
        "letters, lines, held, asked_by, known_at) VALUES (?, ?, ?, 'running', 0, 0, 0, 0, ?, ?) "
        "ON CONFLICT DO NOTHING",
        run.id, run.procedure, run.as_of, run.asked_by, tx_.now_us());
    return this->run(procedure, as_of).value_or(run);
}

Run Letters::hold(int64_t run_id) {
    tx_.exec("UPDATE receivables_dunning_run SET state = state WHERE run_id = ?", run_id);
    const auto found = run(run_id);
    if (!found) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no dunning run " + std::to_string(run_id));
    }
    return *found;
}

void Letters::save(const Run& run) {
    tx_.exec(
        "UPDATE receivables_dunning_run SET state = ?, after_customer = ?, letters = ?, lines = ?, "
        "held = ? WHERE run_id = ?",
        run.is_done ? "done" : "running", run.after_customer, run.letters, run.lines, run.held,
        run.id);
}

std::optional<Date> Letters::last_released(std::string_view procedure) {
    auto row = tx_.query(
        "SELECT max(as_of) FROM receivables_dunning_letter WHERE state = 'released' AND (procedure "
        "= ? OR CAST(? AS text) = '')",
        procedure, procedure);
    if (!row.step() || row.is_null(0)) return std::nullopt;
    return row.date(0);
}

std::map<std::string, int64_t> Letters::last_changes() {
    std::map<std::string, int64_t> out;
    for (const auto& row :
         tx_.query("SELECT source, max(known_at) FROM receivables_item GROUP BY source")) {
        out[row.string(0)] = row.i64(1);
    }
    return out;
}

void Letters::delete_drafts(const Batch& batch) {
    const std::string of_batch =
        " WHERE customer_id > ? AND customer_id <= ? AND state = 'draft' AND (procedure = ? OR "
        "CAST(? AS text) = '')";
    tx_.exec(
        "DELETE FROM receivables_dunning_letter_line WHERE customer_id > ? AND customer_id <= ? "
        "AND letter_id IN (SELECT letter_id FROM receivables_dunning_letter" +
            of_batch + ")",
        batch.after, batch.upto, batch.after, batch.upto, batch.procedure, batch.procedure);
    tx_.exec("DELETE FROM receivables_dunning_letter" + of_batch, batch.after, batch.upto,
             batch.procedure, batch.procedure);
}

void Letters::insert(const Run& run, const Batch& batch, const Book& book, const Decision& decision,
                     Policies& policies) {
    auto letters = letter_rows();
    auto lines = line_rows();
    const auto now = tx_.now_us();
    auto ids = services_.next_ids(decision.letters.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto& one = decision.letters[i];
        const auto& procedure = *one.procedure;
        const auto& level = *one.level;
        // A draft that is made anew keeps its name.
        const auto known =
            book.drafts.find({one.customer_id, one.company_id, one.currency, procedure.name});
        const auto id = known == book.drafts.end() ? ids[i] : known->second;
        const auto& charges = policies.charges(procedure.charges);
        letters.add(one.customer_id, id, run.id, procedure.name, procedure.version, level.number,
                    one.currency, one.company_id, "draft", batch.as_of, never, "", never, "", "",
                    never, one.due, one.credits, one.fee, one.interest, one.fixed_sums,
                    one.earlier_charges, one.total(), level.channel, level.template_name,
                    one.language, int64_t{level.is_credit_hold}, charges.name, charges.version,
                    now);
        int64_t line_no = 0;
        for (const auto& line : one.lines) {
            lines.add(one.customer_id, id, ++line_no, line.item_id, line.part, procedure.name,
                      line.level, int64_t{line.is_raised}, int64_t{1}, line.due_on,
                      line.days_overdue, line.original, line.open, line.collectable, line.fixed_sum,
                      line.interest, line.interest_from.value_or(never));
        }
    }
    letters.insert(tx_, "receivables_dunning_letter");
    lines.insert(tx_, "receivables_dunning_letter_line");
}

void Letters::insert_held(const Run& run, const Book& book, const Decision& decision, Date as_of) {
    Rows rows({number("customer_id"), number("run_id"), number("item_id"), number("part"),
               text("procedure"), number("level"), text("reason"), text("currency"),
               number("amount")});
    std::set<std::tuple<int64_t, int64_t, int64_t>> told;
    for (const auto& one : decision.held) {
        told.insert({one.customer_id, one.item_id, one.part});
        if (one.reason == "removed") continue;  // Its row is there.
        rows.add(one.customer_id, run.id, one.item_id, one.part, one.procedure, one.level,
                 one.reason, one.currency, one.amount);
    }
    if (!book.drafted.empty()) {
        for (const auto& letter : decision.letters) {
            for (const auto& line : letter.lines) {
                told.insert({letter.customer_id, line.item_id, line.part});
            }
        }
    }
    for (const auto& one : book.drafted) {  // What had a draft and has none any more.
        if (!told.insert({one.customer_id, one.item_id, one.part}).second) continue;
        auto item =
            tx_.query("SELECT void_on FROM receivables_item WHERE customer_id = ? AND item_id = ?",
                      one.customer_id, one.item_id);
        const bool is_void = item.step() && item.date(0) <= as_of;
        rows.add(one.customer_id, run.id, one.item_id, one.part, one.procedure, one.level,
                 is_void ? "cancelled" : "settled", one.currency, int64_t{0});
    }
    rows.insert(tx_, "receivables_dunning_held");
}

void Letters::replace_drafts(const Run& run, const Batch& batch, const Book& book,
                             const Decision& decision, Policies& policies) {
    if (!book.drafts.empty()) delete_drafts(batch);
    tx_.exec(
        "DELETE FROM receivables_dunning_held WHERE customer_id > ? AND customer_id <= ? AND "
        "run_id = ? AND reason <> 'removed'",
        batch.after, batch.upto, run.id);
    insert(run, batch, book, decision, policies);
    insert_held(run, book, decision, batch.as_of);
}

std::vector<Letters::HeldItem> Letters::held(int64_t run_id, int64_t limit) {
    auto rows = tx_.query(
        "SELECT customer_id, item_id, part, level, procedure, currency, reason, amount, "
        "item_number FROM " +
            table("dunning_held") + " WHERE run_id = ? ORDER BY customer_id, item_id, part LIMIT ?",
        run_id, limit);
    std::vector<HeldItem> out;
    for (const auto& row : rows) {
        out.push_back({{row.i64(0), row.i64(1), row.i64(2), row.i64(3), row.string(4),
                        row.string(5), row.string(6), row.i64(7)},
                       row.string(8)});
    }
    return out;
}

std::map<std::string, int64_t> Letters::held_by_reason(int64_t run_id) {
    std::map<std::string, int64_t> out;
    for (const auto& row : tx_.query("SELECT reason, count(*) FROM " + table("dunning_held") +
                                         " WHERE run_id = ? GROUP BY reason",
                                     run_id)) {
        out[row.string(0)] = row.i64(1);
    }
    return out;
}

}  // namespace dunlin::receivables::dunning
