// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"
#include "text.hpp"

#include <dunlin/money.hpp>

#include <charconv>
#include <utility>

namespace dunlin::bank_statement {
namespace {

/// A record with its continuations. Fields end at a comma or at the end of a line, the text of a
/// 16 is all that is left.
class Record {
public:
    Record(std::string_view code, int64_t line) : code_(code), line_(line) {}

    std::string_view code() const { return code_; }
    int64_t line() const { return line_; }
    int64_t lines() const { return lines_; }
    std::size_t bytes() const { return body_.size(); }

    void add(std::string_view line) {
        line = trimmed(line);
        if (!line.empty() && line.back() == '/') line.remove_suffix(1);
        if (lines_++ > 0) body_ += '\n';
        body_ += line;
    }
    bool is_over() const { return at_ > body_.size(); }
    std::string_view next() {
        if (is_over()) return {};
        const auto end = std::min(body_.find_first_of(",\n", at_), body_.size());
        const auto out = trimmed(std::string_view(body_).substr(at_, end - at_));
        at_ = end + 1;
        return out;
    }
    std::string rest() {
        if (is_over()) return {};
        return one_line(std::string_view(body_).substr(std::exchange(at_, body_.size() + 1)));
    }

private:
    std::string code_;
    int64_t line_;
    int64_t lines_ = 0;
    std::string body_;
    std::size_t at_ = 0;
};

int number_of(std::string_view text) {
    int out = -1;
    if (!all_digits(text)) return -1;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
    return failure == std::errc() ? out : -1;
}

/// A sum of amounts, as they stand without a decimal sign, and of physical records.
struct Control {
    int64_t amount = 0;
    int64_t records = 0;
    int64_t parts = 0;

    void add_amount(int64_t line, int64_t more) {
        const auto sum = sum_of(amount, more);
        if (!sum) refuse_file(line, "the amounts are too large to be added");
        amount = *sum;
    }
    void add(int64_t line, const Control& other) {
        add_amount(line, other.amount);
        records += other.records;
        ++parts;
    }
};

class Reader {
public:
    explicit Reader(const Limits& limits) : limits_(limits) {}

    Document read(std::string_view text) {
        out_.format = Format::bai2;
        LineReader lines(text);
        std::optional<Record> open;
        for (std::string_view line; lines.next(line);) {
            const auto content = trimmed(line);
            if (content.empty()) continue;
            const auto code = content.substr(0, 2);
            if (content.size() < 3 || (content[2] != ',' && content[2] != '/')) {
                refuse_file(lines.number(), in_quotes(content) + " is not a BAI2 record");
            }
            if (code == "88") {
                if (!open) refuse_file(lines.number(), "a continuation (88) continues nothing");
            } else {
                if (open) take(*open);
                open.emplace(code, lines.number());
            }
            open->add(content.substr(content[2] == ',' ? 3 : 2));
            if (open->bytes() > 64 * limits_.text_bytes) {
                refuse_file(lines.number(), "a record is too long; no bank's file has one");
            }
        }
        if (open) take(*open);
        if (!is_ended_) {
            refuse_file(lines.number(),
                        "the file trailer (99) is missing; the file is cut off, "
                        "ask the bank for it again");
        }
        return std::move(out_);
    }

private:
    void take(Record& record) {
        const auto code = record.code();
        const auto line = record.line();
        if (is_ended_) refuse_file(line, "a record stands behind the file trailer (99)");
        if (code != "01" && !is_begun_) refuse_file(line, "the file header (01) is missing");
        if (code == "01") {
            begin_file(record);
        } else if (code == "02") {
            begin_group(record);
        } else if (code == "03") {
            begin_account(record);
        } else if (code == "16") {
            read_transaction(record);
        } else if (code == "49") {
            end_account(record);
        } else if (code == "98") {
            end_group(record);
        } else if (code == "99") {
            end_file(record);
        } else {
            refuse_file(line, in_quotes(code) + " is not a BAI2 record");
        }
    }

    void begin_file(Record& record) {
        if (is_begun_) refuse_file(record.line(), "a second file header (01)");
        is_begun_ = true;
        file_.records = record.lines();
        const auto sender = std::string(record.next());
        record.next();
        const auto date = std::string(record.next());
        record.next();
        out_.id = sender + "/" + date + "/" + std::string(record.next());
    }

    void begin_group(Record& record) {
        if (in_group_ || in_account_) refuse_file(record.line(), "a group (02) inside another one");
        in_group_ = true;
        group_ = {0, record.lines(), 0};
        group_begin_ = out_.statements.size();
        group_reason_.clear();
        record.next();
        record.next();
        const auto status = record.next();
        as_of_ = parse_date6(record.next());
        record.next();
        group_currency_ = upper(record.next());
        if (group_currency_.empty()) group_currency_ = "USD";
        is_interim_ = false;
        const auto modifier = record.next();
        is_interim_ = modifier == "1" || modifier == "3";
        if (status == "2" || status == "4") {
            group_reason_ = status == "4" ? "the group is a test (group status 4)"
                                          : "the group asks for a deletion (group status 2); look "
                                            "at what it takes back";
        }
    }

    void begin_account(Record& record) {
        if (!in_group_ || in_account_) {
            refuse_file(record.line(),
                        "an account (03) outside of a group, or the trailer (49) of "
                        "the one before is missing");
        }
        in_account_ = true;
        account_ = {0, record.lines(), 0};
        auto& out = out_.statements.emplace_back();
        out.line = record.line();
        out.kind = is_interim_ ? Kind::intraday : Kind::statement;
        out.account = record.next();
        out.currency = upper(record.next());
        if (out.currency.empty()) out.currency = group_currency_;
        decimals_ = minor_digits(out.currency);
        if (decimals_ < 0) {
            out.refuse("currency", in_quotes(out.currency) + " is not a currency");
            decimals_ = 2;
        }
        out.id = as_of_ ? as_of_->text() : std::string();
        if (out.account.empty()) out.refuse("account", "the account record (03) names no account");
        if (!as_of_) out.refuse("date", "the group's as-of date is not in the calendar");
        if (!group_reason_.empty()) out.refuse("group", group_reason_);
        while (!record.is_over()) read_summary(record, out);
    }

    /// Type, amount, item count and funds type; 010 is the opening ledger, 015 the closing one.
    void read_summary(Record& record, Statement& out) {
        const auto type = record.next();
        const auto amount_text = record.next();
        record.next();
        skip_funds(record, record.next());
        if (amount_text.empty()) return;
        const auto amount = read_amount(record, amount_text, out);
        if (!amount) return;
        if (type == "010") out.opening = Balance{*amount, out.currency, as_of_};
        if (type == "015") out.closing = Balance{*amount, out.currency, as_of_};
    }

    /// The control totals count coins, whatever they are.
    std::optional<int64_t> read_amount(const Record& record, std::string_view text,
                                       Statement& out) {
        std::string reason;
        const auto coins = parse_whole(text, reason);
        if (coins) account_.add_amount(record.line(), *coins);
        const auto amount = coins ? units_of_coins(*coins, decimals_) : std::nullopt;
        if (coins && !amount) reason = in_quotes(text) + " is too large for an amount";
        if (!amount) {
            out.refuse("amount", "line " + std::to_string(record.line()) + ": " + reason);
        }
        return amount;
    }

    /// Funds types that bring further fields with them.
    static void skip_funds(Record& record, std::string_view type) {
        int more = 0;
        if (type == "S") more = 3;
        if (type == "V") more = 2;
        if (type == "D") more = 2 * std::max(0, number_of(record.next()));
        for (; more > 0 && !record.is_over(); --more) record.next();
    }

    /// Credits are below 400, debits from there on; of a bank's own codes 920 to 959 and 960 to
    /// 999.
    static int sign_of(int type) {
        if (type >= 100 && type < 400) return 1;
        if (type >= 400 && type < 700) return -1;
        if (type >= 920 && type < 960) return 1;
        return type >= 960 && type < 1000 ? -1 : 0;
    }

    void read_transaction(Record& record) {
        if (!in_account_) refuse_file(record.line(), "a transaction (16) outside of an account");
        if (++entries_ > limits_.entries) {
            refuse_file(record.line(), "the file has more than " + std::to_string(limits_.entries) +
                                           " entries; ask the bank for it in parts");
        }
        account_.records += record.lines();
        auto& to = out_.statements.back();
        Entry out;
        out.line = record.line();
        out.currency = to.currency;
        out.booked_on = as_of_;
        out.method = record.next();
        const auto type = number_of(out.method);
        const auto amount_text = record.next();
        const auto amount =
            amount_text.empty() ? std::optional<int64_t>(0) : read_amount(record, amount_text, to);
        const auto funds = record.next();
        if (funds == "V") {
            out.value_on = parse_date6(record.next());
            record.next();
        } else {
            skip_funds(record, funds);
        }
        Detail detail;
        detail.line = out.line;
        out.bank_reference = record.next();
        detail.customer_reference = record.next();
        detail.remittance = record.rest();
        out.details.push_back(std::move(detail));
        const int sign = sign_of(type);
        // 890 carries words and no money.
        out.is_booked = type != 890;
        if (sign == 0 && out.is_booked) {
            to.refuse("type", "line " + std::to_string(out.line) + ": type " +
                                  in_quotes(out.method) + " is neither a credit nor a debit");
        }
        out.amount = sign * amount.value_or(0);
        // Deposited items, ACH credits and the like that came back.
        out.is_return =
            type == 555 || type == 557 || type == 558 || type == 255 || type == 257 || type == 258;
        to.entries.push_back(std::move(out));
    }

    /// What is wrong with a trailer's total and its counts; empty when they agree. The level above
    /// adds what the trailers say, so that each is judged alone.
    static std::string differs(Record& record, const std::string& what, Control& control,
                               std::initializer_list<std::pair<const char*, int64_t>> counts) {
        std::string wrong;
        for (const auto& [name, found] : counts) {
            std::string reason;
            const auto said = parse_whole(record.next(), reason);
            const bool is_total = name == counts.begin()->first;
            if (is_total && said) control.amount = *said;
            if (!wrong.empty() || (said && *said == found)) continue;
            wrong = what + "'s " + name +
                    (said ? " says " + std::to_string(*said) + ", the records give " +
                                std::to_string(found)
                          : ": " + reason);
        }
        return wrong;
    }

    void end_account(Record& record) {
        if (!in_account_) refuse_file(record.line(), "an account trailer (49) without an account");
        in_account_ = false;
        account_.records += record.lines();
        const auto wrong = differs(record, "the account", account_,
                                   {{"control total (49)", account_.amount},
                                    {"number of records (49)", account_.records}});
        if (!wrong.empty()) out_.statements.back().refuse("control", wrong);
        group_.add(record.line(), account_);
    }

    void end_group(Record& record) {
        if (!in_group_ || in_account_) {
            refuse_file(record.line(), "a group trailer (98) where an account's (49) is due");
        }
        in_group_ = false;
        group_.records += record.lines();
        const auto wrong = differs(record, "the group", group_,
                                   {{"control total (98)", group_.amount},
                                    {"number of accounts (98)", group_.parts},
                                    {"number of records (98)", group_.records}});
        for (auto i = group_begin_; !wrong.empty() && i < out_.statements.size(); ++i) {
            out_.statements[i].refuse("control", wrong);
        }
        file_.add(record.line(), group_);
    }

    void end_file(Record& record) {
        if (in_group_) refuse_file(record.line(), "the group trailer (98) is missing");
        is_ended_ = true;
        file_.records += record.lines();
        const auto wrong = differs(record, "the file", file_,
                                   {{"control total (99)", file_.amount},
                                    {"number of groups (99)", file_.parts},
                                    {"number of records (99)", file_.records}});
        if (!wrong.empty()) refuse_file(record.line(), wrong + "; ask the bank for it again");
    }

    const Limits& limits_;
    Document out_;
    Control file_, group_, account_;
    std::size_t group_begin_ = 0;
    std::size_t entries_ = 0;
    int decimals_ = 2;
    bool is_begun_ = false, is_ended_ = false, in_group_ = false, in_account_ = false;
    bool is_interim_ = false;
    std::string group_currency_;
    std::string group_reason_;
    std::optional<Date> as_of_;
};

}  // namespace

Document read_bai2(std::string_view text, const Limits& limits) {
    return Reader(limits).read(text);
}

}  // namespace dunlin::bank_statement
