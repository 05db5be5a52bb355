// SPDX-License-Identifier: Apache-2.0
#include <dunlin/did_you_mean.hpp>
#include <dunlin/error.hpp>
#include <dunlin/money.hpp>

#include "cash/match.hpp"
#include "cash/order.hpp"

namespace dunlin::receivables::cash {
namespace {

int64_t whole(const Json& body, const char* key, int64_t fallback, int64_t from, int64_t to) {
    const auto it = body.find(key);
    if (it == body.end()) return fallback;
    if (!it->is_number_integer() || it->get<int64_t>() < from || it->get<int64_t>() > to) {
        throw Error(DUNLIN_E_INVALID, std::string("\"") + key + "\" must be a whole number from " +
                                          std::to_string(from) + " to " + std::to_string(to));
    }
    return it->get<int64_t>();
}

}  // namespace

const Json& default_policy() {
    static const Json short_reasons = Json::parse(R"([
        {"reason": "damaged", "title": "Goods were damaged", "disputes": true},
        {"reason": "returned", "title": "Goods were returned", "disputes": true},
        {"reason": "quantity", "title": "Less was delivered", "disputes": true},
        {"reason": "price", "title": "Another price was agreed", "disputes": true},
        {"reason": "discount_late", "title": "Discount taken too late", "disputes": false},
        {"reason": "bank_charges", "title": "Charges of a bank", "disputes": false},
        {"reason": "in_parts", "title": "Pays in parts", "disputes": false},
        {"reason": "no_money", "title": "Cannot pay all of it", "disputes": false},
        {"reason": "unknown", "title": "Asked, no answer yet", "disputes": false}])");
    static const Json body{{"name", "standard"},
                           {"auto_from", 950},
                           {"tolerance", "1.00"},
                           {"tolerance_per_mille", 5},
                           {"discount_grace_days", 3},
                           {"order", "oldest_first"},
                           {"short_reasons", short_reasons}};
    return body;
}

Policy parse_policy(const Json& body) {
    static const std::vector<std::string> known{
        "name",  "auto_from",     "tolerance",         "tolerance_per_mille", "discount_grace_days",
        "order", "short_reasons", "refund_alone_up_to"};
    if (!body.is_object()) throw Error(DUNLIN_E_INVALID, "a cash policy is an object");
    for (const auto& [key, value] : body.items()) {
        if (std::find(known.begin(), known.end(), key) == known.end()) {
            throw Error(DUNLIN_E_INVALID,
                        "a cash policy has no \"" + key + "\"" + did_you_mean(key, known));
        }
    }
    const auto text = [&](const char* key, const std::string& fallback) {
        const auto it = body.find(key);
        if (it == body.end()) return fallback;
        if (!it->is_string()) {
            throw Error(DUNLIN_E_INVALID, std::string("\"") + key + "\" must be a text");
        }
        return it->get<std::string>();
    };
    Policy out;
    out.name = text("name", out.name);
    // Below this, what is proposed is a guess.
    out.auto_from = static_cast<int32_t>(whole(body, "auto_from", out.auto_from, 900, 1001));
    out.tolerance = Money::parse_units(text("tolerance", "1.00"));
    if (out.tolerance < 0) throw Error(DUNLIN_E_INVALID, "\"tolerance\" is not below zero");
    out.tolerance_per_mille = static_cast<int32_t>(whole(body, "tolerance_per_mille", 5, 0, 100));
    out.discount_grace_days = static_cast<int32_t>(whole(body, "discount_grace_days", 3, 0, 60));
    out.order = text("order", out.order);
    static_cast<void>(order_named(out.order));
    static_cast<void>(parse_reasons(body));
    const auto refunds = body.value("refund_alone_up_to", Json::object());
    if (!refunds.is_object()) {
        throw Error(DUNLIN_E_INVALID, "\"refund_alone_up_to\" are amounts by currency");
    }
    for (const auto& [currency, amount] : refunds.items()) {
        static_cast<void>(Currency(currency));
        out.refund_alone_up_to[currency] =
            Money::parse_units(amount.is_string() ? amount.get<std::string>() : amount.dump());
    }
    return out;
}

std::vector<ShortReason> parse_reasons(const Json& body) {
    const auto it = body.find("short_reasons");
    const auto& list = it == body.end() ? default_policy().at("short_reasons") : *it;
    const auto refuse = [] {
        throw Error(DUNLIN_E_INVALID,
                    "\"short_reasons\" are a list of at least one {\"reason\", \"title\", "
                    "\"disputes\"}, each reason once");
    };
    std::vector<ShortReason> out;
    if (!list.is_array() || list.empty()) refuse();
    for (const auto& one : list) {
        const bool is_whole = one.is_object() && one.contains("reason") && one.contains("title") &&
                              one["reason"].is_string() && one["title"].is_string() &&
                              (!one.contains("disputes") || one["disputes"].is_boolean());
        if (!is_whole) refuse();
        out.push_back({one["reason"], one["title"], one.value("disputes", false)});
        for (std::size_t i = 0; i + 1 < out.size(); ++i) {
            if (out[i].id == out.back().id || out.back().id.empty()) refuse();
        }
    }
    return out;
}

std::string to_text(Shortfall shortfall) {
    switch (shortfall) {
        case Shortfall::none: return "none";
        case Shortfall::part: return "part";
        case Shortfall::tolerance: return "tolerance";
        case Shortfall::discount: return "discount";
        case Shortfall::unexplained: return "unexplained";
    }
    return {};
}

}  // namespace dunlin::receivables::cash
