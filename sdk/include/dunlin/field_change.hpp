// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/connector.hpp>
#include <dunlin/money.hpp>

#include <optional>
#include <string>
#include <vector>

namespace dunlin {

/// Thrown where the other system will never take a write-back; the reason is for a person.
class Rejected : public Error {
public:
    explicit Rejected(const std::string& reason) : Error(DUNLIN_E_INVALID, reason) {}
};

/// A text of a body; empty when it is null or not there.
inline std::string text_in(const Json& object, const char* name) {
    const auto it = object.is_object() ? object.find(name) : object.end();
    if (!object.is_object() || it == object.end() || it->is_null()) return {};
    if (!it->is_string()) throw Rejected(std::string("\"") + name + "\" is no text");
    return it->get<std::string>();
}

/// An amount of a body in 1/10000.
inline int64_t amount_in(const Json& object, const char* name) {
    try {
        return Money::parse_units(text_in(object, name));
    } catch (const Error& e) {
        throw Rejected(std::string("\"") + name + "\": " + e.what());
    }
}

/// Throws Rejected unless a write-back is about one of these entities.
inline void need_target(const WriteBack& write, const std::vector<std::string>& entities) {
    std::string wanted;
    for (const auto& entity : entities) {
        if (entity == write.entity) return;
        wanted += (wanted.empty() ? "" : " or ") + entity;
    }
    throw Rejected(write.kind + " is written to the entity " + wanted + ", not to " + write.entity);
}

/// A field that a write-back changes.
struct FieldChange {
    std::string name;  // As a person calls it: "email".
    std::string wanted, now;
    std::optional<std::string> seen;  // What a person saw there; nothing: nobody looked.
};

/// Which fields a write-back changes: those that somebody saw, or all that it names.
inline std::vector<std::string> changed_fields(const WriteBack& write) {
    std::vector<std::string> out;
    const bool has_base = write.base.is_object() && !write.base.empty();
    for (const auto& field : (has_base ? write.base : write.body).items()) {
        if (!write.body.contains(field.key())) {
            throw Rejected("\"base\" names \"" + field.key() + "\", which \"body\" does not");
        }
        out.push_back(field.key());
    }
    return out;
}

/// Whether fields may be written. confirmed: they hold what is wanted. absent: they hold what was
/// seen. conflict: one holds something else, and the reason says what. `where` is the system.
inline Receipt compare(const std::vector<FieldChange>& changes, const std::string& where) {
    Receipt out;
    for (const auto& change : changes) {
        if (change.now == change.wanted) continue;
        if (change.seen && change.now != *change.seen) {
            out.state = Receipt::State::conflict;
            out.reason = change.name + " is \"" + change.now + "\" in " + where + " now, where \"" +
                         *change.seen + "\" was seen and \"" + change.wanted + "\" is wanted";
            return out;
        }
        out.state = Receipt::State::absent;
    }
    return out;
}

}  // namespace dunlin
