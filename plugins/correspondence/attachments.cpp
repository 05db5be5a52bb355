// SPDX-License-Identifier: Apache-2.0
#include "attachments.hpp"

#include <dunlin/base64.hpp>
#include <dunlin/digest.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace dunlin::correspondence {

namespace {

constexpr int64_t mib = 1 << 20;
constexpr std::size_t told_max = 2000;

/// Of an item's documents the last PDF, else the last of any kind.
std::map<int64_t, FiledDocument> best_of(const std::vector<FiledDocument>& documents) {
    std::map<int64_t, FiledDocument> out;
    for (const auto& one : documents) {
        const auto [at, is_new] = out.emplace(one.item_id, one);
        const bool is_better =
            at->second.media_type != "application/pdf" && one.media_type == "application/pdf";
        if (!is_new && is_better) at->second = one;
    }
    return out;
}

/// A name that every mail program and folder takes, once in a message.
std::string file_name(const std::string& name, std::set<std::string>& taken) {
    auto out = name;
    std::replace_if(
        out.begin(), out.end(),
        [](char c) {
            const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            return !is_letter && !(c >= '0' && c <= '9') && c != '.' && c != '-';
        },
        '_');
    const auto plain = out;
    for (int n = 2; !taken.insert(out).second; ++n) out = std::to_string(n) + "_" + plain;
    return out;
}

}  // namespace

void attach(Ledger& ledger, const Settings& settings, int64_t customer_id, const Letter& letter,
            Content& content) {
    const auto filed = best_of(ledger.documents(customer_id));
    std::set<int64_t> seen;
    std::set<std::string> taken;
    int64_t bytes = 0;
    for (const auto& line : letter.lines) {
        if (!seen.insert(line.item_id).second) continue;  // Another instalment of it.
        const auto skip = [&](const std::string& why) {
            content.not_attached.push_back(line.number + ": " + why);
        };
        const auto found = filed.find(line.item_id);
        if (found == filed.end()) {
            skip("no document is filed; receivables.fetch_document has it fetched");
            continue;
        }
        const auto& one = found->second;
        const auto count = static_cast<int64_t>(content.attached.size());
        if (one.media_type != "application/pdf") {
            skip("its document is no PDF but " + one.media_type);
        } else if (count >= settings.attached_max) {
            skip("there are more than " + std::to_string(settings.attached_max) +
                 "; see attached_max in [plugins.correspondence]");
        } else if (bytes + one.size > settings.attached_mib * mib) {
            skip("together they are more than " + std::to_string(settings.attached_mib) +
                 " MiB; see attached_mib in [plugins.correspondence]");
        } else {
            bytes += one.size;
            content.attached.push_back(
                {line.number, file_name(one.name, taken), one.sha256, one.id, one.size});
        }
    }
}

std::string told_of_missing(const Content& content) {
    std::string out;
    for (const auto& one : content.not_attached) {
        if (out.size() > told_max) return out + "; …";
        out += (out.empty() ? "not attached: " : "; ") + one;
    }
    return out;
}

std::string bytes_of(Transaction& tx, int64_t customer_id, const Attached& attached) {
    const auto answer =
        tx.call("receivables.document", {{"customer", std::to_string(customer_id)},
                                         {"document", std::to_string(attached.document_id)}});
    std::string out;
    out.reserve(static_cast<std::size_t>(attached.size));
    from_base64(answer.at("content_base64").get_ref<const std::string&>(),
                [&](std::string_view piece) { out += piece; });
    if (sha256_of(out) != attached.sha256) {
        throw Error(DUNLIN_E_DATA, "the document of " + attached.number +
                                       " is not the one that was attached; release the message "
                                       "to compose it anew");
    }
    return out;
}

}  // namespace dunlin::correspondence
