// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

#include <algorithm>

namespace dunlin::stripe {

bool Reader::is_wanted(const Json& invoice) const {
    if (!invoice.is_object()) return !invoice.is_null();
    const auto created = instant_of(invoice, "created");
    return !reading_.since_us || !created || *created >= *reading_.since_us;
}

Json Reader::lines_of(const std::string& path, const Json& object) {
    const auto& lines = object_of(object, "lines");
    auto out = list_of(object, "lines");
    if (!flag_of(lines, "has_more") || out.empty()) return out;
    return client_.all(path + "/lines", {});
}

int64_t refunded_by(const Json& credit_note, const Json& refund) {
    if (text_of(credit_note, "status") == "void") return 0;
    const auto total = number_of(credit_note, "total").value_or(0);
    const auto elsewhere = number_of(credit_note, "out_of_band_amount").value_or(0);
    return std::clamp<int64_t>(number_of(refund, "amount").value_or(0), 0, total - elsewhere);
}

int64_t Reader::credited_of(const Json& refund, const std::string& invoice) {
    auto found = credit_notes_.find(invoice);
    if (found == credit_notes_.end()) {
        found =
            credit_notes_.emplace(invoice, client_.all("/v1/credit_notes", {{"invoice", invoice}}))
                .first;
    }
    const auto amount = number_of(refund, "amount").value_or(0);
    int64_t out = 0;
    for (const auto& note : found->second) {
        if (id_of(note, "refund") == text_of(refund, "id")) out += refunded_by(note, refund);
    }
    return std::min(out, amount);
}

Json Reader::any_invoice_of(const std::string& customer) {
    const auto page = client_.get("/v1/invoices", {{"customer", customer}, {"limit", "1"}});
    const auto& data = page.at("data");
    return data.empty() ? Json() : data[0];
}

}  // namespace dunlin::stripe
