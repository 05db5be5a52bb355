// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"
#include "xml.hpp"

#include <utility>

namespace dunlin::bank_statement {
namespace {

std::string first_of(Xml at, std::initializer_list<std::string_view> paths) {
    for (const auto path : paths) {
        if (auto text = at.text(path); !text.empty()) return text;
    }
    return {};
}

bool is_true(std::string_view text) {
    return text == "true" || text == "1";
}

/// The name of a party: version 8 puts it into Pty or Agt.
std::string party_name(Xml parties, std::string_view role) {
    const auto ultimate = parties.child("Ultmt" + std::string(role));
    const auto party = parties.child(role);
    for (const auto& who : {party, ultimate}) {
        auto name = first_of(who, {"Nm", "Pty/Nm", "Agt/FinInstnId/Nm"});
        if (!name.empty()) return name;
    }
    return {};
}

std::string account_number(Xml account) {
    return first_of(account, {"Id/IBAN", "Id/Othr/Id", "Id/PrtryAcct/Id", "Id/BBAN", "Id/UPIC"});
}

std::optional<Date> date_at(Xml at) {
    auto date = parse_iso_date(at.text("Dt"));
    return date ? date : parse_iso_date(at.text("DtTm"));
}

class Reader {
public:
    Reader(std::string text, const Limits& limits)
        : file_(std::move(text), limits), limits_(limits) {}

    Document read() {
        const auto root = file_.root();
        if (root.name() != "Document") {
            refuse_file(1, "the file is XML but no camt message: it begins with <" +
                               std::string(root.name()) + ">");
        }
        Document out;
        out.format = Format::camt;
        root.each([&](Xml message) { read_message(message, out); });
        return out;
    }

private:
    void read_message(Xml message, Document& out) {
        out.id = message.text("GrpHdr/MsgId");
        message.each([&](Xml record) {
            const auto name = record.name();
            if (name == "Stmt") out.statements.push_back(read_record(record, Kind::statement));
            if (name == "Rpt") out.statements.push_back(read_record(record, Kind::intraday));
            if (name == "Ntfctn") {
                out.statements.push_back(read_record(record, Kind::notification));
            }
        });
    }

    Statement read_record(Xml record, Kind kind) {
        Statement out;
        out.line = file_.line_of(record);
        out.kind = kind;
        out.id = record.text("Id");
        // Pages of one statement share its number.
        append_part(out.id, "/", record.text("StmtPgntn/PgNb"));
        out.account = account_number(record.child("Acct"));
        out.currency = record.text("Acct/Ccy");
        out.is_balance_needed = kind == Kind::statement;
        out.numbering = Numbering::unreferenced;
        if (out.account.empty()) out.refuse("account", "the statement names no account");
        record.each("Bal", [&](Xml balance) { read_balance(balance, out); });
        record.each("Ntry", [&](Xml entry) {
            out.entries.push_back(read_entry(entry, out));
            take_room(1 + out.entries.back().details.size());
        });
        return out;
    }

    void take_room(std::size_t wanted) {
        entries_ += wanted;
        if (entries_ <= limits_.entries) return;
        refuse_file(0, "the file has more than " + std::to_string(limits_.entries) +
                           " entries; ask the bank for it in parts");
    }

    /// Signed by CdtDbtInd; nothing, and why, when it is no amount.
    static std::optional<int64_t> signed_amount(Xml amount, std::string_view direction,
                                                std::string& reason) {
        const auto size = parse_units(amount.text(), '.', reason);
        if (!size) return std::nullopt;
        if (direction == "CRDT") return *size;
        if (direction == "DBIT") return -*size;
        reason = "CdtDbtInd is " + in_quotes(direction) + " and neither CRDT nor DBIT";
        return std::nullopt;
    }

    void read_balance(Xml balance, Statement& out) {
        const auto type = first_of(balance, {"Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Tp/Cd"});
        const bool is_opening = type == "OPBD" || (type == "PRCD" && !out.opening);
        if (!is_opening && type != "CLBD") return;
        std::string reason;
        const auto amount = signed_amount(balance.child("Amt"), balance.text("CdtDbtInd"), reason);
        if (!amount) {
            out.refuse("amount",
                       "line " + std::to_string(file_.line_of(balance)) + ", balance: " + reason);
            return;
        }
        (is_opening ? out.opening : out.closing) =
            Balance{*amount, balance.child("Amt").attribute("Ccy"), date_at(balance.child("Dt"))};
    }

    Entry read_entry(Xml entry, Statement& statement) {
        Entry out;
        out.line = file_.line_of(entry);
        out.currency = entry.child("Amt").attribute("Ccy");
        const auto direction = entry.text("CdtDbtInd");
        const auto amount = signed_amount(entry.child("Amt"), direction, out.reason);
        if (amount) {
            out.amount = *amount;
        } else {
            out.code = "amount";
            statement.refuse("amount",
                             "line " + std::to_string(out.line) + ", entry: " + out.reason);
        }
        out.is_booked = first_of(entry, {"Sts/Cd", "Sts"}) == "BOOK";
        out.booked_on = date_at(entry.child("BookgDt"));
        out.value_on = date_at(entry.child("ValDt"));
        out.bank_reference = entry.text("AcctSvcrRef");
        out.method = method_of(entry);
        out.is_return = is_true(entry.text("RvslInd"));
        // Version 1 has TxDtls in the entry itself, later ones in NtryDtls.
        const auto read = [&](Xml at) {
            at.each("TxDtls", [&](Xml detail) {
                out.details.push_back(read_detail(detail, direction, out.is_return));
            });
        };
        read(entry);
        entry.each("NtryDtls", read);
        for (const auto& detail : out.details) {
            out.is_return = out.is_return || !detail.return_reason.empty();
        }
        if (out.details.empty()) out.details.emplace_back().line = out.line;
        if (out.details.size() == 1 && out.details[0].remittance.empty() &&
            out.details[0].creditor_reference.empty()) {
            out.details[0].remittance = entry.text("AddtlNtryInf");
        }
        return out;
    }

    static std::string method_of(Xml entry) {
        const auto code = entry.child("BkTxCd");
        std::string out = code.text("Domn/Cd");
        append_part(out, "-", code.text("Domn/Fmly/Cd"));
        append_part(out, "-", code.text("Domn/Fmly/SubFmlyCd"));
        return out.empty() ? code.text("Prtry/Cd") : out;
    }

    Detail read_detail(Xml detail, std::string_view entry_direction, bool is_reversal) {
        Detail out;
        out.line = file_.line_of(detail);
        read_amount(detail, entry_direction, out);
        const auto refs = detail.child("Refs");
        out.bank_reference = refs.text("AcctSvcrRef");
        out.end_to_end_id = refs.text("EndToEndId");
        out.transaction_id = first_of(refs, {"TxId", "UETR", "InstrId", "ClrSysRef"});
        out.customer_reference = first_of(refs, {"MndtId", "ChqNb"});
        out.return_reason = first_of(detail, {"RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"});
        if (out.return_reason.empty() && detail.child("RtrInf")) out.return_reason = "returned";
        read_remittance(detail.child("RmtInf"), out);
        // Who is on the other side: the payer of a credit and of a returned credit.
        const bool is_return = is_reversal || !out.return_reason.empty();
        const bool is_payer = (entry_direction == "CRDT") != is_return;
        const auto parties = detail.child("RltdPties");
        out.party_name = party_name(parties, is_payer ? "Dbtr" : "Cdtr");
        out.party_account = account_number(parties.child(is_payer ? "DbtrAcct" : "CdtrAcct"));
        return out;
    }

    static void read_amount(Xml detail, std::string_view entry_direction, Detail& out) {
        auto amount = detail.child("Amt");
        if (!amount) amount = detail.at("AmtDtls/TxAmt/Amt");
        if (!amount) return;
        const auto own = detail.text("CdtDbtInd");
        std::string reason;
        out.amount = signed_amount(amount, own.empty() ? entry_direction : own, reason);
        out.currency = amount.attribute("Ccy");
    }

    static void read_remittance(Xml remittance, Detail& out) {
        remittance.each("Ustrd", [&](Xml line) { append_part(out.remittance, " ", line.text()); });
        remittance.each("Strd", [&](Xml block) {
            append_part(out.creditor_reference, " ", block.text("CdtrRefInf/Ref"));
            append_part(out.creditor_reference, " ", block.text("CdtrRefInf/CdtrRef"));
            block.each("RfrdDocInf", [&](Xml document) {
                append_part(out.remittance, " ", first_of(document, {"Nb", "RfrdDocNb"}));
            });
            block.each("AddtlRmtInf",
                       [&](Xml line) { append_part(out.remittance, " ", line.text()); });
        });
    }

    XmlFile file_;
    Limits limits_;
    std::size_t entries_ = 0;
};

}  // namespace

Document read_camt(std::string text, const Limits& limits) {
    return Reader(std::move(text), limits).read();
}

}  // namespace dunlin::bank_statement
