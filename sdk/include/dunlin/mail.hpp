// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/mail.h>
#include <dunlin/services.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace dunlin {

/// One message for the operator's account, with its envelope.
struct MailMessage {
    std::string account;
    std::string sender{};  // Where bounces go; empty: the account's.
    std::vector<std::string> recipients;
    std::string mime;  // RFC 5322 with CRLF.
};

/// Mail out, see abi/mail.h for the errors, which say whether a message went out. Not inside
/// a transaction.
class Mail {
public:
    explicit Mail(const Services& services)
        : host_(services.host()), table_(services.table<dunlin_mail_v1>(DUNLIN_SVC_MAIL)) {}

    /// {"accepted":[…],"refused":[…],"reply":…}
    Json submit(const MailMessage& message, const Cancel& cancel) const {
        const auto recipients = Json(message.recipients).dump();
        const dunlin_mail_message out{sizeof out,
                                      0,
                                      to_abi(message.account),
                                      to_abi(message.sender),
                                      to_abi(recipients),
                                      to_abi(message.mime)};
        std::string receipt;
        const StringWriter writer(receipt);
        ErrorSink err;
        err.check(table_.submit(host_->ctx, &out, cancel.abi(), writer.abi(), err.sink()),
                  "submit a message");
        return Json::parse(receipt);
    }

private:
    const dunlin_host* host_;
    const dunlin_mail_v1& table_;
};

}  // namespace dunlin
