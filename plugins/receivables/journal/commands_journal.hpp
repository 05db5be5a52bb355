// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.hpp"

namespace dunlin::receivables::journal {

/// The handler of a command of bookkeeping; null when it is about something else.
Door journal_door(std::string_view command);

}  // namespace dunlin::receivables::journal
