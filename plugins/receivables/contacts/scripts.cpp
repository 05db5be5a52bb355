// SPDX-License-Identifier: Apache-2.0
// What to say in which situation: short, open questions first, and a way out of a hard call.
#include <algorithm>

#include "contacts/contacts.hpp"
#include "worklist/work.hpp"

namespace dunlin::receivables {
namespace {

constexpr const char* default_text = R"({"scripts": [
  {"situation": "before_due", "title": "Before the due date", "lines": [
    "Say who you are and that nothing is wrong: the invoice is due soon and you make sure it arrived.",
    "Ask: has it been approved, and on which day will it be paid?",
    "Ask whether anything is missing: order number, proof of delivery, bank details.",
    "Note the day as a promise and thank them."]},
  {"situation": "overdue", "title": "Overdue for the first time", "lines": [
    "Name the invoice, its amount and its due date, and ask when it will be paid. Then wait.",
    "If there is a reason, ask what would solve it, and note it: each reason has its remedy.",
    "Agree on a day and an amount. Repeat both, and say that you will look on that day.",
    "Send the invoice again while you speak if they do not have it."]},
  {"situation": "broken_promise", "title": "A promise was not kept", "lines": [
    "Say what was promised, for which day and by whom. Do not ask why first: ask what happened.",
    "Ask what has changed since, and what can be paid today.",
    "Take a smaller promise that can be kept rather than a large one that cannot.",
    "Say calmly what comes next if this one is not kept either, and only what will really come."]},
  {"situation": "long_overdue", "title": "More than 60 days overdue", "lines": [
    "Ask for whoever decides about payments.",
    "Say what is open in all, and since when, and what you need by which day.",
    "Offer a plan if all at once is not possible, with the first instalment within a week.",
    "Say what is decided on that day if nothing comes. Do not threaten what you would not do."]},
  {"situation": "says_paid", "title": "Says it is paid", "lines": [
    "Thank them and ask for the date, the amount, the reference and the account it was sent to.",
    "Do not argue: say that you will look for it and call back on a day you name.",
    "If it went to another account, ask for the proof at once and tell your supervisor."]},
  {"situation": "disputes", "title": "Disputes what is asked", "lines": [
    "Ask what is right about the invoice first: that part can be paid now.",
    "Ask what exactly is wrong, since when they know, and to whom they said so.",
    "Write it down in their words, open the dispute for that part only, and say who answers by when."]},
  {"situation": "short_of_money", "title": "Cannot pay now", "lines": [
    "Say that you are glad they tell you. Ask what they expect to come in, and when.",
    "Ask for something today, however small, and agree on dates for the rest.",
    "Note whether others are waiting as well, and tell your supervisor before more is delivered."]},
  {"situation": "angry", "title": "Is angry", "lines": [
    "Let them finish. Do not answer the anger: say what you have understood.",
    "Say what you can do, and what you cannot.",
    "If they insult you, say once that you will end the call and when you will call again, and do so.",
    "Note what was said and not what you think of it."]}
]})";

const Json& default_scripts() {
    static const Json body = Json::parse(default_text);
    return body;
}

/// The situation that the facts of a customer speak for.
std::string situation_of(const Facts& facts) {
    const auto general = facts.find("");
    const auto fact = [&](std::string_view name) {
        if (general == facts.end()) return int64_t{0};
        const auto it = general->second.find(name);
        return it == general->second.end() ? 0 : it->second;
    };
    if (fact("broken_promises") > 0) return "broken_promise";
    if (fact("days_overdue") > 60) return "long_overdue";
    return fact("days_overdue") > 0 ? "overdue" : "before_due";
}

}  // namespace

Json call_scripts(const Services&, Call& call) {
    const auto policy = call.tx().policy("script", "", call.today());
    const auto& body = policy ? policy->at("body") : default_scripts();
    Json out{{"version", policy ? policy->at("version") : Json(0)},
             {"scripts", body.at("scripts")}};
    if (const auto id = call.id("customer"); id != 0) {
        Views views(call.tx());
        Filter filter;
        filter.customers = {need_customer(views, id).id};
        FactBook book(call.tx(), call.today(), filter);
        out["suggested"] = situation_of(book.facts()[id]);
    }
    return out;
}

Json set_call_scripts(const Services&, Call& call) {
    const auto valid_from = call.date("valid_from", call.today());
    const auto version =
        call.tx().put_policy("script", "", valid_from, {{"scripts", call.request().at("scripts")}});
    return {{"version", version}, {"valid_from", valid_from.text()}};
}

}  // namespace dunlin::receivables
