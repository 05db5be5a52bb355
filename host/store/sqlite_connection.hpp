// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/sql_text.hpp"
#include "store/store.hpp"

#include <Poco/Data/Session.h>
#include <sqlite3.h>

#include <list>
#include <unordered_map>

namespace dunlin::host {

/// Views that a session must have; the number grows with every change.
struct ScopedViews {
    std::vector<ScopedView> list;
    uint64_t version = 0;
};

/// A statement kept by its text. `wall` tells under which wall it was judged.
struct SqliteStatement {
    sqlite3_stmt* handle = nullptr;
    std::string key;
    bool is_used = false;
    bool is_kept = false;
};

class SqliteConnection final : public Connection {
public:
    SqliteConnection(Poco::Data::Session session, const StoreOptions& options);
    ~SqliteConnection() override;
    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;

    Dialect dialect() const override { return Dialect::sqlite; }
    void begin(Access access) override;
    void commit() override;
    void rollback() noexcept override;
    void savepoint(int depth) override;
    void release_savepoint(int depth) override;
    void rollback_to_savepoint(int depth) override;
    void enter(const Wall* wall) override { wall_ = wall; }
    void set_scope(const std::map<std::string, std::set<std::string>>& scopes) override;
    std::unique_ptr<Prepared> prepare(std::string_view sql) override;
    void exec_script(std::string_view sql) override;
    int64_t bulk_write(std::string_view table, const std::vector<std::string>& keys, int32_t mode,
                       ArrowArrayStream rows) override;
    ArrowArrayStream bulk_lookup(std::string_view table, ArrowArrayStream keys,
                                 const std::vector<std::string>& columns) override;
    int64_t transaction_number() override { return 0; }
    int64_t visible_below() override { return std::numeric_limits<int64_t>::max(); }

    void use_views(const ScopedViews& views);
    /// Ready for the next user: nothing open, no scope, no wall.
    void hand_over() noexcept;
    sqlite3* handle() const { return db_; }
    /// Throws what the last call on the handle said.
    [[noreturn]] void fail(int code, std::string_view what) const;
    void give_back(SqliteStatement* statement) noexcept;

private:
    friend class SqlitePrepared;
    void run(const std::string& sql);
    std::unique_ptr<Prepared> prepare_native(const std::string& sql);
    SqliteStatement* statement_of(const std::string& sql);
    void trim_cache();
    static int authorize(void* self, int action, const char* a, const char* b, const char* schema,
                         const char* view);
    bool is_defined(const char* view) const;
    int judge(int action, const char* name, const char* detail, const char* view);

    Poco::Data::Session session_;
    sqlite3* db_ = nullptr;
    std::chrono::milliseconds wait_max_;
    const Wall* wall_ = nullptr;
    const Wall* judged_by_ = nullptr;   // Set only while a statement of a plugin is prepared.
    std::vector<std::string> defined_;  // By WITH in that statement: no view publishes these.
    std::string refused_;
    Access access_ = Access::read;
    uint64_t views_version_ = 0;
    std::vector<std::string> views_;
    bool has_scope_ = false;
    std::list<SqliteStatement> cache_;  // The most recently used first.
    std::unordered_map<std::string, std::list<SqliteStatement>::iterator> by_key_;
};

}  // namespace dunlin::host
