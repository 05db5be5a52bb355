// SPDX-License-Identifier: Apache-2.0
#include "mt940_details.hpp"

#include "text.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace dunlin::bank_statement {
namespace {

/// Tagged texts, such as {"EREF", "4711"}; what stands before the first tag has an empty one.
using Parts = std::vector<std::pair<std::string_view, std::string>>;

constexpr std::array<std::string_view, 14> sepa_tags = {"EREF", "KREF", "MREF", "CRED", "DEBT",
                                                        "SVWZ", "ABWA", "ABWE", "COAM", "OAMT",
                                                        "IBAN", "BIC",  "PURP", "BREF"};
constexpr std::array<std::string_view, 26> slash_tags = {
    "EREF", "REMI", "NAME", "IBAN", "MARF", "RTRN", "BENM", "ORDP", "CNTP",
    "USTD", "STRD", "PREF", "TRCD", "BIC",  "ADDR", "CSID", "SVCL", "PURP",
    "ULTC", "ULTD", "ID",   "TRTP", "INSP", "ISDT", "UCRD", "UDTR"};

/// A slash that opens the next tag.
template <std::size_t N>
bool starts_tag(const std::string& text, std::size_t at,
                const std::array<std::string_view, N>& tags) {
    return std::any_of(tags.begin(), tags.end(), [&](std::string_view word) {
        return text.compare(at + 1, word.size(), word) == 0 && text.size() > at + 1 + word.size() &&
               text[at + 1 + word.size()] == '/';
    });
}

/// Splits a text where one of the tags stands between the marks.
template <std::size_t N>
Parts split(const std::string& text, const std::array<std::string_view, N>& tags, char before,
            char behind) {
    Parts out{{"", ""}};
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = std::string_view(text).substr(at);
        const auto* const tag = std::find_if(tags.begin(), tags.end(), [&](std::string_view word) {
            const std::size_t lead = before != '\0' ? 1 : 0;
            return rest.size() > word.size() + lead && (lead == 0 || rest.front() == before) &&
                   rest.substr(lead, word.size()) == word && rest[lead + word.size()] == behind;
        });
        if (tag == tags.end()) {
            out.back().second += text[at++];
            continue;
        }
        out.emplace_back(*tag, "");
        // The closing slash may open the next tag.
        at += tag->size() + (before != '\0' ? 1 : 0) + (before == behind ? 0 : 1);
        if (before == behind && !starts_tag(text, at, tags)) ++at;
    }
    return out;
}

std::string value_of(const Parts& parts, std::string_view tag) {
    std::string out;
    for (const auto& [name, text] : parts) {
        if (name == tag) append_part(out, " ", one_line(text));
    }
    return out;
}

void add_sepa(std::string purpose, Detail& out) {
    // A bank's own words behind the tags.
    const auto note_at = purpose.find("MTLG:");
    std::string note;
    if (note_at != std::string::npos) {
        note = one_line(purpose.substr(note_at + 5));
        purpose.resize(note_at);
    }
    const auto parts = split(purpose, sepa_tags, '\0', '+');
    out.end_to_end_id = value_of(parts, "EREF");
    if (auto own = value_of(parts, "KREF"); !own.empty()) out.customer_reference = own;
    auto text = value_of(parts, "SVWZ");
    auto untagged = one_line(parts.front().second);
    if (!untagged.empty()) append_part(untagged, " ", text);
    out.remittance = untagged.empty() ? text : untagged;
    append_part(out.remittance, " ", note);
    if (out.remittance.empty()) out.remittance = one_line(purpose);
}

/// "166?00GUTSCHRIFT?20EREF+…?31DE…": three digits, then subfields behind their own separator.
void read_subfields(const std::string& text, Entry& entry) {
    const char separator = text[3];
    std::map<int, std::string> fields;
    for (std::size_t at = text.find(separator); at != std::string::npos;) {
        const auto next = text.find(separator, at + 1);
        const auto field = std::string_view(text).substr(at + 1, next - at - 1);
        if (field.size() >= 2 && all_digits(field.substr(0, 2))) {
            fields[(field[0] - '0') * 10 + (field[1] - '0')] = field.substr(2);
        }
        at = next;
    }
    auto& out = entry.details.front();
    std::string purpose;
    bool is_full = true;
    for (const auto& [number, field] : fields) {
        if (number < 20 || number > 29) continue;
        append_part(purpose, is_full ? "" : " ", field);
        // A subfield of 27 characters is full: its last word goes on in the next.
        is_full = field.size() >= 27;
    }
    add_sepa(purpose, out);
    for (int more = 60; more <= 63; ++more)
        append_part(out.remittance, " ", one_line(fields[more]));
    out.party_name = one_line(fields[32] + fields[33]);
    out.party_account = one_line(fields[31]);
    append_part(entry.method, " ", text.substr(0, 3));
    const auto code = text.substr(0, 3);
    if (code == "108" || code == "109" || code == "159") {
        entry.is_return = true;
        out.return_reason = one_line(fields[34]);
    }
}

void read_slashes(const std::string& text, Entry& entry) {
    const auto parts = split(text, slash_tags, '/', '/');
    auto& out = entry.details.front();
    out.end_to_end_id = value_of(parts, "EREF");
    out.party_account = value_of(parts, "IBAN");
    out.party_name = value_of(parts, "NAME");
    out.return_reason = value_of(parts, "RTRN");
    entry.is_return = entry.is_return || !out.return_reason.empty();
    std::string remittance = value_of(parts, "REMI");
    append_part(remittance, " ", value_of(parts, "USTD"));
    append_part(remittance, " ", value_of(parts, "STRD"));
    out.remittance = remittance;
    // /CNTP/account/BIC/name/city/
    auto rest = value_of(parts, "CNTP");
    for (int i = 0; !rest.empty() && i < 3; ++i) {
        const auto end = std::min(rest.find('/'), rest.size());
        if (i == 0) out.party_account = rest.substr(0, end);
        if (i == 2) out.party_name = rest.substr(0, end);
        rest.erase(0, end + 1);
    }
    if (out.remittance.empty()) out.remittance = one_line(parts.front().second);
}

bool has_subfields(std::string_view text) {
    return text.size() > 6 && all_digits(text.substr(0, 3)) && !all_digits(text.substr(3, 1)) &&
           std::string_view(" \t").find(text[3]) == std::string_view::npos &&
           all_digits(text.substr(4, 2));
}

bool has_slashes(std::string_view text) {
    return std::any_of(slash_tags.begin(), slash_tags.end(), [&](std::string_view tag) {
        return text.find("/" + std::string(tag) + "/") != std::string_view::npos;
    });
}

}  // namespace

void read_details(const std::vector<std::string_view>& lines, bool is_non_swift, Entry& entry) {
    if (entry.details.empty()) entry.details.emplace_back();
    auto& out = entry.details.front();
    std::string whole, text;
    for (const auto line : lines) {
        whole += line;
        append_part(text, " ", one_line(line));
    }
    if (is_non_swift) {
        for (const auto line : lines) {
            const auto number = line.substr(0, 2);
            if (number.size() < 2 || !all_digits(number)) continue;
            const auto value = one_line(line.substr(2));
            if (number >= "01" && number <= "14") append_part(out.remittance, " ", value);
            if (number == "15" || number == "16") append_part(out.party_name, " ", value);
        }
    } else if (has_subfields(whole)) {
        read_subfields(whole, entry);
    } else if (has_slashes(whole)) {
        read_slashes(whole, entry);
    } else {
        append_part(out.remittance, " ", text);
    }
}

}  // namespace dunlin::bank_statement
