// SPDX-License-Identifier: Apache-2.0
#include "printed.hpp"

#include "value.hpp"

#include <dunlin/base64.hpp>

#include <algorithm>

namespace dunlin::tryton {
namespace {

/// Bytes come as base64 and are never there twice; a report that is text comes as it is.
void hand_out(const Json& content, const TakeBytes& take) {
    if (content.is_string()) return take(content.get_ref<const std::string&>());
    const auto encoded = content.is_object() ? content.find("base64") : content.end();
    if (!content.is_object() || encoded == content.end() || !encoded->is_string()) {
        throw Error(DUNLIN_E_DATA, "Tryton answers with a document that is neither bytes nor text");
    }
    from_base64(encoded->get_ref<const std::string&>(), take);
}

bool is_id(std::string_view text) {
    constexpr std::size_t digits_max = 18;
    return !text.empty() && text.size() <= digits_max &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void hand_out_invoice(Client& client, const std::vector<int64_t>& companies,
                      std::string_view external_id, const TakeBytes& take, const Cancel& cancel) {
    const auto what = "Tryton has no document of invoice " + in_quotes(external_id);
    // What came from a journal has another kind of id.
    if (!is_id(external_id)) throw Error(DUNLIN_E_NOT_FOUND, what + ": it is no invoice there");
    const auto id = std::stoll(std::string(external_id));
    for (const auto company : companies) {
        const auto found = client.read(
            {"account.invoice",
             Json::array({Json::array({"id", "=", id}), Json::array({"type", "=", "out"}),
                          Json::array({"company", "=", company})}),
             {"state", "invoice_report_cache"},
             1,
             company},
            cancel);
        if (found.empty()) continue;
        const auto& stored = at(found[0], "invoice_report_cache");
        if (!stored.is_null()) return hand_out(stored, take);
        const auto state = text_at(found[0], "state");
        if (state != "posted" && state != "paid") {
            throw Error(DUNLIN_E_NOT_FOUND, what + ": it is " + state + ", not posted");
        }
        const Json context{{"company", company}, {"language", "en"}};
        const auto made = client.call(
            "report.account.invoice.execute",
            Json::array({Json::array({id}),
                         {{"model", "account.invoice"}, {"id", id}, {"ids", Json::array({id})}},
                         context}),
            cancel);
        // [format, bytes, whether to print at once, name]
        if (!made.is_array() || made.size() < 2) return hand_out(Json(), take);
        return hand_out(made[1], take);
    }
    throw Error(DUNLIN_E_NOT_FOUND, what + ": it is not there any more, or not an outgoing one");
}

}  // namespace dunlin::tryton
