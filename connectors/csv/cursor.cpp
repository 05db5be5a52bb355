// SPDX-License-Identifier: Apache-2.0
#include "cursor.hpp"

#include <dunlin/error.hpp>
#include <dunlin/json.hpp>

#include <algorithm>

namespace dunlin::csv {

Cursor Cursor::parse(std::string_view text) {
    Cursor out;
    if (text.empty()) return out;
    try {
        const auto json = Json::parse(text);
        out.files = json.at("files").get<std::vector<std::string>>();
        if (const auto it = json.find("current"); it != json.end()) {
            out.current = Place{it->at("file").get<std::string>(),
                                {it->at("offset").get<int64_t>(), it->at("line").get<int64_t>()},
                                it->value("name", std::string())};
        }
    } catch (const Json::exception& e) {
        throw Error(DUNLIN_E_DATA, std::string("the cursor of this csv source cannot be read (") +
                                       e.what() + "); reset it, and every file is read again");
    }
    return out;
}

std::string Cursor::text() const {
    Json json{{"files", files}};
    if (current) {
        json["current"] = {{"file", current->key},
                           {"offset", current->position.offset},
                           {"line", current->position.line},
                           {"name", current->name}};
    }
    return json.dump();
}

bool Cursor::is_done(const std::string& key) const {
    return std::find(files.begin(), files.end(), key) != files.end();
}

void Cursor::finish(const std::string& key, const std::set<std::string>& present) {
    current.reset();
    files.push_back(key);
    if (files.size() <= files_max) return;
    const auto absent = std::find_if(files.begin(), files.end(), [&](const std::string& file) {
        return present.find(file) == present.end();
    });
    // One that still lies there would be read again.
    if (absent != files.end()) files.erase(absent);
}

}  // namespace dunlin::csv
