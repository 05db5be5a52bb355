// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "promises/promises.hpp"
#include "promises/terms.hpp"
#include "store.hpp"

namespace dunlin::receivables {

Json promise_json(const StoredPromise& one, const Verdict& verdict) {
    const auto& promise = one.promise;
    const auto& currency = promise.currency;
    Json out{{"customer_id", std::to_string(promise.customer_id)},
             {"promise_id", std::to_string(promise.id)},
             {"amount", money(promise.amount, currency)},
             {"made_on", promise.made_on.text()},
             {"due_on", promise.due_on.text()},
             {"last_day", promise.last_day().text()},
             {"level", promise.level},
             {"state", word_of(verdict.state)},
             {"kept", money(verdict.kept, currency)},
             {"needed", money(verdict.needed, currency)},
             {"person", one.person},
             {"note", one.note},
             {"made_by", one.made_by},
             {"rules_version", promise.rules.version}};
    if (promise.item_id != 0) out["item_id"] = std::to_string(promise.item_id);
    if (one.follows_id != 0) out["follows"] = std::to_string(one.follows_id);
    if (one.followed_by_id != 0) out["followed_by"] = std::to_string(one.followed_by_id);
    if (!verdict.why.empty()) out["why"] = verdict.why;
    if (promise.ended_on != never) {
        out["ended_on"] = promise.ended_on.text();
        out["reason"] = one.ended_reason;
    }
    if (!one.reference.empty()) out["reference"] = one.reference;
    for (const auto& sum : verdict.used) {
        Json used{{"payment_id", std::to_string(sum.payment_id)},
                  {"valued_on", sum.valued_on.text()},
                  {"amount", money(sum.amount, currency)}};
        if (sum.item_id != 0) used["item_id"] = std::to_string(sum.item_id);
        out["money"].push_back(std::move(used));
    }
    return out;
}

namespace {

std::string name_of(const Call& call) {
    return call.principal().value("name", "");
}

/// The member of a part of a request as the text of an amount, in a currency.
std::optional<int64_t> amount_of(const Json& part, std::string_view currency) {
    if (!part.contains("amount")) return std::nullopt;
    const auto& given = part.at("amount");
    const auto units = Money::parse_units(given.get_ref<const std::string&>());
    if (units > 0) return Money(units, Currency(currency)).units();
    throw Error(DUNLIN_E_INVALID, "the amount of a promise must be above zero");
}

int64_t id_in(const Json& part, const char* key) {
    return part.contains(key)
               ? Id<Promise>::parse(part.at(key).get_ref<const std::string&>()).value()
               : 0;
}

StoredPromise make_one(PromiseMaker& maker, Views& views, const CustomerInfo& customer,
                       const Json& part, Date today, const StoredPromise* replaced = nullptr) {
    const auto item_id = replaced ? replaced->promise.item_id : id_in(part, "item");
    std::optional<ListedItem> item;
    if (item_id != 0) item = need_item(views, customer.id, item_id, today);
    auto currency = part.value("currency", replaced ? replaced->promise.currency : "");
    const auto own = item ? item->currency : replaced ? replaced->promise.currency : "";
    if (currency.empty()) currency = own.empty() ? customer.currency : own;
    if (currency.empty()) currency = maker.account().only_currency(today);
    if (currency.empty()) {
        throw Error(DUNLIN_E_INVALID,
                    "the account has several currencies, or nothing open; name the \"currency\"");
    }
    static_cast<void>(Currency(currency));
    if (!own.empty() && currency != own) {
        throw Error(DUNLIN_E_INVALID, "the promise is in " + currency + ", what it is about in " +
                                          own + "; promise in " + own);
    }
    const auto due = Date::parse(part.at("due").get_ref<const std::string&>());
    return maker.make(item ? &*item : nullptr, currency, amount_of(part, currency), due, replaced);
}

/// The promise in a request, or a refusal that does not tell whether it exists.
const StoredPromise& need_promise(PromiseDesk& desk, const JudgedAccount& account,
                                  int64_t customer_id, int64_t promise_id) {
    const auto* found = account.find(promise_id);
    if (found && desk.may_see(customer_id, promise_id)) return *found;
    throw Error(DUNLIN_E_NOT_FOUND, "customer " + std::to_string(customer_id) + " has no promise " +
                                        std::to_string(promise_id) +
                                        " that you may see; list them with receivables.promises");
}

/// Ends an open promise on a day.
void end(PromiseDesk& desk, StoredPromise one, Date on, bool is_superseded, std::string reason) {
    one.promise.ended_on = on;
    one.promise.is_superseded = is_superseded;
    one.ended_reason = std::move(reason);
    one.state = is_superseded ? "superseded" : "withdrawn";
    one.judged_on = on;
    desk.lift_claim(one, on);
    desk.update(one);
}

Json reply_of(const JudgedAccount& account, const std::vector<int64_t>& ids) {
    auto rows = Json::array();
    for (const auto id : ids) {
        const auto& one = *account.find(id);
        rows.push_back(promise_json(one, account.verdict_of(one)));
    }
    return {{"promises", rows}};
}

Json promise(const Services& services, Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    std::vector<int64_t> ids;
    for (const auto& one : make_promises(services, call, customer, call.request(), 0)) {
        ids.push_back(one.promise.id);
    }
    return reply_of(PromiseDesk(call.tx()).judged(customer.id, call.today()), ids);
}

Json supersede_promise(const Services& services, Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    PromiseMaker maker(services, call.tx(), customer, call.today());
    auto old = need_promise(maker.desk(), maker.account(), customer.id, call.id("promise"));
    const auto state = maker.account().verdict_of(*maker.account().find(old.promise.id)).state;
    if (old.followed_by_id != 0) {
        throw Error(DUNLIN_E_CONFLICT, "the promise was already followed by promise " +
                                           std::to_string(old.followed_by_id) + "; replace that");
    }
    if (state != PromiseState::open && !has_failed(state)) {
        throw Error(DUNLIN_E_CONFLICT, "the promise is " + std::string(word_of(state)) +
                                           " and cannot be replaced; make a new one with "
                                           "receivables.promise");
    }
    auto next = make_one(maker, views, customer, call.request(), call.today(), &old);
    // One that failed stays what it is, for ever.
    if (state == PromiseState::open) end(maker.desk(), old, call.today(), true, "");
    next.person = call.value<std::string>("person", old.person);
    next.note = call.value<std::string>("note", "");
    next.made_by = name_of(call);
    next.source = "desk";
    maker.account() = maker.desk().judged(customer.id, call.today());
    maker.keep(next);
    return reply_of(maker.account(), {next.promise.id, old.promise.id});
}

Json withdraw_promise(const Services& services, Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    PromiseMaker maker(services, call.tx(), customer, call.today());
    const auto& one = need_promise(maker.desk(), maker.account(), customer.id, call.id("promise"));
    const auto state = maker.account().verdict_of(one).state;
    if (state != PromiseState::open) {
        throw Error(DUNLIN_E_CONFLICT, "the promise is " + std::string(word_of(state)) +
                                           "; only an open one can be taken back");
    }
    const auto id = one.promise.id;
    end(maker.desk(), one, call.today(), false, call.value<std::string>("reason", ""));
    announce_change(call.tx(), customer.id, "claim");
    return reply_of(maker.desk().judged(customer.id, call.today()), {id});
}

Json promises(const Services&, Call& call) {
    constexpr int64_t most = 20000;
    const auto as_of = call.date("as_of", call.today());
    const auto state = call.value<std::string>("state", "");
    const auto limit = call.value<std::size_t>("limit", 100);
    PromiseDesk::Query query;
    query.customer_id = call.id("customer");
    query.item_id = call.id("item");
    query.due_until = call.date("due_until", never);
    query.limit = most;
    PromiseDesk desk(call.tx());
    const auto keys = desk.visible(query);
    std::vector<int64_t> ids;
    for (const auto& key : keys) ids.push_back(key.first);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    const auto accounts = desk.judged(ids, as_of);
    auto rows = Json::array();
    bool has_more = static_cast<int64_t>(keys.size()) == most;
    for (const auto& [customer_id, promise_id] : keys) {
        const auto& account = accounts.at(customer_id);
        const auto& one = *account.find(promise_id);
        const auto& verdict = account.verdict_of(one);
        if (one.promise.made_on > as_of) continue;
        if (!state.empty() && state != word_of(verdict.state)) continue;
        has_more = has_more || rows.size() == limit;
        if (rows.size() == limit) break;
        rows.push_back(promise_json(one, verdict));
    }
    return {{"as_of", as_of.text()}, {"rows", rows}, {"has_more", has_more}};
}

Json judge_all(const Services& services, Call& call) {
    const auto as_of = call.date("as_of", call.today());
    PromiseDesk desk(call.tx());
    if (as_of > call.today()) {
        throw Error(DUNLIN_E_INVALID,
                    "promises cannot be judged for " + as_of.text() + ", which is to come");
    }
    if (const auto last = desk.last_judged(); as_of < last) {
        throw Error(DUNLIN_E_CONFLICT, "promises were judged for " + last.text() +
                                           " already; receivables.promises shows them as of an "
                                           "earlier day");
    }
    JudgedCount count;
    for (int64_t after = 0;;) {
        const auto ids = desk.customers(after, 200);
        if (ids.empty()) break;
        after = ids.back();
        judge_customers(services, call.tx(), ids, as_of, count);
        call.cancel().progress(count.promises, -1, "promises judged");
        call.cancel().throw_if_requested();
    }
    return {{"as_of", as_of.text()},  {"promises", count.promises}, {"kept", count.kept},
            {"broken", count.broken}, {"opened", count.opened},     {"reminded", count.reminded}};
}

Json set_promise_rules(const Services&, Call& call) {
    const auto& body = call.request().at("rules");
    const auto valid_from = call.date("valid_from", call.today());
    const auto version =
        call.tx().put_policy("promise", call.value<std::string>("scope", ""), valid_from, body);
    return {{"version", version}, {"valid_from", valid_from.text()}};
}

Json show_promise_rules(const Services&, Call& call) {
    const auto policy = call.tx().policy("promise", call.value<std::string>("scope", ""),
                                         call.date("on", call.today()));
    const auto rules = policy ? parse_promise_rules(policy->at("body")) : PromiseRules();
    return {{"version", policy ? policy->at("version") : Json(0)},
            {"rules",
             {{"name", rules.name},
              {"grace_days", rules.grace_days},
              {"enough_per_mille", rules.enough_per_mille},
              {"part_payment", rules.has_part ? "partly_kept" : "broken"},
              {"remind_days_before", rules.remind_days_before},
              {"days_ahead_max", rules.days_ahead_max}}}};
}

/// One promise of another system at go-live.
std::string import_one(const Services& services, Call& call, Store& store, const Json& row,
                       bool& is_new) {
    const std::string source = call.request().at("source"), number = row.at("customer");
    const auto known = store.known(source, "customer", {number}).at(0);
    if (known.id == 0) return "the source has brought no customer \"" + number + "\"";
    Views views(call.tx());
    const auto customer = need_customer(views, known.id);
    PromiseMaker maker(services, call.tx(), customer, call.today());
    const std::string reference = row.at("reference");
    const auto& stored = maker.account().stored;
    is_new = std::none_of(stored.begin(), stored.end(), [&](const StoredPromise& one) {
        return one.source == source && one.reference == reference;
    });
    if (!is_new) return "";
    std::optional<ListedItem> item;
    if (const auto invoice = row.value("invoice", ""); !invoice.empty()) {
        const auto bound = store.known(source, "invoice", {invoice}).at(0);
        if (bound.id == 0) return "the source has brought no invoice \"" + invoice + "\"";
        item = need_item(views, customer.id, bound.id, call.today());
    }
    const std::string currency = row.at("currency");
    if (item && item->currency != currency) return "the invoice is in " + item->currency;
    const auto due_on = Date::parse(row.at("due").get_ref<const std::string&>());
    const auto made_on = Date::parse(row.at("made").get_ref<const std::string&>());
    if (due_on + maker.rules().grace_days < call.today()) {
        return "its last day has passed, so it is not open any more";
    }
    if (made_on > due_on || made_on > call.today()) return "it was made after its day, or is to be";
    auto one = maker.make(item ? &*item : nullptr, currency, amount_of(row, currency),
                          std::max(due_on, call.today()));
    one.promise.made_on = made_on;
    one.promise.due_on = due_on;
    one.promise.level = row.value("level", int64_t{1});
    one.follows_id = 0;
    one.person = row.value("person", "");
    one.note = row.value("note", "");
    one.made_by = row.value("made_by", "");
    one.source = source;
    one.reference = reference;
    // Of what was due before, the other system has reminded.
    const auto today = call.today();
    if (due_on - one.promise.rules.remind_days_before <= today) one.reminded_before_on = today;
    if (due_on <= today) one.reminded_on = today;
    maker.keep(one);
    return "";
}

Json import_promises(const Services& services, Call& call) {
    Store store(services, call.tx());
    int64_t imported = 0, unchanged = 0;
    auto refused = Json::array();
    for (const auto& row : call.request().at("promises")) {
        bool is_new = true;
        std::string reason;
        try {
            reason = import_one(services, call, store, row, is_new);
        } catch (const Error& e) {
            if (e.status() != DUNLIN_E_INVALID && e.status() != DUNLIN_E_CONFLICT) throw;
            reason = e.what();
        }
        if (!reason.empty()) {
            refused.push_back({{"reference", row.at("reference")}, {"reason", reason}});
        } else {
            ++(is_new ? imported : unchanged);
        }
    }
    return {{"imported", imported}, {"unchanged", unchanged}, {"refused", refused}};
}

/// The parts of a request: its own, those that its terms make, or it alone.
Json parts_of(PromiseMaker& maker, Views& views, const CustomerInfo& customer, const Json& request,
              Date today) {
    const auto count =
        request.contains("parts") + request.contains("terms") + request.contains("due");
    if (count != 1) {
        throw Error(DUNLIN_E_INVALID,
                    "give one promise with its \"due\", several as \"parts\", or the \"terms\" of "
                    "instalments");
    }
    if (request.contains("parts")) return request.at("parts");
    if (request.contains("due")) return Json::array({request});
    auto part = request;
    part["due"] = today.text();
    const auto whole = make_one(maker, views, customer, part, today).promise;
    part["currency"] = whole.currency;
    auto out = Json::array();
    for (const auto& one : split_by_terms(Money(whole.amount, Currency(whole.currency)), today,
                                          parse_terms(request.at("terms")))) {
        part["due"] = one.due_on.text();
        part["amount"] = Money::text_of(one.amount.units(), minor_digits(whole.currency));
        out.push_back(part);
    }
    return out;
}

}  // namespace

std::vector<StoredPromise> make_promises(const Services& services, Call& call,
                                         const CustomerInfo& customer, const Json& request,
                                         int64_t contact_id) {
    Views views(call.tx());
    PromiseMaker maker(services, call.tx(), customer, call.today());
    const auto parts = parts_of(maker, views, customer, request, call.today());
    std::vector<StoredPromise> out;
    for (const auto& part : parts) {
        auto one = make_one(maker, views, customer, part, call.today());
        one.person = request.value("person", "");
        one.note = request.value("note", "");
        one.made_by = name_of(call);
        one.source = "desk";
        one.contact_id = contact_id;
        maker.keep(one);
        out.push_back(std::move(one));
    }
    return out;
}

Json promises_of(Transaction& tx, int64_t customer_id, Date as_of) {
    PromiseDesk desk(tx);
    PromiseDesk::Query query;
    query.customer_id = customer_id;
    auto rows = Json::array();
    const auto keys = desk.visible(query);
    if (keys.empty()) return rows;
    const auto account = desk.judged(customer_id, as_of);
    for (const auto& [of_customer, id] : keys) {
        const auto& one = *account.find(id);
        const auto& verdict = account.verdict_of(one);
        if (one.promise.made_on <= as_of) rows.push_back(promise_json(one, verdict));
    }
    return rows;
}

Door promise_door(std::string_view command) {
    static const std::map<std::string_view, Door> doors{
        {"receivables.promise", &promise},
        {"receivables.supersede_promise", &supersede_promise},
        {"receivables.withdraw_promise", &withdraw_promise},
        {"receivables.promises", &promises},
        {"receivables.judge_promises", &judge_all},
        {"receivables.import_promises", &import_promises},
        {"receivables.promise_rules", &show_promise_rules},
        {"receivables.set_promise_rules", &set_promise_rules}};
    const auto it = doors.find(command);
    return it == doors.end() ? nullptr : it->second;
}

}  // namespace dunlin::receivables
