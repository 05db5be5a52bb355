// SPDX-License-Identifier: Apache-2.0
#include "record.hpp"

#include "names.hpp"

namespace dunlin::receivables {

Record::Named Record::named(const Json& settings) {
    return {settings.value("invoices", ""), settings.value("cash", "")};
}

Record::Record(const Json& settings) {
    if (const auto cash = settings.find("cash"); cash != settings.end()) {
        keeps_unassigned_ = cash->value("keeps_unassigned", false);
    }
    const auto record = settings.find("record");
    if (record == settings.end()) return;
    everywhere_ = named(*record);
    const auto companies = record->find("companies");
    if (companies == record->end()) return;
    for (const auto& [name, sources] : companies->items()) {
        companies_.emplace(name_key(name), named(sources));
    }
}

const std::string& Record::source(Book book, std::string_view company) const {
    if (!companies_.empty() && !company.empty()) {
        const auto own = companies_.find(name_key(company));
        if (own != companies_.end() && !own->second.of(book).empty()) return own->second.of(book);
    }
    return everywhere_.of(book);
}

bool Record::has(Book book, std::string_view source) const {
    if (everywhere_.of(book) == source) return true;
    for (const auto& [company, named] : companies_) {
        if (named.of(book) == source) return true;
    }
    return false;
}

std::set<std::string> Record::sources() const {
    std::set<std::string> out{everywhere_.invoices, everywhere_.cash};
    for (const auto& [company, named] : companies_) {
        out.insert(named.invoices);
        out.insert(named.cash);
    }
    out.erase("");
    return out;
}

}  // namespace dunlin::receivables
