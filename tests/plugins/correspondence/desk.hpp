// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/receivables/book.hpp"
#include "support/smtp_sink.hpp"

namespace dunlin::test {

struct DeskOptions {
    bool is_sending = true;
    bool is_set_up = true;      // There are a mail account and a renderer.
    bool has_renderer = false;  // WeasyPrint; otherwise every PDF is a few made-up bytes.
    std::string now = "2026-03-02T09:00:00Z";
    bool has_documents = false;  // The source of the ledger hands out documents of invoices.
    std::string settings{};      // More of [plugins.correspondence].
};

/// A ledger with customers and their addresses, a mail server, and who writes to whom.
class Desk {
public:
    explicit Desk(Dialect dialect, DeskOptions options = {});

    Instance& instance() { return book_.instance(); }
    Book& book() { return book_; }
    SmtpSink& sink() { return sink_; }
    const std::filesystem::path& prints() const { return sink_.folder(); }

    /// A customer whose e-mail address is <mailbox>@there.example, with a postal one.
    void customer(const std::string& id, const std::string& mailbox,
                  const std::string& kind = "company");
    Json call(const std::string& command, const Json& request = Json::object()) {
        return instance().call("correspondence." + command, request);
    }
    /// A note to a customer; its row.
    Json note(const std::string& customer, const std::string& channel = "email");
    /// An event, as the ledger emits it, delivered.
    void event(const std::string& topic, Json payload);
    void run_jobs() { instance().host().jobs().run_due(); }
    /// The row of a message now.
    Json now(const Json& message);
    std::string state(const Json& message) { return now(message).at("state"); }
    Json act(const std::string& command, const Json& message, Json more = Json::object());

private:
    SmtpSink sink_;
    Book book_;
};

}  // namespace dunlin::test
