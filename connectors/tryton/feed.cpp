// SPDX-License-Identifier: Apache-2.0
#include "feed.hpp"

namespace dunlin::tryton {

bool is_shared(std::string_view entity) {
    return entity == "company" || entity == "exchange_rate" || entity == "customer" ||
           entity == "contact_point";
}

std::vector<Feed> feeds_of(std::string_view entity, int64_t company, bool is_whole) {
    if (entity == "company") return {parties::companies()};
    if (entity == "exchange_rate") return {parties::rates()};
    if (entity == "customer") return {parties::customers()};
    if (entity == "contact_point") return {parties::mechanisms(), parties::addresses()};
    if (entity == "invoice" && is_whole) return {documents::invoices(company)};
    if (entity == "invoice") return {documents::invoices(company), documents::notes(company)};
    if (entity == "invoice_line") return {documents::lines(company)};
    if (entity == "instalment") return {documents::instalments(company)};
    if (entity == "payment") return {postings::payments(company)};
    if (entity == "adjustment") {
        return {postings::adjustments(company), postings::differences(company, is_whole)};
    }
    return {postings::settlements(company, is_whole), postings::assignments(company, is_whole)};
}

std::vector<Feed> listings_of(std::string_view entity, int64_t company) {
    auto feeds = feeds_of(entity, company, /*is_whole=*/true);
    Feed lines = postings::settlements(company, /*is_whole=*/true);
    if (entity == "invoice_line") {
        feeds[0].model = "account.invoice.line";
        feeds[0].domain = Json::array({Json::array({"invoice.type", "=", "out"}),
                                       Json::array({"company", "=", company}),
                                       Json::array({"type", "=", "line"})});
    } else if (entity == "instalment") {
        // More than there are: the lines of documents that are due in one part have no row.
        lines.domain = postings::settlements(company, /*is_whole=*/false).domain;
        lines.domain.push_back(Json::array({"move.origin", "like", "account.invoice,%"}));
        lines.prefixes = {"l"};
        return {lines};
    } else if (entity == "adjustment") {
        // Any line of a reconciliation can be the one that names its difference.
        lines.prefixes = {"x"};
        feeds[1] = lines;
    } else if (entity == "allocation") {
        // More than there are: not every line that was reconciled uses another one up.
        auto open = lines;
        open.domain = postings::settlements(company, /*is_whole=*/false).domain;
        open.domain.push_back(Json::array({"reconciliation", "=", nullptr}));
        open.domain.push_back(Json::array({"invoice_payments", "!=", nullptr}));
        return {lines, open};
    }
    return feeds;
}

}  // namespace dunlin::tryton
