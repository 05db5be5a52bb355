// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "dunning/answers.hpp"

namespace dunlin::receivables::dunning {
namespace {

constexpr int64_t customers_at_once = 2000;

Json day_or_null(std::optional<Date> date) {
    return date ? Json(date->text()) : Json();
}

Json previewed_json(const Letter& letter) {
    auto lines = Json::array();
    const auto text = [&](int64_t units) {
        return Money::text_of(units, minor_digits(letter.currency));
    };
    for (const auto& line : letter.lines) {
        lines.push_back({{"item_id", std::to_string(line.item_id)},
                         {"part", line.part},
                         {"level", line.level},
                         {"raised", line.is_raised},
                         {"due_on", line.due_on.text()},
                         {"days_overdue", line.days_overdue},
                         {"original", text(line.original)},
                         {"open", text(line.open)},
                         {"collectable", text(line.collectable)},
                         {"interest", text(line.interest)},
                         {"interest_from", day_or_null(line.interest_from)},
                         {"fixed_sum", text(line.fixed_sum)}});
    }
    return {{"customer_id", std::to_string(letter.customer_id)},
            {"company_id", std::to_string(letter.company_id)},
            {"currency", letter.currency},
            {"procedure", letter.procedure->name},
            {"level", letter.level->number},
            {"channel", letter.level->channel},
            {"template", letter.level->template_name},
            {"credit_hold", letter.level->is_credit_hold},
            {"due", text(letter.due)},
            {"credits", text(letter.credits)},
            {"fee", text(letter.fee)},
            {"interest", text(letter.interest)},
            {"fixed_sums", text(letter.fixed_sums)},
            {"earlier_charges", text(letter.earlier_charges)},
            {"total", text(letter.total())},
            {"lines", std::move(lines)}};
}

Json held_json(const Held& held) {
    return {{"customer_id", std::to_string(held.customer_id)},
            {"item_id", std::to_string(held.item_id)},
            {"part", held.part},
            {"procedure", held.procedure},
            {"level", held.level},
            {"reason", held.reason},
            {"amount", money(held.amount, held.currency)}};
}

Json reasons_json(const std::map<std::string, int64_t>& reasons) {
    auto out = Json::array();
    for (const auto& [reason, items] : reasons) {
        out.push_back({{"reason", reason}, {"items", items}});
    }
    return out;
}

Json run_json(Letters& letters, const Run& run, bool is_new) {
    return {{"run_id", std::to_string(run.id)},
            {"as_of", run.as_of.text()},
            {"procedure", run.procedure},
            {"state", run.is_done ? "done" : "running"},
            {"is_new", is_new},
            {"letters", run.letters},
            {"lines", run.lines},
            {"asked_by", run.asked_by},
            {"held", reasons_json(letters.held_by_reason(run.id))}};
}

const Procedure& need_procedure(Policies& policies, const std::string& name) {
    const auto* found = policies.procedure(name);
    if (found != nullptr) return *found;
    throw Error(DUNLIN_E_NOT_FOUND, "there is no dunning procedure \"" + name +
                                        "\"; set it with receivables.set_dunning_procedure");
}

/// A letter about what was paid days ago is worse than one that comes later.
void check_sources(Letters& letters, const Procedure& procedure, int64_t now_us) {
    if (!procedure.stale_after_days) return;
    constexpr int64_t day_us = 86'400'000'000;
    for (const auto& [source, known_at] : letters.last_changes()) {
        const auto days = (now_us - known_at) / day_us;
        if (days < *procedure.stale_after_days) continue;
        throw Error(DUNLIN_E_CONFLICT,
                    "source " + source + " has brought nothing for " + std::to_string(days) +
                        " days, so what was paid since is not known; sync it, or change "
                        "\"stale_after_days\" of procedure " +
                        procedure.name);
    }
}

void check_date(Letters& letters, const std::string& procedure, Date as_of, Date today) {
    if (as_of > today) {
        throw Error(DUNLIN_E_INVALID, "a run for " + as_of.text() +
                                          " would ask for what is not due yet; "
                                          "receivables.preview_dunning looks ahead");
    }
    const auto last = letters.last_released(procedure);
    if (!last || as_of >= *last) return;
    throw Error(DUNLIN_E_CONFLICT, "letters of " + last->text() +
                                       " were released already, so a run for " + as_of.text() +
                                       " is too late; receivables.preview_dunning may look back");
}

}  // namespace

std::string name_of(const Call& call) {
    return call.principal().value("name", "");
}

Json preview_dunning(const Services&, Call& call) {
    const auto as_of = call.date("as_of", call.today());
    Batch batch;
    batch.as_of = as_of;
    batch.procedure = call.value<std::string>("procedure", "");
    Policies policies(call.tx(), as_of);
    if (!batch.procedure.empty()) need_procedure(policies, batch.procedure);
    FactReader reader(call.tx(), policies, /*is_scoped=*/true);
    const auto limit = static_cast<std::size_t>(call.value<int64_t>("limit", 100));
    const auto customer = call.id("customer");
    auto listed = Json::array(), held = Json::array();
    std::map<std::string, int64_t> reasons;
    std::map<std::tuple<std::string, int64_t, std::string>, std::pair<int64_t, int64_t>> sums;
    int64_t letters = 0;
    if (customer != 0) batch.after = customer - 1;
    while (const auto last = reader.next_customers(batch.after, customer ? 1 : customers_at_once)) {
        if (customer != 0 && *last != customer) break;
        batch.upto = *last;
        auto book = reader.read(batch);
        const auto decision = decide(book, policies, as_of);
        for (const auto& letter : decision.letters) {
            ++letters;
            auto& sum = sums[{letter.procedure->name, letter.level->number, letter.currency}];
            ++sum.first;
            sum.second += letter.total();
            if (listed.size() < limit) listed.push_back(previewed_json(letter));
        }
        for (const auto& one : decision.held) {
            ++reasons[one.reason];
            if (held.size() < limit) held.push_back(held_json(one));
        }
        batch.after = batch.upto;
        if (customer != 0) break;
        call.cancel().throw_if_requested();
    }
    auto totals = Json::array();
    for (const auto& [key, sum] : sums) {
        const auto& [procedure, level, currency] = key;
        totals.push_back({{"procedure", procedure},
                          {"level", level},
                          {"letters", sum.first},
                          {"total", money(sum.second, currency)}});
    }
    return {{"as_of", as_of.text()},
            {"letters", letters},
            {"totals", totals},
            {"rows", std::move(listed)},
            {"held", reasons_json(reasons)},
            {"left_out", std::move(held)}};
}

Json dun(const Services& services, Call& call) {
    auto& tx = call.tx();
    const auto as_of = call.date("as_of", call.today());
    const auto name = call.value<std::string>("procedure", "");
    Letters letters(services, tx, /*is_scoped=*/false);
    auto run = letters.run(name, as_of);
    const bool is_again = run && run->is_done && call.value("refresh", false);
    if (run && run->is_done && !is_again) return run_json(letters, *run, false);
    Policies policies(tx, as_of);
    const auto& procedure =
        need_procedure(policies, name.empty() ? policies.assigned(0, "") : name);
    check_date(letters, name, as_of, call.today());
    check_sources(letters, procedure, call.now_us());
    const bool is_new = !run;
    if (is_new) run = letters.start(name, as_of, name_of(call));
    if (is_again) {
        auto anew = letters.hold(run->id);
        anew.is_done = false;
        anew.after_customer = anew.letters = anew.lines = anew.held = 0;
        letters.save(anew);
    }
    const auto customers = call.value<int64_t>("customers_at_once", customers_at_once);
    if (draft_batch(services, tx, run->id, customers)) {
        const auto id = std::to_string(run->id);
        tx.enqueue("receivables.dun", id, {{"run", id}, {"customers_at_once", customers}});
    }
    return run_json(letters, *letters.run(run->id), is_new);
}

void dun_on(const Services& services, const Job& job) {
    const auto run_id = Id<Run>::parse(job.args.at("run").get<std::string>()).value();
    const auto customers = job.args.at("customers_at_once").get<int64_t>();
    for (bool has_more = true; has_more;) {
        job.cancel.throw_if_requested();
        auto tx = services.begin(DUNLIN_TX_WRITE);
        has_more = draft_batch(services, tx, run_id, customers);
        tx.commit();
    }
}

Json dunning_run(const Services& services, Call& call) {
    Letters letters(services, call.tx(), /*is_scoped=*/true);
    const auto run = letters.run(call.id("run"));
    if (!run) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "there is no dunning run " + call.value<std::string>("run", ""));
    }
    auto out = run_json(letters, *run, false);
    out.erase("is_new");
    auto rows = Json::array();
    for (const auto& [held, number] : letters.held(run->id, call.value<int64_t>("limit", 1000))) {
        rows.push_back(held_json(held));
        rows.back()["number"] = number;
    }
    out["left_out"] = std::move(rows);
    return out;
}

Json release_dunning(const Services& services, Call& call) {
    auto& tx = call.tx();
    Letters letters(services, tx, /*is_scoped=*/false);
    LetterQuery which;
    which.run_id = call.id("run");
    which.customer_id = call.id("customer");
    which.id = call.id("letter");
    if ((which.run_id == 0) == (which.id == 0) || (which.customer_id == 0) != (which.id == 0)) {
        throw Error(DUNLIN_E_INVALID, "name a run, or one letter with its customer");
    }
    const auto on = call.date("date", call.today());
    if (on > call.today()) throw Error(DUNLIN_E_INVALID, "a letter is not released ahead of time");
    if (which.run_id != 0) {
        const auto run = letters.run(which.run_id);
        if (!run) throw Error(DUNLIN_E_NOT_FOUND, "there is no such dunning run");
        if (!run->is_done) {
            throw Error(DUNLIN_E_CONFLICT, "the run is not through yet; see dunlin jobs list");
        }
    }
    const auto done =
        release_batch(services, tx, which, customers_at_once, on, call.today(), name_of(call));
    if (which.id != 0 && done.letters == 0) {
        throw Error(DUNLIN_E_CONFLICT,
                    done.held.empty()
                        ? "there is no such draft"
                        : "the letter does not hold any more: " + done.held[0].second +
                              "; receivables.dun with \"refresh\" makes it anew");
    }
    if (!done.is_done) {
        const auto id = std::to_string(which.run_id);
        tx.enqueue("receivables.release_dunning", id,
                   {{"run", id},
                    {"after", done.after_customer},
                    {"date", on.text()},
                    {"by", name_of(call)}});
    }
    auto held = Json::array();
    for (const auto& [letter, reason] : done.held) {
        held.push_back({{"customer_id", std::to_string(letter.customer_id)},
                        {"letter_id", std::to_string(letter.id)},
                        {"reason", reason}});
    }
    return {{"released", done.letters}, {"is_done", done.is_done}, {"held", std::move(held)}};
}

void release_on(const Services& services, const Job& job) {
    LetterQuery which;
    which.run_id = Id<Run>::parse(job.args.at("run").get<std::string>()).value();
    which.after_customer = job.args.at("after").get<int64_t>();
    const auto on = Date::parse(job.args.at("date").get<std::string>());
    const std::string by = job.args.at("by");
    for (bool is_done = false; !is_done;) {
        job.cancel.throw_if_requested();
        auto tx = services.begin(DUNLIN_TX_WRITE);
        const auto done = release_batch(services, tx, which, customers_at_once, on, job.today, by);
        tx.commit();
        is_done = done.is_done;
        which.after_customer = done.after_customer;
    }
}

}  // namespace dunlin::receivables::dunning
