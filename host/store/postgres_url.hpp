// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace dunlin::host {

/// "postgresql:host=… dbname=…", or PostgreSQL's own "postgresql://user@host/dbname".
class PostgresUrl {
public:
    /// Error invalid when it cannot be read; the message does not repeat it.
    explicit PostgresUrl(const std::string& url);

    /// As Poco takes it.
    std::string for_session() const;
    /// For people, without the password.
    std::string shown() const;
    /// A text of somebody else's with the password taken out.
    std::string without_password(const std::string& text) const;
    /// The options as PostgreSQL's tools take them: everybody can read a command line.
    const std::map<std::string, std::string>& environment() const { return environment_; }

private:
    std::map<std::string, std::string> options_;
    std::map<std::string, std::string> environment_;
};

/// pg_dump of the database into FOLDER/dunlin.dump.
void dump_database(const PostgresUrl& url, const std::filesystem::path& folder);

}  // namespace dunlin::host
