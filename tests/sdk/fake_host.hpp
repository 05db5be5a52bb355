#pragma once

#include <sqlite3.h>

#include <dunlin/abi/dunlin.h>
#include <dunlin/guard.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace dunlin::test {

/// As much of a host as a plugin needs to be tried alone: one SQLite database in memory, events in
/// a table of it, ids that count, a clock that stands still.
class FakeHost {
public:
    FakeHost();
    ~FakeHost();
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    const dunlin_host* host() const { return &host_; }
    dunlin_ctx* ctx() { return reinterpret_cast<dunlin_ctx*>(this); }
    dunlin_tx* tx() { return reinterpret_cast<dunlin_tx*>(this); }
    void exec(const std::string& sql);
    std::string text(const std::string& sql);  // First column of the first row; empty: none.
    int64_t number(const std::string& sql);

    std::set<std::string> denied;       // Services this host does not grant.
    std::vector<std::string> messages;  // What was logged.

    /// Instant and business date of every transaction: 2024-02-29.
    static constexpr int64_t now_us = 1709200000000000;
    static constexpr int32_t today = 19782;

private:
    sqlite3* database_ = nullptr;
    int64_t last_id_ = 1000;
    dunlin_host host_{};
    std::map<std::string, const void*> services_;

    friend struct FakeServices;
};

/// A plugin in the hands of a FakeHost.
class Instance {
public:
    Instance(FakeHost& host, const dunlin_plugin_desc* desc);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    struct Answer {
        dunlin_status status;
        std::string reply;
        std::string message;
    };
    dunlin_plugin* plugin() { return plugin_; }
    /// init and start, up to the first that fails.
    Answer start();
    /// A command in a transaction that is committed on DUNLIN_OK and rolled back otherwise.
    Answer call(const std::string& command, const std::string& request_json);
    /// Delivers every event not delivered yet; how many.
    int deliver();

private:
    template <class Table>
    const Table& extension(const char* id);
    FakeHost& host_;
    dunlin_plugin* plugin_ = nullptr;
    int64_t delivered_ = 0;
};

}  // namespace dunlin::test
