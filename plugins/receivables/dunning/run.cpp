// SPDX-License-Identifier: Apache-2.0
#include "dunning/run.hpp"

#include <algorithm>

namespace dunlin::receivables::dunning {

Decision decide(Book& book, Policies& policies, Date as_of) {
    Decision out;
    for (auto& account : book.accounts) {
        if (account.facts.charges.empty()) continue;
        const auto first = out.letters.size();
        decide(account.facts, policies.procedures(), as_of, out);
        for (auto i = first; i < out.letters.size(); ++i) {
            auto& letter = out.letters[i];
            add_charges(letter, account.facts, policies.charges(letter.procedure->charges),
                        account.histories, account.charged, as_of);
        }
    }
    return out;
}

bool draft_batch(const Services& services, Transaction& tx, int64_t run_id, int64_t customers) {
    Letters letters(services, tx, /*is_scoped=*/false);
    auto run = letters.hold(run_id);
    if (run.is_done) return false;
    Policies policies(tx, run.as_of);
    FactReader reader(tx, policies, /*is_scoped=*/false);
    Batch batch;
    batch.after = run.after_customer;
    batch.as_of = run.as_of;
    batch.procedure = run.procedure;
    batch.run_id = run.id;
    const auto last = reader.next_customers(batch.after, customers);
    if (!last) {
        run.is_done = true;
        letters.save(run);
        return false;
    }
    batch.upto = *last;
    auto book = reader.read(batch);
    const auto decision = decide(book, policies, run.as_of);
    letters.replace_drafts(run, batch, book, decision, policies);
    run.after_customer = batch.upto;
    for (const auto& letter : decision.letters) {
        ++run.letters;
        run.lines += static_cast<int64_t>(letter.lines.size());
    }
    run.held += static_cast<int64_t>(decision.held.size());
    run.is_done = !reader.next_customers(batch.upto, 1);
    letters.save(run);
    return !run.is_done;
}

Released release_batch(const Services& services, Transaction& tx, const LetterQuery& which,
                       int64_t customers, Date on, Date today, const std::string& by) {
    Released out;
    Letters letters(services, tx, /*is_scoped=*/false);
    Policies policies(tx, on);
    FactReader reader(tx, policies, /*is_scoped=*/false);
    auto query = which;
    query.state = "draft";
    const auto last = query.customer_id != 0
                          ? std::optional(query.customer_id)
                          : reader.next_customers(query.after_customer, customers);
    out.is_done = !last || query.customer_id != 0 || !reader.next_customers(*last, 1);
    if (!last) return out;
    if (query.customer_id == 0) query.upto_customer = *last;
    out.after_customer = *last;
    const auto drafts = letters.letters(query);
    if (drafts.empty()) return out;
    Batch batch;
    batch.after = drafts.front().customer_id - 1;
    batch.upto = drafts.back().customer_id;
    batch.as_of = today;
    const auto book = reader.read(batch);
    const auto lines = letters.lines(drafts);
    for (std::size_t i = 0; i < drafts.size(); ++i) {
        const auto& draft = drafts[i];
        auto reason = on < draft.as_of ? "it is dated " + draft.as_of.text()
                                       : why_not(draft, lines[i], book, policies);
        if (!reason.empty()) {
            out.held.emplace_back(draft, std::move(reason));
            continue;
        }
        letters.release(draft, lines[i], on, by);
        ++out.letters;
    }
    return out;
}

void void_gone(const Services& services, Transaction& tx, const std::set<int64_t>& customer_ids,
               bool is_scoped) {
    Letters letters(services, tx, is_scoped);
    for (const auto& letter : letters.gone(customer_ids, tx.today())) {
        letters.take_back(letter, "all it is about is settled or cancelled", "dunning", tx.today());
    }
}

}  // namespace dunlin::receivables::dunning
