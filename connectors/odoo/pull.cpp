// SPDX-License-Identifier: Apache-2.0
#include "pull.hpp"

#include <algorithm>
#include <charconv>

namespace dunlin::odoo {
namespace {

constexpr int64_t ids_at_once = 50'000;
constexpr std::size_t customers_at_once = 500;
constexpr std::size_t raw_bytes_max = 4096;

std::vector<int64_t> record_ids(const Json& records) {
    std::vector<int64_t> out;
    for (const auto& record : records) out.push_back(record.at("id").get<int64_t>());
    return out;
}

BadRow bad_row(const Part& part, const Json& record, const std::string& code,
               const std::string& reason) {
    const auto id = std::to_string(record.at("id").get<int64_t>());
    const auto name = record.value("name", Json());
    BadRow out;
    out.external_id = part.prefix + id + part.suffixes.front();
    out.position = part.model + " " + id;
    if (name.is_string()) out.position += " " + name.get<std::string>();
    out.code = code;
    out.reason = reason;
    out.raw = record.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, raw_bytes_max);
    return out;
}

}  // namespace

OdooPull::Position OdooPull::Position::parse(const std::string& text) {
    Position out;
    if (text.empty()) return out;
    const auto* end = text.data() + text.size();
    const auto part = std::from_chars(text.data(), end, out.part);
    const bool has_more = part.ec == std::errc() && part.ptr != end && *part.ptr == ':';
    const auto after =
        has_more ? std::from_chars(part.ptr + 1, end, out.after) : std::from_chars_result{};
    if (!has_more || after.ec != std::errc() || after.ptr != end || out.after < 0) {
        throw Error(DUNLIN_E_INVALID, "\"" + text.substr(0, 40) + "\" is no place of this stream");
    }
    return out;
}

std::string OdooPull::Position::text() const {
    return std::to_string(part) + ":" + std::to_string(after);
}

OdooPull::OdooPull(const Stream& stream, const PullRequest& request, const Reading& reading,
                   std::unique_ptr<Client> client, Cancel cancel)
    : stream_(stream),
      request_(request),
      reading_(reading),
      client_(std::move(client)),
      cancel_(cancel),
      books_(*client_),
      position_(Position::parse(request.resume)) {
    if (request_.since_us) *request_.since_us -= reading_.extra_overlap_us;
}

bool OdooPull::next(Page& page) {
    cancel_.throw_if_requested();
    books_.forget_page();
    changed_max_us_.reset();
    const bool has_page = request_.mode == PullRequest::Mode::ids     ? next_ids(page)
                          : request_.mode == PullRequest::Mode::by_id ? by_id(page)
                                                                      : next_rows(page);
    page.server_us = client_->server_us();
    return has_page;
}

Domain OdooPull::conditions(const Part& part) const {
    auto domain = part.domain(*client_);
    if (request_.since_us && part.customer_link.empty() &&
        request_.mode == PullRequest::Mode::changes) {
        domain.push_back(Json::array({"write_date", ">=", second_text(*request_.since_us)}));
    }
    return domain;
}

std::vector<int64_t> OdooPull::next_record_ids(const Domain& domain, int64_t limit) {
    auto behind = domain;
    behind.push_back(Json::array({"id", ">", position_.after}));
    auto ids = client_->search(stream_.parts[position_.part].model, behind, limit);
    if (!ids.empty()) position_.after = ids.back();
    return ids;
}

const std::vector<int64_t>& OdooPull::customers() {
    if (!customers_) {
        const bool is_partial = request_.mode == PullRequest::Mode::changes;
        customers_ = books_.customers_of_entries(is_partial ? request_.since_us : std::nullopt);
    }
    return *customers_;
}

Json OdooPull::records_of_customers(const Part& part) {
    const auto& all = customers();
    const auto begin = std::upper_bound(all.begin(), all.end(), position_.after);
    const auto left = static_cast<std::size_t>(all.end() - begin);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(left, customers_at_once));
    if (begin == end) return Json::array();
    auto domain = conditions(part);
    domain.push_back(Json::array({part.customer_link, "in", std::vector<int64_t>(begin, end)}));
    position_.after = *(end - 1);
    const auto ids = client_->search(part.model, domain, 0);
    return client_->read(part.model, ids, part.fields);
}

Json OdooPull::next_records() {
    const auto& part = stream_.parts[position_.part];
    if (!part.customer_link.empty()) return records_of_customers(part);
    const auto ids = next_record_ids(conditions(part), reading_.page_rows);
    return client_->read(part.model, ids, part.fields);
}

void OdooPull::map(const Part& part, const Json& records, Rows& rows) {
    part.prepare(records, books_);
    for (const auto& record : records) {
        const auto rows_before = rows.rows().size();
        try {
            const auto changed = instant_of(record, "write_date");
            if (changed && (!changed_max_us_ || *changed > *changed_max_us_)) {
                changed_max_us_ = changed;
            }
            part.map(record, books_, rows);
        } catch (const BadValue& e) {
            rows.truncate(rows_before);
            rows.errors().push_back(bad_row(part, record, e.code(), e.what()));
        } catch (const Json::exception& e) {
            rows.truncate(rows_before);
            rows.errors().push_back(bad_row(
                part, record, "shape",
                std::string("the record is not of the shape that Odoo documents: ") + e.what()));
        }
    }
}

void OdooPull::finish(Rows& rows, Page& page) const {
    page.errors = std::move(rows.errors());
    page.rows = rows.finish();
    page.next_cursor = position_.text();
    page.done = done_;
    page.total = total_ < 0 ? -1 : std::max(total_, done_);
    if (stream_.cursor == "keyset") page.changed_max_us = changed_max_us_;
}

bool OdooPull::next_rows(Page& page) {
    while (position_.part < stream_.parts.size()) {
        const auto& part = stream_.parts[position_.part];
        if (total_ < 0 && position_.part == 0) {
            total_ = client_->count(part.model, conditions(part));
        }
        const auto before = position_.after;
        const auto records = next_records();
        if (records.empty() && position_.after == before) {
            position_ = {position_.part + 1, 0};
            continue;
        }
        Rows rows(stream_.columns);
        map(part, records, rows);
        done_ += static_cast<int64_t>(records.size());
        finish(rows, page);
        return true;
    }
    return false;
}

bool OdooPull::next_ids(Page& page) {
    while (position_.part < stream_.parts.size()) {
        const auto& part = stream_.parts[position_.part];
        const auto before = position_.after;
        std::vector<int64_t> ids;
        if (part.customer_link.empty()) {
            ids = next_record_ids(part.domain(*client_), ids_at_once);
        } else {
            ids = record_ids(records_of_customers(part));
        }
        if (ids.empty() && position_.after == before) {
            position_ = {position_.part + 1, 0};
            continue;
        }
        BatchBuilder builder({{"external_id", Type::text}});
        for (const auto id : ids) {
            for (const auto& suffix : part.suffixes) {
                builder[0].add(part.prefix + std::to_string(id) + suffix);
            }
        }
        done_ += static_cast<int64_t>(ids.size());
        page.rows = builder.finish();
        page.next_cursor = position_.text();
        page.done = done_;
        return true;
    }
    return false;
}

bool OdooPull::by_id(Page& page) {
    if (is_finished_) return false;
    is_finished_ = true;
    const std::set<std::string> wanted(request_.ids.begin(), request_.ids.end());
    std::set<std::string> found;
    Rows rows(stream_.columns);
    for (const auto& part : stream_.parts) {
        std::vector<int64_t> records;
        for (const auto& external_id : wanted) {
            const auto id = part.record_of(external_id);
            if (id && found.count(external_id) == 0) records.push_back(*id);
        }
        if (records.empty()) continue;
        auto domain = part.domain(*client_);
        domain.push_back(Json::array({"id", "in", records}));
        const auto ids = client_->search(part.model, domain, 0);
        map(part, client_->read(part.model, ids, part.fields), rows);
        for (const auto& row : rows.rows()) found.insert(row.external_id());
        for (const auto& bad : rows.errors()) found.insert(bad.external_id);
    }
    rows.keep([&](const Row& row) { return wanted.count(row.external_id()) > 0; });
    for (const auto& external_id : wanted) {
        if (found.count(external_id) > 0) continue;
        auto gone = rows.row(external_id, std::nullopt);
        gone.deleted();
        rows.add(std::move(gone));
    }
    done_ = static_cast<int64_t>(wanted.size());
    finish(rows, page);
    return true;
}

}  // namespace dunlin::odoo
