// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <queue>

#include "names.hpp"
#include "sink.hpp"

namespace dunlin::receivables {
namespace {

/// What a number, a reference or an account is compared by.
std::string plain(std::string_view text) {
    auto out = name_key(text);
    std::erase_if(out, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
    return out;
}

/// A bank's text says more than the reference it carries, and a legal form may be left out.
bool agree(const std::string& a, const std::string& b) {
    constexpr std::size_t telling = 5;
    if (a == b) return !a.empty();
    const auto& [shorter, longer] =
        std::minmax(a, b, [](const auto& x, const auto& y) { return x.size() < y.size(); });
    return shorter.size() >= telling && longer.find(shorter) != std::string::npos;
}

/// A row to be found among what the source of record brought.
struct Guest {
    std::size_t row = 0;
    int64_t amount = 0;
    std::string currency;
    Date on;
    bool is_live = true;
    std::string number, payer, account, company;  // As plain() has them.
};

struct RecordItem {
    Candidate item;
    std::string number, payer, customer, account, company;
    bool is_taken = false;
};

constexpr int32_t days_apart = 3;

/// How well an item fits a row that has its amount and currency, and for a document its number;
/// nothing when it does not.
std::optional<int> fit_of(const Guest& guest, const RecordItem& one, bool is_money) {
    const bool is_live = one.item.void_on == never;
    const int both = is_live == guest.is_live ? 16 : 0;
    if (!is_money) {
        return both + (one.item.issued_on == guest.on ? 2 : 0) +
               (!guest.company.empty() && one.company == guest.company ? 1 : 0);
    }
    int given = 0, agreed = 0;
    const auto compare = [&](const std::string& a, const std::string& b) {
        if (a.empty() || b.empty()) return;
        ++given;
        agreed += agree(a, b) ? 1 : 0;
    };
    compare(guest.number, one.number);
    compare(guest.account, one.account);
    compare(guest.payer, one.payer);
    // Who pays is not always who owes: another name says nothing, the same one does.
    if (one.payer.empty() && agree(guest.payer, one.customer)) {
        ++given;
        ++agreed;
    }
    if (given > 0 && agreed == 0) return std::nullopt;
    return both + 4 * agreed + days_apart - std::abs(one.item.issued_on - guest.on);
}

/// Whether it makes no difference which of two items a row is linked to.
bool are_alike(const Candidate& a, const Candidate& b) {
    return a.customer_id == b.customer_id && a.issued_on == b.issued_on && a.void_on == b.void_on &&
           a.number == b.number && a.payer_name == b.payer_name && a.bank_account == b.bank_account;
}

/// Items that rows may be, found by what both must have in common.
class RecordItems {
public:
    RecordItems(std::vector<Candidate> items, bool is_money,
                const std::map<int64_t, std::string>& companies)
        : is_money_(is_money) {
        for (auto& item : items) {
            const auto company = companies.find(item.company_id);
            RecordItem one{std::move(item), {}, {}, {}, {}, {}};
            one.number = plain(one.item.number);
            one.payer = plain(one.item.payer_name);
            one.customer = plain(one.item.customer_name);
            one.account = plain(one.item.bank_account);
            if (company != companies.end()) one.company = plain(company->second);
            by_key_[key(one.item.currency, one.item.amount, one.number, one.item.issued_on)]
                .push_back(items_.size());
            items_.push_back(std::move(one));
        }
    }

    struct Best {
        int fit = -1;
        std::vector<RecordItem*> items;
    };
    Best best(const Guest& guest) {
        Best out;
        if (!is_money_ && guest.number.empty()) return out;
        const int32_t around = is_money_ ? days_apart : 0;
        for (int32_t days = -around; days <= around; ++days) {
            const auto found =
                by_key_.find(key(guest.currency, guest.amount, guest.number, guest.on + days));
            if (found == by_key_.end()) continue;
            for (const auto at : found->second) {
                auto& one = items_[at];
                if (one.is_taken) continue;
                const auto fit = fit_of(guest, one, is_money_);
                if (!fit || *fit < out.fit) continue;
                if (*fit > out.fit) out.items.clear();
                out.fit = *fit;
                out.items.push_back(&one);
            }
        }
        return out;
    }

private:
    std::string key(const std::string& currency, int64_t amount, const std::string& number,
                    Date on) const {
        return currency + " " + std::to_string(amount) + " " +
               (is_money_ ? std::to_string(on.days()) : number);
    }
    bool is_money_;
    std::vector<RecordItem> items_;
    std::unordered_map<std::string, std::vector<std::size_t>> by_key_;
};

/// Links the rows of a batch to what another source, the one of record, has brought.
class Linker {
public:
    Linker(Intake& in, Book book)
        : in_(in),
          is_money_(book == Book::cash),
          book_(book),
          company_(in.column("company")),
          currency_(in.column("currency")),
          number_(in.column(is_money_ ? "reference" : "number")),
          date_(in.column(is_money_ ? "date" : "issue_date")),
          amount_(in.column(is_money_ ? "amount" : "total")),
          companies_(in.resolve("company", company_)),
          names_(in.store().company_names()) {}

    void run() {
        std::map<std::string, std::vector<Guest>> guests;  // By the source of record.
        const auto is_ours = note_linked();
        for (std::size_t i = 0; i < in_.rows().size(); ++i) {
            auto& row = in_.rows()[i];
            if (row.is_rejected || row.is_deleted || is_ours[i]) continue;
            if (in_.record().is_by_company() &&
                in_.reject_unknown(row, companies_[i], company_, "company", /*is_needed=*/false)) {
                continue;
            }
            const auto company = names_[companies_[i].id];
            const auto& record = in_.record().source(book_, company);
            if (record.empty() || record == in_.source() || !is_sound(row)) continue;
            guests[record].push_back(guest_of(i, company));
        }
        for (const auto& [record, list] : guests) link(record, list);
        in_.store().write(evidence_);
    }

private:
    /// Takes note of rows that are linked already. True for the others that are in the ledger.
    std::vector<bool> note_linked() {
        auto& rows = in_.rows();
        std::vector<std::size_t> old, returned;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (!rows[i].is_new()) old.push_back(i);
        }
        const auto linked = in_.store().items_of_evidence(keys_of(old));
        std::vector<bool> is_ours(rows.size());
        for (std::size_t i = 0; i < old.size(); ++i) {
            auto& row = rows[old[i]];
            is_ours[old[i]] = linked[i] == 0;
            // A link that was taken away leaves its binding, and nothing behind it.
            if (linked[i] == 0 && row.old.hash == tombstone_hash()) returned.push_back(old[i]);
            if (linked[i] == 0 || (!row.is_deleted && !is_sound(row))) continue;
            if (row.is_deleted) {
                in_.store().erase("receivables_evidence", "evidence_id", row.old);
                in_.note(row, row.now);
            } else {
                keep(row, {row.old.customer_id, linked[i]}, row.old.id, /*is_new=*/false);
            }
        }
        const auto stored = in_.store().items(keys_of(returned));
        for (std::size_t i = 0; i < returned.size(); ++i) is_ours[returned[i]] = stored[i].id != 0;
        return is_ours;
    }

    std::vector<ItemKey> keys_of(const std::vector<std::size_t>& places) const {
        std::vector<ItemKey> out;
        for (const auto i : places) {
            out.emplace_back(in_.rows()[i].old.customer_id, in_.rows()[i].old.id);
        }
        return out;
    }

    /// Rejects a row that could not be in the ledger either.
    bool is_sound(Incoming& row) {
        const auto currency = currency_.text(row.at);
        const auto kind = in_.column("kind").text(row.at);
        if (minor_digits(currency) < 0) {
            in_.reject(row, "unknown_currency",
                       "\"" + std::string(currency.substr(0, 12)) +
                           "\" is not a currency; use an ISO 4217 code such as EUR");
        } else if (date_.is_null(row.at)) {
            in_.reject(row, "missing_date", "the row has no date");
        } else if (amount_.is_null(row.at)) {
            in_.reject(row, "missing_amount", "the row has no amount");
        } else if (!is_money_ && document_sign(kind) == 0) {
            in_.reject(row, "unknown_kind",
                       "kind \"" + std::string(kind.substr(0, 40)) +
                           "\" is none of invoice, credit_note, debit_note, self_billed");
        }
        return !row.is_rejected;
    }

    int64_t signed_amount(int64_t at, const ColumnView& column) const {
        return column.i64(at) * (is_money_ ? -1 : document_sign(in_.column("kind").text(at)));
    }

    Guest guest_of(std::size_t i, const std::string& company) const {
        const auto at = in_.rows()[i].at;
        const auto status = in_.column("status").text(at);
        Guest out;
        out.row = i;
        out.amount = signed_amount(at, amount_);
        out.currency = currency_.text(at);
        out.on = date_.date(at);
        out.number = plain(number_.text(at));
        out.company = plain(company);
        out.is_live = status.empty() || status == "posted";
        if (!is_money_) return out;
        out.is_live = out.is_live && in_.column("reversed_on").is_null(at);
        out.payer = plain(in_.column("payer_name").text(at));
        out.account = plain(in_.column("bank_account").text(at));
        return out;
    }

    /// The best fit first, so that a weaker one does not take what belongs to another row.
    void link(const std::string& record, const std::vector<Guest>& guests) {
        std::set<int64_t> amounts;
        for (const auto& guest : guests) amounts.insert(guest.amount);
        RecordItems items(in_.store().candidates(record, is_money_, amounts, in_.source()),
                          is_money_, names_);
        std::priority_queue<std::pair<int, int64_t>> queue;  // By fit, then by place.
        for (std::size_t i = 0; i < guests.size(); ++i) {
            queue.emplace(items.best(guests[i]).fit, -static_cast<int64_t>(i));
        }
        for (; !queue.empty();) {
            const auto [fit, place] = queue.top();
            queue.pop();
            const auto& guest = guests[static_cast<std::size_t>(-place)];
            auto best = items.best(guest);
            if (best.fit != fit) {
                queue.emplace(best.fit, place);
            } else if (best.items.empty()) {
                wait(guest, record);
            } else if (std::all_of(best.items.begin(), best.items.end(),
                                   [&](const RecordItem* one) {
                                       return are_alike(one->item, best.items.front()->item);
                                   })) {
                auto& one = *best.items.front();
                one.is_taken = true;
                auto& row = in_.rows()[guest.row];
                keep(row, {one.item.customer_id, one.item.id},
                     row.is_new() ? in_.store().services().next_id() : row.old.id,
                     /*is_new=*/true);
            } else {
                wait_for_one(guest, record, best.items);
            }
        }
    }

    void keep(Incoming& row, const ItemKey& item, int64_t id, bool is_new) {
        const auto open = is_money_ ? ColumnView() : in_.column("open_amount");
        const bool has_open = !is_money_ && !open.is_null(row.at);
        evidence_.push_back({is_new, item.first, id, item.second, in_.source(), in_.entity(),
                             row.external_id, number_.text(row.at), date_.date(row.at),
                             currency_.text(row.at), signed_amount(row.at, amount_),
                             has_open ? std::optional(signed_amount(row.at, open)) : std::nullopt,
                             in_.now_us()});
        in_.note(row, Known{item.first, id, row.now.hash});
    }

    std::string text_of(const Guest& guest) const {
        return Money::text_of(std::abs(guest.amount), minor_digits(guest.currency)) + " " +
               guest.currency;
    }

    void wait(const Guest& guest, const std::string& record) {
        auto& row = in_.rows()[guest.row];
        // What counts nowhere is waited for by nobody.
        if (!guest.is_live) return in_.note(row);
        auto reason = "waits for the " + std::string(is_money_ ? "payment" : "document") +
                      " from its source of record " + record + ": ";
        if (is_money_) {
            reason += "none that is not linked yet has " + text_of(guest) + " within " +
                      std::to_string(days_apart) + " days of " + guest.on.text() +
                      " and agrees in reference, payer or bank account";
        } else if (guest.number.empty()) {
            reason += "it has no number to be found by";
        } else {
            reason += "none that is not linked yet has the number " +
                      std::string(number_.text(row.at).substr(0, 80)) + " and " + text_of(guest);
        }
        in_.reject(row, "waits_for_record", std::move(reason), /*can_retry=*/true);
    }

    void wait_for_one(const Guest& guest, const std::string& record,
                      const std::vector<RecordItem*>& items) {
        constexpr std::size_t named_max = 5;
        std::string list;
        for (std::size_t i = 0; i < std::min(items.size(), named_max); ++i) {
            const auto& item = items[i]->item;
            list += (i ? ", " : "") + (item.number.empty() ? "item" : item.number) + " (" +
                    std::to_string(item.id) + ")";
        }
        in_.reject(in_.rows()[guest.row], "fits_several",
                   "fits " + std::to_string(items.size()) + " items of its source of record " +
                       record + " alike: " + list +
                       "; it is linked when only one of them is left, or when it says which one "
                       "it is",
                   /*can_retry=*/true);
    }

    Intake& in_;
    bool is_money_;
    Book book_;
    ColumnView company_, currency_, number_, date_, amount_;
    std::vector<Known> companies_;
    std::map<int64_t, std::string> names_;
    std::vector<EvidenceRow> evidence_;
};

}  // namespace

int document_sign(std::string_view kind) {
    static const std::map<std::string_view, int> signs{
        {"", 1}, {"invoice", 1}, {"debit_note", 1}, {"self_billed", 1}, {"credit_note", -1}};
    const auto it = signs.find(kind);
    return it == signs.end() ? 0 : it->second;
}

void link_to_record(Intake& in, Book book) {
    if (in.may_link()) Linker(in, book).run();
}

void leave_to_record(Intake& in, const ColumnView& invoice) {
    if (!in.record().is_named()) return;
    const auto companies = in.resolve("company", in.column("company"));
    auto names = in.store().company_names();
    for (std::size_t i = 0; i < in.rows().size(); ++i) {
        auto& row = in.rows()[i];
        if (row.is_deleted || !row.is_new() || !invoice.text(row.at).empty()) continue;
        const auto& record = in.record().source(Book::invoices, names[companies[i].id]);
        if (record.empty() || record == in.source()) continue;
        in.reject(row, "not_of_record",
                  "adjustments that name no invoice are taken from " + record +
                      ", the source of record, alone",
                  /*can_retry=*/true);
    }
}

void leave_parts(Intake& in, const std::vector<Known>& items) {
    if (!in.may_link()) return;
    for (std::size_t i = 0; i < items.size(); ++i) {
        auto& row = in.rows()[i];
        if (items[i].is_link && !row.is_deleted) in.note(row);
    }
}

}  // namespace dunlin::receivables
