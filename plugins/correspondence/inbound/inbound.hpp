// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>
#include <dunlin/json.hpp>

#include <cstdint>
#include <string>

namespace dunlin::correspondence {

/// A message that came in.
struct Inbound {
    int64_t customer_id = 0, id = 0;  // The customer is 0 until it is known.
    std::string source, kind;         // email or letter
    std::string state = "waiting";    // waiting, filed, dismissed
    std::string how{};                // token, reference, address or person
    std::string reason{};             // Why it waits, or what to know about how it was filed.
    int64_t message_id = 0;           // What it answers, 0: not known.
    Json candidates = Json::array();  // Customers it may be of.
    std::string salesperson{}, portfolio{};
    Date received_on{0};
    int64_t received_us = 0, known_us = 0;
    std::string sender{}, sender_name{}, recipients{}, subject{}, mail_id{}, refs{}, automatic{};
    std::string reported_id{};
    Json reports = Json::array();
    std::string body{};
    Json attachments = Json::array();
    std::string media_type{};
    int64_t size = 0;
    std::string problem{};
    Json suggestions = Json::array();
    int64_t raw_blob = 0, task_id = 0;
    std::string filed_by{};
};

}  // namespace dunlin::correspondence
