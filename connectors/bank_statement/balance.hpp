// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "document.hpp"

namespace dunlin::bank_statement {

/// Refuses a statement whose opening balance and booked entries do not give its closing balance.
/// Formats that have no opening balance are left as they are.
void check_balance(Statement& statement);

}  // namespace dunlin::bank_statement
