// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/record_rows.hpp>

#include <set>

#include "box.hpp"

namespace dunlin::mailbox {

/// Which messages of a box were taken. Forgets those that lie there no more.
class Seen {
public:
    static Seen parse(std::string_view cursor);
    std::string text() const;
    bool has(const std::string& key) const { return keys_.count(key) > 0; }
    void add(const std::string& key) { keys_.insert(key); }
    void keep_only(const std::vector<Item>& items);

private:
    std::set<std::string, std::less<>> keys_;
};

/// Columns of the entity "message".
RecordRows message_rows();
/// A message as a row. `arrived_us` is for what does not say when it came.
RecordRow row_of(const RecordRows& rows, const Item& item, const Received& received,
                 int64_t arrived_us);

/// Reads what is new in a box, page by page.
class MailPull : public Pull {
public:
    MailPull(std::unique_ptr<Box> box, Seen seen, const Settings& settings, int64_t now_us,
             Cancel cancel);
    bool next(Page& page) override;

private:
    void take(const Item& item, Page& page);

    std::unique_ptr<Box> box_;
    Seen seen_;
    std::size_t page_messages_;
    int64_t now_us_;
    Cancel cancel_;
    RecordRows rows_ = message_rows();
    std::vector<Item> waiting_;
    std::size_t next_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace dunlin::mailbox
