// SPDX-License-Identifier: Apache-2.0
#include "inbound/filing.hpp"

#include <algorithm>
#include <optional>
#include <sstream>

#include "inbound/recognise.hpp"
#include "store.hpp"

namespace dunlin::correspondence {

namespace {

constexpr std::size_t words_at_once = 200;
constexpr std::size_t words_max = 60;  // Of one message.
constexpr std::size_t keys_max = 180;  // The same, of up to so many words each:
constexpr std::size_t key_words_max = 3;
constexpr std::size_t read_max = 8192;
constexpr std::size_t word_min = 4, word_max = 40;
constexpr std::size_t digits_min = 6;  // Of a number without letters: shorter ones are anything.

bool is_word(char c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || c == '-' || c == '/' || c == '_' || c == '.';
}

/// "Dunlin <17>" is no number, "R-17" and "2026/0815" are.
bool is_reference(const std::string& word) {
    if (word.size() < word_min || word.size() > word_max) return false;
    const auto digits =
        std::count_if(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
    const bool is_number = static_cast<std::size_t>(digits) == word.size();
    return digits > 0 && (!is_number || word.size() >= digits_min);
}

std::string upper(std::string text) {
    for (auto& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
    return text;
}

/// As the key of a number in the ledger: letters and digits alone, in capitals.
std::string folded(const std::string& word) {
    std::string out;
    for (const char c : upper(word)) {
        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) out += c;
    }
    return out;
}

/// The same in both stores.
std::string folded_sql(const std::string& column) {
    auto out = column;
    for (const char* mark : {" ", "-", "/", ".", "_"}) {
        out = "replace(" + out + ", '" + mark + "', '')";
    }
    return "upper(" + out + ")";
}

struct Word {
    std::string text;
    bool is_next = false;  // Nothing but blanks is between it and the one before.
};

/// Of the subject and what the writer wrote, without what is quoted.
std::vector<Word> words_of(const Inbound& in) {
    std::vector<Word> out;
    const auto text = in.subject + "\n" + own_words(in.body).substr(0, read_max);
    Word word;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && is_word(text[i])) {
            word.text += text[i];
            continue;
        }
        while (!word.text.empty() &&
               (word.text.back() == '.' || word.text.back() == '-' || word.text.back() == '/')) {
            word.text.pop_back();
        }
        const bool is_blank = i < text.size() && text[i] == ' ';
        if (!word.text.empty()) {
            out.push_back(std::move(word));
            word = {{}, is_blank};
        } else {
            word.is_next = word.is_next && is_blank;
        }
    }
    return out;
}

Customers joined(const Customers& a, const Customers& b) {
    auto out = a;
    out.insert(b.begin(), b.end());
    return out;
}

Json ids_of(const Customers& customers) {
    auto out = Json::array();
    for (const auto id : customers) out.push_back(std::to_string(id));
    return out;
}

/// What a message answers, as far as it shows a mark that was made here and is still there.
std::optional<Message> answered(Transaction& tx, const Tokens& tokens, const Inbound& in) {
    std::istringstream ids(in.refs + " " + in.reported_id);
    for (std::string id; ids >> id;) {
        const auto target = tokens.target(id);
        if (!target) continue;
        if (auto found = Messages(tx).find(target->customer_id, target->message_id)) return found;
    }
    return std::nullopt;
}

void wait(Inbound& in, const std::string& why, const Customers& candidates) {
    in.state = "waiting";
    in.reason = why;
    in.candidates = ids_of(candidates);
}

void give(Transaction& tx, Inbound& in, int64_t customer_id, const char* how) {
    in.state = "filed";
    in.how = how;
    in.customer_id = customer_id;
    const auto party = Ledger(tx).party(customer_id);
    in.salesperson = party.salesperson;
    in.portfolio = party.portfolio;
}

}  // namespace

std::set<std::string> references_in(const Inbound& in) {
    std::set<std::string> out;
    for (const auto& [word, is_next] : words_of(in)) {
        if (out.size() == words_max) break;
        if (is_reference(word)) out.insert(word);
    }
    return out;
}

std::set<std::string> keys_in(const Inbound& in) {
    std::set<std::string> out;
    const auto words = words_of(in);
    for (std::size_t i = 0; i < words.size() && out.size() < keys_max; ++i) {
        std::string key;
        for (auto j = i; j < words.size() && j < i + key_words_max; ++j) {
            if (j > i && !words[j].is_next) break;
            key += folded(words[j].text);
            const auto letters =
                std::count_if(key.begin(), key.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
            if (letters > 0 && is_reference(key)) out.insert(key);
        }
    }
    return out;
}

Directory::Directory(Transaction& tx, const std::vector<Inbound>& messages) {
    std::set<std::string> senders, words, keys, numbers;
    for (const auto& in : messages) {
        if (!in.sender.empty()) senders.insert(in.sender);
        keys.merge(keys_in(in));
        for (const auto& word : references_in(in)) {
            words.insert(word);
            words.insert(upper(word));
            const bool is_number =
                std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
            if (is_number && word.size() < 19) numbers.insert(word);
        }
    }
    look_up(tx,
            "SELECT lower(p.value), p.customer_id FROM receivables_v1_contact_point p"
            " WHERE p.kind = 'email' AND lower(p.value) IN (",
            senders, /*is_number=*/false, addresses_);
    look_up(tx,
            "SELECT number, customer_id FROM receivables_v1_item WHERE kind <> 'payment'"
            " AND number IN (",
            words, /*is_number=*/false, references_);
    look_up(tx,
            "SELECT number, customer_id FROM receivables_v1_customer WHERE is_deleted = 0"
            " AND number IN (",
            words, /*is_number=*/false, references_);
    const auto key = folded_sql("number");
    look_up(tx,
            "SELECT " + key +
                ", customer_id FROM receivables_v1_item WHERE kind <> 'payment' AND " + key +
                " IN (",
            keys, /*is_number=*/false, keys_);
    look_up(tx,
            "SELECT " + key +
                ", customer_id FROM receivables_v1_customer WHERE is_deleted = 0"
                " AND " +
                key + " IN (",
            keys, /*is_number=*/false, keys_);
    for (const auto* column : {"source_id", "message_id"}) {
        look_up(tx,
                std::string("SELECT CAST(") + column +
                    " AS text), customer_id FROM"
                    " correspondence_message WHERE " +
                    column + " IN (",
                numbers, /*is_number=*/true, references_);
    }
}

void Directory::look_up(Transaction& tx, const std::string& sql, const std::set<std::string>& words,
                        bool is_number, std::map<std::string, Customers>& into) const {
    for (auto it = words.begin(); it != words.end();) {
        std::vector<std::string> some;
        for (; it != words.end() && some.size() < words_at_once; ++it) some.push_back(*it);
        auto marks = sql;
        for (std::size_t i = 0; i < some.size(); ++i) marks += i == 0 ? "?" : ", ?";
        auto rows = tx.prepare(marks + ")");
        for (std::size_t i = 0; i < some.size(); ++i) {
            const auto at = static_cast<uint32_t>(i);
            if (is_number) {
                rows.bind_at(at, static_cast<int64_t>(std::stoll(some[i])));
            } else {
                rows.bind_at(at, some[i]);
            }
        }
        while (rows.step()) into[rows.string(0)].insert(rows.i64(1));
    }
}

Customers Directory::of_address(const Inbound& in) const {
    const auto found = addresses_.find(in.sender);
    return found == addresses_.end() ? Customers() : found->second;
}

Customers Directory::of_references(const Inbound& in) const {
    Customers out;
    for (const auto& word : references_in(in)) {
        for (const auto& as : {word, upper(word)}) {
            const auto found = references_.find(as);
            if (found != references_.end()) out = joined(out, found->second);
        }
    }
    for (const auto& key : keys_in(in)) {
        const auto found = keys_.find(key);
        if (found != keys_.end()) out = joined(out, found->second);
    }
    return out;
}

void file(Transaction& tx, const Directory& directory, const Tokens& tokens, Inbound& in) {
    const auto message = answered(tx, tokens, in);
    const bool is_report = !in.reports.empty();
    if (message && is_report) {  // A mail server writes it, from an address of its own.
        in.message_id = message->id;
        return give(tx, in, message->customer_id, "token");
    }
    const auto senders = directory.of_address(in), referred = directory.of_references(in);
    if (message) {
        const auto customer_id = message->customer_id;
        if (!senders.empty() && senders.count(customer_id) == 0) {
            return wait(in, "it answers a message to one customer and comes from another's address",
                        joined(senders, {customer_id}));
        }
        in.message_id = message->id;
        if (senders.empty()) in.reason = "the sender's address is not known";
        return give(tx, in, customer_id, "token");
    }
    if (is_report) return wait(in, "it reports about a message that was not sent here", referred);
    const bool fits = referred.size() == 1 && (senders.empty() || senders.count(*referred.begin()));
    if (fits) {
        if (senders.empty() && in.kind == "email") in.reason = "the sender's address is not known";
        return give(tx, in, *referred.begin(), "reference");
    }
    const bool agrees =
        senders.size() == 1 && (referred.empty() || referred.count(*senders.begin()) > 0);
    if (agrees) return give(tx, in, *senders.begin(), "address");
    const auto all = joined(senders, referred);
    wait(in,
         all.empty()       ? "neither its sender nor a number in it is known"
         : all.size() == 1 ? "a number in it is not enough"
                           : "it may be of more than one customer",
         all);
}

}  // namespace dunlin::correspondence
