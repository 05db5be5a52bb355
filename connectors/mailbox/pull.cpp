// SPDX-License-Identifier: Apache-2.0
#include "pull.hpp"

#include <dunlin/digest.hpp>

#include "mime.hpp"
#include "text.hpp"

namespace dunlin::mailbox {

namespace {

constexpr std::size_t page_bytes_max = std::size_t{32} << 20U;
constexpr std::size_t key_size = 16;
constexpr std::size_t id_size = 32;
constexpr int64_t day_us = int64_t{86'400} * 1'000'000;

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

void fill_mail(RecordRow& row, const ParsedMail& mail) {
    auto reports = Json::array();
    for (const auto& one : mail.reports) {
        reports.push_back({{"recipient", one.recipient},
                           {"action", one.action},
                           {"status", one.status},
                           {"diagnostic", one.diagnostic}});
    }
    auto files = Json::array();
    for (const auto& one : mail.attachments) {
        files.push_back({{"name", one.name}, {"media_type", one.media_type}, {"size", one.size}});
    }
    row.text("sender", mail.sender)
        .text("sender_name", mail.sender_name)
        .text("recipients", joined(mail.recipients))
        .text("subject", mail.subject)
        .text("message_id", mail.message_id)
        .text("refs", joined(mail.references))
        .text("automatic", mail.automatic)
        .text("reported_id", mail.reported_id)
        .text("reports", reports.empty() ? "" : reports.dump())
        .text("attachments", files.empty() ? "" : files.dump())
        .text("body", mail.text);
}

}  // namespace

Seen Seen::parse(std::string_view cursor) {
    Seen out;
    if (cursor.empty()) return out;
    const auto json = Json::parse(cursor, nullptr, /*allow_exceptions=*/false);
    const auto keys = json.is_object() ? json.value("seen", std::string()) : std::string();
    if (!json.is_object() || keys.size() % key_size != 0) {
        throw Error(DUNLIN_E_DATA,
                    "the cursor of this source cannot be read; reset it, and every message is read "
                    "again, which changes nothing");
    }
    for (std::size_t at = 0; at < keys.size(); at += key_size) {
        out.keys_.insert(keys.substr(at, key_size));
    }
    return out;
}

std::string Seen::text() const {
    std::string keys;
    keys.reserve(keys_.size() * key_size);
    for (const auto& key : keys_) keys += key;
    return Json{{"seen", keys}}.dump();
}

void Seen::keep_only(const std::vector<Item>& items) {
    std::set<std::string, std::less<>> kept;
    for (const auto& item : items) {
        if (has(item.key)) kept.insert(item.key);
    }
    keys_ = std::move(kept);
}

RecordRows message_rows() {
    return RecordRows(
        "kind:u received_at:tsu:UTC sender:u sender_name:u recipients:u subject:u message_id:u "
        "refs:u automatic:u reported_id:u reports:u body:u attachments:u media_type:u size:l "
        "problem:u raw:z _position:u");
}

RecordRow row_of(const RecordRows& rows, const Item& item, const Received& received,
                 int64_t arrived_us) {
    const auto kept = static_cast<int64_t>(received.bytes.size());
    const bool is_whole = received.size == kept;
    auto id = is_whole ? received.bytes : received.bytes + std::to_string(received.size);
    auto row = rows.row(sha256_of(id).substr(0, id_size));
    const MimeLimits limits;
    std::string problem;
    auto at = received.received_us;
    if (received.media_type.empty()) {
        const auto mail = parse_mail(received.bytes, limits);
        fill_mail(row, mail);
        problem = mail.problem;
        at = mail.received_us.value_or(at);
    } else {
        row.text("subject", clean_line(item.name, 500))
            .text("body", clean_text(received.text, limits.text_bytes));
    }
    if (!is_whole) {
        problem = "it has " + std::to_string(received.size) + " bytes, of which the first " +
                  std::to_string(kept) + " were taken; the rest is in the mailbox";
    }
    // What a message says of its time may be anything.
    const bool is_sane = at > 0 && at < arrived_us + day_us;
    row.text("kind", received.media_type.empty() ? "email" : "letter")
        .number("received_at", is_sane ? at : arrived_us)
        .text("media_type", received.media_type.empty() ? "message/rfc822" : received.media_type)
        .number("size", received.size)
        .text("problem", problem)
        .text("raw", received.bytes)
        .text("_position", clean_line(item.name, 500));
    return row;
}

MailPull::MailPull(std::unique_ptr<Box> box, Seen seen, const Settings& settings, int64_t now_us,
                   Cancel cancel)
    : box_(std::move(box)),
      seen_(std::move(seen)),
      page_messages_(settings.page_messages),
      now_us_(now_us),
      cancel_(cancel) {
    auto all = box_->list(cancel_);
    seen_.keep_only(all);
    std::set<std::string> keys;
    for (auto& item : all) {
        // The same bytes under two names are one.
        if (!seen_.has(item.key) && keys.insert(item.key).second)
            waiting_.push_back(std::move(item));
    }
}

void MailPull::take(const Item& item, Page& page) {
    try {
        const auto received = box_->read(item, cancel_);
        if (!received) return;  // Gone; should it come back, it is read then.
        rows_.add(row_of(rows_, item, *received, now_us_));
        bytes_ += received->bytes.size();
        seen_.add(item.key);
    } catch (const Error& e) {
        if (e.status() != DUNLIN_E_DATA) throw;
        // It is tried again each time, because whoever corrects it does not tell us.
        page.errors.push_back({item.key, item.name, "unreadable", e.what(), ""});
    }
}

bool MailPull::next(Page& page) {
    const auto first = next_;
    bytes_ = 0;
    while (next_ < waiting_.size() && next_ - first < page_messages_ && bytes_ < page_bytes_max) {
        cancel_.throw_if_requested();
        take(waiting_[next_++], page);
    }
    if (next_ == first) return false;
    page.done = static_cast<int64_t>(next_);
    page.total = static_cast<int64_t>(waiting_.size());
    page.next_cursor = seen_.text();
    page.rows = rows_.finish();
    return true;
}

}  // namespace dunlin::mailbox
