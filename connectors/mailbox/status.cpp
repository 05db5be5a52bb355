// SPDX-License-Identifier: Apache-2.0
#include "status.hpp"

#include <algorithm>

#include "text.hpp"

namespace dunlin::mailbox {

namespace {

constexpr std::size_t value_max = 1000;
constexpr std::size_t recipients_max = 100;

/// Calls take(name in small letters, value) for each header, those that are folded made one; and
/// take("", "") for an empty line.
template <class Take>
void each_header(std::string_view text, Take take) {
    std::string name, value;
    const auto give = [&] {
        if (!name.empty()) take(name, clean_line(value, value_max));
        name.clear();
        value.clear();
    };
    while (!text.empty()) {
        const auto end = text.find('\n');
        auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (!line.empty() && (line.front() == ' ' || line.front() == '\t')) {
            if (value.size() < value_max) value.append(line);
            continue;
        }
        give();
        if (line.empty()) take(std::string(), std::string());
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        name = lower(line.substr(0, std::min<std::size_t>(colon, 100)));
        value = line.substr(colon + 1, value_max);
    }
    give();
}

/// Behind "rfc822;".
std::string behind_type(const std::string& value) {
    const auto at = value.find(';');
    return clean_line(at == std::string::npos ? value : value.substr(at + 1), value_max);
}

}  // namespace

void read_delivery_status(std::string_view text, std::vector<DeliveryStatus>& out) {
    DeliveryStatus one;
    std::string original;
    const auto end = [&] {
        // What the recipient was called when it was sent to is what we know it by.
        if (!original.empty()) one.recipient = original;
        if (!one.recipient.empty() && out.size() < recipients_max) out.push_back(one);
        one = {};
        original.clear();
    };
    each_header(text, [&](const std::string& name, const std::string& value) {
        if (name.empty()) end();
        if (name == "final-recipient") one.recipient = lower(behind_type(value));
        if (name == "original-recipient") original = lower(behind_type(value));
        if (name == "action") one.action = lower(value);
        if (name == "status") one.status = value.substr(0, 20);
        if (name == "diagnostic-code") one.diagnostic = behind_type(value);
    });
    end();
}

std::string message_id_in(std::string_view headers) {
    std::string out;
    each_header(headers, [&](const std::string& name, const std::string& value) {
        const auto begin = value.find('<'), end = value.find('>');
        if (name != "message-id" || !out.empty() || begin >= end || end == std::string::npos)
            return;
        out = value.substr(begin + 1, end - begin - 1);
    });
    return out;
}

}  // namespace dunlin::mailbox
