// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace dunlin::correspondence {

struct Attachment {
    std::string name, media_type, bytes;
};

/// An e-mail as text and HTML, with files. Everything is UTF-8.
struct Mime {
    std::string from_name, from;  // The latter is an address.
    std::string to_name, to;
    std::string reply_to{};
    std::string subject, text, html;
    std::string id;    // "m17@company.example"
    std::string date;  // See mail_date().
    std::vector<Attachment> attachments{};

    /// The message, RFC 5322 with CRLF. The same input gives the same bytes. Error invalid for an
    /// address or id that would end its line.
    std::string write() const;
};

/// A header's text: as it is when it is plain, else as encoded words, folded.
std::string header_text(const std::string& text, std::size_t column);

}  // namespace dunlin::correspondence
