// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mapper.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::stripe {

/// Objects of one kind that become rows of one stream.
struct Part {
    std::string resource;  // "invoices", below /v1/.
    std::string object;    // What Stripe calls one in its events: "invoice".
    void (*map)(const Json& object, Reader& reader, Rows& rows);
    /// What happens to them. Empty: only read in full.
    std::vector<std::string> events = {};
    /// What comes with each instead of its id; the second ones only when the source begins on a
    /// day.
    std::vector<std::string> expand = {}, expand_since = {};
    bool has_created = true;  // Can be listed from a day on.
    bool is_invoice = false;  // Created when the invoice was: the source's begin bounds the list.
    /// How the ids of its rows end, behind Stripe's id.
    std::vector<std::string> suffixes = {""};
};

struct Stream {
    std::string_view entity;
    std::string_view columns;
    std::vector<Part> parts;
    bool is_whole = false;  // Read whole each time.

    /// The part whose object an external id belongs to; nullptr when none's.
    const Part* part_of(std::string_view external_id) const;
    /// The part that an event about such an object concerns; nullptr when none's.
    const Part* part_of_event(const std::string& type) const;
    /// What is asked for of the events.
    std::vector<std::string> event_types() const;
};

/// Stripe's id in an external id of ours: "in_1" of "in_1:balance" and of "in_1/il_2".
std::string object_id_of(std::string_view external_id);

/// In the order in which rows refer to one another.
std::span<const Stream> streams();
/// nullptr when there is none.
const Stream* find_stream(std::string_view entity);

}  // namespace dunlin::stripe
