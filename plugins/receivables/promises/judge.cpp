// SPDX-License-Identifier: Apache-2.0
// Judging: what the ledger says of promises, kept beside them, told once and reminded of once.
#include <algorithm>

#include "promises/promises.hpp"
#include "sales/hold.hpp"

namespace dunlin::receivables {
namespace {

constexpr std::size_t at_once = 200;

class Keeping {
public:
    Keeping(const Services& services, Transaction& tx, Date as_of, JudgedCount& count)
        : services_(services), tx_(tx), desk_(tx), as_of_(as_of), count_(count) {}

    void account(JudgedAccount& account) {
        for (std::size_t i = 0; i < account.stored.size(); ++i) {
            auto& one = account.stored[i];
            const bool is_other_day = one.promise.made_on > as_of_ || one.judged_on > as_of_;
            if (is_other_day) continue;
            ++count_.promises;
            promise(one, account.verdicts[i]);
        }
    }

private:
    void promise(StoredPromise& one, const Verdict& verdict) {
        const std::string state(word_of(verdict.state));
        const bool has_new_state = state != one.state;
        bool has_change = has_new_state || verdict.kept != one.kept;
        if (has_new_state) change_state(one, verdict);
        one.state = state;
        one.kept = verdict.kept;
        if (verdict.state == PromiseState::open) has_change = remind(one) || has_change;
        if (!has_change && one.judged_on == as_of_) return;
        one.judged_on = as_of_;
        desk_.update(one);
    }

    void change_state(StoredPromise& one, const Verdict& verdict) {
        if (verdict.state == PromiseState::open) {
            ++count_.opened;
            if (one.promise.last_day() >= as_of_) {
                one.claim_id = lay_claim(services_, tx_, claim_of(one, as_of_));
            }
            return;
        }
        desk_.lift_claim(one, as_of_);
        announce_change(tx_, one.promise.customer_id, "claim");
        const bool is_kept = verdict.state == PromiseState::kept;
        const bool is_broken =
            verdict.state == PromiseState::broken || verdict.state == PromiseState::partly_kept;
        if (!is_kept && !is_broken) return;
        ++(is_kept ? count_.kept : count_.broken);
        auto payload = told(one);
        payload["kept"] = Money::text_of(verdict.kept, minor_digits(one.promise.currency));
        payload["state"] = word_of(verdict.state);
        payload["level"] = one.promise.level;
        tell(is_kept ? "receivables.promise_kept" : "receivables.promise_broken", payload);
    }

    /// Before the day, and on it or as long as it may still be kept: once each, and never on the
    /// day the promise was made.
    bool remind(StoredPromise& one) {
        const auto& promise = one.promise;
        if (promise.made_on == as_of_) return false;
        const bool is_before = as_of_ < promise.due_on;
        auto& reminded = is_before ? one.reminded_before_on : one.reminded_on;
        const auto first =
            is_before ? promise.due_on - promise.rules.remind_days_before : promise.due_on;
        if (as_of_ < first || as_of_ > promise.last_day() || reminded != never) return false;
        reminded = as_of_;
        ++count_.reminded;
        auto payload = told(one);
        payload["when"] = is_before ? "before" : "on_day";
        tell("receivables.promise_reminder_due", payload);
        return true;
    }

    static Json told(const StoredPromise& one) {
        const auto& promise = one.promise;
        Json out{{"customer_id", std::to_string(promise.customer_id)},
                 {"promise_id", std::to_string(promise.id)},
                 {"due_on", promise.due_on.text()},
                 {"amount", Money::text_of(promise.amount, minor_digits(promise.currency))},
                 {"currency", promise.currency}};
        if (promise.item_id != 0) out["item_id"] = std::to_string(promise.item_id);
        return out;
    }
    void tell(const char* topic, const Json& payload) {
        tx_.emit(topic, payload.at("customer_id").get<std::string>(), payload);
    }

    const Services& services_;
    Transaction& tx_;
    PromiseDesk desk_;
    Date as_of_;
    JudgedCount& count_;
};

}  // namespace

void judge_customers(const Services& services, Transaction& tx,
                     const std::vector<int64_t>& customer_ids, Date as_of, JudgedCount& count) {
    Keeping keeping(services, tx, as_of, count);
    for (const auto id : customer_ids) Desk(tx).hold_account(id);
    auto accounts = PromiseDesk(tx).judged(customer_ids, as_of);
    for (auto& [customer_id, account] : accounts) keeping.account(account);
}

void judge_promises(const Services& services, const Job& job) {
    JudgedCount count;
    const auto judge_some = [&](const std::vector<int64_t>& ids, Transaction& tx) {
        judge_customers(services, tx, ids, job.today, count);
        tx.commit();
        job.cancel.progress(count.promises, -1, "promises judged");
        job.cancel.throw_if_requested();
    };
    const auto named = job.args.value("customers", Json::array());
    std::vector<int64_t> ids;
    for (const auto& id : named) {
        ids.push_back(Id<Promise>::parse(id.get_ref<const std::string&>()).value());
    }
    if (!named.empty()) {
        auto tx = services.begin(DUNLIN_TX_WRITE);
        return judge_some(ids, tx);
    }
    for (int64_t after = 0;;) {
        auto tx = services.begin(DUNLIN_TX_WRITE);
        ids = PromiseDesk(tx).customers(after, at_once);
        if (ids.empty()) return;
        after = ids.back();
        judge_some(ids, tx);
    }
}

void judge_again(Transaction& tx, const std::vector<int64_t>& customer_ids) {
    review_holds_again(tx, customer_ids);
    const auto ids = PromiseDesk(tx).with_promises(customer_ids);
    for (std::size_t at = 0; at < ids.size(); at += at_once) {
        auto names = Json::array();
        for (auto i = at; i < std::min(at + at_once, ids.size()); ++i) {
            names.push_back(std::to_string(ids[i]));
        }
        tx.enqueue("receivables.judge_promises", "", {{"customers", names}});
    }
}

}  // namespace dunlin::receivables
