// SPDX-License-Identifier: Apache-2.0
#include "compose.hpp"

#include <dunlin/blobs.hpp>
#include <dunlin/money.hpp>

#include <algorithm>

#include "attachments.hpp"
#include "format.hpp"
#include "payment_code.hpp"

namespace dunlin::correspondence {

namespace {

/// What ends in no letter, but in the reason why there is none.
struct Held : Error {
    explicit Held(const std::string& why) : Error(DUNLIN_E_INVALID, why) {}
};

Json amounts(const Letter& letter, const std::string& language) {
    const auto text = [&](int64_t units) { return amount_text(units, letter.currency, language); };
    return {{"due", text(letter.due)},
            {"has_credits", letter.credits != 0},
            {"credits", text(-std::abs(letter.credits))},
            {"has_fee", letter.fee != 0},
            {"fee", text(letter.fee)},
            {"has_interest", letter.interest != 0},
            {"interest", text(letter.interest)},
            {"has_fixed_sums", letter.fixed_sums != 0},
            {"fixed_sums", text(letter.fixed_sums)},
            {"has_earlier", letter.earlier != 0},
            {"earlier", text(letter.earlier)},
            {"total", text(letter.total)}};
}

Json lines(const Letter& letter, const std::string& language) {
    auto out = Json::array();
    for (const auto& line : letter.lines) {
        out.push_back({{"number", line.number},
                       {"reference", line.reference},
                       {"issued_on", date_text(line.issued_on, language)},
                       {"due_on", date_text(line.due_on, language)},
                       {"days_overdue", std::to_string(line.days_overdue)},
                       {"original", amount_text(line.original, letter.currency, language)},
                       {"open", amount_text(line.open, letter.currency, language)}});
    }
    return out;
}

Json payment(const Sender& sender, const Letter& letter, const std::string& reference,
             const std::string& language) {
    const bool has_account = !sender.iban.empty() && letter.total > 0;
    const Payment code_of_bank{sender.name, sender.iban, sender.bic, letter.total, reference};
    const bool has_code = has_account && letter.currency == "EUR" && is_iban(sender.iban) &&
                          letter.total % (Money::scale / 100) == 0;
    const auto link = letter.total > 0
                          ? filled_link(sender.pay_link, reference, letter.total, letter.currency)
                          : std::string();
    const auto code = has_code ? payment_text(code_of_bank) : link;
    return {{"has_account", has_account},
            {"has_link", !link.empty()},
            {"link", link},
            {"payee", sender.name},
            {"iban", sender.iban},
            {"bic", sender.bic},
            {"amount", amount_text(letter.total, letter.currency, language)},
            {"reference", reference},
            {"code_svg", code.empty() ? "" : qr_svg(code)}};
}

/// The amounts behind a message: of a dunning letter, a statement, a promise, or none.
Letter letter_of(Ledger& ledger, const Message& message, Date today) {
    if (message.kind == "dunning_letter") {
        return ledger.dunning_letter(message.customer_id, message.source_id);
    }
    Letter out;
    out.currency = message.facts.value("currency", "EUR");
    out.as_of = today;
    if (message.kind == "statement") {
        return ledger.statement(message.customer_id, out.currency, today);
    }
    if (message.facts.contains("amount")) {
        out.due = out.total = Money::parse_units(message.facts.at("amount").get<std::string>());
    }
    return out;
}

Json fields_of(const Message& m, const Party& party, const Address& address, const Sender& sender,
               const Letter& letter, Date today) {
    const auto& language = m.language;
    const auto due_on = m.facts.value("due_on", today.text());
    const auto number = m.source_id != 0 ? std::to_string(m.source_id) : std::to_string(m.id);
    const auto reference = party.number + " " + number;
    auto out = Json{
        {"is_letter", m.channel == "letter"},
        {"date", date_text(today, language)},
        {"language", language},
        {"sender",
         {{"name", sender.name},
          {"street", sender.street},
          {"postcode", sender.postcode},
          {"city", sender.city},
          {"country", sender.country},
          {"email", sender.email},
          {"phone", sender.phone}}},
        {"recipient",
         {{"name", party.name},
          {"person", address.person == party.name ? "" : address.person},
          {"street", address.street},
          {"postcode", address.postcode},
          {"city", address.city},
          {"country", address.country == sender.country ? "" : address.country},
          {"email", m.channel == "email" ? address.value : ""}}},
        {"customer", {{"number", party.number}, {"name", party.name}}},
        {"letter",
         {{"number", number},
          {"level", std::to_string(letter.level)},
          {"as_of", date_text(letter.as_of, language)}}},
        {"lines", lines(letter, language)},
        {"amounts", amounts(letter, language)},
        {"payment", payment(sender, letter, reference, language)},
        {"promise",
         {{"due_on", date_text(Date::parse(due_on), language)},
          {"amount", amount_text(letter.total, letter.currency, language)},
          {"when", m.facts.value("when", "")}}},
        {"note", {{"subject", m.facts.value("subject", "")}, {"text", m.facts.value("text", "")}}}};
    return out;
}

/// Subject first: the head of a letter repeats it.
Rendered fill_in(Transaction& tx, const std::string& scope, const Template& what, Json fields,
                 const std::string& language, Date today) {
    const auto partials = partials_of(tx, language, today);
    fields["subject"] = "";
    fields["subject"] = render(scope, {what.subject, "", "", false, 0}, fields, partials).subject;
    return render(scope, what, fields, partials);
}

std::string scope_of(const Message& m, const std::string& channel) {
    return m.template_name + "/" + m.language + "/" + channel;
}

/// A language that the template is there in: the customer's, else ours, else English.
void choose_language(Transaction& tx, const Settings& settings, Message& m, Date today,
                     const std::string& wanted) {
    for (const auto& one : {wanted.substr(0, 2), settings.language, std::string("en")}) {
        m.language = one;
        if (default_template(scope_of(m, m.channel)) ||
            tx.policy("template", scope_of(m, m.channel), today)) {
            return;
        }
    }
}

}  // namespace

Settings Settings::of(const Services& services) {
    const auto config = services.config();
    Settings out;
    out.is_sending = config.value("sending", false);
    out.language = config.value("language", "en");
    out.print_folder = config.value("print_folder", "");
    out.account = config.value("account", "");
    out.attached_max = config.value<int64_t>("attached_max", 20);
    out.attached_mib = config.value<int64_t>("attached_mib", 10);
    out.companies = config.value("companies", Json::object());
    return out;
}

Sender Settings::sender(Transaction& tx, int64_t company_id) const {
    auto out = Ledger(tx).company(company_id);
    auto found = companies.find(out.name);
    if (found == companies.end() && companies.size() == 1) found = companies.begin();
    if (found == companies.end()) return out;
    const auto take = [&](const char* key, std::string& to) {
        if (found->contains(key)) to = found->at(key).get<std::string>();
    };
    if (out.name.empty()) out.name = found.key();
    take("name", out.name);
    take("street", out.street);
    take("postcode", out.postcode);
    take("city", out.city);
    take("country", out.country);
    take("email", out.email);
    take("phone", out.phone);
    take("iban", out.iban);
    take("bic", out.bic);
    take("pay_link", out.pay_link);
    take("from", out.from);
    take("account", out.account);
    if (out.account.empty()) out.account = account;
    return out;
}

Template template_of(Transaction& tx, const std::string& scope, Date on) {
    if (const auto policy = tx.policy("template", scope, on)) {
        auto out = parse_template(policy->at("body"));
        out.version = policy->at("version").get<int64_t>();
        return out;
    }
    if (const auto* shipped = default_template(scope)) return *shipped;
    throw Error(DUNLIN_E_NOT_FOUND, "there is no template " + scope +
                                        "; correspondence.templates lists those there are, "
                                        "correspondence.set_template makes one");
}

Partials partials_of(Transaction& tx, const std::string& language, Date on) {
    return [&tx, language, on](std::string_view name, bool is_html) {
        const auto found = template_of(tx, std::string(name) + "/" + language + "/partial", on);
        return is_html ? found.html : found.text;
    };
}

Content compose(Transaction& tx, const Settings& settings, Message& m) {
    Ledger ledger(tx);
    const auto today = tx.today();
    const auto party = ledger.party(m.customer_id);
    m.salesperson = party.salesperson;
    m.portfolio = party.portfolio;
    m.recipient = party.name;
    const auto letter = letter_of(ledger, m, today);
    if (letter.company_id != 0) m.company_id = letter.company_id;
    if (m.kind == "dunning_letter") m.template_name = letter.template_name;
    choose_language(tx, settings, m, today,
                    letter.language.empty() ? party.language : letter.language);
    const auto scope = scope_of(m, m.channel);
    const auto what = template_of(tx, scope, today);
    m.template_version = what.version;
    const auto address = ledger.address(m.customer_id, m.channel, today);
    if (!address) {
        throw Held("there is no " + std::string(m.channel == "email" ? "e-mail" : "postal") +
                   " address in force; add one in the source system, for the role dunning or "
                   "billing, and release the message");
    }
    const auto sender = settings.sender(tx, m.company_id);
    if (sender.name.empty()) {
        throw Held(
            "nobody is named as its sender; add [plugins.correspondence.companies.\"…\"] "
            "to dunlin.toml");
    }
    m.address = m.channel == "email" ? address->value
                                     : address->street + ", " + address->postcode + " " +
                                           address->city + " " + address->country;
    const auto fields = fields_of(m, party, *address, sender, letter, today);
    const auto made = fill_in(tx, scope, what, fields, m.language, today);
    m.subject = made.subject;
    Content out{made.subject, made.text, made.html, "", party.name, ""};
    if (what.attaches_documents) attach(ledger, settings, m.customer_id, letter, out);
    if (m.channel == "letter") out.letter_html = made.html;
    if (m.channel != "email") return out;
    out.to = address->value;
    if (!what.has_letter) return out;
    const auto paper = scope_of(m, "letter");
    auto more = fields;
    more["is_letter"] = true;
    if (const auto post = ledger.address(m.customer_id, "letter", today)) {
        more["recipient"]["street"] = post->street;
        more["recipient"]["postcode"] = post->postcode;
        more["recipient"]["city"] = post->city;
    }
    out.letter_html =
        fill_in(tx, paper, template_of(tx, paper, today), more, m.language, today).html;
    return out;
}

void enqueue_send(Transaction& tx, const Message& m, int64_t at_us) {
    tx.enqueue("correspondence.send", std::to_string(m.id) + ":" + std::to_string(m.attempts),
               {{"customer", std::to_string(m.customer_id)}, {"message", std::to_string(m.id)}},
               at_us);
}

void recompose(const Services& services, Transaction& tx, Message& m) {
    const Blobs blobs(services);
    const auto before = m.state;
    for (auto* blob : {&m.content_blob, &m.pdf_blob, &m.mime_blob}) {
        if (const auto id = std::exchange(*blob, 0)) blobs.remove(tx, m.customer_id, id);
    }
    const auto settings = Settings::of(services);
    m.reason.clear();
    m.state = "queued";
    try {
        const auto content = compose(tx, settings, m);
        m.content_blob = blobs.write(tx, m.customer_id, Json(content).dump()).id;
        const auto verdict = gate(tx, settings, m);
        if (!verdict.state.empty()) {
            m.state = verdict.state;
            m.reason = verdict.reason;
        } else {
            m.reason = told_of_missing(content);
        }
    } catch (const Error& e) {
        if (is_retryable(e.status())) throw;
        m.state = "held";
        m.reason = e.what();
    }
    if (!Messages(tx).update(m, before)) {
        throw Error(DUNLIN_E_CONFLICT, "somebody else changed the message; look at it again");
    }
    if (m.state == "queued") enqueue_send(tx, m);
}

int64_t make(const Services& services, Transaction& tx, Message m) {
    m.id = services.next_id();
    m.created_on = tx.today();
    m.created_us = m.changed_us = tx.now_us();
    if (!Messages(tx).insert(m)) return 0;
    recompose(services, tx, m);
    return m.id;
}

}  // namespace dunlin::correspondence
