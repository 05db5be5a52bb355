// SPDX-License-Identifier: Apache-2.0
#include "writer.hpp"

#include <dunlin/digest.hpp>
#include <dunlin/field_change.hpp>
#include <dunlin/money.hpp>

#include <algorithm>

#include "streams.hpp"

namespace dunlin::stripe {
namespace {

// What Stripe's metadata holds.
constexpr std::size_t value_characters_max = 500;
constexpr std::size_t name_characters_max = 40;
constexpr std::size_t note_parts_max = 8;

/// Pieces of at most 500 characters, none of which ends within one.
std::vector<std::string> pieces_of(const std::string& text) {
    std::vector<std::string> out;
    std::size_t characters = 0;
    for (const char c : text) {
        const bool begins = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
        if (begins && characters % value_characters_max == 0) out.emplace_back();
        if (begins) ++characters;
        if (!out.empty()) out.back() += c;
    }
    return out;
}

/// What a note's pieces are called in the metadata: the key is longer than a name may be.
std::string note_name(const WriteBack& write, std::size_t piece) {
    constexpr std::size_t digits = 16;
    const auto name = "dunlin_note_" + sha256_of(write.key).substr(0, digits);
    return piece == 0 ? name : name + "_" + std::to_string(piece + 1);
}

/// "/v1/invoices/in_1"
std::string path_of(const WriteBack& write) {
    const auto* stream = find_stream(write.entity);
    const auto* part = stream && !stream->is_whole ? stream->part_of(write.external_id) : nullptr;
    if (!part) throw Rejected("Stripe keeps nothing about a " + write.entity);
    return "/v1/" + part->resource + "/" + percent_encoded(object_id_of(write.external_id));
}

Receipt settled(Receipt::State state, std::string reason = {}) {
    Receipt out;
    out.state = state;
    out.reason = std::move(reason);
    return out;
}

Receipt confirmed(const std::string& remote_id) {
    Receipt out;
    out.remote_id = remote_id;
    return out;
}

/// May it be written? absent: yes.
Receipt compared(const Json& object, const WriteBack& write) {
    const auto& now = object_of(object, "metadata");
    std::vector<FieldChange> changes;
    for (const auto& name : changed_fields(write)) {
        std::optional<std::string> seen;
        if (write.base.is_object() && write.base.contains(name)) {
            seen = text_in(write.base, name.c_str());
        }
        changes.push_back(
            {name, text_in(write.body, name.c_str()), text_in(now, name.c_str()), seen});
    }
    return compare(changes, "Stripe");
}

/// The amount of a credit note in Stripe's unit.
int64_t wanted_amount(const WriteBack& write, const std::string& currency) {
    const auto named = text_in(write.body, "currency");
    if (!named.empty() && named != currency) {
        throw Rejected("the credit is in " + named + ", the invoice in " + currency);
    }
    const auto amount = amount_of(amount_in(write.body, "amount"), currency);
    if (!amount || *amount <= 0) {
        throw Rejected("a credit note is of an amount above zero that Stripe has in " + currency);
    }
    return *amount;
}

}  // namespace

Json Writer::describe() {
    const auto kind = [](const char* name, const char* home, const char* key) {
        return Json{{"kind", name}, {"home", home}, {"key", key}};
    };
    return Json::array({kind("note", "field", "native"), kind("metadata", "field", "search"),
                        kind("credit_note", "native", "native")});
}

Receipt Writer::push(const WriteBack& write) {
    try {
        if (write.kind == "note") return note(write);
        if (write.kind == "metadata") return metadata(write);
        if (write.kind == "credit_note") return credit_note(write);
        throw Rejected("nothing of the kind \"" + write.kind + "\" is written to Stripe");
    } catch (const Rejected& e) {
        return settled(Receipt::State::rejected, e.what());
    } catch (const Refused& e) {
        return settled(Receipt::State::rejected, e.what());
    } catch (const NotFound& e) {
        return settled(Receipt::State::rejected, e.what());
    }
}

Receipt Writer::find(const WriteBack& write) {
    const auto absent = settled(Receipt::State::absent);
    try {
        if (write.kind == "credit_note") return find_credit_note(write).value_or(absent);
        if (write.kind != "note" && (write.kind != "metadata" || write.body.empty())) return absent;
        const auto object = client_.get(path_of(write));
        const bool is_there = write.kind == "note"
                                  ? object_of(object, "metadata").contains(note_name(write, 0))
                                  : compared(object, write).state == Receipt::State::confirmed;
        return is_there ? confirmed(text_of(object, "id")) : absent;
    } catch (const Rejected&) {
        // What cannot be carried out was not: push() says why.
        return absent;
    } catch (const NotFound&) {
        return absent;
    }
}

Receipt Writer::note(const WriteBack& write) {
    const auto pieces = pieces_of(text_in(write.body, "text"));
    if (pieces.empty()) throw Rejected("the note has no text");
    if (pieces.size() > note_parts_max) {
        throw Rejected("a note in Stripe has at most " +
                       std::to_string(note_parts_max * value_characters_max) +
                       " characters; shorten it");
    }
    Form form;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        form.emplace_back("metadata[" + note_name(write, i) + "]", pieces[i]);
    }
    return confirmed(text_of(client_.post(path_of(write), form, write.key), "id"));
}

Receipt Writer::metadata(const WriteBack& write) {
    if (!write.body.is_object() || write.body.empty())
        throw Rejected("the write-back names no metadata");
    const auto path = path_of(write);
    auto now = client_.get(path);
    const auto verdict = compared(now, write);
    if (verdict.state == Receipt::State::conflict) return verdict;
    if (verdict.state == Receipt::State::absent) {
        Form form;
        for (const auto& name : changed_fields(write)) {
            if (name.size() > name_characters_max || name.find_first_of("[]") != name.npos) {
                throw Rejected("\"" + name +
                               "\" is no name of metadata in Stripe: at most 40 characters, "
                               "without brackets");
            }
            form.emplace_back("metadata[" + name + "]", text_in(write.body, name.c_str()));
        }
        now = client_.post(path, form, write.key);
    }
    return confirmed(text_of(now, "id"));
}

std::optional<Receipt> Writer::find_credit_note(const WriteBack& write) {
    const auto invoice = object_id_of(write.external_id);
    for (const auto& note : client_.all("/v1/credit_notes", {{"invoice", invoice}})) {
        if (text_of(object_of(note, "metadata"), "dunlin_key") != write.key) continue;
        auto out = confirmed(text_of(note, "id"));
        out.touched = {{"invoice", out.remote_id},
                       {"allocation", out.remote_id},
                       {"adjustment", out.remote_id + ":given"},
                       {"invoice", invoice}};
        return out;
    }
    return std::nullopt;
}

Receipt Writer::credit_note(const WriteBack& write) {
    if (write.entity != "invoice") {
        throw Rejected("a credit note is about an invoice, not about a " + write.entity);
    }
    if (const auto made = find_credit_note(write)) return *made;
    const auto id = object_id_of(write.external_id);
    const auto invoice = client_.get("/v1/invoices/" + percent_encoded(id));
    const auto status = text_of(invoice, "status");
    if (status != "open" && status != "paid") {
        throw Rejected("the invoice is " + status + " in Stripe: it takes no credit note");
    }
    const auto amount = std::to_string(wanted_amount(write, currency_of(invoice)));
    Form form{{"invoice", id}, {"amount", amount}, {"metadata[dunlin_key]", write.key}};
    // What was paid already is credited to the customer's next invoice.
    if (status == "paid") form.emplace_back("credit_amount", amount);
    auto memo = text_in(write.body, "reason");
    const auto reference = text_in(write.body, "reference");
    if (!reference.empty()) memo += (memo.empty() ? "" : " ") + ("(" + reference + ")");
    if (!memo.empty()) form.emplace_back("memo", memo);
    const auto note = client_.post("/v1/credit_notes", form, write.key);
    auto out = confirmed(text_of(note, "id"));
    out.touched = {{"invoice", out.remote_id},
                   {"allocation", out.remote_id},
                   {"adjustment", out.remote_id + ":given"},
                   {"invoice", id}};
    return out;
}

}  // namespace dunlin::stripe
