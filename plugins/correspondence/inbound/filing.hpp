// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/db.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "inbound/inbound.hpp"
#include "inbound/token.hpp"

namespace dunlin::correspondence {

using Customers = std::set<int64_t>;

/// Whose the addresses and numbers of some messages are, looked up for all of them at once.
class Directory {
public:
    Directory(Transaction& tx, const std::vector<Inbound>& messages);

    Customers of_address(const Inbound& in) const;
    Customers of_references(const Inbound& in) const;

private:
    void look_up(Transaction& tx, const std::string& sql, const std::set<std::string>& words,
                 bool is_number, std::map<std::string, Customers>& into) const;

    std::map<std::string, Customers> addresses_, references_, keys_;
};

/// Words of a message that may be the number of an invoice, a letter or a customer.
std::set<std::string> references_in(const Inbound& in);

/// The same as people write them, with other case and marks or blanks between: letters and digits
/// alone, in capitals, with a letter among them; a date is no number of anything.
std::set<std::string> keys_in(const Inbound& in);

/// Decides whose a message is, and which one it answers. What fits nobody, or more than one, waits
/// for a person. Whoever writes can put any address and any number into a message, but no token.
void file(Transaction& tx, const Directory& directory, const Tokens& tokens, Inbound& in);

}  // namespace dunlin::correspondence
