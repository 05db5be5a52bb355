// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "dunning/answers.hpp"

namespace dunlin::receivables::dunning {
namespace {

/// The letter, or a refusal that does not tell whether it exists.
StoredLetter need_letter(Letters& letters, const Call& call) {
    LetterQuery query;
    query.customer_id = call.id("customer");
    query.id = call.id("letter");
    auto found = letters.letters(query);
    if (found.empty()) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no letter " + std::to_string(query.id) +
                                            " of this customer that you may see; list them with "
                                            "receivables.dunning_letters");
    }
    return std::move(found.front());
}

/// The account a letter is about, as it is on a day.
Book book_of(Call& call, Policies& policies, const StoredLetter& letter, Date on) {
    FactReader reader(call.tx(), policies, /*is_scoped=*/true);
    Batch batch;
    batch.after = letter.customer_id - 1;
    batch.upto = letter.customer_id;
    batch.as_of = on;
    return reader.read(batch);
}

Json line_json(const StoredLine& stored, const std::string& currency) {
    const auto& line = stored.line;
    const auto text = [&](int64_t units) { return Money::text_of(units, minor_digits(currency)); };
    return {{"item_id", std::to_string(line.item_id)},
            {"part", line.part},
            {"kind", stored.kind},
            {"number", stored.number},
            {"reference", stored.reference},
            {"po_number", stored.po_number},
            {"issued_on", stored.issued_on.text()},
            {"due_on", line.due_on.text()},
            {"days_overdue", line.days_overdue},
            {"level", line.level},
            {"raised", line.is_raised},
            {"original", text(line.original)},
            {"open", text(line.open)},
            {"collectable", text(line.collectable)},
            {"interest", text(line.interest)},
            {"interest_from", line.interest_from ? Json(line.interest_from->text()) : Json()},
            {"fixed_sum", text(line.fixed_sum)}};
}

Json charge_json(const Charge& charge, bool is_suspended) {
    return {{"customer_id", std::to_string(charge.customer_id)},
            {"charge_id", std::to_string(charge.id)},
            {"letter_id", std::to_string(charge.letter_id)},
            {"item_id", std::to_string(charge.item_id)},
            {"kind", charge.kind},
            {"amount", money(charge.amount, charge.currency)},
            {"raised_on", charge.raised_on.text()},
            {"from", day(charge.from_on)},
            {"until", day(charge.until_on)},
            {"state", charge.state},
            {"paid", money(charge.paid, charge.currency)},
            {"left", money(charge.left(), charge.currency)},
            {"suspended", is_suspended && charge.left() > 0},
            {"ended_on", day(charge.ended_on)},
            {"ended_by", charge.ended_by},
            {"end_reason", charge.end_reason},
            {"charges", charge.charges},
            {"charges_version", charge.charges_version}};
}

Json charges_json(Call& call, const std::vector<Charge>& charges, int64_t customer_id) {
    Filter filter;
    if (customer_id != 0) filter.customers = {customer_id};
    const auto claims = Views(call.tx()).claims(call.today(), filter);
    auto rows = Json::array();
    for (const auto& charge : charges) {
        const bool is_claimed = std::any_of(claims.begin(), claims.end(), [&](const Claim& claim) {
            return claim.customer_id == charge.customer_id &&
                   (claim.item_id == 0 || claim.item_id == charge.item_id);
        });
        rows.push_back(charge_json(charge, is_claimed));
    }
    return rows;
}

/// Whether everything a letter asks for is settled by now.
bool is_resolved(const std::vector<StoredLine>& lines, const Book& book) {
    return std::all_of(lines.begin(), lines.end(), [&](const StoredLine& stored) {
        if (stored.line.is_credit) return true;
        return std::none_of(book.accounts.begin(), book.accounts.end(), [&](const Account& of) {
            return std::any_of(
                of.facts.charges.begin(), of.facts.charges.end(), [&](const OpenCharge& one) {
                    return one.item_id == stored.line.item_id && one.part == stored.line.part;
                });
        });
    });
}

}  // namespace

Json letter_json(const StoredLetter& letter) {
    const auto text = [&](int64_t units) {
        return Money::text_of(units, minor_digits(letter.currency));
    };
    return {{"customer_id", std::to_string(letter.customer_id)},
            {"letter_id", std::to_string(letter.id)},
            {"run_id", std::to_string(letter.run_id)},
            {"company_id", std::to_string(letter.company_id)},
            {"currency", letter.currency},
            {"procedure", letter.procedure},
            {"procedure_version", letter.procedure_version},
            {"level", letter.level},
            {"state", letter.state},
            {"as_of", letter.as_of.text()},
            {"released_on", day(letter.released_on)},
            {"released_by", letter.released_by},
            {"sent_on", day(letter.sent_on)},
            {"voided_on", day(letter.voided_on)},
            {"voided_by", letter.voided_by},
            {"void_reason", letter.void_reason},
            {"channel", letter.channel},
            {"template", letter.template_name},
            {"language", letter.language},
            {"credit_hold", letter.is_credit_hold},
            {"due", text(letter.due)},
            {"credits", text(letter.credits)},
            {"fee", text(letter.fee)},
            {"interest", text(letter.interest)},
            {"fixed_sums", text(letter.fixed_sums)},
            {"earlier_charges", text(letter.earlier_charges)},
            {"total", text(letter.total)},
            {"charges", letter.charges},
            {"charges_version", letter.charges_version}};
}

Json dunning_letters(const Services& services, Call& call) {
    Letters letters(services, call.tx(), /*is_scoped=*/true);
    LetterQuery query;
    query.customer_id = call.id("customer");
    query.run_id = call.id("run");
    query.state = call.value<std::string>("state", "");
    query.procedure = call.value<std::string>("procedure", "");
    query.limit = call.value<int64_t>("limit", 100);
    const auto after = call.value<std::string>("after", "");
    if (const auto colon = after.find(':'); colon != std::string::npos) {
        query.after_customer = Id<Run>::parse(after.substr(0, colon)).value();
        query.after_letter = Id<Run>::parse(after.substr(colon + 1)).value();
    }
    const auto found = letters.letters(query);
    auto rows = Json::array();
    for (const auto& letter : found) rows.push_back(letter_json(letter));
    Json out{{"rows", std::move(rows)}};
    if (static_cast<int64_t>(found.size()) == query.limit) {
        out["next"] =
            std::to_string(found.back().customer_id) + ":" + std::to_string(found.back().id);
    }
    return out;
}

Json dunning_letter(const Services& services, Call& call) {
    Letters letters(services, call.tx(), /*is_scoped=*/true);
    const auto letter = need_letter(letters, call);
    const auto lines = letters.lines({letter}).front();
    Policies policies(call.tx(), call.today());
    auto out = letter_json(letter);
    out["resolved"] = is_resolved(lines, book_of(call, policies, letter, call.today()));
    auto rows = Json::array();
    for (const auto& line : lines) rows.push_back(line_json(line, letter.currency));
    out["lines"] = std::move(rows);
    out["raised_charges"] = charges_json(
        call, letters.charges(letter.customer_id, letter.id, "", 10000), letter.customer_id);
    return out;
}

Json dunning_letter_standing(const Services& services, Call& call) {
    Letters letters(services, call.tx(), /*is_scoped=*/true);
    const auto letter = need_letter(letters, call);
    auto reason = letter.state == "voided"  ? "it was voided: " + letter.void_reason
                  : letter.state == "draft" ? std::string("it is a draft that nobody released")
                                            : std::string();
    if (reason.empty()) {
        Policies policies(call.tx(), call.today());
        const auto book = book_of(call, policies, letter, call.today());
        static_cast<void>(policies.procedure(letter.procedure));
        reason = why_not(letter, letters.lines({letter}).front(), book, policies);
    }
    return {{"may_go", reason.empty()}, {"reason", reason}};
}

Json dunning_letter_sent(const Services& services, Call& call) {
    Letters letters(services, call.tx(), /*is_scoped=*/true);
    const auto letter = need_letter(letters, call);
    if (letter.state == "draft") {
        throw Error(DUNLIN_E_CONFLICT, "a draft cannot have been sent; release it first");
    }
    const auto on = call.date("on", call.today());
    if (letter.sent_on == never) letters.mark_sent(letter, letters.lines({letter}).front(), on);
    return {{"letter_id", std::to_string(letter.id)},
            {"sent_on", day(letter.sent_on == never ? on : letter.sent_on)}};
}

Json dunning_letter_held(const Services& services, Call& call) {
    Letters letters(services, call.tx(), /*is_scoped=*/true);
    const auto letter = need_letter(letters, call);
    if (letter.state == "draft") {
        throw Error(DUNLIN_E_CONFLICT, "a draft waits anyway; it is not released yet");
    }
    if (letter.sent_on != never) {
        throw Error(DUNLIN_E_CONFLICT, "the letter went on " + letter.sent_on.text() +
                                           "; receivables.void_dunning_letter takes it back");
    }
    const bool is_news = letter.state == "released";
    if (is_news) {
        letters.hold_back(letter, call.value<std::string>("reason", ""), name_of(call),
                          call.today());
    }
    return {{"letter_id", std::to_string(letter.id)}, {"state", is_news ? "held" : letter.state}};
}

Json void_dunning_letter(const Services& services, Call& call) {
    Letters letters(services, call.tx(), /*is_scoped=*/true);
    const auto letter = need_letter(letters, call);
    if (letter.state == "voided") {
        throw Error(DUNLIN_E_CONFLICT, "the letter was voided on " + letter.voided_on.text() +
                                           ": " + letter.void_reason);
    }
    letters.take_back(letter, call.value<std::string>("reason", ""), name_of(call), call.today());
    return {{"letter_id", std::to_string(letter.id)}, {"voided_on", call.today().text()}};
}

Json remove_from_dunning(const Services& services, Call& call) {
    Letters letters(services, call.tx(), /*is_scoped=*/true);
    const auto letter = need_letter(letters, call);
    const auto item_id = call.id("item");
    if (letter.state != "draft") {
        throw Error(DUNLIN_E_CONFLICT, "only a draft can be changed; void the letter instead");
    }
    const auto lines = letters.lines({letter}).front();
    const bool is_there = std::any_of(lines.begin(), lines.end(), [&](const StoredLine& one) {
        return one.line.item_id == item_id && !one.line.is_credit;
    });
    if (!is_there) throw Error(DUNLIN_E_NOT_FOUND, "the letter is not about such an item");
    Policies policies(call.tx(), letter.as_of);
    static_cast<void>(policies.procedure(letter.procedure));
    const bool is_left = letters.remove(letter, lines, item_id, policies);
    Json out{{"is_left", is_left}};
    if (is_left) out["letter"] = letter_json(need_letter(letters, call));
    return out;
}

Json charges(const Services& services, Call& call) {
    Letters letters(services, call.tx(), /*is_scoped=*/true);
    const auto customer_id = call.id("customer");
    const auto found =
        letters.charges(customer_id, call.id("letter"), call.value<std::string>("state", ""),
                        call.value<int64_t>("limit", 1000));
    std::map<std::string, int64_t> sums;
    for (const auto& charge : found) {
        if (charge.left() > 0) sums[charge.currency] += charge.left();
    }
    auto claimable = Json::array();
    for (const auto& [currency, sum] : sums) claimable.push_back(money(sum, currency));
    return {{"rows", charges_json(call, found, customer_id)}, {"claimable", claimable}};
}

Json waive_charge(const Services& services, Call& call) {
    Letters letters(services, call.tx(), /*is_scoped=*/true);
    const auto id = call.id("charge");
    const auto all = letters.charges(call.id("customer"), 0, "", 1000000);
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Charge& one) { return one.id == id; });
    if (found == all.end()) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no charge " + std::to_string(id) +
                                            " of this customer that you may see; list them with "
                                            "receivables.charges");
    }
    if (found->state != "claimable") {
        throw Error(DUNLIN_E_CONFLICT, "the charge was " + found->state + " on " +
                                           found->ended_on.text() + ": " + found->end_reason);
    }
    if (found->left() == 0) {
        throw Error(DUNLIN_E_CONFLICT,
                    "the charge is paid; receivables.unapply_cash takes the payment back first");
    }
    letters.end(*found, "waived", name_of(call), call.value<std::string>("reason", ""),
                call.today());
    return {{"charge_id", std::to_string(id)}, {"waived", money(found->left(), found->currency)}};
}

}  // namespace dunlin::receivables::dunning
