// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client.hpp"

namespace dunlin::tryton {

/// The document of an invoice seen from one of these companies: as Tryton stored it when it was
/// posted, else as its report makes it. Error not_found for what is no invoice, or none yet.
void hand_out_invoice(Client& client, const std::vector<int64_t>& companies,
                      std::string_view external_id, const TakeBytes& take, const Cancel& cancel);

}  // namespace dunlin::tryton
