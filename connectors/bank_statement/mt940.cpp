// SPDX-License-Identifier: Apache-2.0
#include "mt940_details.hpp"
#include "reader.hpp"
#include "text.hpp"

#include <dunlin/money.hpp>

#include <algorithm>
#include <array>
#include <deque>

namespace dunlin::bank_statement {
namespace {

constexpr std::array<std::string_view, 20> tags = {"13",  "13D", "20",  "21",  "25",  "25P", "28",
                                                   "28C", "34F", "60F", "60M", "61",  "62F", "62M",
                                                   "64",  "65",  "86",  "90C", "90D", "NS"};

struct Field {
    std::string_view tag;
    int64_t line = 0;
    std::vector<std::string_view> lines;
};

/// The tag a line begins with, ":61:" gives "61"; empty for a line that goes on with a field.
/// Only tags of these messages count: a wrapped ":26:37" is a time of day.
std::string_view tag_of(std::string_view line) {
    if (line.size() < 4 || line.front() != ':') return {};
    const auto end = line.find(':', 1);
    if (end == std::string_view::npos || end > 4) return {};
    const auto tag = line.substr(1, end - 1);
    const auto* const it = std::find(tags.begin(), tags.end(), tag);
    return it == tags.end() ? std::string_view() : *it;
}

/// Takes a text's front apart.
class Taker {
public:
    explicit Taker(std::string_view text) : rest_(text) {}

    std::string_view rest() const { return rest_; }
    char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
    std::string_view take(std::size_t n) {
        const auto out = rest_.substr(0, n);
        rest_.remove_prefix(out.size());
        return out;
    }
    template <class Is>
    std::string_view take_while(Is is) {
        std::size_t n = 0;
        while (n < rest_.size() && is(rest_[n])) ++n;
        return take(n);
    }
    bool take_any(std::string_view chars) {
        if (rest_.empty() || chars.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }

private:
    std::string_view rest_;
};

bool is_amount_char(char c) {
    return (c >= '0' && c <= '9') || c == ',';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_capital(char c) {
    return c >= 'A' && c <= 'Z';
}

/// February has 30 days in some banks' value dates, because their interest has.
std::optional<Date> value_date(std::string_view text) {
    if (auto date = parse_date6(text)) return date;
    const auto day = text.substr(std::min<std::size_t>(4, text.size()));
    if (day != "29" && day != "30") return std::nullopt;
    if (text.substr(2, 2) != "02") return std::nullopt;
    auto last = parse_date6(std::string(text.substr(0, 4)) + "29");
    return last ? last : parse_date6(std::string(text.substr(0, 4)) + "28");
}

/// "0102" near a value date: a booking may be over the new year.
std::optional<Date> entry_date(std::string_view mmdd, Date value) {
    const int year = static_cast<int>(value.ymd().year());
    std::optional<Date> best;
    for (const int candidate : {year - 1, year, year + 1}) {
        const auto date = parse_date8(std::to_string(candidate) + std::string(mmdd));
        if (!date) continue;
        const auto gap = std::abs(*date - value);
        if (!best || gap < std::abs(*best - value)) best = date;
    }
    return best;
}

class Reader {
public:
    explicit Reader(const Limits& limits) : limits_(limits) {}

    Document read(std::string_view text) {
        LineReader lines(text);
        for (std::string_view line; lines.next(line);) {
            line = without_envelope(line);
            if (line == ":") {  // A tag torn apart by a wrap.
                is_torn_ = true;
                continue;
            }
            take_line(line, lines.number());
        }
        end_field();
        end_statement();
        return std::move(out_);
    }

private:
    /// "{1:…}{2:…}{4:" goes; what is behind it in the line stays.
    static std::string_view without_envelope(std::string_view line) {
        while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
        if (line.empty() || line.front() != '{') return line;
        const auto text = line.find("{4:");
        return text == std::string_view::npos ? std::string_view() : line.substr(text + 3);
    }

    void take_line(std::string_view line, int64_t number) {
        std::string_view value = line;
        std::string_view tag;
        if (is_torn_) {
            torn_.push_back(":" + std::string(line));
            tag = tag_of(torn_.back());
            if (!tag.empty()) value = std::string_view(torn_.back());
            is_torn_ = false;
        } else {
            tag = tag_of(line);
        }
        if (line == "-" || line.substr(0, 2) == "-}") {
            end_field();
            end_statement();
        } else if (!tag.empty()) {
            end_field();
            field_ = {tag, number, {value.substr(tag.size() + 2)}};
            field_bytes_ = value.size();
        } else if (!field_.tag.empty()) {
            check_size(value, number);
            field_.lines.push_back(value);
        }
    }

    void check_size(std::string_view line, int64_t number) {
        field_bytes_ += line.size();
        if (field_bytes_ <= limits_.text_bytes) return;
        refuse_file(number, "a field is longer than " + std::to_string(limits_.text_bytes) +
                                " bytes; no bank's message has one");
    }

    static std::string joined(const Field& field) {
        std::string out;
        for (const auto line : field.lines) append_part(out, " ", trimmed(line));
        return out;
    }

    Statement& statement() {
        if (!is_open_) {
            is_open_ = true;
            is_closed_ = false;
            current_ = {};
            current_.line = field_.line;
            current_.is_balance_needed = true;
            current_.numbering = Numbering::all;
        }
        return current_;
    }

    void end_statement() {
        if (!is_open_) return;
        is_open_ = false;
        if (current_.account.empty())
            current_.refuse("account", "the statement has no account (:25:)");
        if (is_interim_ && !current_.opening && !current_.closing) {
            current_.kind = Kind::intraday;
            current_.is_balance_needed = false;
        }
        is_interim_ = false;
        for (auto& entry : current_.entries) {
            if (entry.currency.empty()) entry.currency = current_.currency;
            if (entry.details.empty()) entry.details.emplace_back();
            entry.details[0].line = entry.line;
        }
        out_.statements.push_back(std::move(current_));
    }

    void end_field() {
        if (field_.tag.empty()) return;
        const auto tag = field_.tag;
        if (tag == "20") end_statement();
        auto& to = statement();
        if (tag == "25" || tag == "25P") {
            read_account(to);
        } else if (tag == "28" || tag == "28C") {
            to.id = one_line(joined(field_));
        } else if (tag == "60F" || tag == "60M") {
            read_balance(to, to.opening);
        } else if (tag == "62F" || tag == "62M") {
            read_balance(to, to.closing);
            is_closed_ = true;
        } else if (tag == "61") {
            read_entry(to);
        } else if ((tag == "86" || tag == "NS") && !is_closed_ && !to.entries.empty()) {
            read_details(field_.lines, tag == "NS", to.entries.back());
        } else if (tag == "34F" && to.currency.empty()) {
            is_interim_ = true;
            to.currency = field_.lines.front().substr(0, 3);
        } else if (tag == "34F" || tag == "13D" || tag == "13" || tag == "90C" || tag == "90D") {
            is_interim_ = true;
        }
        field_ = {};
    }

    void read_account(Statement& to) const {
        if (!to.account.empty() || !to.entries.empty()) {
            to.refuse("account", "line " + std::to_string(field_.line) +
                                     " names a second account (:25:) in one statement; the file is "
                                     "damaged, ask the bank for it again");
            return;
        }
        auto account = one_line(joined(field_));
        const auto size = account.size();
        const auto currency = size > 3 ? account.substr(size - 3) : std::string();
        if (minor_digits(currency) >= 0 && is_digit(account[size - 4])) account.resize(size - 3);
        to.account = account;
    }

    void read_balance(Statement& to, std::optional<Balance>& balance) {
        Taker text(field_.lines.front());
        const bool is_debit = text.peek() == 'D';
        std::string reason;
        std::optional<int64_t> amount;
        Balance out;
        if (text.take_any("CD")) {
            out.date = value_date(text.take(6));
            // Some closing balances leave the currency out.
            if (is_capital(text.peek())) out.currency = text.take(3);
            if (out.currency.empty() && to.opening) out.currency = to.opening->currency;
            amount = parse_units(text.rest(), ',', reason);
        } else {
            reason = "it begins with neither C nor D";
        }
        const auto where =
            "line " + std::to_string(field_.line) + ", balance :" + std::string(field_.tag) + ": ";
        if (!amount) {
            to.refuse("amount", where + reason);
            return;
        }
        if (balance) to.refuse("balance", where + "is there twice in one statement");
        out.amount = is_debit ? -*amount : *amount;
        balance = out;
        if (to.currency.empty()) to.currency = out.currency;
    }

    void read_entry(Statement& to) {
        if (++entries_ > limits_.entries) {
            refuse_file(field_.line, "the file has more than " + std::to_string(limits_.entries) +
                                         " entries; ask the bank for it in parts");
        }
        Entry out;
        out.line = field_.line;
        if (is_closed_) {
            to.refuse("broken", "line " + std::to_string(field_.line) +
                                    ": an entry (:61:) stands behind the closing balance");
        }
        std::string text(field_.lines.front());
        std::size_t used = 1;
        // The amount may have slipped into the next line.
        if (text.find(',') == std::string::npos && field_.lines.size() > 1) {
            text += field_.lines[used++];
        }
        parse_entry(text, out);
        Detail detail;
        split_references(text_rest_, out, detail);
        for (; used < field_.lines.size(); ++used) {
            append_part(detail.remittance, " ", one_line(field_.lines[used]));
        }
        if (!out.code.empty() && out.code == "amount") {
            to.refuse("amount", "line " + std::to_string(out.line) + ", entry: " + out.reason);
        }
        out.details.push_back(std::move(detail));
        to.entries.push_back(std::move(out));
    }

    /// Dates, mark and amount; leaves the type and references in text_rest_.
    void parse_entry(std::string_view all, Entry& out) {
        Taker text(all);
        const auto value = text.take(6);
        const auto booked =
            text.rest().size() > 4 && all_digits(text.rest().substr(0, 4)) ? text.take(4) : "";
        out.value_on = value_date(value);
        if (out.value_on) {
            out.booked_on = booked.empty() ? out.value_on : entry_date(booked, *out.value_on);
        }
        bool is_credit = false;
        const bool has_mark = read_mark(text, out, is_credit);
        text.take_while([](char c) { return c == ' '; });
        const auto digits = text.take_while(is_amount_char);
        const auto amount = parse_units(digits, ',', out.reason);
        text_rest_ = text.rest();
        if (!has_mark || !amount || text.peek() == '.') {
            out.code = "amount";
            if (amount) out.reason = in_quotes(all) + " is not an entry (:61:)";
            return;
        }
        out.amount = is_credit ? *amount : -*amount;
        if (out.booked_on) return;
        out.code = "date";
        out.reason = in_quotes(all.substr(0, 10)) + " is not in the calendar";
    }

    /// "C", "D", reversed "RC", "RD", expected "EC", "ED"; with a letter of the currency behind it.
    static bool read_mark(Taker& text, Entry& out, bool& is_credit) {
        out.is_return = text.take_any("R");
        if (!out.is_return && text.take_any("E")) out.is_booked = false;
        const char mark = text.peek();
        if (!text.take_any("CD")) return false;
        // What reverses a credit takes money away.
        is_credit = (mark == 'C') != out.is_return;
        if (is_capital(text.peek())) text.take(1);
        return true;
    }

    static void split_references(std::string_view rest, Entry& out, Detail& detail) {
        Taker text(rest);
        if (is_capital(text.peek())) out.method = one_line(text.take(4));
        const auto at = text.rest().find("//");
        detail.customer_reference = one_line(text.rest().substr(0, at));
        if (at != std::string_view::npos) out.bank_reference = one_line(text.rest().substr(at + 2));
        if (out.method.size() == 4 && out.method.substr(1) == "RTI") out.is_return = true;
    }

    Limits limits_;
    Document out_{Format::mt940, {}, {}};
    Field field_;
    std::size_t field_bytes_ = 0;
    std::deque<std::string> torn_;  // Lines put together again; fields point into them.
    bool is_torn_ = false;
    Statement current_;
    bool is_open_ = false;
    bool is_closed_ = false;
    bool is_interim_ = false;
    std::size_t entries_ = 0;
    std::string_view text_rest_;
};

}  // namespace

Document read_mt940(std::string_view text, const Limits& limits) {
    return Reader(limits).read(text);
}

}  // namespace dunlin::bank_statement
