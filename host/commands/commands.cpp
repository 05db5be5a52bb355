// SPDX-License-Identifier: Apache-2.0
#include "commands/commands.hpp"

#include "commands/ledger.hpp"
#include "host.hpp"
#include "plugins/services.hpp"

#include <algorithm>
#include <chrono>

namespace dunlin::host {

namespace {

constexpr std::size_t reply_bytes_max = 64U << 20;
constexpr int nesting_max = 16;
constexpr std::chrono::seconds time_max{120};

/// Collects a reply up to its limit.
class ReplyWriter {
public:
    ReplyWriter() : writer_{this, &append} {}
    const dunlin_writer* abi() const { return &writer_; }
    std::string take(const std::string& command) {
        if (is_too_large_) {
            throw Error(DUNLIN_E_LIMIT,
                        "the reply of " + command + " is larger than 64 MB; ask for fewer rows");
        }
        if (text_.empty()) {
            throw Error(DUNLIN_E_INTERNAL, command +
                                               " succeeded without a reply; report this to "
                                               "the author of its plugin");
        }
        return std::move(text_);
    }
    bool is_too_large() const { return is_too_large_; }

private:
    static dunlin_status DUNLIN_CALL append(void* context, const void* bytes, uint64_t n) noexcept {
        auto* self = static_cast<ReplyWriter*>(context);
        if (n > reply_bytes_max - self->text_.size()) {
            self->is_too_large_ = true;
            return DUNLIN_E_LIMIT;
        }
        return guard(&ErrorSink::set, nullptr, [&] {
            self->text_.append(static_cast<const char*>(bytes), static_cast<std::size_t>(n));
        });
    }
    std::string text_;
    bool is_too_large_ = false;
    dunlin_writer writer_;
};

void throw_violations(const std::string& what, const std::vector<std::string>& violations) {
    std::string message = what + ": ";
    for (const auto& text : violations) message += (&text == &violations[0] ? "" : "; ") + text;
    throw Error(DUNLIN_E_INVALID, message, Json{{"violations", violations}}.dump());
}

}  // namespace

struct Commands::Impl {
    struct Entry {
        const CommandSpec* spec;
        Plugin* plugin;
    };
    explicit Impl(Host& h) : host(h) {}

    const Entry& find(const std::string& command) const {
        const auto it = entries.find(command);
        if (it != entries.end() && it->second.plugin->is_running()) return it->second;
        const auto* plugin = host.plugins().by_id(command.substr(0, command.find('.')));
        if (plugin && !plugin->is_running()) {
            throw Error(DUNLIN_E_NOT_FOUND, "there is no command " + command + " now: the plugin " +
                                                plugin->id() + " is " + name_of(plugin->state) +
                                                (plugin->reason.empty() ? "" : ", because ") +
                                                plugin->reason);
        }
        throw Error(DUNLIN_E_NOT_FOUND, "there is no command " + command +
                                            "; `dunlin plugin list` shows what is installed");
    }

    void check_rights(const Principal& principal, const CommandSpec& spec) const {
        if (!principal.may(spec.permission)) {
            throw Error(DUNLIN_E_DENIED, principal.name + " may not call " + spec.name +
                                             ": it needs the permission " + spec.permission);
        }
        if (!principal.scopes.empty() && !spec.is_scoped) {
            throw Error(DUNLIN_E_DENIED, principal.name + " is restricted to a scope, and " +
                                             spec.name +
                                             " does not keep to scopes; use a token "
                                             "without a scope for it");
        }
    }

    /// The request as the handler gets it: one reading of it for everybody.
    std::string checked_request(const CommandSpec& spec, std::string_view text) const {
        const auto document = parse_document(text, "the request");
        const auto wrong = spec.request_schema->violations(document);
        if (!wrong.empty()) throw_violations("the request does not fit " + spec.name, wrong);
        return document.dump();
    }

    std::string handle(const Entry& entry, Tx& tx, const std::string& request,
                       dunlin_cancel* cancel) {
        const auto& spec = *entry.spec;
        const auto principal = tx.principal().to_json().dump();
        ReplyWriter reply;
        try {
            call_plugin(host, *entry.plugin, tx, spec.is_scoped, spec.name.c_str(),
                        [&](dunlin_tx* view, dunlin_err* err) {
                            const dunlin_call call = {sizeof(dunlin_call),
                                                      tx.moment().today.days(),
                                                      tx.moment().now_us,
                                                      view,
                                                      cancel,
                                                      to_abi(spec.name),
                                                      to_abi(request),
                                                      to_abi(principal)};
                            return entry.plugin->commands->handle(entry.plugin->instance, &call,
                                                                  reply.abi(), err);
                        });
        } catch (const Error&) {
            if (!reply.is_too_large()) throw;
        }
        auto text = reply.take(spec.name);
        if (host.config().checks_replies) {
            const auto wrong = spec.reply_schema->violations(Json::parse(text));
            if (!wrong.empty()) throw_violations("the reply of " + spec.name + " is wrong", wrong);
        }
        return text;
    }

    std::string query(const Entry& entry, const Principal& principal, const Moment& moment,
                      const std::string& request, dunlin_cancel* cancel) {
        Tx tx(host.store(), Access::read, moment, principal);
        tx.command_stack.push_back(entry.spec->name);
        return handle(entry, tx, request, cancel);
    }

    std::string act(const Entry& entry, const Principal& principal, const Moment& moment,
                    const std::string& request, const CallOptions& options, dunlin_cancel& cancel) {
        const FirstReply first(entry.spec->name, options.idempotency_key,
                               request + (options.today ? "@" + options.today->text() : ""));
        Tx tx(host.store(), Access::write, moment, principal);
        if (const auto known = first.find_or_claim(tx)) return *known;
        tx.command_stack.push_back(entry.spec->name);
        auto reply = handle(entry, tx, request, &cancel);
        if (cancel.is_late()) {
            throw Error(DUNLIN_E_TIMEOUT, entry.spec->name + " took longer than " +
                                              std::to_string(time_max.count()) +
                                              " s; nothing was changed");
        }
        first.keep(tx, reply);
        write_audit(tx, host.ids().next(), entry.spec->name, request, "ok");
        tx.commit();
        return reply;
    }

    /// A refusal is kept although nothing happened.
    void audit_refusal(const Principal& principal, const std::string& command,
                       std::string_view request) {
        Tx tx(host.store(), Access::write, host.clock().moment(), principal);
        const auto is_kept = request.size() <= 10'000 && Json::accept(request);
        write_audit(tx, host.ids().next(), command, is_kept ? request : "", "denied");
        tx.commit();
    }

    Host& host;
    std::map<std::string, Entry> entries;
    std::map<std::string, std::shared_ptr<const Schema>> topics;
};

Commands::Commands(Host& host) : impl_(std::make_unique<Impl>(host)) {}
Commands::~Commands() = default;

void Commands::start() {
    impl_->entries.clear();
    impl_->topics.clear();
    for (auto* plugin : impl_->host.plugins().in_order()) {
        if (!plugin->is_running()) continue;
        for (const auto& spec : plugin->manifest.commands) {
            impl_->entries[spec.name] = {&spec, plugin};
        }
        for (const auto& topic : plugin->manifest.emits) {
            impl_->topics[topic.topic] = topic.compiled;
        }
    }
}

std::string Commands::call(const Principal& principal, const std::string& command,
                           std::string_view request_json, const CallOptions& options) {
    const auto& entry = impl_->find(command);
    try {
        impl_->check_rights(principal, *entry.spec);
        if (options.today && !principal.may("host.override_date")) {
            throw Error(DUNLIN_E_DENIED, principal.name +
                                             " may not choose another business date: it needs the "
                                             "permission host.override_date");
        }
    } catch (const Error&) {
        impl_->audit_refusal(principal, command, request_json);
        throw;
    }
    const auto request = impl_->checked_request(*entry.spec, request_json);
    dunlin_cancel own;
    auto& cancel = options.cancel ? *options.cancel : own;
    if (!cancel.deadline) cancel.deadline = std::chrono::steady_clock::now() + time_max;
    const auto moment = impl_->host.clock().moment(options.today);
    if (!entry.spec->is_action) {
        return impl_->query(entry, principal, moment, request, &cancel);
    }
    try {
        return impl_->act(entry, principal, moment, request, options, cancel);
    } catch (const Error& e) {
        // Two requests with one key at once: the second finds the first one's reply now.
        if (options.idempotency_key.empty() || !FirstReply::was_claimed_meanwhile(e)) throw;
        return impl_->act(entry, principal, moment, request, options, cancel);
    }
}

std::string Commands::call_nested(Tx& tx, const Plugin& caller, const std::string& command,
                                  std::string_view request_json) {
    const auto& entry = impl_->find(command);
    impl_->check_rights(tx.principal(), *entry.spec);
    if (entry.spec->is_action && tx.access() == Access::read) {
        throw Error(DUNLIN_E_DENIED, caller.id() + " called the action " + command +
                                         " inside a query; a query may call only queries");
    }
    std::string way;
    for (const auto& one : tx.command_stack) way += one + " → ";
    if (std::count(tx.command_stack.begin(), tx.command_stack.end(), command)) {
        throw Error(DUNLIN_E_INVALID, "commands call each other in a cycle: " + way + command);
    }
    if (tx.command_stack.size() >= nesting_max) {
        throw Error(DUNLIN_E_LIMIT, "commands are nested too deep: " + way + command);
    }
    const auto request = impl_->checked_request(*entry.spec, request_json);

    const auto events = Events::mark(tx);
    const int depth = ++tx.depth;
    tx.db().enter(nullptr);
    tx.db().savepoint(depth);
    tx.command_stack.push_back(command);
    const auto leave = [&] {
        tx.command_stack.pop_back();
        --tx.depth;
    };
    try {
        auto reply = impl_->handle(entry, tx, request, nullptr);
        tx.db().release_savepoint(depth);
        leave();
        return reply;
    } catch (...) {
        Events::rewind(tx, events);
        leave();
        tx.db().rollback_to_savepoint(depth);
        tx.db().enter(nullptr);
        throw;
    }
}

void Commands::validate_event(const std::string& topic, std::string_view payload_json) {
    const auto it = impl_->topics.find(topic);
    if (it == impl_->topics.end()) {
        throw Error(DUNLIN_E_DENIED, "no running plugin declares the topic " + topic);
    }
    const auto wrong = it->second->violations(parse_document(payload_json, "the event"));
    if (!wrong.empty()) throw_violations("the event does not fit " + topic, wrong);
}

}  // namespace dunlin::host
