// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::mailbox {

/// Beyond them a message is not taken apart further, and says so.
struct MimeLimits {
    std::size_t containers = 100;  // Parts that hold parts.
    std::size_t parts = 1000;
    std::size_t text_bytes = 65536;
};

struct Attachment {
    std::string name, media_type;
    int64_t size = 0;  // Encoded.
};

/// What a mail server says became of a message to one recipient (RFC 3464).
struct DeliveryStatus {
    std::string recipient, action, status, diagnostic;
};

/// A mail as far as it can be read. Every text is UTF-8 without control characters and bounded.
struct ParsedMail {
    std::string sender, sender_name;
    std::vector<std::string> recipients;  // Whoever it was to, the envelope's included.
    std::string subject, message_id;
    std::vector<std::string> references;  // What it answers, then what that belongs to.
    std::string automatic;                // How no person wrote it; empty: one did.
    std::vector<DeliveryStatus> reports;
    std::string reported_id;  // Message-ID of what they are about.
    std::string text;
    std::vector<Attachment> attachments;
    std::optional<int64_t> received_us;
    std::string problem;  // Why not all of it could be read; empty: all was.
};

/// Never fails: of bytes that are no mail, the text is what is left.
ParsedMail parse_mail(std::string_view raw, const MimeLimits& limits);

}  // namespace dunlin::mailbox
