// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/http.hpp>
#include <dunlin/json.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::odoo {

using HttpSend = std::function<HttpReply(const HttpRequest&)>;

/// Where an Odoo is and who asks it.
struct Account {
    std::string url;  // Without a slash at its end.
    std::string database;
    std::string user;
    std::string password;
    std::string secret;  // The name the password goes by, for a person.
};

/// What one source learned from its Odoo and keeps between pulls.
struct Session {
    std::mutex mutex;
    /// Why Odoo did not let us in. It locks out who fails a few times in a row, for a minute: one
    /// attempt a run.
    std::optional<Error> refusal;
    int64_t user_id = 0;
    int major = 0;        // 14, 17, …
    std::string version;  // "14.0"
    std::vector<int64_t> companies;
    std::vector<std::string> company_names;
    std::map<std::string, std::set<std::string>> fields;  // Of the models that were asked for.
};

/// Conditions of a search, in Odoo's own form.
using Domain = Json;

/// A record that is to be made: columns and rows as Odoo's load() takes them. More rows than one
/// hold further lines of it.
struct NewRecord {
    std::string model;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows = std::vector<std::vector<std::string>>(1);
    int64_t company = 0;  // Whose it is; 0: the user's.

    void set(const std::string& column, const std::string& value) {
        columns.push_back(column);
        rows.front().push_back(value);
    }
};

/// A record that was made.
struct MadeRecord {
    std::string model;
    int64_t id = 0;
};

/// The whole of Odoo's remote interface: JSON-RPC 2 at /jsonrpc, and the names of fields that
/// differ between its versions. Numbers arrive exactly, see exact_json.hpp.
///
/// Errors are one sentence that says what to do. DENIED: user, password or rights. INVALID: wrong
/// address or database. UNAVAILABLE and TIMEOUT pass. DATA: this Odoo does not know what was asked.
class Client {
public:
    Client(const Account& account, Session& session, HttpSend send)
        : account_(account), session_(session), send_(std::move(send)) {}

    const Account& account() const { return account_; }
    const Session& session() const { return session_; }
    /// Once a session: version, user, and the companies of these names or ids, all when none.
    void sign_in(const std::vector<std::string>& companies);

    /// A method of a model; null when Odoo's method returns nothing.
    Json call(const std::string& model, const std::string& method, Json arguments,
              Json keywords = Json::object());
    /// At most `limit` ids in ascending order.
    std::vector<int64_t> search(const std::string& model, const Domain& domain, int64_t limit);
    int64_t count(const std::string& model, const Domain& domain);
    /// Records in the order of their ids; those that are gone are left out. References are bare
    /// ids. A field that ends in "?" is left out where this Odoo has none of the name.
    Json read(const std::string& model, const std::vector<int64_t>& ids,
              const std::vector<std::string>& fields);
    /// A method that changes something. Throws Rejected with Odoo's sentence when it refuses, and
    /// UNAVAILABLE only when nothing was changed.
    Json change(const std::string& model, const std::string& method, Json arguments,
                Json keywords = Json::object());
    /// Makes a record under a key of ours, which Odoo keeps unique; changes nothing when there is
    /// one. Nothing when somebody else was about to make it. Throws as change() does.
    std::optional<MadeRecord> make(const std::string& key, const NewRecord& record);
    /// What was made under a key.
    std::optional<MadeRecord> made(const std::string& key);
    /// May the user "read", "create" … it? Nothing when this Odoo has no such model.
    std::optional<bool> may(const std::string& verb, const std::string& model);

    /// Odoo's clock at the first answer.
    std::optional<int64_t> server_us() const { return server_us_; }

    /// A condition that a journal item lies on a customers' account; `path` leads to it: "" or
    /// "debit_move_id.".
    Json is_receivable(const std::string& path) const;
    /// Conditions for what an invoice charges: no taxes, no instalments, no headings.
    Domain is_charge() const;

private:
    Json rpc(const std::string& service, const std::string& method, Json arguments);
    HttpReply post(const std::string& body);
    Json answer_of(const HttpReply& reply) const;
    [[noreturn]] void refuse(const Json& error) const;
    std::vector<std::string> existing(const std::string& model,
                                      const std::vector<std::string>& fields);
    void log_in();
    void find_companies(const std::vector<std::string>& wanted);
    Json context() const;

    const Account& account_;
    Session& session_;
    HttpSend send_;
    std::optional<int64_t> server_us_;
    bool is_change_ = false;  // What is asked changes something.
};

}  // namespace dunlin::odoo
