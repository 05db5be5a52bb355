// SPDX-License-Identifier: Apache-2.0
#include "books.hpp"

#include <algorithm>
#include <set>

namespace dunlin::odoo {
namespace {

const std::vector<std::string>& fields_of(const std::string& model) {
    static const std::map<std::string, std::vector<std::string>> all{
        {"res.partner", {"name", "commercial_partner_id", "customer_rank"}},
        {"res.currency", {"name"}},
        {"res.country", {"code"}},
        {"res.country.state", {"name"}},
        {"res.users", {"name", "email?"}},
        {"res.company", {"currency_id", "currency_exchange_journal_id"}},
        {"account.payment.term", {"name"}},
        {"account.journal", {"name"}},
        {"account.move", {"name", "move_type", "statement_line_id", "commercial_partner_id"}},
        {"account.move.line",
         {"move_id", "partner_id", "currency_id", "payment_id", "amount_currency",
          "matched_debit_ids", "matched_credit_ids"}},
        {"account.partial.reconcile", partial_fields()},
        {"product.product", {"default_code"}},
    };
    return all.at(model);
}

constexpr const char* line_model = "account.move.line";
constexpr const char* partial_model = "account.partial.reconcile";
constexpr std::size_t read_at_once = 5000;

}  // namespace

const std::vector<std::string>& partial_fields() {
    static const std::vector<std::string> fields{"debit_move_id",
                                                 "credit_move_id",
                                                 "debit_amount_currency",
                                                 "credit_amount_currency",
                                                 "max_date",
                                                 "company_id",
                                                 "write_date"};
    return fields;
}

bool is_sale(const std::string& move_type) {
    return move_type == "out_invoice" || move_type == "out_refund" || move_type == "out_receipt";
}

void Books::load(const std::string& model, const std::vector<int64_t>& ids) {
    auto& known = records_[model];
    std::set<int64_t> missing;
    for (const auto id : ids) {
        if (id != 0 && known.count(id) == 0) missing.insert(id);
    }
    const std::vector<int64_t> wanted(missing.begin(), missing.end());
    for (std::size_t at = 0; at < wanted.size(); at += read_at_once) {
        const auto begin = wanted.begin() + static_cast<std::ptrdiff_t>(at);
        const auto end = std::min(begin + read_at_once, wanted.end());
        for (auto& record : client_.read(model, {begin, end}, fields_of(model))) {
            const auto id = record.at("id").get<int64_t>();
            known.emplace(id, std::move(record));
        }
    }
}

void Books::load(const std::string& model, const Json& records, const char* field) {
    std::vector<int64_t> ids;
    for (const auto& record : records) {
        if (record.contains(field)) ids.push_back(id_of(record, field));
    }
    load(model, ids);
}

const Json* Books::find(const std::string& model, int64_t id) const {
    const auto of_model = records_.find(model);
    if (of_model == records_.end()) return nullptr;
    const auto it = of_model->second.find(id);
    return it == of_model->second.end() ? nullptr : &it->second;
}

std::string Books::text(const std::string& model, int64_t id, const char* field) const {
    const auto* record = find(model, id);
    return record && record->contains(field) ? text_of(*record, field) : std::string();
}

void Books::load_lines(const std::vector<int64_t>& ids) {
    load(line_model, ids);
    std::vector<int64_t> moves, partners, currencies;
    for (const auto id : ids) {
        const auto* line = find(line_model, id);
        if (!line) continue;
        moves.push_back(id_of(*line, "move_id"));
        partners.push_back(id_of(*line, "partner_id"));
        currencies.push_back(id_of(*line, "currency_id"));
    }
    load("account.move", moves);
    load("res.partner", partners);
    load("res.currency", currencies);
}

void Books::load_entries(const std::vector<int64_t>& ids) {
    load_lines(ids);
    std::vector<int64_t> partials;
    for (const auto id : ids) {
        const auto giving = partials_of(id, true);
        if (giving.empty()) continue;
        const auto taking = partials_of(id, false);
        partials.insert(partials.end(), giving.begin(), giving.end());
        partials.insert(partials.end(), taking.begin(), taking.end());
    }
    load_partials(partials);
}

void Books::load_partials(const std::vector<int64_t>& ids) {
    load(partial_model, ids);
    std::vector<int64_t> lines;
    for (const auto id : ids) {
        const auto* partial = find(partial_model, id);
        if (!partial) continue;
        lines.push_back(id_of(*partial, "debit_move_id"));
        lines.push_back(id_of(*partial, "credit_move_id"));
    }
    load_lines(lines);
}

void Books::load_counterparts(const std::vector<int64_t>& ids) {
    load_lines(ids);
    std::vector<int64_t> partials;
    for (const auto id : ids) {
        for (const bool is_giving : {true, false}) {
            for (const auto partial : partials_of(id, is_giving)) partials.push_back(partial);
        }
    }
    load_partials(partials);
}

int64_t Books::customer_of_counterparts(int64_t line_id) const {
    std::set<int64_t> customers;
    for (const bool is_giving : {true, false}) {
        for (const auto id : partials_of(line_id, is_giving)) {
            const auto* partial = find(partial_model, id);
            if (!partial) continue;
            for (const char* end : {"debit_move_id", "credit_move_id"}) {
                const auto other = id_of(*partial, end);
                if (other != line_id) customers.insert(entry(other).customer);
            }
        }
    }
    customers.erase(0);
    return customers.size() == 1 ? *customers.begin() : 0;
}

int64_t Books::sign_of(int64_t line_id) const {
    const auto* line = find(line_model, line_id);
    const auto amount = line ? amount_of(*line, "amount_currency") : 0;
    return amount > 0 ? 1 : amount < 0 ? -1 : 0;
}

std::vector<int64_t> Books::partials_of(int64_t line_id, bool is_giving) const {
    const auto sign = sign_of(line_id);
    if (sign == 0) return {};
    // As the credit of a reconciliation an item is matched with debits.
    const char* field = (sign > 0) == is_giving ? "matched_debit_ids" : "matched_credit_ids";
    auto out = ids_of(*find(line_model, line_id), field);
    std::sort(out.begin(), out.end());
    return out;
}

std::vector<Return> Books::returns(int64_t line_id) const {
    const auto giving = partials_of(line_id, true);
    if (giving.empty()) return {};
    const char* gives = sign_of(line_id) > 0 ? "credit_amount_currency" : "debit_amount_currency";
    const char* takes = sign_of(line_id) > 0 ? "debit_amount_currency" : "credit_amount_currency";
    // The latest took too much.
    auto taking = partials_of(line_id, false);
    std::reverse(taking.begin(), taking.end());
    std::map<int64_t, int64_t> taken;
    for (const auto id : taking) {
        if (const auto* partial = find(partial_model, id)) taken[id] = amount_of(*partial, takes);
    }
    std::vector<Return> out;
    for (const auto id : giving) {
        const auto* partial = find(partial_model, id);
        auto left = partial ? amount_of(*partial, gives) : 0;
        for (const auto from : taking) {
            const auto amount = std::min(left, taken[from]);
            if (amount == 0) continue;
            out.push_back({id, from, amount});
            taken[from] -= amount;
            left -= amount;
        }
        if (left == 0) continue;
        throw BadValue("direction", "the reconciliation " + std::to_string(id) +
                                        " joins two journal items of the same sign; undo it in "
                                        "Odoo and reconcile again");
    }
    return out;
}

Entry Books::entry(int64_t line_id) const {
    const auto* line = find(line_model, line_id);
    const auto* move = line ? find("account.move", id_of(*line, "move_id")) : nullptr;
    if (!move) {
        throw BadValue("unknown_entry", "Odoo does not show the journal item " +
                                            std::to_string(line_id) +
                                            "; it may have gone meanwhile, or it is of a company "
                                            "that is not read");
    }
    Entry out;
    out.currency = currency(id_of(*line, "currency_id"));
    const auto type = text_of(*move, "move_type");
    if (is_sale(type)) {
        out.entity = "invoice";
        out.external_id = std::to_string(id_of(*line, "move_id"));
        out.customer = id_of(*move, "commercial_partner_id");
        out.is_note = type == "out_refund";
        if (!out.is_note) out.instalment = std::to_string(line_id);
        return out;
    }
    const bool is_payment =
        id_of(*line, "payment_id") != 0 || id_of(*move, "statement_line_id") != 0;
    out.entity = is_payment ? "payment" : "adjustment";
    out.external_id = "line-" + std::to_string(line_id);
    out.customer = customer_of(id_of(*line, "partner_id"));
    return out;
}

int64_t Books::customer_of(int64_t partner_id) const {
    const auto* partner = find("res.partner", partner_id);
    return partner ? id_of(*partner, "commercial_partner_id") : 0;
}

std::string Books::currency(int64_t id) const {
    auto code = text("res.currency", id, "name");
    if (code.empty()) {
        throw BadValue("currency", "the record has no currency that Odoo shows; give it one");
    }
    return code;
}

std::vector<int64_t> Books::customers_of_entries(std::optional<int64_t> since_us) {
    auto domain = Json::array({client_.is_receivable(""),
                               Json::array({"company_id", "in", client_.session().companies})});
    if (since_us) {
        domain.push_back({"write_date", ">=", second_text(*since_us)});
    } else {
        domain.push_back({"partner_id.commercial_partner_id.customer_rank", "=", 0});
    }
    const auto groups = client_.call(
        "account.move.line", "read_group",
        Json::array({domain, Json::array({"partner_id"}), Json::array({"partner_id"})}));
    std::vector<int64_t> partners;
    for (const auto& group : groups) partners.push_back(id_of(group, "partner_id"));
    load("res.partner", partners);
    std::set<int64_t> customers;
    for (const auto partner : partners) customers.insert(customer_of(partner));
    customers.erase(0);
    return {customers.begin(), customers.end()};
}

void Books::forget_page() {
    for (const char* model :
         {line_model, partial_model, "account.move", "res.partner", "product.product"}) {
        records_[model].clear();
    }
}

}  // namespace dunlin::odoo
