// SPDX-License-Identifier: Apache-2.0
#include "dunning/door.hpp"

#include "dunning/answers.hpp"

namespace dunlin::receivables::dunning {

std::optional<Json> answer(const Services& services, Call& call) {
    using Door = Json (*)(const Services&, Call&);
    static const std::map<std::string_view, Door> doors{
        {"receivables.preview_dunning", &preview_dunning},
        {"receivables.dun", &dun},
        {"receivables.dunning_run", &dunning_run},
        {"receivables.release_dunning", &release_dunning},
        {"receivables.dunning_letters", &dunning_letters},
        {"receivables.dunning_letter", &dunning_letter},
        {"receivables.dunning_letter_standing", &dunning_letter_standing},
        {"receivables.dunning_letter_sent", &dunning_letter_sent},
        {"receivables.dunning_letter_held", &dunning_letter_held},
        {"receivables.void_dunning_letter", &void_dunning_letter},
        {"receivables.remove_from_dunning", &remove_from_dunning},
        {"receivables.charges", &charges},
        {"receivables.waive_charge", &waive_charge},
        {"receivables.block_dunning", &block_dunning},
        {"receivables.unblock_dunning", &unblock_dunning},
        {"receivables.dunning_blocks", &dunning_blocks},
        {"receivables.assign_dunning", &assign_dunning},
        {"receivables.import_dunning_state", &import_dunning_state},
        {"receivables.set_dunning_procedure", &set_dunning_procedure},
        {"receivables.dunning_procedure", &dunning_procedure},
        {"receivables.set_charges", &set_charges},
        {"receivables.charge_policy", &charge_policy},
        {"receivables.dunning_finished", &dunning_finished},
        {"receivables.propose_outcome", &propose_outcome},
        {"receivables.decide_outcome", &decide_outcome},
        {"receivables.recall_outcome", &recall_outcome},
        {"receivables.outcomes", &list_outcomes}};
    const auto door = doors.find(call.command());
    if (door == doors.end()) return std::nullopt;
    return door->second(services, call);
}

bool work(const Services& services, const Job& job) {
    if (job.kind == "receivables.dun") {
        dun_on(services, job);
    } else if (job.kind == "receivables.release_dunning") {
        release_on(services, job);
    } else {
        return false;
    }
    return true;
}

}  // namespace dunlin::receivables::dunning
