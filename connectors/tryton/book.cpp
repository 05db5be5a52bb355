// SPDX-License-Identifier: Apache-2.0
#include "book.hpp"

#include <algorithm>

namespace dunlin::tryton {

std::string line_id(int64_t line) {
    return "l" + std::to_string(line);
}

std::string difference_id(int64_t line) {
    return "x" + std::to_string(line);
}

const std::vector<std::string>& Line::fields() {
    static const std::vector<std::string> all{"move",
                                              "account",
                                              "party",
                                              "debit",
                                              "credit",
                                              "amount_second_currency",
                                              "second_currency.code",
                                              "maturity_date",
                                              "reconciliation.date",
                                              "reconciliation",
                                              "description",
                                              "move.date",
                                              "move.number",
                                              "move.origin",
                                              "move.description",
                                              "move.journal.name",
                                              "move.journal.type",
                                              "move.company.currency.code",
                                              "invoice_payments",
                                              "write_date",
                                              "create_date"};
    return all;
}

Line Line::parse(const Json& record) {
    Line out;
    out.id = id_at(record, "id");
    out.move = id_at(record, "move");
    out.account = id_at(record, "account");
    out.party = id_at(record, "party");
    out.reconciliation = id_at(record, "reconciliation");
    out.reconciled_on = date_at(record, "reconciliation.date");
    const auto date = date_at(record, "move.date");
    if (!date) throw Error(DUNLIN_E_INVALID, "its move has no date, or may not be read");
    out.date = *date;
    out.maturity = date_at(record, "maturity_date");
    out.currency = text_at(record, "second_currency.code");
    if (out.currency.empty()) {
        out.currency = text_at(record, "move.company.currency.code");
        out.amount =
            amount_at(record, "debit").value_or(0) - amount_at(record, "credit").value_or(0);
    } else {
        out.amount = amount_at(record, "amount_second_currency").value_or(0);
    }
    out.journal = text_at(record, "move.journal.name");
    out.journal_type = text_at(record, "move.journal.type");
    out.origin = text_at(record, "move.origin");
    out.number = text_at(record, "move.number");
    out.description = text_at(record, "description");
    if (out.description.empty()) out.description = text_at(record, "move.description");
    out.assigned_to = ids_at(record, "invoice_payments");
    out.changed_us = change_of(record);
    return out;
}

const std::vector<std::string>& Document::fields() {
    static const std::vector<std::string> all{"type",    "state", "party",       "currency.code",
                                              "account", "move",  "cancel_move", "payment_lines"};
    return all;
}

Document Document::parse(const Json& record) {
    return {id_at(record, "id"),
            id_at(record, "party"),
            id_at(record, "account"),
            id_at(record, "move"),
            id_at(record, "cancel_move"),
            text_at(record, "type") == "out",
            text_at(record, "state"),
            text_at(record, "currency.code"),
            ids_at(record, "payment_lines")};
}

void Book::add(Line line) {
    lines_of_move_[line.move].insert(line.id);
    if (line.reconciliation != 0) lines_of_reconciliation_[line.reconciliation].insert(line.id);
    for (const auto document : line.assigned_to) assigned_[line.id] = document;
    const auto id = line.id;
    lines_.insert_or_assign(id, std::move(line));
}

void Book::add(Document document) {
    if (document.move != 0) document_of_move_[document.move] = document.id;
    if (document.cancel_move != 0) document_of_reversal_[document.cancel_move] = document.id;
    for (const auto line : document.assigned) assigned_[line] = document.id;
    const auto id = document.id;
    documents_.insert_or_assign(id, std::move(document));
}

void Book::spoil(const Json& record) {
    const auto& move = at(record, "move");
    const auto& reconciliation = at(record, "reconciliation");
    if (move.is_number_integer()) spoiled_moves_.insert(move.get<int64_t>());
    if (reconciliation.is_number_integer()) {
        spoiled_reconciliations_.insert(reconciliation.get<int64_t>());
    }
}

const Line* Book::line(int64_t id) const {
    const auto it = lines_.find(id);
    return it == lines_.end() ? nullptr : &it->second;
}

const Document* Book::document(int64_t id) const {
    const auto it = documents_.find(id);
    return it == documents_.end() ? nullptr : &it->second;
}

std::vector<const Line*> Book::due_lines(const Document& document) const {
    std::vector<const Line*> out;
    const auto it = lines_of_move_.find(document.move);
    if (document.move == 0 || it == lines_of_move_.end()) return out;
    for (const auto id : it->second) {
        const auto& line = lines_.at(id);
        if (line.account == document.account) out.push_back(&line);
    }
    std::sort(out.begin(), out.end(), [](const Line* a, const Line* b) {
        return std::pair(a->maturity.value_or(never), a->id) <
               std::pair(b->maturity.value_or(never), b->id);
    });
    return out;
}

int64_t Book::total(const Document& document) const {
    if (spoiled_moves_.contains(document.move)) {
        throw Error(DUNLIN_E_INVALID, "one of its due lines cannot be read");
    }
    int64_t sum = 0;
    for (const auto* line : due_lines(document)) {
        if (line->currency != document.currency) {
            throw Error(DUNLIN_E_INVALID, "its due line " + std::to_string(line->id) + " is in " +
                                              line->currency + ", the document in " +
                                              document.currency);
        }
        sum += line->amount;
    }
    return sum;
}

int64_t Book::open(const Document& document) const {
    int64_t sum = 0;
    for (const auto* line : due_lines(document)) {
        // A credit note's line that was assigned to an invoice counts there.
        const bool is_open = line->reconciliation == 0 && !assignment(*line);
        if (is_open) sum += line->amount;
    }
    for (const auto& [line_id, document_id] : assigned_) {
        const auto* paid = line(line_id);
        if (document_id == document.id && paid != nullptr && assignment(*paid)) sum += paid->amount;
    }
    return sum;
}

bool Book::is_void(const Document& document) const {
    if (document.state != "cancelled" || document.cancel_move == 0 || document.move == 0) {
        return false;
    }
    if (is_document(document.cancel_move)) return false;
    std::set<int64_t> reconciliations;
    for (const auto move : {document.move, document.cancel_move}) {
        const auto it = lines_of_move_.find(move);
        if (it == lines_of_move_.end()) return false;
        for (const auto id : it->second) {
            const auto& line = lines_.at(id);
            if (line.account == document.account) reconciliations.insert(line.reconciliation);
        }
    }
    return reconciliations.size() == 1 && *reconciliations.begin() != 0;
}

int64_t Book::party_of(const Line& line) const {
    if (line.party != 0) return line.party;
    const auto party_of_document = [&](int64_t id) {
        const auto* found = document(id);
        return found ? found->party : 0;
    };
    if (const auto it = document_of_move_.find(line.move); it != document_of_move_.end()) {
        return party_of_document(it->second);
    }
    if (const auto it = assigned_.find(line.id); it != assigned_.end()) {
        if (const auto party = party_of_document(it->second)) return party;
    }
    if (const auto party = party_of_document(id_of_reference(line.origin, "account.invoice"))) {
        return party;
    }
    // What it was reconciled with tells, when that is one customer's alone.
    std::set<int64_t> parties;
    const auto it = lines_of_reconciliation_.find(line.reconciliation);
    if (line.reconciliation == 0 || it == lines_of_reconciliation_.end()) return 0;
    for (const auto id : it->second) {
        const auto found = document_of_move_.find(lines_.at(id).move);
        if (found != document_of_move_.end()) parties.insert(party_of_document(found->second));
    }
    return parties.size() == 1 ? *parties.begin() : 0;
}

Item Book::item(const Line& line) const {
    for (const auto* moves : {&document_of_move_, &document_of_reversal_}) {
        const auto it = moves->find(line.move);
        const auto* found = it == moves->end() ? nullptr : document(it->second);
        if (!found || !found->is_out || found->account != line.account) continue;
        const auto id = std::to_string(found->id);
        if (is_void(*found)) return {Item::Kind::cancelled, id, found->party, found->id};
        if (moves == &document_of_move_) {
            return {Item::Kind::document, id, found->party, found->id};
        }
    }
    const auto party = party_of(line);
    if (party == 0) return {};
    const bool is_money = line.journal_type == "cash";
    return {is_money ? Item::Kind::payment : Item::Kind::adjustment, line_id(line.id), party, 0};
}

/// A part of a reconciliation in one currency of one customer.
struct Book::Entry {
    int64_t id = 0;     // The line, for the order.
    std::string label;  // What a settlement that uses it up is called.
    std::string item, kind;
    int64_t instalment = 0;
    int64_t amount = 0;
    Date date;
};

Book::Entry Book::entry_of(const Line& line, const Item& item) const {
    Entry out{line.id, line_id(line.id), item.external_id, "payment", 0, line.amount, line.date};
    if (item.kind == Item::Kind::adjustment) out.kind = "adjustment";
    if (item.kind == Item::Kind::document) {
        out.kind = "credit_note";
        if (due_lines(documents_.at(item.document)).size() > 1) out.instalment = line.id;
    }
    return out;
}

Book::Groups Book::grouped(int64_t reconciliation) const {
    Groups groups;
    const auto it = lines_of_reconciliation_.find(reconciliation);
    const bool is_known = it != lines_of_reconciliation_.end();
    if (!is_known || spoiled_reconciliations_.contains(reconciliation)) return groups;
    for (const auto id : it->second) {
        const auto& line = lines_.at(id);
        const auto what = item(line);
        if (what.counts() && line.amount != 0) {
            groups[{what.party, line.currency}].push_back(entry_of(line, what));
        }
    }
    return groups;
}

std::vector<Difference> Book::differences(int64_t reconciliation) const {
    std::vector<Difference> out;
    const auto groups = grouped(reconciliation);
    std::set<std::string> currencies;
    for (const auto& [key, entries] : groups) currencies.insert(key.second);
    for (const auto& [key, entries] : groups) {
        int64_t sum = 0;
        for (const auto& entry : entries) sum += entry.amount;
        if (sum == 0) continue;
        const auto& first = lines_.at(entries.front().id);
        out.push_back({difference_id(first.id), key.first, key.second, -sum,
                       first.reconciled_on.value_or(first.date), currencies.size() > 1});
    }
    return out;
}

std::vector<Settlement> Book::settlements(int64_t reconciliation) const {
    auto groups = grouped(reconciliation);
    for (const auto& d : differences(reconciliation)) {
        groups[{d.party, d.currency}].push_back({std::stoll(d.external_id.substr(1)), d.external_id,
                                                 d.external_id, "adjustment", 0, d.amount, d.date});
    }
    std::vector<Settlement> out;
    for (auto& [key, entries] : groups) {
        std::vector<Entry> charges, credits;
        for (auto& entry : entries) (entry.amount > 0 ? charges : credits).push_back(entry);
        for (auto* side : {&charges, &credits}) {
            std::sort(side->begin(), side->end(), [](const Entry& a, const Entry& b) {
                return std::tuple(a.date, a.id, a.label) < std::tuple(b.date, b.id, b.label);
            });
        }
        const auto& any = lines_.at(entries.front().id);
        std::size_t i = 0, j = 0;
        while (i < charges.size() && j < credits.size()) {
            auto& charge = charges[i];
            auto& credit = credits[j];
            const auto amount = std::min(charge.amount, -credit.amount);
            charge.amount -= amount;
            credit.amount += amount;
            const auto& used = charge.amount == 0 ? charge : credit;
            // Parts of one document with both signs are within its total already.
            if (charge.item != credit.item) {
                out.push_back({used.label, key.first, credit.item, credit.kind, charge.item,
                               charge.instalment, amount, any.reconciled_on});
            }
            if (charge.amount == 0) ++i;
            if (credit.amount == 0) ++j;
        }
    }
    return out;
}

std::optional<Settlement> Book::assignment(const Line& line) const {
    const auto it = assigned_.find(line.id);
    const auto* paid = it == assigned_.end() ? nullptr : document(it->second);
    if (line.reconciliation != 0 || !paid || !paid->is_out || is_void(*paid)) return std::nullopt;
    const auto what = item(line);
    const bool fits = what.counts() && what.party == paid->party &&
                      line.currency == paid->currency && what.document != paid->id;
    const auto document_total = fits ? total(*paid) : 0;
    if (!fits || line.amount == 0 || (line.amount > 0) == (document_total > 0)) return std::nullopt;
    const auto entry = entry_of(line, what);
    const auto id = std::to_string(paid->id);
    if (line.amount < 0) {
        return Settlement{entry.label, paid->party, entry.item,   entry.kind,
                          id,          0,           -line.amount, std::nullopt};
    }
    return Settlement{entry.label, paid->party, id,          "credit_note",
                      entry.item,  0,           line.amount, std::nullopt};
}

}  // namespace dunlin::tryton
