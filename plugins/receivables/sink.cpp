// SPDX-License-Identifier: Apache-2.0
#include "sink.hpp"

#include <xxhash.h>

#include <algorithm>

#include "cash/store_cash.hpp"
#include "dunning/door.hpp"
#include "promises/promises.hpp"
#include "worklist/work.hpp"

namespace dunlin::receivables {

namespace {

/// "name:u! country:u …": a column with its Arrow format, required where it ends in "!".
std::vector<Column> columns_of(std::string_view list) {
    std::vector<Column> out;
    while (!list.empty()) {
        auto word = list.substr(0, list.find(' '));
        list.remove_prefix(std::min(list.size(), word.size() + 1));
        const bool is_required = word.back() == '!';
        if (is_required) word.remove_suffix(1);
        const auto colon = word.find(':');
        out.push_back({word.substr(0, colon), *type_of(word.substr(colon + 1)), is_required});
    }
    return out;
}

}  // namespace

const std::vector<Entity>& entities() {
    static const std::vector<Entity> all{
        {"company", columns_of("name:u! country:u currency:u time_zone:u street:u city:u "
                               "postcode:u bank_account:u capacity:u")},
        {"customer",
         columns_of("number:u name:u! kind:u parent:u tax_id:u birth_date:tdD language:u "
                    "time_zone:u currency:u credit_limit:l payment_terms:u salesperson:u "
                    "salesperson_email:u segment:u status:u represented_by:u latitude:g "
                    "longitude:g notes:u")},
        {"contact_point",
         columns_of("customer:u! person:u role:u kind:u! value:u street:u city:u postcode:u "
                    "region:u country:u valid_from:tdD valid_to:tdD preferred:b")},
        {"exchange_rate", columns_of("from_currency:u! to_currency:u! date:tdD! rate:u! kind:u")},
        {"invoice",
         columns_of("customer:u! company:u number:u kind:u status:u issue_date:tdD! due_date:tdD "
                    "cancelled_on:tdD currency:u! total:l! open_amount:l po_number:u reference:u "
                    "corrects:u salesperson:u purpose:u original_creditor:u itemisation_date:tdD "
                    "default_date:tdD document_url:u")},
        {"invoice_line", columns_of("invoice:u! sequence:l product:u description:u quantity:g "
                                    "amount:l! plant:u")},
        {"instalment", columns_of("invoice:u! sequence:l due_date:tdD! amount:l! "
                                  "discount_date:tdD discount_amount:l")},
        {"payment",
         columns_of("customer:u! company:u date:tdD! currency:u! amount:l! method:u reference:u "
                    "status:u reversed_on:tdD bank_account:u payer_name:u")},
        {"adjustment", columns_of("customer:u! company:u invoice:u date:tdD! currency:u! "
                                  "amount:l! kind:u reference:u")},
        {"allocation",
         columns_of("customer:u source:u! source_kind:u invoice:u! instalment:u date:tdD "
                    "amount:l! reversed_on:tdD")},
    };
    return all;
}

Json describe_entities() {
    auto list = Json::array();
    for (const auto& entity : entities()) {
        auto columns = Json::array();
        const auto add = [&](std::string_view name, Type type, bool is_required) {
            columns.push_back(
                {{"name", name}, {"format", format_of(type)}, {"required", is_required ? 1 : 0}});
        };
        add("external_id", Type::text, true);
        add("updated_at", Type::timestamp, false);
        add("deleted", Type::boolean, false);
        for (const auto& column : entity.columns) {
            add(column.name, column.type, column.is_required);
        }
        list.push_back({{"name", entity.name}, {"columns", columns}});
    }
    return {{"entities", list}};
}

namespace {

ColumnView typed_column(const BatchView& batch, const Column& wanted) {
    const auto found =
        wanted.is_required ? batch.required(wanted.name) : batch.optional(wanted.name);
    if (!found) return found;
    const auto is_text = [](Type type) { return type == Type::text || type == Type::bytes; };
    const bool fits = is_text(wanted.type) == is_text(found.type()) &&
                      (found.type() != Type::f64 || wanted.type == Type::f64) &&
                      (wanted.type != Type::date || found.type() == Type::date);
    if (!fits) {
        throw Error(DUNLIN_E_DATA, "column " + std::string(wanted.name) + " comes as " +
                                       format_of(found.type()) + "; send it as " +
                                       format_of(wanted.type));
    }
    return found;
}

void append(std::string& out, const void* value, std::size_t size) {
    out.append(static_cast<const char*>(value), size);
}

}  // namespace

Intake::Intake(Store& store, const Record& record, std::string_view source, const Entity& entity,
               const BatchView& batch)
    : store_(store),
      record_(record),
      source_(source),
      entity_(entity),
      batch_(batch),
      now_us_(store.tx().now_us()),
      external_id_(typed_column(batch, {"external_id", Type::text, true})),
      updated_at_(typed_column(batch, {"updated_at", Type::timestamp})),
      deleted_(typed_column(batch, {"deleted", Type::boolean})),
      may_link_(record.is_named() || store.has_evidence()) {
    for (const auto& column : entity.columns) columns_.push_back(typed_column(batch, column));
    select_rows();
}

int64_t tombstone_hash() {
    // A tombstone is the same tombstone whatever else its row says.
    return static_cast<int64_t>(XXH3_64bits("d", 1));
}

int64_t Intake::hash_of(int64_t row, bool is_deleted) {
    if (is_deleted) return tombstone_hash();
    buffer_.assign(1, 'r');
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const auto& column = columns_[i];
        const bool is_null = column.is_null(row);
        buffer_.push_back(is_null ? 'n' : 'v');
        if (is_null) continue;
        if (entity_.columns[i].type == Type::text) {
            const auto text = column.text(row);
            const auto size = text.size();
            append(buffer_, &size, sizeof size);
            buffer_.append(text);
        } else if (entity_.columns[i].type == Type::f64) {
            const auto real = column.f64(row);
            append(buffer_, &real, sizeof real);
        } else {
            const auto number = column.i64(row);
            append(buffer_, &number, sizeof number);
        }
    }
    return static_cast<int64_t>(XXH3_64bits(buffer_.data(), buffer_.size()));
}

void Intake::select_rows() {
    std::unordered_map<std::string_view, std::size_t> last;
    std::vector<Incoming> all;
    all.reserve(static_cast<std::size_t>(batch_.rows()));
    last.reserve(all.capacity());
    for (int64_t at = 0; at < batch_.rows(); ++at) {
        Incoming row;
        row.at = at;
        row.external_id = external_id_.text(at);
        row.is_deleted = deleted_.i64(at) != 0;
        if (row.external_id.empty()) {
            reject(row, "missing_external_id", "external_id is empty; every row needs one");
            continue;
        }
        const auto [earlier, is_first] = last.emplace(row.external_id, all.size());
        if (is_first) {
            all.push_back(row);
        } else {
            // The same thing twice in a batch: the later row is the newer state.
            all[earlier->second] = row;
            ++applied_.unchanged;
        }
    }
    std::vector<std::string_view> ids;
    ids.reserve(all.size());
    for (const auto& row : all) ids.push_back(row.external_id);
    const auto known = store_.known(source_, entity_.name, ids);
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto& row = all[i];
        row.old = known[i];
        row.now = {row.old.customer_id, row.old.id, hash_of(row.at, row.is_deleted)};
        const bool is_same = row.old.id != 0 && row.old.hash == row.now.hash;
        if (is_same || (row.is_deleted && row.is_new())) {
            ++applied_.unchanged;
        } else {
            rows_.push_back(row);
        }
    }
}

std::vector<Known> Intake::known(std::string_view entity,
                                 const std::vector<std::string_view>& ids) {
    auto out = store_.known(source_, entity, ids);
    if (!may_link_ || (entity != "invoice" && entity != "payment")) return out;
    std::vector<ItemKey> keys;
    for (const auto& one : out) keys.emplace_back(one.customer_id, one.id);
    const auto items = store_.items_of_evidence(keys);
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (items[i] == 0) continue;
        out[i].id = items[i];
        out[i].is_link = true;
    }
    return out;
}

std::vector<Known> Intake::resolve(std::string_view entity, const ColumnView& column) {
    return resolve(std::vector<std::string_view>(rows_.size(), entity), column);
}

std::vector<Known> Intake::resolve(const std::vector<std::string_view>& wanted,
                                   const ColumnView& column) {
    std::map<std::string_view, std::unordered_map<std::string_view, Known>> found;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const auto text = column.text(rows_[i].at);
        if (!text.empty() && !wanted[i].empty()) found[wanted[i]].try_emplace(text);
    }
    for (auto& [entity, by_text] : found) {
        std::vector<std::string_view> texts;
        for (const auto& [text, known] : by_text) texts.push_back(text);
        std::sort(texts.begin(), texts.end());
        const auto found_now = known(entity, texts);
        for (std::size_t i = 0; i < texts.size(); ++i) by_text[texts[i]] = found_now[i];
    }
    std::vector<Known> out(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const auto text = column.text(rows_[i].at);
        if (!text.empty() && !wanted[i].empty()) out[i] = found[wanted[i]][text];
    }
    return out;
}

void Intake::reject(Incoming& row, std::string_view code, std::string reason, bool can_retry) {
    if (row.is_rejected) return;
    row.is_rejected = true;
    applied_.rejects.push_back({row.at, std::string(code), std::move(reason), can_retry});
}

void Intake::note(Incoming& row, std::optional<Known> evidence) {
    if (row.is_rejected) return;
    row.is_rejected = true;
    ++applied_.unchanged;
    if (evidence) noted_.push_back({row.external_id, *evidence, row.is_new()});
}

bool Intake::reject_unknown(Incoming& row, const Known& found, const ColumnView& column,
                            std::string_view noun, bool is_needed) {
    const auto text = column.text(row.at);
    const auto name = std::string(noun);
    if (text.empty() && is_needed) {
        reject(row, "missing_" + name, "the row names no " + name);
    } else if (!text.empty() && found.id == 0) {
        reject(row, "unknown_" + name,
               name + " \"" + std::string(text.substr(0, 80)) + "\" is not known from source " +
                   std::string(source_) + "; the row is tried again when it is",
               /*can_retry=*/true);
    }
    return row.is_rejected;
}

void Intake::assign_ids() {
    std::size_t wanted = 0;
    for (const auto& row : rows_) wanted += row.is_new() && !row.is_rejected ? 1 : 0;
    if (wanted == 0) return;
    const auto ids = store_.services().next_ids(wanted);
    std::size_t next = 0;
    for (auto& row : rows_) {
        if (row.is_new() && !row.is_rejected) row.now.id = ids[next++];
    }
}

Date Intake::change_day(const Incoming& row) const {
    constexpr int64_t day_us = int64_t{86400} * 1000000;
    if (updated_at_.is_null(row.at)) return store_.tx().today();
    const auto at = updated_at_.i64(row.at);
    return Date(static_cast<int32_t>(at / day_us - (at % day_us < 0 ? 1 : 0)));
}

Applied Intake::finish() {
    auto bindings = std::move(noted_);
    bindings.reserve(bindings.size() + rows_.size());
    for (const auto& row : rows_) {
        if (row.is_rejected) continue;
        bindings.push_back({row.external_id, row.now, row.is_new()});
        const std::size_t what = row.is_deleted ? 2 : row.is_new() ? 0 : 1;
        ++(what == 2 ? applied_.deleted : what == 0 ? applied_.inserted : applied_.updated);
        if (row.now.customer_id != 0) ++touched_[row.now.customer_id][what];
        if (!row.is_new() && row.old.customer_id != row.now.customer_id) {
            touch(row.old.customer_id);
        }
    }
    store_.bind(source_, entity_.name, std::move(bindings));
    emit_changes();
    std::set<int64_t> customer_ids;
    for (const auto& [customer_id, counts] : touched_) customer_ids.insert(customer_id);
    cash::give_back_charges(store_.tx());
    dunning::void_gone(store_.services(), store_.tx(), customer_ids, /*is_scoped=*/false);
    return std::move(applied_);
}

void Intake::emit_changes() {
    const auto origin = R"(","source":)" + Json(source_).dump() + R"(,"entity":")" +
                        std::string(entity_.name) + R"(","inserted":)";
    std::vector<int64_t> ids;
    for (const auto& [customer_id, counts] : touched_) ids.push_back(customer_id);
    std::sort(ids.begin(), ids.end());
    judge_again(store_.tx(), ids);
    for (const auto customer_id : ids) {
        const auto key = std::to_string(customer_id);
        const auto& [inserted, updated, deleted] = touched_[customer_id];
        store_.tx().emit_text("receivables.account_changed", key,
                              R"({"customer_id":")" + key + origin + std::to_string(inserted) +
                                  R"(,"updated":)" + std::to_string(updated) + R"(,"deleted":)" +
                                  std::to_string(deleted) + "}");
    }
}

Applied apply_batch(const Services& services, Transaction& tx, std::string_view source,
                    std::string_view entity, const BatchView& batch) {
    using Apply = void (*)(Intake&);
    static const std::map<std::string_view, Apply> doors{{"company", &apply_companies},
                                                         {"customer", &apply_customers},
                                                         {"contact_point", &apply_contact_points},
                                                         {"exchange_rate", &apply_exchange_rates},
                                                         {"invoice", &apply_invoices},
                                                         {"invoice_line", &apply_invoice_lines},
                                                         {"instalment", &apply_instalments},
                                                         {"payment", &apply_payments},
                                                         {"adjustment", &apply_adjustments},
                                                         {"allocation", &apply_allocations}};
    const auto& all = entities();
    const auto it = std::find_if(all.begin(), all.end(),
                                 [&](const Entity& known) { return known.name == entity; });
    if (it == all.end()) {
        throw Error(DUNLIN_E_UNSUPPORTED,
                    "receivables takes no entity \"" + std::string(entity) + "\"");
    }
    Store store(services, tx);
    const Record record(services.config());
    Intake in(store, record, source, *it, batch);
    doors.at(it->name)(in);
    note_source(tx, source, tx.now_us());
    return in.finish();
}

}  // namespace dunlin::receivables
