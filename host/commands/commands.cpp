// SPDX-License-Identifier: Apache-2.0
#include "commands/commands.hpp"

#include "host.hpp"
#include "plugins/services.hpp"

#include <dunlin/digest.hpp>
#include <dunlin/document.hpp>

#include <algorithm>
#include <chrono>

namespace dunlin::host {

namespace {

constexpr std::size_t reply_bytes_max = 64U << 20;
constexpr int nesting_max = 16;
constexpr std::chrono::seconds time_max{120};

struct Command {
    const CommandSpec& spec;
    Plugin& plugin;
};

Command find(Host& host, const std::string& name) {
    auto* plugin = host.plugins().by_id(name.substr(0, name.find('.')));
    if (const auto* spec = host.plugins().command(name)) return {*spec, *plugin};
    if (plugin && !plugin->is_running()) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no command " + name + " now: the plugin " +
                                            plugin->id() + " is " + name_of(plugin->state) +
                                            (plugin->reason.empty() ? "" : ", because ") +
                                            plugin->reason);
    }
    throw Error(DUNLIN_E_NOT_FOUND,
                "there is no command " + name + "; `dunlin plugin list` shows what is installed");
}

void check_rights(const Principal& principal, const CommandSpec& spec) {
    if (!principal.may(spec.permission)) {
        throw Error(DUNLIN_E_DENIED, principal.name + " may not call " + spec.name +
                                         ": it needs the permission " + spec.permission);
    }
    if (!principal.scopes.empty() && !spec.is_scoped) {
        throw Error(DUNLIN_E_DENIED,
                    principal.name + " is restricted to a scope, and " + spec.name +
                        " does not keep to scopes; use a token without a scope for it");
    }
}

/// The request as the handler gets it: one reading of it for everybody.
std::string checked_request(const CommandSpec& spec, std::string_view text) {
    const auto document = parse_document(text, "the request");
    need_none("the request does not fit " + spec.name, spec.request_schema->violations(document));
    return document.dump();
}

std::string handle(Host& host, const Command& command, Tx& tx, const std::string& request,
                   dunlin_cancel* cancel) {
    const auto& spec = command.spec;
    auto& plugin = command.plugin;
    const auto principal = tx.principal().to_json().dump();
    std::string reply;
    const StringWriter writer(reply, reply_bytes_max);
    try {
        call_plugin(
            host, plugin, tx, spec.is_scoped, spec.name.c_str(),
            [&](dunlin_tx* view, dunlin_err* err) {
                const dunlin_call call = {
                    sizeof(dunlin_call), tx.moment().today.days(), tx.moment().now_us, view, cancel,
                    to_abi(spec.name),   to_abi(request),          to_abi(principal)};
                return plugin.commands->handle(plugin.instance, &call, writer.abi(), err);
            });
    } catch (const Error&) {
        if (!writer.is_too_large()) throw;
    }
    if (writer.is_too_large()) {
        throw Error(DUNLIN_E_LIMIT,
                    "the reply of " + spec.name + " is larger than 64 MB; ask for fewer rows");
    }
    if (reply.empty()) {
        throw Error(
            DUNLIN_E_INTERNAL,
            spec.name + " succeeded without a reply; report this to the author of its plugin");
    }
    if (host.config().checks_replies) {
        need_none("the reply of " + spec.name + " is wrong",
                  spec.reply_schema->violations(Json::parse(reply)));
    }
    return reply;
}

/// The audit row of a command, in the command's own transaction.
void write_audit(Host& host, Tx& tx, const std::string& command, std::string_view request_json,
                 std::string_view status) {
    tx.db().enter(nullptr);
    tx.db().exec("INSERT INTO dunlin_audit VALUES (?, ?, ?, ?, ?, ?, ?)", host.ids().next(),
                 tx.moment().now_us, tx.moment().today, tx.principal().name, command, request_json,
                 status);
}

/// A refusal is kept although nothing happened.
void audit_refusal(Host& host, const Principal& principal, const std::string& command,
                   std::string_view request) {
    Tx tx(host.store(), Access::write, host.clock().moment(), principal);
    const auto is_kept = request.size() <= 10'000 && Json::accept(request);
    write_audit(host, tx, command, is_kept ? request : "", "denied");
    tx.commit();
}

/// The first reply to an idempotency key, or nothing once the key is claimed for this transaction.
/// It is claimed before the handler runs, so that of two equal requests at once only one is carried
/// out: the other waits here for the first one's end.
std::optional<std::string> first_reply_or_claim(Tx& tx, const std::string& key,
                                                const std::string& command,
                                                const std::string& request) {
    if (key.size() > 200) {
        throw Error(DUNLIN_E_INVALID, "an idempotency key has at most 200 bytes");
    }
    const auto digest = sha256_of(command + "\n" + request);
    const auto& who = tx.principal().name;
    const auto claimed = tx.db().exec(
        "INSERT INTO dunlin_idempotency VALUES (?, ?, ?, ?, '', ?) ON CONFLICT DO NOTHING", who,
        key, command, digest, tx.moment().now_us);
    if (claimed == 1) return std::nullopt;
    auto row = tx.db().query(
        "SELECT command, request_digest, reply_json FROM dunlin_idempotency WHERE principal = ? "
        "AND key = ?",
        who, key);
    if (row->step() && row->text(1) == digest) return std::string(row->text(2));
    throw Error(DUNLIN_E_CONFLICT, "the idempotency key " + key +
                                       " was used for another request (of " +
                                       std::string(row->text(0)) + "); use a new key");
}

std::string act(Host& host, const Command& command, Tx& tx, const std::string& request,
                const CallOptions& options, dunlin_cancel& cancel) {
    const auto& name = command.spec.name;
    const auto& key = options.idempotency_key;
    if (!key.empty()) {
        const auto today = options.today ? "@" + options.today->text() : "";
        if (auto known = first_reply_or_claim(tx, key, name, request + today)) return *known;
    }
    auto reply = handle(host, command, tx, request, &cancel);
    if (cancel.is_late()) {
        throw Error(DUNLIN_E_TIMEOUT, name + " took longer than " +
                                          std::to_string(time_max.count()) +
                                          " s; nothing was changed");
    }
    if (!key.empty()) {
        tx.db().exec("UPDATE dunlin_idempotency SET reply_json = ? WHERE principal = ? AND key = ?",
                     reply, tx.principal().name, key);
    }
    write_audit(host, tx, name, request, "ok");
    tx.commit();
    return reply;
}

}  // namespace

std::string Commands::call(const Principal& principal, const std::string& command,
                           std::string_view request_json, const CallOptions& options) {
    const auto found = find(host_, command);
    try {
        check_rights(principal, found.spec);
        if (options.today && !principal.may("host.override_date")) {
            throw Error(DUNLIN_E_DENIED, principal.name +
                                             " may not choose another business date: it needs the "
                                             "permission host.override_date");
        }
    } catch (const Error&) {
        audit_refusal(host_, principal, command, request_json);
        throw;
    }
    const auto request = checked_request(found.spec, request_json);
    dunlin_cancel own;
    auto& cancel = options.cancel ? *options.cancel : own;
    if (!cancel.deadline) cancel.deadline = std::chrono::steady_clock::now() + time_max;
    Tx tx(host_.store(), found.spec.is_action ? Access::write : Access::read,
          host_.clock().moment(options.today), principal);
    tx.command_stack.push_back(command);
    if (found.spec.is_action) return act(host_, found, tx, request, options, cancel);
    return handle(host_, found, tx, request, &cancel);
}

std::string Commands::call_nested(Tx& tx, const Plugin& caller, const std::string& command,
                                  std::string_view request_json) {
    const auto found = find(host_, command);
    check_rights(tx.principal(), found.spec);
    if (found.spec.is_action && tx.access() == Access::read) {
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
    const auto request = checked_request(found.spec, request_json);

    std::string reply;
    tx.command_stack.push_back(command);
    try {
        tx.in_savepoint([&] { reply = handle(host_, found, tx, request, nullptr); });
    } catch (...) {
        tx.command_stack.pop_back();
        throw;
    }
    tx.command_stack.pop_back();
    return reply;
}

}  // namespace dunlin::host
