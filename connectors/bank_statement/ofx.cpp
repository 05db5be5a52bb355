// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"
#include "sgml.hpp"
#include "text.hpp"

#include <array>

namespace dunlin::bank_statement {
namespace {

/// Amounts are written with a point or a comma, never with a thousands separator.
std::optional<int64_t> amount_of(std::string_view text, std::string& reason) {
    const char decimal = text.find(',') == std::string_view::npos ? '.' : ',';
    return parse_units(text, decimal, reason);
}

/// What an answer's STATUS says when it is an error; empty when all is well.
std::string error_of(const OfxNode& answer) {
    const auto* const status = answer.child("STATUS");
    if (!status || (status->value("SEVERITY") != "ERROR" && status->value("CODE") == "0"))
        return {};
    if (status->value("SEVERITY") != "ERROR") return {};
    const auto message = status->value("MESSAGE");
    return "the bank answered with error " + std::string(status->value("CODE")) +
           (message.empty() ? std::string() : " (" + std::string(message) + ")") +
           "; ask it for the file again";
}

class Reader {
public:
    explicit Reader(const Limits& limits) : limits_(limits) {}

    Document read(const OfxNode& root) {
        out_.format = Format::ofx;
        if (const auto* const sign_on = root.child("SIGNONMSGSRSV1")) {
            const auto* const answer = sign_on->child("SONRS");
            const auto error = answer ? error_of(*answer) : std::string();
            if (!error.empty()) refuse_file(answer->line, error);
        }
        for (const auto& messages : root.children) {
            for (const auto& answer : messages.children) read_answer(answer);
        }
        return std::move(out_);
    }

private:
    /// One account's answer: a bank's, a card's or a broker's.
    void read_answer(const OfxNode& answer) {
        static constexpr std::array<std::array<std::string_view, 4>, 3> shapes = {
            {{"STMTTRNRS", "STMTRS", "BANKACCTFROM", "BANKTRANLIST"},
             {"CCSTMTTRNRS", "CCSTMTRS", "CCACCTFROM", "BANKTRANLIST"},
             {"INVSTMTTRNRS", "INVSTMTRS", "INVACCTFROM", "INVTRANLIST"}}};
        for (const auto& [wrapper, body, account, list] : shapes) {
            if (answer.name != wrapper) continue;
            Statement statement;
            statement.line = answer.line;
            statement.id = answer.value("TRNUID");
            if (const auto error = error_of(answer); !error.empty()) {
                statement.refuse("bank", error);
            } else if (const auto* const found = answer.child(body)) {
                read_statement(*found, account, list, statement);
            } else {
                statement.refuse("empty", "the answer holds no statement; ask the bank again");
            }
            out_.statements.push_back(std::move(statement));
        }
    }

    void read_statement(const OfxNode& body, std::string_view account, std::string_view list,
                        Statement& out) {
        out.currency = upper(body.value("CURDEF"));
        if (const auto* const from = body.child(account)) {
            out.account = from->value("ACCTID");
            auto bank = from->value("BANKID");
            if (bank.empty()) bank = from->value("BROKERID");
            if (!bank.empty()) out.account = std::string(bank) + "/" + out.account;
            if (from->value("ACCTID").empty()) out.account.clear();
        }
        if (out.account.empty()) out.refuse("account", "the statement names no account (ACCTID)");
        read_ledger_balance(body, out);
        if (const auto* const entries = body.child(list)) read_list(*entries, out);
    }

    /// Only what the account holds in the end; the format has no opening balance.
    static void read_ledger_balance(const OfxNode& body, Statement& out) {
        const auto* const ledger = body.child("LEDGERBAL");
        if (!ledger || ledger->value("BALAMT").empty()) return;
        std::string reason;
        const auto amount = amount_of(ledger->value("BALAMT"), reason);
        if (!amount) return;
        out.closing = Balance{*amount, out.currency, parse_date8(ledger->value("DTASOF"))};
    }

    /// Bookings stand in the list, or in INVBANKTRAN between a broker's trades.
    void read_list(const OfxNode& list, Statement& out) {
        for (const auto& node : list.children) {
            if (node.name == "STMTTRN") out.entries.push_back(read_entry(node, out));
            if (node.name == "INVBANKTRAN") read_list(node, out);
        }
    }

    Entry read_entry(const OfxNode& node, const Statement& statement) {
        if (++entries_ > limits_.entries) {
            refuse_file(node.line, "the file has more than " + std::to_string(limits_.entries) +
                                       " entries; ask the bank for it in parts");
        }
        Entry out;
        out.line = node.line;
        // With CURRENCY the amount is in that one; ORIGCURRENCY was converted already.
        const auto* const own = node.child("CURRENCY");
        out.currency = own ? upper(own->value("CURSYM")) : statement.currency;
        const auto amount = amount_of(node.value("TRNAMT"), out.reason);
        const auto posted = node.value("DTPOSTED");
        out.booked_on = parse_date8(posted);
        out.value_on = parse_date8(node.value("DTAVAIL"));
        if (!amount) {
            out.code = "amount";
        } else if (!out.booked_on) {
            out.code = "date";
            out.reason = posted.empty() ? "the entry has no date (DTPOSTED)"
                                        : in_quotes(posted) + " is not in the calendar (DTPOSTED)";
        }
        out.amount = amount.value_or(0);
        out.bank_reference = node.value("FITID");
        out.method = upper(node.value("TRNTYPE"));
        Detail detail;
        detail.line = node.line;
        detail.customer_reference = node.value("REFNUM");
        append_part(detail.customer_reference, " ", node.value("CHECKNUM"));
        if (const auto* const payee = node.child("PAYEE")) detail.party_name = payee->value("NAME");
        if (detail.party_name.empty()) detail.party_name = node.value("NAME");
        for (const auto* const to : {"BANKACCTTO", "CCACCTTO"}) {
            if (const auto* const account = node.child(to)) {
                detail.party_account = account->value("ACCTID");
            }
        }
        detail.remittance = node.value("MEMO");
        out.details.push_back(std::move(detail));
        return out;
    }

    const Limits& limits_;
    Document out_;
    std::size_t entries_ = 0;
};

}  // namespace

Document read_ofx(std::string_view text, const Limits& limits) {
    return Reader(limits).read(parse_ofx_tree(text, limits));
}

}  // namespace dunlin::bank_statement
