// SPDX-License-Identifier: Apache-2.0
#include "mime.hpp"

#include <dunlin/utf8.hpp>

#include <cstdlib>

#include "text.hpp"

using namespace dunlin::mailbox;

namespace {

void check(const std::string& text, std::size_t bytes_max) {
    if (text.size() > bytes_max || !dunlin::is_utf8(text)) std::abort();
    if (text.find('\0') != std::string::npos) std::abort();
}

}  // namespace

/// Whatever the bytes, a message comes out whose texts a store takes and whose size is bounded.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    const std::string_view raw(reinterpret_cast<const char*>(data), size);
    const MimeLimits limits{20, 100, 4096};
    const auto mail = parse_mail(raw, limits);
    check(mail.text, limits.text_bytes);
    for (const auto* line : {&mail.subject, &mail.sender, &mail.sender_name, &mail.message_id,
                             &mail.automatic, &mail.reported_id}) {
        check(*line, 1000);
        if (line->find('\n') != std::string::npos) std::abort();
    }
    if (mail.references.size() > 100 || mail.reports.size() > 100) std::abort();
    for (const auto& one : mail.references) check(one, 500);
    for (const auto& one : mail.reports) check(one.recipient + one.diagnostic, 3000);
    for (const auto& one : mail.attachments) check(one.name + one.media_type, 1000);
    check(text_of_html(raw, 1000), 1000);
    return 0;
}
