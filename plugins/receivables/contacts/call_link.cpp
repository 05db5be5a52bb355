// SPDX-License-Identifier: Apache-2.0
#include "contacts/call_link.hpp"

#include "contacts/phones.hpp"

namespace dunlin::receivables {

namespace {

constexpr std::size_t digits_min = 7, digits_max = 15;
constexpr std::string_view place = "{number}";

}  // namespace

std::string e164(std::string_view number, std::string_view country) {
    std::string text(number);
    // "+49 (0) 30": the zero is not dialled from abroad.
    const auto trunk = text.find("(0)");
    const bool is_abroad = text.rfind("+", 0) == 0 || text.rfind("00", 0) == 0;
    if (trunk != std::string::npos && is_abroad) text.erase(trunk, 3);
    std::string digits;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool is_separator = std::string_view(" -./()\t").find(c) != std::string_view::npos;
        if (c >= '0' && c <= '9') {
            digits += c;
        } else if (!is_separator && !(c == '+' && i == 0)) {
            return {};
        }
    }
    if (text.rfind("+", 0) != 0) {
        if (digits.rfind("00", 0) == 0) {
            digits.erase(0, 2);
        } else if (digits.rfind("0", 0) == 0 && !country.empty()) {
            digits = std::string(country) + digits.substr(1);
        } else {
            return {};
        }
    }
    const bool fits =
        digits.size() >= digits_min && digits.size() <= digits_max && digits.front() != '0';
    return fits ? "+" + digits : std::string();
}

CallLink CallLink::of(const Services& services) {
    const auto config = services.config();
    return CallLink(config.value("call_link", ""), config.value("call_country", ""));
}

std::string CallLink::to(std::string_view number) const {
    auto global = e164(number, country_);
    const auto at = form_.find(place);
    if (global.empty() || at == std::string::npos) return {};
    // In a web address a plus is a space.
    if (form_.rfind("https:", 0) == 0) global.replace(0, 1, "%2B");
    return form_.substr(0, at) + global + form_.substr(at + place.size());
}

Json with_call_links(const Services& services, Json customer) {
    const auto link = CallLink::of(services);
    for (auto& point : customer.at("contacts")) {
        if (point.at("kind") != "phone" && point.at("kind") != "mobile") continue;
        const auto to = link.to(point.at("value").get<std::string>());
        if (!to.empty()) point["call_link"] = to;
    }
    return customer;
}

Json with_phones(const Services& services, Call& call, Json worklist) {
    const auto link = CallLink::of(services);
    if (!link.is_set()) return worklist;
    std::vector<int64_t> customers;
    for (const auto& row : worklist.at("rows")) {
        customers.push_back(std::stoll(row.at("customer_id").get<std::string>()));
    }
    const auto as_of = Date::parse(worklist.at("as_of").get<std::string>());
    const auto phones = phones_of(call.tx(), customers, as_of);
    for (auto& row : worklist.at("rows")) {
        const auto found = phones.find(std::stoll(row.at("customer_id").get<std::string>()));
        if (found == phones.end()) continue;
        // The best one that a click can call, else the best one.
        auto best = found->second.front();
        for (const auto& one : found->second) {
            if (link.to(one.number).empty()) continue;
            best = one;
            row["call_link"] = link.to(one.number);
            break;
        }
        row["phone"] = {{"person", best.person}, {"number", best.number}};
    }
    return worklist;
}

}  // namespace dunlin::receivables
