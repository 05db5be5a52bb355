// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/db.hpp>

#include <optional>

#include "message.hpp"

namespace dunlin::correspondence {

/// Which messages are asked for; 0 or empty: any.
struct MessageQuery {
    int64_t customer_id = 0, id = 0, batch_id = 0, after = 0;
    std::string state{}, kind{}, channel{}, origin{};
    int64_t limit = 100;
    bool is_scoped = false;  // As the caller may see them.
};

class Messages {
public:
    explicit Messages(Transaction& tx) : tx_(tx) {}

    /// By id.
    std::vector<Message> list(const MessageQuery& query);
    std::optional<Message> find(int64_t customer_id, int64_t id);
    /// False when this origin has one already.
    bool insert(const Message& message);
    /// Writes everything but who it is, if it is in that state and as it was when it was read, or
    /// still of that attempt where one is given. False when somebody else changed it.
    bool update(Message& message, const std::string& from_state, int64_t attempt_id = 0);
    int64_t count(const std::string& state, int64_t changed_before_us);
    /// Why the last other message to the same address came back; empty when it did not.
    std::string why_back(const Message& message);

private:
    Transaction& tx_;
};

/// A customer as letters see them.
struct Party {
    std::string number, name, kind, status, language, salesperson, portfolio, currency;
};
struct Address {
    std::string person, value, street, postcode, city, country;
};
struct LetterLine {
    int64_t item_id = 0;
    std::string number, reference;
    Date issued_on{0}, due_on{0};
    int64_t days_overdue = 0, original = 0, open = 0;
};
struct FiledDocument {
    int64_t item_id = 0, id = 0, size = 0;
    std::string media_type, name, sha256;
};
struct Letter {
    int64_t level = 0, company_id = 0;
    std::string currency, language, channel, template_name;
    Date as_of{0};
    int64_t due = 0, credits = 0, fee = 0, interest = 0, fixed_sums = 0, earlier = 0, total = 0;
    std::vector<LetterLine> lines{};
};

/// What the ledger publishes.
class Ledger {
public:
    explicit Ledger(Transaction& tx) : tx_(tx) {}

    /// Error not_found.
    Party party(int64_t customer_id);
    /// The best address of a channel on a day: for dunning before for billing before others.
    std::optional<Address> address(int64_t customer_id, const std::string& channel, Date on);
    /// Name, address and account; the name is empty for a company that is not known.
    Sender company(int64_t company_id);
    /// A dunning letter as it was released. Error not_found.
    Letter dunning_letter(int64_t customer_id, int64_t letter_id);
    /// All that are filed with items of a customer, the last one first.
    std::vector<FiledDocument> documents(int64_t customer_id);
    /// What is open in one currency, as the letter of a statement.
    Letter statement(int64_t customer_id, const std::string& currency, Date as_of);

private:
    Transaction& tx_;
};

}  // namespace dunlin::correspondence
