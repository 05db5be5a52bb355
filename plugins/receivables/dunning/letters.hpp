// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/services.hpp>

#include <set>

#include "dunning/facts.hpp"

namespace dunlin::receivables::dunning {

/// A run over customers, as far as it has come.
struct Run {
    int64_t id = 0;
    std::string procedure;
    Date as_of;
    bool is_done = false;
    int64_t after_customer = 0, letters = 0, lines = 0, held = 0;
    std::string asked_by;
};

/// A letter as it is kept.
struct StoredLetter {
    int64_t customer_id = 0, id = 0, run_id = 0, level = 0, company_id = 0;
    int64_t procedure_version = 0, charges_version = 0;
    std::string procedure, currency, state, released_by, voided_by, void_reason, channel,
        template_name, language, charges;
    Date as_of, released_on, voided_on, sent_on;
    int64_t due = 0, credits = 0, fee = 0, interest = 0, fixed_sums = 0, earlier_charges = 0,
            total = 0;
    bool is_credit_hold = false;
};

/// A line of it, with what the item is called.
struct StoredLine {
    int64_t customer_id = 0, letter_id = 0;
    Line line;
    std::string kind, number, reference, po_number;
    Date issued_on;
};

/// Something charged for paying late.
struct Charge {
    int64_t customer_id = 0, id = 0, letter_id = 0, item_id = 0, part = 0;
    std::string kind;
    int64_t amount = 0;
    std::string currency;
    int64_t company_id = 0;
    Date raised_on, from_on = never, until_on = never;
    std::string state = "claimable";
    Date ended_on = never;
    std::string ended_by, end_reason, charges;
    int64_t charges_version = 0;
    int64_t paid = 0;
    /// What is claimed of it still.
    int64_t left() const { return state == "claimable" ? amount - paid : 0; }
};

/// Which letters are asked for; 0, empty and never: any.
struct LetterQuery {
    int64_t customer_id = 0, id = 0, run_id = 0;
    std::string state, procedure;
    int64_t after_customer = 0, upto_customer = std::numeric_limits<int64_t>::max();
    int64_t after_letter = 0;  // Of the customer behind which a page begins.
    int64_t limit = 1000000;
};

/// Runs, letters and charges in their tables.
class Letters {
public:
    Letters(const Services& services, Transaction& tx, bool is_scoped)
        : services_(services), tx_(tx), is_scoped_(is_scoped) {}

    std::optional<Run> run(std::string_view procedure, Date as_of);
    std::optional<Run> run(int64_t id);
    Run start(const std::string& procedure, Date as_of, const std::string& asked_by);
    /// Keeps others from going on with a run until the transaction ends.
    Run hold(int64_t run_id);
    void save(const Run& run);
    /// The day of the last run of a procedure, or of any, that has a released letter.
    std::optional<Date> last_released(std::string_view procedure);
    /// When each source last brought an item.
    std::map<std::string, int64_t> last_changes();

    /// Puts the letters of a batch in the place of its drafts.
    void replace_drafts(const Run& run, const Batch& batch, const Book& book,
                        const Decision& decision, Policies& policies);
    std::vector<StoredLetter> letters(const LetterQuery& query);
    /// The lines of these letters, one list for each, in order.
    std::vector<std::vector<StoredLine>> lines(const std::vector<StoredLetter>& letters);
    /// Turns a draft into a letter that may go, with its charges, and says so.
    void release(const StoredLetter& letter, const std::vector<StoredLine>& lines, Date on,
                 const std::string& by);
    /// Takes a letter back: its items have the level they had before, its charges are gone.
    void take_back(const StoredLetter& letter, const std::string& reason, const std::string& by,
                   Date on);
    /// Counts for nothing until it is sent: its items have the level they had before.
    void hold_back(const StoredLetter& letter, const std::string& reason, const std::string& by,
                   Date on);
    /// One that was held back counts from this day, and claims what it charges.
    void mark_sent(const StoredLetter& letter, const std::vector<StoredLine>& lines, Date on);
    /// Takes an item out of a draft; false when it was the last one and the draft is gone.
    bool remove(StoredLetter letter, std::vector<StoredLine> lines, int64_t item_id,
                const Policies& policies);

    struct HeldItem {
        Held held;
        std::string number;
    };
    std::vector<HeldItem> held(int64_t run_id, int64_t limit);
    std::map<std::string, int64_t> held_by_reason(int64_t run_id);
    /// Released and held letters that were not sent and of which nothing is open any more.
    std::vector<StoredLetter> gone(const std::set<int64_t>& customer_ids, Date on);

    std::vector<Charge> charges(int64_t customer_id, int64_t letter_id, const std::string& state,
                                int64_t limit);
    /// Ends what is left of a charge. What was paid of it stands by itself from then on, so that it
    /// is claimable again if that payment comes back.
    void end(const Charge& charge, const std::string& state, const std::string& by,
             const std::string& reason, Date on);

private:
    std::string table(const char* name) const;
    void insert(const Run& run, const Batch& batch, const Book& book, const Decision& decision,
                Policies& policies);
    void insert_held(const Run& run, const Book& book, const Decision& decision, Date as_of);
    void delete_drafts(const Batch& batch);
    void raise(const StoredLetter& letter, const std::vector<StoredLine>& lines,
               const std::vector<Charge>& raised, Date on);
    void void_charges(const StoredLetter& letter, const std::string& reason, const std::string& by,
                      Date on);

    const Services& services_;
    Transaction& tx_;
    bool is_scoped_;
};

/// Why a letter must not go now, or "": something of it is settled, cancelled, under a claim or
/// changed.
std::string why_not(const StoredLetter& letter, const std::vector<StoredLine>& lines,
                    const Book& book, const Policies& policies);

}  // namespace dunlin::receivables::dunning
