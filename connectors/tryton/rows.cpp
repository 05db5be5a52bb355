// SPDX-License-Identifier: Apache-2.0
#include "rows.hpp"

#include <algorithm>
#include <iterator>

namespace dunlin::tryton {
namespace {

// In the order in which each row finds what it refers to.
constexpr Entity all[] = {
    {"company", "name:u country:u currency:u time_zone:u street:u city:u postcode:u"},
    {"exchange_rate", "from_currency:u to_currency:u date:tdD rate:u kind:u"},
    {"customer",
     "number:u name:u tax_id:u language:u currency:u credit_limit:l payment_terms:u status:u"},
    {"contact_point",
     "customer:u person:u role:u kind:u value:u street:u city:u postcode:u region:u country:u"},
    {"invoice",
     "customer:u company:u number:u kind:u status:u issue_date:tdD due_date:tdD cancelled_on:tdD "
     "currency:u total:l open_amount:l reference:u corrects:u"},
    {"invoice_line", "invoice:u sequence:l product:u description:u quantity:g amount:l"},
    {"instalment", "invoice:u sequence:l due_date:tdD amount:l"},
    {"payment", "customer:u company:u date:tdD currency:u amount:l method:u reference:u"},
    {"adjustment", "customer:u company:u date:tdD currency:u amount:l kind:u reference:u"},
    {"allocation", "customer:u source:u source_kind:u invoice:u instalment:u date:tdD amount:l"},
};

constexpr std::size_t raw_bytes_max = 4096;

std::vector<ColumnSpec> columns_of(const Entity& entity) {
    std::vector<ColumnSpec> out{
        {"external_id", Type::text}, {"updated_at", Type::timestamp}, {"deleted", Type::boolean}};
    auto list = entity.columns;
    while (!list.empty()) {
        const auto word = list.substr(0, list.find(' '));
        list.remove_prefix(std::min(list.size(), word.size() + 1));
        const auto colon = word.find(':');
        out.push_back({std::string(word.substr(0, colon)), *type_of(word.substr(colon + 1))});
    }
    return out;
}

}  // namespace

std::span<const Entity> entities() {
    return all;
}

const Entity& entity_of(std::string_view name) {
    const auto* it = std::find_if(std::begin(all), std::end(all),
                                  [&](const Entity& e) { return e.name == name; });
    if (it == std::end(all)) {
        throw Error(DUNLIN_E_INVALID,
                    "\"" + std::string(name) + "\" is not an entity of the tryton connector");
    }
    return *it;
}

Rows::Rows(const Entity& entity) : batch_(columns_of(entity)), cells_(batch_.specs().size()) {}

std::size_t Rows::place_of(std::string_view column) const {
    const auto& specs = batch_.specs();
    for (std::size_t i = 3; i < specs.size(); ++i) {
        if (specs[i].name == column) return i;
    }
    throw Error(DUNLIN_E_INTERNAL, "no column " + std::string(column));
}

void Rows::set(std::string_view column, std::string_view text) {
    if (!text.empty()) cells_[place_of(column)] = std::string(text);
}

void Rows::set(std::string_view column, const std::optional<int64_t>& value) {
    if (value) cells_[place_of(column)] = *value;
}

void Rows::set(std::string_view column, const std::optional<Date>& value) {
    if (value) cells_[place_of(column)] = int64_t{value->days()};
}

void Rows::set_real(std::string_view column, double value) {
    cells_[place_of(column)] = value;
}

void Rows::saw(std::optional<int64_t> us) {
    if (us && (!changed_max_us_ || *us > *changed_max_us_)) changed_max_us_ = us;
}

void Rows::write(const std::string& external_id, bool is_gone) {
    batch_[0].add(external_id);
    if (changed_us_) {
        batch_[1].add(*changed_us_);
    } else {
        batch_[1].add_null();
    }
    batch_[2].add(int64_t{is_gone});
    for (std::size_t i = 3; i < cells_.size(); ++i) {
        auto& column = batch_[i];
        const auto& cell = cells_[i];
        if (const auto* number = std::get_if<int64_t>(&cell)) {
            column.add(*number);
        } else if (const auto* real = std::get_if<double>(&cell)) {
            column.add_f64(*real);
        } else if (const auto* text = std::get_if<std::string>(&cell)) {
            column.add(std::string_view(*text));
        } else {
            column.add_null();
        }
    }
}

void Rows::add(const std::string& external_id, const Json& record,
               const std::function<void(Rows&)>& make) {
    if (!is_wanted(external_id) || given_.contains(external_id)) return;
    std::fill(cells_.begin(), cells_.end(), Cell());
    changed_us_.reset();
    try {
        make(*this);
    } catch (const Error& e) {
        if (e.status() != DUNLIN_E_INVALID) throw;
        return refuse(external_id, "value", e.what(), record);
    } catch (const Json::exception& e) {
        return refuse(external_id, "value", e.what(), record);
    }
    saw(changed_us_);
    write(external_id, /*is_gone=*/false);
    given_.insert(external_id);
}

void Rows::gone(const std::string& external_id, std::optional<int64_t> changed_us) {
    saw(changed_us);
    if (is_wanted(external_id)) gone_.emplace_back(external_id, changed_us);
}

void Rows::refuse(const std::string& external_id, const std::string& code,
                  const std::string& reason, const Json& record) {
    if (!is_wanted(external_id) || !given_.insert(external_id).second) return;
    const auto raw = record.dump(-1, ' ', false, Json::error_handler_t::replace);
    errors_.push_back({external_id, "", code, reason, raw.substr(0, raw_bytes_max)});
}

void Rows::finish(Page& page) {
    std::fill(cells_.begin(), cells_.end(), Cell());
    for (const auto& [external_id, changed_us] : gone_) {
        if (!given_.insert(external_id).second) continue;
        changed_us_ = changed_us;
        write(external_id, /*is_gone=*/true);
    }
    page.rows = batch_.finish();
    page.errors = std::move(errors_);
    page.changed_max_us = changed_max_us_;
}

}  // namespace dunlin::tryton
