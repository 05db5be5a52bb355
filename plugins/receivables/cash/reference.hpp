// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dunlin::receivables::cash {

/// Letters and digits only, in capitals. Everything beyond ASCII goes.
std::string squeeze(std::string_view text);
/// Letters that look like digits as those digits: O is 0, I and L are 1, S is 5, B is 8, Z is 2 and
/// G is 6. So that what was read or typed wrongly in that way is equal.
std::string look_alike(std::string squeezed);

/// How people write a number: as it is, its digits without the letters and zeros before them, or
/// the last group of digits alone.
struct NumberKeys {
    std::string full, digits, tail;
};
NumberKeys keys_of(std::string_view number);

/// A part of a text that may be a number: neighbouring runs of letters or digits, joined.
struct Token {
    std::string text;                 // Squeezed.
    std::string digits;               // Without leading zeros; empty where there are letters in it.
    std::size_t first = 0, last = 0;  // Runs it is made of.
    bool is_glued = true;             // Nothing but punctuation is between them.
    bool is_last = false;             // The text ends with it.
    bool covers(const Token& other) const { return first <= other.first && other.last <= last; }
    bool touches(const Token& other) const { return first <= other.last && other.first <= last; }
};
/// All of them, of at most 120 runs and 3 to 24 letters.
std::vector<Token> tokens_of(std::string_view text);

/// One letter wrong, missing, too much, or swapped with its neighbour.
bool is_one_slip_apart(std::string_view a, std::string_view b);

/// What a name is compared by: its words without those of legal forms, sorted.
std::string name_words(std::string_view folded_name);

/// The same name with a letter wrong, or cut off.
bool resembles(std::string_view name, std::string_view other);

}  // namespace dunlin::receivables::cash
