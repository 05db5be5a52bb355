// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "names.hpp"
#include "sink.hpp"

namespace dunlin::receivables {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    for (const auto word : words) {
        if (text == word) return true;
    }
    return false;
}

/// Rejects a word outside its list; an empty one stands for the default.
void check_word(Intake& in, Incoming& row, std::string_view column, std::string_view text,
                std::initializer_list<std::string_view> words) {
    if (text.empty() || is_one_of(text, words)) return;
    std::string list;
    for (const auto word : words) list.append(list.empty() ? "" : ", ").append(word);
    in.reject(
        row, "unknown_" + std::string(column),
        std::string(column) + " \"" + std::string(text.substr(0, 40)) + "\" is none of " + list);
}

void check_currency(Intake& in, Incoming& row, std::string_view text) {
    if (minor_digits(text) >= 0) return;
    in.reject(row, "unknown_currency",
              "\"" + std::string(text.substr(0, 12)) +
                  "\" is not a currency; use an ISO 4217 code such as EUR");
}

std::string_view or_else(std::string_view text, std::string_view fallback) {
    return text.empty() ? fallback : text;
}

/// "1.0845" in units of 10^-12, rounded half up beyond; nothing when it is no positive number or
/// too large.
std::optional<int64_t> parse_rate(std::string_view text) {
    int64_t value = 0;
    int decimals = -1;
    bool any = false, round_up = false;
    for (const char c : text) {
        if (c == '.' && decimals < 0 && any) {
            decimals = 0;
            continue;
        }
        if (c < '0' || c > '9') return std::nullopt;
        any = true;
        if (decimals >= 12) {
            if (decimals++ == 12) round_up = c >= '5';
            continue;
        }
        if (__builtin_mul_overflow(value, int64_t{10}, &value) ||
            __builtin_add_overflow(value, int64_t{c - '0'}, &value)) {
            return std::nullopt;
        }
        if (decimals >= 0) ++decimals;
    }
    for (int i = std::max(decimals, 0); i < 12; ++i) {
        if (__builtin_mul_overflow(value, int64_t{10}, &value)) return std::nullopt;
    }
    value += round_up ? 1 : 0;
    return any && decimals != 0 && value > 0 ? std::optional(value) : std::nullopt;
}

}  // namespace

void apply_companies(Intake& in) {
    const auto name = in.column("name"), country = in.column("country"),
               currency = in.column("currency"), time_zone = in.column("time_zone"),
               street = in.column("street"), city = in.column("city"),
               postcode = in.column("postcode"), bank_account = in.column("bank_account"),
               capacity = in.column("capacity");
    for (auto& row : in.rows()) {
        if (row.is_deleted) continue;
        if (!currency.text(row.at).empty()) check_currency(in, row, currency.text(row.at));
        check_word(in, row, "capacity", capacity.text(row.at),
                   {"creditor", "affiliate", "collector", "debt_buyer"});
    }
    in.assign_ids();
    std::vector<CompanyRow> out;
    for (const auto& row : in.rows()) {
        if (row.is_rejected) continue;
        if (row.is_deleted) {
            in.store().mark_deleted("receivables_company", "company_id", row.now);
            continue;
        }
        const auto at = row.at;
        out.push_back({row.is_new(), row.now.id, name.text(at), country.text(at), currency.text(at),
                       time_zone.text(at), street.text(at), city.text(at), postcode.text(at),
                       bank_account.text(at), or_else(capacity.text(at), "creditor"), in.now_us()});
    }
    in.store().write(out);
}

void apply_exchange_rates(Intake& in) {
    const auto from = in.column("from_currency"), to = in.column("to_currency"),
               date = in.column("date"), rate = in.column("rate"), kind = in.column("kind");
    for (auto& row : in.rows()) {
        if (row.is_deleted) continue;
        check_currency(in, row, from.text(row.at));
        check_currency(in, row, to.text(row.at));
        if (date.is_null(row.at)) in.reject(row, "missing_date", "a rate needs its date");
        if (!parse_rate(rate.text(row.at))) {
            in.reject(row, "bad_rate",
                      "\"" + std::string(rate.text(row.at).substr(0, 40)) +
                          "\" is not a rate; write a positive number such as 1.0845");
        }
    }
    in.assign_ids();
    std::vector<RateRow> out;
    for (const auto& row : in.rows()) {
        if (row.is_rejected) continue;
        if (row.is_deleted) {
            in.store().mark_deleted("receivables_exchange_rate", "rate_id", row.now);
            continue;
        }
        out.push_back({row.is_new(), row.now.id, from.text(row.at), to.text(row.at),
                       date.date(row.at), *parse_rate(rate.text(row.at)), kind.text(row.at),
                       in.now_us()});
    }
    in.store().write(out);
}

namespace {

/// A parent may come in the same batch, before or after its child.
std::vector<int64_t> resolve_parents(Intake& in, const ColumnView& parent) {
    auto& rows = in.rows();
    const auto stored = in.resolve("customer", parent);
    std::unordered_map<std::string_view, std::size_t> here;
    for (std::size_t i = 0; i < rows.size(); ++i) here.emplace(rows[i].external_id, i);
    std::vector<int64_t> out(rows.size());
    for (bool again = true; again;) {
        again = false;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            auto& row = rows[i];
            if (row.is_rejected || row.is_deleted) continue;
            out[i] = stored[i].id;
            const auto it = here.find(parent.text(row.at));
            if (out[i] == 0 && it != here.end() && !rows[it->second].is_rejected) {
                out[i] = rows[it->second].now.id;
                continue;
            }
            if (in.reject_unknown(row, stored[i], parent, "parent", /*is_needed=*/false)) {
                again = true;
            }
        }
    }
    return out;
}

std::unordered_map<int64_t, CustomerDefaults> defaults_of_changed(Intake& in) {
    std::vector<int64_t> changed;
    for (const auto& row : in.rows()) {
        if (!row.is_new() && !row.is_rejected) changed.push_back(row.old.id);
    }
    std::unordered_map<int64_t, CustomerDefaults> out;
    for (auto& found : in.store().customer_defaults(changed)) out.emplace(found.id, found);
    return out;
}

void check_customer(Intake& in, Incoming& row) {
    const auto currency = in.column("currency").text(row.at);
    if (!currency.empty()) check_currency(in, row, currency);
    check_word(in, row, "kind", in.column("kind").text(row.at), {"company", "person"});
    check_word(in, row, "status", in.column("status").text(row.at),
               {"active", "inactive", "deceased", "insolvent"});
}

}  // namespace

void apply_customers(Intake& in) {
    const auto text = [&](const char* name) { return in.column(name); };
    const auto number = text("number"), name = text("name"), kind = text("kind"),
               tax_id = text("tax_id"), birth = text("birth_date"), language = text("language"),
               zone = text("time_zone"), currency = text("currency"), limit = text("credit_limit"),
               terms = text("payment_terms"), salesperson = text("salesperson"),
               email = text("salesperson_email"), segment = text("segment"),
               status = text("status"), by = text("represented_by"), latitude = text("latitude"),
               longitude = text("longitude"), notes = text("notes");
    for (auto& row : in.rows()) {
        if (!row.is_deleted) check_customer(in, row);
    }
    in.assign_ids();
    const auto parents = resolve_parents(in, in.column("parent"));
    const auto defaults = defaults_of_changed(in);
    std::vector<CustomerRow> out;
    for (std::size_t i = 0; i < in.rows().size(); ++i) {
        auto& row = in.rows()[i];
        if (row.is_rejected) continue;
        row.now.customer_id = row.now.id;
        const auto at = row.at;
        if (row.is_deleted) {
            in.store().mark_deleted("receivables_customer", "customer_id",
                                    {0, row.now.id, row.now.hash});
            continue;
        }
        CustomerRow c{row.is_new(),
                      row.now.id,
                      parents[i],
                      number.text(at),
                      name.text(at),
                      or_else(kind.text(at), "company"),
                      or_else(status.text(at), "active"),
                      currency.text(at),
                      optional_i64(limit, at),
                      salesperson.text(at),
                      tax_id.text(at),
                      optional_date(birth, at),
                      language.text(at),
                      zone.text(at),
                      terms.text(at),
                      email.text(at),
                      segment.text(at),
                      by.text(at),
                      optional_f64(latitude, at),
                      optional_f64(longitude, at),
                      notes.text(at),
                      in.source(),
                      row.external_id,
                      in.now_us(),
                      std::string(segment.text(at)),
                      {},
                      name_key(number.text(at)),
                      name_key(name.text(at))};
        const auto before = defaults.find(row.old.id);
        if (before != defaults.end()) {
            c.portfolio = before->second.portfolio;
            c.collector = before->second.collector;
            if (before->second.salesperson != c.salesperson) {
                in.store().follow_salesperson(c.id, c.salesperson);
            }
        }
        out.push_back(std::move(c));
    }
    in.store().write(out);
}

void apply_contact_points(Intake& in) {
    const auto text = [&](const char* name) { return in.column(name); };
    const auto person = text("person"), role = text("role"), kind = text("kind"),
               value = text("value"), street = text("street"), city = text("city"),
               postcode = text("postcode"), region = text("region"), country = text("country"),
               from = text("valid_from"), to = text("valid_to"), preferred = text("preferred");
    const auto customer = in.column("customer");
    const auto customers = in.resolve("customer", customer);
    for (std::size_t i = 0; i < in.rows().size(); ++i) {
        auto& row = in.rows()[i];
        if (row.is_deleted) continue;
        in.reject_unknown(row, customers[i], customer, "customer", /*is_needed=*/true);
        if (kind.text(row.at).empty()) in.reject(row, "missing_kind", "a contact needs its kind");
        check_word(in, row, "kind", kind.text(row.at), {"postal", "email", "phone", "mobile"});
        check_word(in, row, "role", role.text(row.at),
                   {"billing", "dunning", "escalation", "delivery", "other"});
    }
    in.assign_ids();
    std::vector<ContactPointRow> out;
    for (std::size_t i = 0; i < in.rows().size(); ++i) {
        auto& row = in.rows()[i];
        if (row.is_rejected) continue;
        if (row.is_deleted) {
            in.store().mark_deleted("receivables_contact_point", "contact_point_id", row.now);
            continue;
        }
        row.now.customer_id = customers[i].id;
        const bool is_moved = !row.is_new() && row.old.customer_id != row.now.customer_id;
        if (is_moved) in.store().erase("receivables_contact_point", "contact_point_id", row.old);
        const auto at = row.at;
        out.push_back({row.is_new() || is_moved, row.now.customer_id, row.now.id, person.text(at),
                       or_else(role.text(at), "other"), kind.text(at), value.text(at),
                       street.text(at), city.text(at), postcode.text(at), region.text(at),
                       country.text(at), optional_date(from, at).value_or(Date()),
                       optional_date(to, at).value_or(never), preferred.i64(at) != 0, in.source(),
                       row.external_id, in.now_us()});
    }
    in.store().write(out);
}

}  // namespace dunlin::receivables
