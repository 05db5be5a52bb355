// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.hpp"

#include <dunlin/abi/mail.h>

#include <string_view>

namespace dunlin::host {

/// One message to an SMTP server: the receipt; errors as dunlin.mail/1 has them.
Json submit_mail(const MailAccount& account, const std::string& password, const std::string& sender,
                 const std::vector<std::string>& recipients, std::string_view mime);

extern const dunlin_mail_v1 mail_service;

}  // namespace dunlin::host
