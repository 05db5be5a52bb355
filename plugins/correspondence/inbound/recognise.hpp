// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace dunlin::correspondence {

/// What a message seems to say. Nobody acts on it but a person.
struct Suggestion {
    std::string kind;    // opt_out, cease_contact, dispute, already_paid, promise
    int percent = 0;     // How sure.
    std::string phrase;  // That it was recognised by.
    // Of a promise, as far as they are said.
    std::string amount{}, currency{}, due_on{};
};

/// A phrase in small letters, with single blanks, and how sure it makes one.
struct Phrase {
    std::string_view kind;
    int percent;
    std::string_view words;
};
/// English and German.
const std::vector<Phrase>& phrases();

/// What its writer wrote, without what is quoted from earlier messages.
std::string own_words(std::string_view body);

/// The likeliest first, each kind once. `received_on` is what days without a year are about.
std::vector<Suggestion> recognise(std::string_view subject, std::string_view body,
                                  Date received_on);

/// What a person calls it: "says it has paid".
std::string_view title_of(std::string_view kind);

}  // namespace dunlin::correspondence
