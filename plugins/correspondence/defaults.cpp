// SPDX-License-Identifier: Apache-2.0
// The shipped templates: data.
#include <map>

#include "template.hpp"

namespace dunlin::correspondence {

namespace {

// A page for a window envelope (DIN 5008, form B) with the payment at its end.
constexpr const char* page_css = R"(<style>
@page { size: A4; margin: 20mm 20mm 22mm 25mm;
  @bottom-center { content: counter(page) " / " counter(pages); font-size: 8pt; color: #555; } }
body { font-family: "DejaVu Sans", sans-serif; font-size: 9.5pt; line-height: 1.4; margin: 0; }
.window { height: 45mm; margin-top: 25mm; } .back { font-size: 6.5pt; color: #555; }
.facts { float: right; font-size: 8.5pt; text-align: right; }
h1 { font-size: 12pt; margin: 10mm 0 5mm 0; }
table { border-collapse: collapse; width: 100%; margin: 4mm 0; }
th { text-align: left; border-bottom: 0.4pt solid #000; font-weight: normal; color: #333; }
td, th { padding: 1mm 2mm 1mm 0; } .n { text-align: right; padding-right: 0; white-space: nowrap; }
.sum td { border-top: 0.4pt solid #000; font-weight: bold; }
.pay { page-break-inside: avoid; margin-top: 6mm; } .pay svg { float: right; }
</style>)";

constexpr const char* head_html =
    R"({{#is_letter}}<div class="facts">{{date}}<br>{{customer.number}}</div>
<div class="window"><div class="back">{{sender.name}} · {{sender.street}} · {{sender.postcode}} {{sender.city}}</div>
{{recipient.name}}<br>{{#recipient.person}}{{recipient.person}}<br>{{/recipient.person}}{{recipient.street}}<br>
{{recipient.postcode}} {{recipient.city}}<br>{{recipient.country}}</div>{{/is_letter}}<h1>{{subject}}</h1>)";

constexpr const char* table_html_en = R"(<table><tr><th>Invoice</th><th>Dated</th><th>Due</th>
<th class="n">Amount</th><th class="n">Open</th></tr>
{{#lines}}<tr><td>{{number}}</td><td>{{issued_on}}</td><td>{{due_on}}</td><td class="n">{{original}}</td>
<td class="n">{{open}}</td></tr>{{/lines}}
<tr class="sum"><td colspan="4">Open amount</td><td class="n">{{amounts.due}}</td></tr>
{{#amounts.has_credits}}<tr><td colspan="4">Credits</td><td class="n">{{amounts.credits}}</td></tr>{{/amounts.has_credits}}
{{#amounts.has_fee}}<tr><td colspan="4">Reminder fee</td><td class="n">{{amounts.fee}}</td></tr>{{/amounts.has_fee}}
{{#amounts.has_interest}}<tr><td colspan="4">Interest for late payment</td><td class="n">{{amounts.interest}}</td></tr>{{/amounts.has_interest}}
{{#amounts.has_fixed_sums}}<tr><td colspan="4">Fixed sums for recovery costs</td><td class="n">{{amounts.fixed_sums}}</td></tr>{{/amounts.has_fixed_sums}}
{{#amounts.has_earlier}}<tr><td colspan="4">Charges of earlier letters</td><td class="n">{{amounts.earlier}}</td></tr>{{/amounts.has_earlier}}
<tr class="sum"><td colspan="4">To be paid</td><td class="n">{{amounts.total}}</td></tr></table>)";

constexpr const char* table_html_de = R"(<table><tr><th>Rechnung</th><th>vom</th><th>fällig</th>
<th class="n">Betrag</th><th class="n">Offen</th></tr>
{{#lines}}<tr><td>{{number}}</td><td>{{issued_on}}</td><td>{{due_on}}</td><td class="n">{{original}}</td>
<td class="n">{{open}}</td></tr>{{/lines}}
<tr class="sum"><td colspan="4">Offener Betrag</td><td class="n">{{amounts.due}}</td></tr>
{{#amounts.has_credits}}<tr><td colspan="4">Gutschriften</td><td class="n">{{amounts.credits}}</td></tr>{{/amounts.has_credits}}
{{#amounts.has_fee}}<tr><td colspan="4">Mahngebühr</td><td class="n">{{amounts.fee}}</td></tr>{{/amounts.has_fee}}
{{#amounts.has_interest}}<tr><td colspan="4">Verzugszinsen</td><td class="n">{{amounts.interest}}</td></tr>{{/amounts.has_interest}}
{{#amounts.has_fixed_sums}}<tr><td colspan="4">Verzugspauschale</td><td class="n">{{amounts.fixed_sums}}</td></tr>{{/amounts.has_fixed_sums}}
{{#amounts.has_earlier}}<tr><td colspan="4">Kosten früherer Mahnungen</td><td class="n">{{amounts.earlier}}</td></tr>{{/amounts.has_earlier}}
<tr class="sum"><td colspan="4">Zu zahlen</td><td class="n">{{amounts.total}}</td></tr></table>)";

constexpr const char* table_text_en =
    R"({{#lines}}{{number}}, due {{due_on}}: {{open}} of {{original}}
{{/lines}}Open amount: {{amounts.due}}
{{#amounts.has_credits}}Credits: {{amounts.credits}}
{{/amounts.has_credits}}{{#amounts.has_fee}}Reminder fee: {{amounts.fee}}
{{/amounts.has_fee}}{{#amounts.has_interest}}Interest for late payment: {{amounts.interest}}
{{/amounts.has_interest}}{{#amounts.has_fixed_sums}}Fixed sums for recovery costs: {{amounts.fixed_sums}}
{{/amounts.has_fixed_sums}}{{#amounts.has_earlier}}Charges of earlier letters: {{amounts.earlier}}
{{/amounts.has_earlier}}To be paid: {{amounts.total}}
)";

constexpr const char* table_text_de =
    R"({{#lines}}{{number}}, fällig {{due_on}}: {{open}} von {{original}}
{{/lines}}Offener Betrag: {{amounts.due}}
{{#amounts.has_credits}}Gutschriften: {{amounts.credits}}
{{/amounts.has_credits}}{{#amounts.has_fee}}Mahngebühr: {{amounts.fee}}
{{/amounts.has_fee}}{{#amounts.has_interest}}Verzugszinsen: {{amounts.interest}}
{{/amounts.has_interest}}{{#amounts.has_fixed_sums}}Verzugspauschale: {{amounts.fixed_sums}}
{{/amounts.has_fixed_sums}}{{#amounts.has_earlier}}Kosten früherer Mahnungen: {{amounts.earlier}}
{{/amounts.has_earlier}}Zu zahlen: {{amounts.total}}
)";

struct Words {
    const char *pay_to, *reference, *amount, *closing, *online;
};
const Words english{"Please pay to", "Reference", "Amount",
                    "Payments of the last days may not be taken into account yet.",
                    "Or pay online"};
const Words german{"Bitte zahlen Sie an", "Verwendungszweck", "Betrag",
                   "Zahlungen der letzten Tage sind eventuell noch nicht berücksichtigt.",
                   "Oder online bezahlen"};

std::string pay_html(const Words& w) {
    return std::string("<div class=\"pay\">{{{payment.code_svg}}}{{#payment.has_account}}<p>") +
           w.pay_to + ": {{payment.payee}}<br>IBAN {{payment.iban}} {{payment.bic}}<br>" +
           w.amount + ": {{payment.amount}}<br>" + w.reference +
           ": {{payment.reference}}</p>{{/payment.has_account}}{{#payment.has_link}}<p>" +
           w.online +
           ": <a href=\"{{payment.link}}\">{{payment.link}}</a></p>{{/payment.has_link}}</div><p>" +
           w.closing + "</p><p>{{sender.name}}</p>";
}

std::string pay_text(const Words& w) {
    return std::string("{{#payment.has_account}}\n") + w.pay_to +
           ": {{payment.payee}}\nIBAN {{payment.iban}} {{payment.bic}}\n" + w.amount +
           ": {{payment.amount}}\n" + w.reference +
           ": {{payment.reference}}\n{{/payment.has_account}}{{#payment.has_link}}" + w.online +
           ": {{payment.link}}\n{{/payment.has_link}}\n" + w.closing + "\n\n{{sender.name}}\n";
}

/// What is said; the rest of a letter is partials.
struct Wording {
    const char *name, *language, *subject, *body;
    bool has_table;
};

const Wording wordings[] = {
    {"pre_due", "en", "Payment due soon",
     "Dear customer, this is a friendly note that the following falls due soon.", true},
    {"reminder", "en", "Payment reminder",
     "Dear customer, you may have overlooked the following. Please pay within the next days.",
     true},
    {"dunning", "en", "Second reminder",
     "Dear customer, in spite of our reminder the following is still open. Please pay within 7 "
     "days, or tell us what keeps you from it.",
     true},
    {"final_notice", "en", "Last reminder before further steps",
     "Dear customer, the following is still open after two reminders. Unless it is paid within 7 "
     "days we will take further steps, which cause costs.",
     true},
    {"statement", "en", "Statement of your account",
     "Dear customer, this is open in your account as of {{date}}.", true},
    {"promise_reminder", "en", "Your payment on {{promise.due_on}}",
     "Dear customer, you told us that {{promise.amount}} would be paid by {{promise.due_on}}. "
     "Thank you for keeping that day.",
     false},
    {"promise_broken", "en", "Your payment of {{promise.amount}}",
     "Dear customer, {{promise.amount}} was to be paid by {{promise.due_on}} and has not come in. "
     "Please pay now, or call us.",
     false},
    {"note", "en", "{{note.subject}}", "{{note.text}}", false},
    {"pre_due", "de", "Bald fällige Zahlung",
     "Sehr geehrte Damen und Herren, folgende Beträge werden in Kürze fällig.", true},
    {"reminder", "de", "Zahlungserinnerung",
     "Sehr geehrte Damen und Herren, sicher haben Sie Folgendes übersehen. Bitte zahlen Sie in "
     "den nächsten Tagen.",
     true},
    {"dunning", "de", "Zweite Mahnung",
     "Sehr geehrte Damen und Herren, trotz unserer Erinnerung ist Folgendes noch offen. Bitte "
     "zahlen Sie innerhalb von 7 Tagen oder sagen Sie uns, was Sie daran hindert.",
     true},
    {"final_notice", "de", "Letzte Mahnung vor weiteren Schritten",
     "Sehr geehrte Damen und Herren, Folgendes ist nach zwei Mahnungen noch offen. Wird es nicht "
     "innerhalb von 7 Tagen bezahlt, leiten wir weitere Schritte ein, die Kosten verursachen.",
     true},
    {"statement", "de", "Kontoauszug",
     "Sehr geehrte Damen und Herren, am {{date}} ist auf Ihrem Konto Folgendes offen.", true},
    {"promise_reminder", "de", "Ihre Zahlung am {{promise.due_on}}",
     "Sehr geehrte Damen und Herren, Sie haben uns {{promise.amount}} bis zum {{promise.due_on}} "
     "zugesagt. Vielen Dank, dass Sie den Termin einhalten.",
     false},
    {"promise_broken", "de", "Ihre Zahlung über {{promise.amount}}",
     "Sehr geehrte Damen und Herren, {{promise.amount}} sollten bis zum {{promise.due_on}} gezahlt "
     "werden und sind nicht eingegangen. Bitte zahlen Sie jetzt oder rufen Sie uns an.",
     false},
    {"note", "de", "{{note.subject}}", "{{note.text}}", false},
};

std::map<std::string, Template, std::less<>> make_all() {
    std::map<std::string, Template, std::less<>> out;
    for (const auto* language : {"en", "de"}) {
        const bool is_english = std::string_view(language) == "en";
        const auto& words = is_english ? english : german;
        const auto put = [&](const std::string& name, std::string text, std::string html) {
            out[name + "/" + language + "/partial"] = {"", std::move(text), std::move(html)};
        };
        put("head", "", std::string(page_css) + head_html);
        put("table", is_english ? table_text_en : table_text_de,
            is_english ? table_html_en : table_html_de);
        put("payment", pay_text(words), pay_html(words));
    }
    for (const auto& one : wordings) {
        const std::string body(one.body), table = one.has_table ? "{{>table}}" : "";
        const Template made{one.subject, body + "\n\n" + table + "{{>payment}}",
                            "<html><body>{{>head}}<p style=\"white-space: pre-line\">" + body +
                                "</p>" + table + "{{>payment}}</body></html>",
                            one.has_table};
        for (const auto* channel : {"email", "letter"}) {
            out[std::string(one.name) + "/" + one.language + "/" + channel] = made;
        }
    }
    return out;
}

const std::map<std::string, Template, std::less<>>& all() {
    static const auto made = make_all();
    return made;
}

}  // namespace

const Template* default_template(std::string_view scope) {
    const auto found = all().find(scope);
    return found == all().end() ? nullptr : &found->second;
}

std::vector<std::string> default_scopes() {
    std::vector<std::string> out;
    for (const auto& one : all()) out.push_back(one.first);
    return out;
}

Json sample_fields(std::string_view language) {
    const bool is_german = language == "de";
    const auto amount = [&](const char* english_text, const char* german_text) {
        return is_german ? german_text : english_text;
    };
    const auto* day = is_german ? "02.03.2026" : "2 March 2026";
    const auto* sum = amount("EUR 1,190.00", "1.190,00 EUR");
    const auto* small = amount("EUR 12.34", "12,34 EUR");
    return {{"is_letter", true},
            {"subject", "…"},
            {"date", day},
            {"language", language},
            {"sender",
             {{"name", "Sample Ltd"},
              {"street", "1 Main Street"},
              {"postcode", "10115"},
              {"city", "Berlin"},
              {"country", "Germany"},
              {"email", "letters@sample.example"},
              {"phone", "+49 30 5550100"}}},
            {"recipient",
             {{"name", "Müller & Söhne <GmbH>"},
              {"person", "Anna Müller"},
              {"street", "Nebenweg 2"},
              {"postcode", "20095"},
              {"city", "Hamburg"},
              {"country", "DE"},
              {"email", "anna@mueller.example"}}},
            {"customer", {{"number", "C-1001"}, {"name", "Müller & Söhne <GmbH>"}}},
            {"letter", {{"number", "4711"}, {"level", "1"}, {"as_of", day}}},
            {"lines",
             {{{"number", "R-17"},
               {"reference", "PO 5"},
               {"issued_on", day},
               {"due_on", day},
               {"days_overdue", "12"},
               {"original", sum},
               {"open", sum}}}},
            {"amounts",
             {{"due", sum},
              {"has_credits", true},
              {"credits", small},
              {"has_fee", true},
              {"fee", small},
              {"has_interest", true},
              {"interest", small},
              {"has_fixed_sums", true},
              {"fixed_sums", small},
              {"has_earlier", true},
              {"earlier", small},
              {"total", sum}}},
            {"payment",
             {{"has_account", true},
              {"payee", "Sample Ltd"},
              {"iban", "DE02120300000000202051"},
              {"bic", "BYLADEM1001"},
              {"amount", sum},
              {"reference", "C-1001 4711"},
              {"has_link", true},
              {"link", "https://pay.example/C-1001%204711"},
              {"code_svg", "<svg></svg>"}}},
            {"promise", {{"due_on", day}, {"amount", sum}, {"when", "before"}}},
            {"note", {{"subject", "Your question"}, {"text", "Thank you for your call."}}}};
}

}  // namespace dunlin::correspondence
