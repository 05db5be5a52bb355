// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

#include "compose.hpp"

namespace dunlin::correspondence {

/// The job "correspondence.send": renders what is queued, and sends it when it is an e-mail.
///
/// It never sends twice. "sending", with the job's id, is committed before the server is spoken to;
/// whoever finds that state from a run of the same job that ended there cannot know what the server
/// did, so the message is unknown from then on, and only a person sends it again.
void send_message(const Services& services, const Job& job);

/// Tells whoever waits for it that a message has its outcome.
void tell(Transaction& tx, const Message& message);

/// Has a dunning letter follow its message, as that is now: held back with it, sent with it, taken
/// back when it is given up or came back. Once or ten times is the same.
void follow_letter(Transaction& tx, int64_t customer_id, int64_t message_id);

/// The job "correspondence.print": writes a batch into a folder that appears whole or not at all,
/// and is the same folder however often the job runs.
void print_batch(const Services& services, const Job& job);

/// Gives queued letters that are rendered to a batch of their own, as far as the gate lets them;
/// queues its job. The batch and how many; 0 when there are none.
std::pair<int64_t, int64_t> begin_batch(const Services& services, Transaction& tx,
                                        const Settings& settings, const std::string& asked_by,
                                        int64_t letters_max);

}  // namespace dunlin::correspondence
