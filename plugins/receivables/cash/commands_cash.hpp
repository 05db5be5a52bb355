// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.hpp"

namespace dunlin::receivables::cash {

/// The handler of a command of cash application; null when it is about something else.
Door cash_door(std::string_view command);
/// The job that matches what came in, where the configuration says so.
void match_by_itself(const Services& services, const Job& job);

}  // namespace dunlin::receivables::cash
