// SPDX-License-Identifier: Apache-2.0
// What becomes of letters: released, sent, taken back.
#include <algorithm>

#include "dunning/letters.hpp"
#include "store.hpp"

namespace dunlin::receivables::dunning {
namespace {

StoredLetter letter_of(const Statement& row) {
    StoredLetter out;
    int64_t* const numbers[] = {&out.customer_id,     &out.id,
                                &out.run_id,          &out.level,
                                &out.company_id,      &out.procedure_version,
                                &out.charges_version, &out.due,
                                &out.credits,         &out.fee,
                                &out.interest,        &out.fixed_sums,
                                &out.earlier_charges, &out.total};
    std::string* const texts[] = {
        &out.procedure,   &out.currency, &out.state,         &out.released_by, &out.voided_by,
        &out.void_reason, &out.channel,  &out.template_name, &out.language,    &out.charges};
    uint32_t column = 0;
    for (auto* number : numbers) *number = row.i64(column++);
    for (auto* text : texts) *text = row.text(column++);
    for (auto* day : {&out.as_of, &out.released_on, &out.voided_on, &out.sent_on}) {
        *day = row.date(column++);
    }
    out.is_credit_hold = row.i64(column) != 0;
    return out;
}

constexpr const char* letter_columns =
    "SELECT customer_id, letter_id, run_id, level, company_id, procedure_version, "
    "charges_version, due, credits, fee, interest, fixed_sums, earlier_charges, total, procedure, "
    "currency, state, released_by, voided_by, void_reason, channel, template, language, charges, "
    "as_of, released_on, voided_on, sent_on, credit_hold FROM ";

Json event_of(const StoredLetter& letter) {
    return {{"customer_id", std::to_string(letter.customer_id)},
            {"letter_id", std::to_string(letter.id)}};
}

}  // namespace

std::vector<StoredLetter> Letters::letters(const LetterQuery& query) {
    Sql sql;
    sql.add(letter_columns).add(table("dunning_letter")).add(" WHERE 1 = 1");
    if (query.customer_id != 0) sql.add(" AND customer_id = ?", query.customer_id);
    if (query.id != 0) sql.add(" AND letter_id = ?", query.id);
    if (query.run_id != 0) sql.add(" AND run_id = ?", query.run_id);
    if (!query.state.empty()) sql.add(" AND state = ?", std::string_view(query.state));
    if (!query.procedure.empty()) sql.add(" AND procedure = ?", std::string_view(query.procedure));
    if (query.after_letter != 0) {
        sql.add(" AND (customer_id > ? OR (customer_id = ? AND letter_id > ?))",
                query.after_customer, query.after_customer, query.after_letter);
    } else if (query.after_customer != 0) {
        sql.add(" AND customer_id > ?", query.after_customer);
    }
    if (query.upto_customer != std::numeric_limits<int64_t>::max()) {
        sql.add(" AND customer_id <= ?", query.upto_customer);
    }
    sql.add(" ORDER BY customer_id, letter_id LIMIT ?", query.limit);
    std::vector<StoredLetter> out;
    for (const auto& row : sql.run(tx_)) out.push_back(letter_of(row));
    return out;
}

std::vector<std::vector<StoredLine>> Letters::lines(const std::vector<StoredLetter>& letters) {
    std::vector<std::vector<StoredLine>> out(letters.size());
    if (letters.empty()) return out;
    std::map<std::pair<int64_t, int64_t>, std::size_t> places;
    auto lowest = letters[0].customer_id, highest = lowest;
    for (std::size_t i = 0; i < letters.size(); ++i) {
        places[{letters[i].customer_id, letters[i].id}] = i;
        lowest = std::min(lowest, letters[i].customer_id);
        highest = std::max(highest, letters[i].customer_id);
    }
    auto rows = tx_.query(
        "SELECT customer_id, letter_id, item_id, part, level, is_raised, due_on, days_overdue, "
        "original, open, collectable, fixed_sum, interest, interest_from, item_kind, item_number, "
        "reference, po_number, issued_on FROM " +
            table("dunning_letter_line") +
            " WHERE customer_id >= ? AND customer_id <= ? ORDER BY customer_id, letter_id, line_no",
        lowest, highest);
    for (const auto& row : rows) {
        const auto place = places.find({row.i64(0), row.i64(1)});
        if (place == places.end()) continue;
        auto& stored = out[place->second].emplace_back();
        stored.customer_id = row.i64(0);
        stored.letter_id = row.i64(1);
        auto& line = stored.line;
        line.item_id = row.i64(2);
        line.part = row.i64(3);
        line.level = row.i64(4);
        line.is_raised = row.i64(5) != 0;
        line.due_on = row.date(6);
        line.days_overdue = row.i64(7);
        line.original = row.i64(8);
        line.open = row.i64(9);
        line.collectable = row.i64(10);
        line.fixed_sum = row.i64(11);
        line.interest = row.i64(12);
        if (row.date(13) != never) line.interest_from = row.date(13);
        line.is_credit = line.original < 0;
        stored.kind = row.text(14);
        stored.number = row.text(15);
        stored.reference = row.text(16);
        stored.po_number = row.text(17);
        stored.issued_on = row.date(18);
    }
    return out;
}

/// What a letter charges, but for what is raised already and was not taken back.
void Letters::raise(const StoredLetter& letter, const std::vector<StoredLine>& lines,
                    const std::vector<Charge>& raised, Date on) {
    const auto charge = [&](const char* kind, const Line& line, int64_t amount, Date from) {
        for (const auto& one : raised) {
            const bool is_meant = one.kind == kind && one.item_id == line.item_id &&
                                  one.part == line.part && one.state != "voided";
            if (is_meant) amount -= one.amount;
        }
        if (amount <= 0) return;
        tx_.exec(
            "INSERT INTO receivables_charge (customer_id, charge_id, letter_id, item_id, part, "
            "kind, amount, currency, company_id, raised_on, from_on, until_on, state, ended_on, "
            "ended_by, end_reason, charges, charges_version, known_at) VALUES (?, ?, ?, ?, ?, ?, "
            "?, ?, ?, ?, ?, ?, 'claimable', ?, '', '', ?, ?, ?)",
            letter.customer_id, services_.next_id(), letter.id, line.item_id, line.part, kind,
            amount, letter.currency, letter.company_id, on, from,
            from == never ? never : letter.as_of, never, letter.charges, letter.charges_version,
            tx_.now_us());
    };
    bool has_fee = false;
    for (const auto& stored : lines) {
        const auto& line = stored.line;
        if (line.is_raised && !has_fee) {  // The letter's fee stands with the first it is about.
            has_fee = true;
            charge("fee", line, letter.fee, never);
        }
        charge("fixed_sum", line, line.fixed_sum, never);
        if (line.interest_from) charge("interest", line, line.interest, *line.interest_from);
    }
}

/// What was paid of its charges stays paid.
void Letters::void_charges(const StoredLetter& letter, const std::string& reason,
                           const std::string& by, Date on) {
    for (const auto& charge : charges(letter.customer_id, letter.id, "claimable", 1000000)) {
        if (charge.left() > 0) end(charge, "voided", by, reason, on);
    }
}

void Letters::release(const StoredLetter& letter, const std::vector<StoredLine>& lines, Date on,
                      const std::string& by) {
    tx_.exec(
        "UPDATE receivables_dunning_letter SET state = 'released', released_on = ?, released_by = "
        "? WHERE customer_id = ? AND letter_id = ?",
        on, by, letter.customer_id, letter.id);
    raise(letter, lines, {}, on);
    auto told = event_of(letter);
    told["procedure"] = letter.procedure;
    told["level"] = letter.level;
    told["channel"] = letter.channel;
    told["template"] = letter.template_name;
    told["language"] = letter.language;
    told["currency"] = letter.currency;
    told["as_of"] = letter.as_of.text();
    tx_.emit("receivables.dunning_letter_released", std::to_string(letter.customer_id), told);
}

void Letters::take_back(const StoredLetter& letter, const std::string& reason,
                        const std::string& by, Date on) {
    tx_.exec(
        "UPDATE receivables_dunning_letter SET state = 'voided', voided_on = ?, voided_by = ?, "
        "void_reason = ? WHERE customer_id = ? AND letter_id = ?",
        on, by, reason, letter.customer_id, letter.id);
    tx_.exec(
        "UPDATE receivables_dunning_letter_line SET is_live = 0 WHERE customer_id = ? AND "
        "letter_id = ?",
        letter.customer_id, letter.id);
    void_charges(letter, reason, by, on);
    auto told = event_of(letter);
    told["reason"] = reason;
    tx_.emit("receivables.dunning_letter_voided", std::to_string(letter.customer_id), told);
}

void Letters::hold_back(const StoredLetter& letter, const std::string& reason,
                        const std::string& by, Date on) {
    tx_.exec(
        "UPDATE receivables_dunning_letter SET state = 'held' WHERE customer_id = ? AND letter_id "
        "= ?",
        letter.customer_id, letter.id);
    void_charges(letter, "the letter waits: " + reason, by, on);
}

void Letters::mark_sent(const StoredLetter& letter, const std::vector<StoredLine>& lines, Date on) {
    tx_.exec(
        "UPDATE receivables_dunning_letter SET sent_on = ? WHERE customer_id = ? AND letter_id = ?",
        on, letter.customer_id, letter.id);
    if (letter.state != "held") return;
    tx_.exec(
        "UPDATE receivables_dunning_letter SET state = 'released', released_on = ? WHERE "
        "customer_id = ? AND letter_id = ?",
        on, letter.customer_id, letter.id);
    raise(letter, lines, charges(letter.customer_id, letter.id, "", 1000000), on);
}

std::vector<StoredLetter> Letters::gone(const std::set<int64_t>& customer_ids, Date on) {
    // Few letters wait to be sent, and there is an index of those; a sync touches many customers.
    const auto from = [&](const char* name) {
        return is_scoped_ ? table(name) : "receivables_" + std::string(name);
    };
    const auto unsent =
        "state IN ('released', 'held') AND sent_on = " + std::to_string(never.days());
    std::set<int64_t> waiting;
    for (const auto& row :
         tx_.query("SELECT customer_id FROM " + from("dunning_letter") +
                   " WHERE state = 'released' AND sent_on = " + std::to_string(never.days()) +
                   " UNION SELECT customer_id FROM " + from("dunning_letter") +
                   " WHERE state = 'held'")) {
        if (customer_ids.count(row.i64(0)) > 0) waiting.insert(row.i64(0));
    }
    std::vector<StoredLetter> out;
    for (const auto customer_id : waiting) {
        auto rows = tx_.query(
            letter_columns + from("dunning_letter") + " d WHERE d.customer_id = ? AND " + unsent +
                " AND NOT EXISTS (SELECT 1 FROM " + from("dunning_letter_line") + " l JOIN " +
                from("item") +
                " i ON i.customer_id = l.customer_id AND i.item_id = l.item_id WHERE l.customer_id "
                "= d.customer_id AND l.letter_id = d.letter_id AND l.is_raised = 1 AND i.void_on > "
                "? AND i.amount > (SELECT COALESCE(sum(a.amount), 0) FROM " +
                from("allocation") +
                " a WHERE a.customer_id = i.customer_id AND a.target_id = i.item_id AND "
                "a.effective_on <= ? AND a.until_on > ?))",
            customer_id, on, on, on);
        for (const auto& row : rows) out.push_back(letter_of(row));
    }
    return out;
}

bool Letters::remove(StoredLetter letter, std::vector<StoredLine> lines, int64_t item_id,
                     const Policies& policies) {
    const auto is_meant = [&](const StoredLine& one) { return one.line.item_id == item_id; };
    for (const auto& one : lines) {
        if (!is_meant(one)) continue;
        tx_.exec(
            "INSERT INTO receivables_dunning_held (customer_id, run_id, item_id, part, procedure, "
            "level, reason, currency, amount) VALUES (?, ?, ?, ?, ?, ?, 'removed', ?, ?)",
            letter.customer_id, letter.run_id, item_id, one.line.part, letter.procedure,
            one.line.level, letter.currency, one.line.open);
        letter.due -= one.line.collectable;
        letter.interest -= one.line.interest;
        letter.fixed_sums -= one.line.fixed_sum;
    }
    lines.erase(std::remove_if(lines.begin(), lines.end(), is_meant), lines.end());
    tx_.exec(
        "DELETE FROM receivables_dunning_letter_line WHERE customer_id = ? AND letter_id = ? AND "
        "item_id = ?",
        letter.customer_id, letter.id, item_id);
    int64_t level = 0;
    for (const auto& one : lines) level = std::max(level, one.line.is_raised ? one.line.level : 0);
    const auto procedure = policies.procedures().find(letter.procedure);
    if (level == 0 || letter.due + letter.credits <= 0 ||
        procedure == policies.procedures().end()) {
        tx_.exec(
            "DELETE FROM receivables_dunning_letter_line WHERE customer_id = ? AND letter_id = ?",
            letter.customer_id, letter.id);
        tx_.exec("DELETE FROM receivables_dunning_letter WHERE customer_id = ? AND letter_id = ?",
                 letter.customer_id, letter.id);
        return false;
    }
    const auto& leads = procedure->second.levels[static_cast<std::size_t>(level - 1)];
    Letter anew;
    anew.currency = letter.currency;
    anew.level = &leads;
    for (const auto& one : lines) anew.lines.push_back(one.line);
    const auto fee = letter.fee == 0 ? 0 : fee_of(anew);
    tx_.exec(
        "UPDATE receivables_dunning_letter SET level = ?, channel = ?, template = ?, credit_hold = "
        "?, due = ?, fee = ?, interest = ?, fixed_sums = ?, total = ? WHERE customer_id = ? AND "
        "letter_id = ?",
        level, leads.channel, leads.template_name, int64_t{leads.is_credit_hold}, letter.due, fee,
        letter.interest, letter.fixed_sums,
        letter.due + letter.credits + fee + letter.interest + letter.fixed_sums +
            letter.earlier_charges,
        letter.customer_id, letter.id);
    return true;
}

std::string why_not(const StoredLetter& letter, const std::vector<StoredLine>& lines,
                    const Book& book, const Policies& policies) {
    const auto of =
        std::find_if(book.accounts.begin(), book.accounts.end(),
                     [&](const Account& one) { return one.facts.id == letter.customer_id; });
    if (of == book.accounts.end()) return "the customer is gone";
    const auto& facts = of->facts;
    if (facts.status == "deceased" || facts.status == "insolvent") return facts.status;
    const auto& charges = facts.charges;
    for (const auto& [customer_id, letter_id, line, kind, number, reference, po, issued] : lines) {
        if (line.is_credit) continue;
        const auto now = std::find_if(charges.begin(), charges.end(), [&, &line = line](auto& one) {
            return one.item_id == line.item_id && one.part == line.part;
        });
        const auto named = kind + " " + number + " ";
        if (now == charges.end()) return named + "is settled or cancelled";
        if (facts.is_blocked || now->is_blocked) return named + "is blocked";
        if (now->claimed > line.open - line.collectable) {
            return named + "is under a claim (" + now->claim_kind + ")";
        }
        if (now->open != line.open) return named + "has another open amount now";
    }
    const auto procedure = policies.procedures().find(letter.procedure);
    if (procedure != policies.procedures().end() && procedure->second.nets_unmatched) return "";
    for (const auto& credit : facts.credits) {
        const bool is_meant = credit.company_id == letter.company_id || credit.company_id == 0;
        if (credit.kind == "payment" && credit.currency == letter.currency && is_meant) {
            return "there is a payment that is not applied yet";
        }
    }
    return "";
}

}  // namespace dunlin::receivables::dunning
