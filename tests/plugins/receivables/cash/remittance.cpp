// SPDX-License-Identifier: Apache-2.0
#include "remittance_world.hpp"

namespace dunlin::test {
namespace {

std::string amount_text(int64_t units) {
    const auto cents = units / 100;
    return std::to_string(cents / 100) + "," + padded(static_cast<std::size_t>(cents % 100), 2);
}

class Maker : World {
public:
    Maker(uint64_t seed, std::size_t open_charges, std::size_t payments)
        : World(seed, open_charges), wanted_payments_(payments) {}

    Remittances make() {
        make_debtors();
        while (out_.payments.size() < wanted_payments_) make_payment();
        std::sort(out_.payments.begin(), out_.payments.end());
        return std::move(out_);
    }

private:
    /// Takes a charge out of what is still to be paid.
    std::size_t take(Debtor& debtor) {
        const auto at = chance_.below(debtor.open.size());
        const auto charge = debtor.open[at];
        debtor.open.erase(debtor.open.begin() + static_cast<std::ptrdiff_t>(at));
        return charge;
    }
    Debtor& anybody() {
        for (;;) {
            auto& debtor = debtors_[chance_.below(debtors_.size())];
            if (!debtor.open.empty()) return debtor;
        }
    }

    void make_payment() {
        static constexpr std::pair<int, void (Maker::*)()> kinds[] = {
            {330, &Maker::clean},     {155, &Maker::noisy},      {120, &Maker::several},
            {100, &Maker::slip},      {50, &Maker::shortened},   {25, &Maker::parts},
            {40, &Maker::discount},   {25, &Maker::deduction},   {15, &Maker::cents},
            {12, &Maker::too_much},   {35, &Maker::head_office}, {12, &Maker::third_party},
            {30, &Maker::no_number},  {10, &Maker::all_due},     {6, &Maker::and_others},
            {5, &Maker::second_time}, {5, &Maker::on_account}};
        auto draw = chance_.in(1, 975);
        for (const auto& [weight, make] : kinds) {
            draw -= weight;
            if (draw <= 0) return (this->*make)();
        }
    }

    Paid& pay(const char* kind, const Debtor& payer, const std::vector<std::size_t>& charges,
              std::string text) {
        Paid paid;
        paid.kind = kind;
        auto& receipt = paid.receipt;
        receipt.item_id = static_cast<int64_t>(out_.payments.size()) + 10000000;
        receipt.currency = "EUR";
        receipt.paid_on = today;
        for (const auto at : charges) {
            const auto& charge = out_.charges[at];
            paid.truth.push_back({charge.customer_id, charge.item_id, amounts_[at]});
            receipt.amount += amounts_[at];
            receipt.paid_on = std::max(charge.issued_on + 5, charge.due_on + chance_.in(-9, 40));
        }
        std::sort(paid.truth.begin(), paid.truth.end(),
                  [](const Line& a, const Line& b) { return a.item_id < b.item_id; });
        receipt.text = written(std::move(text));
        known_by(receipt, payer);
        out_.payments.push_back(paid);
        return out_.payments.back();
    }

    void known_by(Receipt& receipt, const Debtor& payer) {
        const auto how = chance_.in(1, 100);
        if (how <= 70) receipt.customer_id = payer.id;
        if (how <= 85) receipt.bank_account = payer.account;
        receipt.payer_name = payer.name;
        std::transform(receipt.payer_name.begin(), receipt.payer_name.end(),
                       receipt.payer_name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        if (how <= 85 || !chance_.per_mille(200)) return;
        if (chance_.per_mille(500))
            receipt.payer_name.resize(receipt.payer_name.size() * 2 / 3);
        else
            receipt.payer_name.erase(chance_.below(5) + 1, 1);
    }

    /// As a bank hands it on.
    std::string written(std::string text) {
        if (chance_.per_mille(150)) {
            text = "EREF+" + std::to_string(chance_.below(1000000000)) + " SVWZ+" + text;
        }
        if (chance_.per_mille(200)) {
            for (std::size_t at = 27; at < text.size(); at += 28) text.insert(at, 1, ' ');
        }
        if (text.size() > 140) text.resize(140);
        return text;
    }

    const std::string& number(std::size_t charge) const { return out_.charges[charge].number; }

    std::string named(const std::string& number) {
        static const char* const words[] = {
            "Rechnung ", "RE ",      "Rg.-Nr. ", "Invoice ",
            "INV ",      "Facture ", "",         "Ihre Rechnung Nr. "};
        return chance_.of(words) + number;
    }

    std::string among_noise(const std::string& number, const Charge& charge, int64_t amount) {
        const auto day = charge.issued_on.text();
        const auto german = day.substr(8) + "." + day.substr(5, 2) + "." + day.substr(0, 4);
        const auto kd = std::to_string(10000 + charge.customer_id);
        switch (chance_.below(7)) {
            case 0: return "KD-NR " + kd + " RG " + number + " VOM " + german;
            case 1: return number + " " + german + " " + amount_text(amount) + " EUR Danke!";
            case 2: return "Payment for " + number + " dated " + day + ", customer " + kd;
            case 3: return "PO 45000" + padded(chance_.below(100000), 5) + " inv. " + number;
            case 4: return "Zahlung " + german + "/" + number + "/" + kd + " Tel 089 1234567";
            case 5: return "/RFB/" + number + "/OUR REF 20" + padded(chance_.below(1000000), 6);
            default:
                return "SAMMLER " + padded(chance_.below(1000000), 6) + " " + named(number) +
                       " Skonto 0,00 Netto " + amount_text(amount);
        }
    }

    std::string with_slip(std::string number) {
        std::vector<std::size_t> digits;
        for (std::size_t i = 0; i < number.size(); ++i) {
            if (number[i] >= '0' && number[i] <= '9') digits.push_back(i);
        }
        // People err at the end more than in the year.
        const auto at =
            digits[digits.size() - 1 - chance_.below(std::min<std::size_t>(5, digits.size()))];
        switch (chance_.below(6)) {
            case 0:
            case 1:
                number[at] = static_cast<char>('0' + (number[at] - '0' + chance_.in(1, 9)) % 10);
                break;
            case 2:
                if (at + 1 < number.size())
                    std::swap(number[at], number[at + 1]);
                else
                    std::swap(number[at], number[at - 1]);
                break;
            case 3: number.erase(at, 1); break;
            case 4: number.insert(at, 1, number[at]); break;
            default: {
                static const std::string from = "015826", to = "OISBZG";
                const auto which = from.find(number[at]);
                if (which != std::string::npos)
                    number[at] = to[which];
                else
                    number[at] = static_cast<char>('0' + (number[at] - '0' + 1) % 10);
            }
        }
        return number;
    }

    void clean() {
        auto& debtor = anybody();
        const auto charge = take(debtor);
        pay("clean", debtor, {charge}, named(number(charge)));
    }
    void noisy() {
        auto& debtor = anybody();
        const auto charge = take(debtor);
        pay("noisy", debtor, {charge},
            among_noise(number(charge), out_.charges[charge], amounts_[charge]));
    }
    void several() {
        auto& debtor = anybody();
        const auto most = std::min<std::size_t>(debtor.open.size(), 12);
        if (most < 2) return;
        const auto count =
            2 +
            chance_.below(chance_.per_mille(700) ? std::min<std::size_t>(most - 1, 3) : most - 1);
        std::vector<std::size_t> charges;
        static const char* const between[] = {", ", " ", " + ", "/", " und ", "; "};
        const std::string gap = chance_.of(between);
        std::string text;
        for (std::size_t i = 0; i < count; ++i) {
            charges.push_back(take(debtor));
            auto one = number(charges.back());
            if (chance_.per_mille(40)) one = with_slip(one);
            text += text.empty() ? named(one) : gap + one;
        }
        pay("several", debtor, charges, text);
    }
    void slip() {
        auto& debtor = anybody();
        const auto charge = take(debtor);
        const auto number = with_slip(this->number(charge));
        const bool is_noisy = chance_.per_mille(300);
        pay("slip", debtor, {charge},
            is_noisy ? among_noise(number, out_.charges[charge], amounts_[charge]) : named(number));
    }
    void shortened() {
        auto& debtor = anybody();
        const auto charge = take(debtor);
        auto text = number(charge);
        if (const auto at = text.find_last_of("-/"); at != std::string::npos) text.erase(0, at + 1);
        if (chance_.per_mille(500)) text.erase(0, text.find_first_not_of('0'));
        pay("shortened", debtor, {charge}, named(text));
    }
    void parts() {
        auto& debtor = anybody();
        const auto charge = take(debtor);
        const auto count = chance_.in(2, 3);
        auto left = amounts_[charge];
        for (int i = 1; i <= count; ++i) {
            auto share = i == count ? left : amounts_[charge] / count / 10000 * 10000;
            if (share <= 0) share = left;
            const auto text = named(number(charge));
            auto& paid = pay("parts", debtor, {charge},
                             chance_.per_mille(500) ? text + " Rate " + std::to_string(i) : text);
            paid.receipt.amount = paid.truth[0].amount = share;
            paid.receipt.paid_on = paid.receipt.paid_on + 20 * i;
            left -= share;
            if (left <= 0) break;
        }
    }
    void pays_less(const char* kind, Debtor& debtor, std::size_t charge, int64_t less,
                   const std::string& more, Date paid_on) {
        auto& paid = pay(kind, debtor, {charge}, named(number(charge)) + more);
        paid.receipt.amount -= less;
        paid.truth[0].amount = paid.receipt.amount;
        if (paid_on != never) paid.receipt.paid_on = paid_on;
    }
    void discount() {
        auto& debtor = anybody();
        if (debtor.discount_per_cent == 0) return discount();
        const auto at = take(debtor);
        const auto& charge = out_.charges[at];
        const auto paid_on =
            charge.discount_on + (chance_.per_mille(200) ? chance_.in(4, 20) : chance_.in(-8, 0));
        pays_less("discount", debtor, at, charge.discount,
                  chance_.per_mille(500) ? " abzgl. Skonto" : "", paid_on);
    }
    void deduction() {
        auto& debtor = anybody();
        const auto charge = take(debtor);
        static const char* const why[] = {" abzgl. Retoure", " less damaged goods",
                                          " Mengendifferenz", ""};
        const auto share = amounts_[charge] / cent * chance_.in(3, 40) / 100;
        pays_less("deduction", debtor, charge, std::max<int64_t>(share, 1) * cent, chance_.of(why),
                  never);
    }
    void cents() {
        auto& debtor = anybody();
        const auto charge = take(debtor);
        const auto less = std::min<int64_t>(
            amounts_[charge] / 2 / cent * cent,
            int64_t{chance_.per_mille(500) ? chance_.in(1, 50) : chance_.in(100, 1500)} * cent);
        pays_less("cents", debtor, charge, less, "", never);
    }
    void too_much() {
        auto& debtor = anybody();
        const auto charge = take(debtor);
        auto& paid = pay("too_much", debtor, {charge}, named(number(charge)));
        const auto whole = 100 * 100 * cent;
        paid.receipt.amount =
            chance_.per_mille(300) ? 2 * amounts_[charge] : (amounts_[charge] / whole + 1) * whole;
        // A whole hundred already: nothing is too much of it.
        if (paid.receipt.amount == amounts_[charge]) paid.receipt.amount += whole;
    }
    void head_office() {
        auto& debtor = anybody();
        if (debtor.parent_id == 0) return head_office();
        const auto& payer = debtors_[static_cast<std::size_t>(debtor.parent_id - 1)];
        std::vector<std::size_t> charges{take(debtor)};
        auto text = named(number(charges[0]));
        if (!debtor.open.empty() && chance_.per_mille(400)) {
            charges.push_back(take(debtor));
            text += ", " + number(charges[1]);
        }
        pay("head_office", payer, charges, text);
    }
    void third_party() {
        auto& debtor = anybody();
        const auto charge = take(debtor);
        Debtor stranger;
        stranger.name = "Treuhand " + std::to_string(chance_.below(1000)) + " KG";
        stranger.account = "FR76" + padded(chance_.below(100000000), 12);
        const auto& payer = chance_.per_mille(200) ? anybody() : stranger;
        pay("third_party", payer, {charge},
            named(number(charge)) + (chance_.per_mille(500) ? " fuer " + debtor.name : ""));
    }
    void no_number() {
        static const char* const words[] = {"Zahlung", "payment with thanks", "",
                                            "Ueberweisung Mai", "Kundennummer"};
        auto& debtor = anybody();
        const auto charge = take(debtor);
        pay("no_number", debtor, {charge}, chance_.of(words));
    }
    void all_due() {
        auto& debtor = anybody();
        std::vector<std::size_t> due;
        for (const auto at : debtor.open) {
            if (out_.charges[at].due_on <= today) due.push_back(at);
        }
        if (due.size() < 2 || due.size() > 40) return all_due();
        std::erase_if(debtor.open,
                      [&](std::size_t at) { return out_.charges[at].due_on <= today; });
        pay("all_due", debtor, due, "Kontoausgleich").receipt.paid_on = today;
    }
    void and_others() {
        auto& debtor = anybody();
        if (debtor.open.size() < 3) return and_others();
        std::vector<std::size_t> charges{take(debtor), take(debtor)};
        if (chance_.per_mille(500)) charges.push_back(take(debtor));
        pay("and_others", debtor, charges, named(number(charges[0])) + " u.a.");
    }
    void second_time() {
        auto& debtor = anybody();
        if (debtor.settled.empty()) return second_time();
        const auto charge = chance_.of(debtor.settled);
        auto& paid = pay("second_time", debtor, {}, named(number(charge)));
        paid.receipt.amount = amount(debtor);
        paid.receipt.paid_on = today - chance_.in(0, 30);
    }
    void on_account() {
        auto& debtor = anybody();
        auto& paid = pay("on_account", debtor, {}, "a conto");
        paid.receipt.amount = int64_t{chance_.in(1, 50)} * 100 * 100 * cent;
        paid.receipt.paid_on = today - chance_.in(0, 30);
    }

    std::size_t wanted_payments_;
};

}  // namespace

Remittances make_remittances(uint64_t seed, std::size_t open_charges, std::size_t payments) {
    return Maker(seed, open_charges, payments).make();
}

}  // namespace dunlin::test
