// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace dunlin::test {

/// A real PostgreSQL for the tests of this process: the one of DUNLIN_TEST_PG (a libpq conninfo
/// whose user may create databases and roles), else a private cluster that ends with the process.
class Postgres {
public:
    Postgres();
    ~Postgres();
    Postgres(const Postgres&) = delete;
    Postgres& operator=(const Postgres&) = delete;

    /// Makes an empty database and returns its store URL, "postgresql:host=… dbname=…".
    std::string fresh_database();
    /// Runs SQL in a database as the administrator; returns the first cell.
    std::string run(const std::string& dbname, const std::string& sql);
    std::string conninfo(const std::string& dbname) const;
    /// What the fresh databases were named, the last one.
    const std::string& last_database() const { return last_; }

    /// Leads to the database "postgres" of this server for others: what DUNLIN_TEST_PG may hold.
    const std::string& base() const { return base_; }

private:
    void start_cluster();
    void drop_databases() noexcept;
    static std::string name_of(int database);
    std::string base_;
    std::string folder_;
    std::string last_;
    int pid_ = 0;
    int count_ = 0;
};

Postgres& shared_postgres();

}  // namespace dunlin::test
