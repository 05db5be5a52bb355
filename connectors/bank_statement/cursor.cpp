// SPDX-License-Identifier: Apache-2.0
#include "cursor.hpp"

#include <dunlin/json.hpp>

namespace dunlin::bank_statement {

Cursor Cursor::parse(std::string_view text) {
    Cursor out;
    out.files = FileCursor::parse(text);
    if (text.empty()) return out;
    try {
        const auto json = Json::parse(text);
        out.memory.statements = json.value("statements", out.memory.statements);
        out.memory.batches = json.value("batches", out.memory.batches);
    } catch (const Json::exception& e) {
        throw Error(DUNLIN_E_DATA, std::string("the cursor of this source cannot be read (") +
                                       e.what() + "); reset it, and every file is read again");
    }
    return out;
}

std::string Cursor::text() const {
    auto json = Json::parse(files.text());
    json["statements"] = memory.statements;
    json["batches"] = memory.batches;
    return json.dump();
}

}  // namespace dunlin::bank_statement
