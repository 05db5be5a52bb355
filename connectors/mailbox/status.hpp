// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mime.hpp"

namespace dunlin::mailbox {

/// The recipients of a message/delivery-status part (RFC 3464).
void read_delivery_status(std::string_view text, std::vector<DeliveryStatus>& out);
/// The Message-ID among header lines, without its brackets; empty when there is none.
std::string message_id_in(std::string_view headers);

}  // namespace dunlin::mailbox
