// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.hpp"
#include "dunning/run.hpp"

namespace dunlin::receivables::dunning {

Json preview_dunning(const Services& services, Call& call);
Json dun(const Services& services, Call& call);
Json dunning_run(const Services& services, Call& call);
Json release_dunning(const Services& services, Call& call);
void dun_on(const Services& services, const Job& job);
void release_on(const Services& services, const Job& job);

Json dunning_letters(const Services& services, Call& call);
Json dunning_letter(const Services& services, Call& call);
Json dunning_letter_standing(const Services& services, Call& call);
Json dunning_letter_sent(const Services& services, Call& call);
Json dunning_letter_held(const Services& services, Call& call);
Json void_dunning_letter(const Services& services, Call& call);
Json remove_from_dunning(const Services& services, Call& call);
Json charges(const Services& services, Call& call);
Json waive_charge(const Services& services, Call& call);

Json block_dunning(const Services& services, Call& call);
Json unblock_dunning(const Services& services, Call& call);
Json dunning_blocks(const Services& services, Call& call);
Json assign_dunning(const Services& services, Call& call);
Json import_dunning_state(const Services& services, Call& call);
Json set_dunning_procedure(const Services& services, Call& call);
Json dunning_procedure(const Services& services, Call& call);
Json set_charges(const Services& services, Call& call);
Json charge_policy(const Services& services, Call& call);

Json dunning_finished(const Services& services, Call& call);
Json propose_outcome(const Services& services, Call& call);
Json decide_outcome(const Services& services, Call& call);
Json recall_outcome(const Services& services, Call& call);
Json list_outcomes(const Services& services, Call& call);

/// Who asks.
std::string name_of(const Call& call);
Json letter_json(const StoredLetter& letter);

}  // namespace dunlin::receivables::dunning
