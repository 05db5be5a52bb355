// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.hpp"

#include "cli/actions.hpp"
#include "worker/serve.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#include <CLI/CLI.hpp>
#pragma GCC diagnostic pop

#include <csignal>
#include <iostream>

namespace dunlin::host {

namespace {

/// Rows with the columns in an order that reads well; the others follow behind.
Ordered ordered(const Json& rows, const std::vector<std::string>& first) {
    auto out = Ordered::array();
    for (const auto& row : rows) {
        auto one = Ordered::object();
        for (const auto& key : first) one[key] = nullptr;
        one.update(Ordered(row));
        out.push_back(std::move(one));
    }
    return out;
}

Ordered quarantine_list(Invocation& in) {
    return in.start().sync().quarantine(in.name);
}

Ordered quarantine_retry(Invocation& in) {
    return std::to_string(in.start().sync().retry_quarantine(in.name)) + " rows went through";
}

Ordered quarantine_fix(Invocation& in) {
    auto columns = given_request(in.json);
    for (const auto& [name, value] : split_pairs(in.pairs)) columns[name] = value;
    return in.start().sync().fix_quarantined(in.name, in.state, in.folder, columns)
               ? "the row went through"
               : "the row is still refused; see: dunlin sync quarantine list " + in.name;
}

Ordered write_backs_list(Invocation& in) {
    return ordered(in.start().write_backs().list(in.name, in.lists_all),
                   {"id", "source", "kind", "state", "entity", "external_id", "reason"});
}

Ordered write_backs_run(Invocation& in) {
    return in.start().write_backs().run(in.name);
}

Ordered write_backs_retry(Invocation& in) {
    auto& write_backs = in.start().write_backs();
    std::cerr << write_backs.retry(in.name, in.id) << " write-backs are set going again\n";
    return write_backs.run(in.name);
}

Ordered write_backs_cancel(Invocation& in) {
    in.start().write_backs().cancel(in.name, in.id);
    return "write-back " + std::to_string(in.id) +
           " is given up; what was sent already stays in the other system";
}

Ordered connector_info(Invocation& in) {
    return in.start().sync().describe(in.name);
}

Ordered migrate_plan(Invocation& in) {
    const auto pending = in.open(/*migrates=*/false).pending_migrations();
    if (pending.empty()) std::cout << "-- Nothing is pending.\n";
    for (const auto& one : pending) {
        std::cout << "-- " << one.owner << ": " << one.name << " (" << one.sha256 << ")\n"
                  << one.sql << "\n";
    }
    return {};
}

Ordered migrate_apply(Invocation& in) {
    const auto pending = in.open(/*migrates=*/false).pending_migrations();
    in.start();
    for (const auto& one : pending) {
        std::cout << "applied " << one.owner << ": " << one.name << "\n";
    }
    if (pending.empty()) std::cout << "Nothing was pending.\n";
    return {};
}

Ordered plugin_list(Invocation& in) {
    auto list = Ordered::array();
    for (const auto* plugin : in.start().plugins().in_order()) {
        list.push_back({{"id", plugin->id()},
                        {"version", plugin->manifest.version},
                        {"state", name_of(plugin->state)},
                        {"runs_in", plugin->worker ? "worker" : "host"},
                        {"reason", plugin->reason}});
    }
    return list;
}

Ordered plugin_info(Invocation& in) {
    const auto* plugin = in.start().plugins().by_id(in.name);
    if (!plugin) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "there is no plugin \"" + in.name + "\"; see: dunlin plugin list");
    }
    const auto& manifest = plugin->manifest;
    auto commands = Ordered::array();
    for (const auto& command : manifest.commands) {
        commands.push_back({{"name", command.name},
                            {"kind", command.is_action ? "action" : "query"},
                            {"permission", command.permission},
                            {"summary", command.summary}});
    }
    return {{"id", manifest.id},
            {"name", manifest.name},
            {"version", manifest.version},
            {"state", name_of(plugin->state)},
            {"runs_in", plugin->worker ? "worker" : "host"},
            {"reason", plugin->reason},
            {"folder", plugin->folder.string()},
            {"permissions", manifest.permissions},
            {"commands", commands},
            {"roles", manifest.roles}};
}

Ordered events_list(Invocation& in) {
    const auto state = in.state.empty() ? "dead" : in.state;
    return ordered(in.start().events().list(state), {"plugin", "event", "topic", "key"});
}

Ordered events_replay(Invocation& in) {
    auto& events = in.start().events();
    const auto replayed = events.replay(in.name, in.id);
    events.deliver_pending();
    return std::to_string(replayed) + " deliveries are tried again";
}

Ordered events_deliver(Invocation& in) {
    return std::to_string(in.start().events().deliver_pending()) + " events delivered";
}

Ordered jobs_list(Invocation& in) {
    return ordered(in.start().jobs().list(in.state), {"id", "kind", "state"});
}

Ordered jobs_cancel(Invocation& in) {
    in.start().jobs().cancel(in.id);
    return "job " + std::to_string(in.id) + " is asked to stop";
}

Ordered jobs_retry(Invocation& in) {
    in.start().jobs().retry(in.id);
    return "job " + std::to_string(in.id) + " waits for its turn; dunlin run-jobs runs it now";
}

Ordered run_jobs(Invocation& in) {
    return std::to_string(in.start().jobs().run_due()) + " jobs ran";
}

Ordered backup(Invocation& in) {
    auto& host = in.open(/*migrates=*/false);
    const std::filesystem::path folder = in.folder;
    make_empty_folder(folder, "the backup");
    host.store().backup(folder);
    std::filesystem::copy_file(host.config().instance / "dunlin.toml", folder / "dunlin.toml");
    return "Backed up into " + in.folder + "; secrets and tokens are not in it";
}

Ordered hold_connector(Invocation& in) {
    serve_worker(in.worker_socket, in.worker_flag, static_cast<pid_t>(in.id));
}

Ordered token_create(Invocation& in) {
    std::map<std::string, std::set<std::string>> scopes;
    for (const auto& [dimension, value] : split_pairs(in.pairs)) scopes[dimension].insert(value);
    const auto token = in.start().create_token(in.name, {in.name}, scopes);
    std::cerr << "This is the only time it is shown.\n";
    return token;
}

/// The verbs of the program, their options, and which one was chosen.
class CommandLine {
public:
    using Action = std::function<Ordered(Invocation&)>;

    CommandLine() : app_("Dunlin: the collections module for any ERP.", "dunlin") {
        app_.require_subcommand(1);
        app_.fallthrough();
        app_.set_version_flag("--version", "dunlin 0.1.0");
        app_.add_option("--instance", in_.instance, "The instance's folder")
            ->envname("DUNLIN_INSTANCE")
            ->type_name("DIR");
        app_.add_option("--today", today_, "Run as of another business date")->type_name("DATE");
        app_.add_flag("--safe-mode", in_.is_safe_mode, "Without third-party plugins");
        app_.add_option("--format", format_, "table, json or csv")
            ->check(CLI::IsMember({"table", "json", "csv"}));
        app_.add_option("--rows", in_.rows, "For csv: which list of the reply");
        add_daily();
        add_operations();
    }

    /// Throws CLI::ParseError.
    void parse(int argc, char** argv) {
        app_.parse(argc, argv);
        const CLI::App* chosen = &app_;
        while (!chosen->get_subcommands().empty()) chosen = chosen->get_subcommands().front();
        action_ = actions_.at(chosen);
        if (!today_.empty()) in_.today = Date::parse(today_);
        if (in_.today && chosen->get_name() != "call") {
            // Refused rather than ignored: whoever gives a date relies on it.
            throw Error(DUNLIN_E_INVALID, "--today goes with call only; drop it");
        }
        in_.format = format_ == "json"  ? Format::json
                     : format_ == "csv" ? Format::csv
                                        : Format::table;
    }
    int help(const CLI::ParseError& e) { return app_.exit(e); }
    /// False when what was found is that something is wrong.
    bool act() {
        const auto reply = action_(in_);
        if (!reply.is_null()) print(std::cout, reply, in_.format, in_.rows);
        return !in_.has_failed;
    }

private:
    /// "jobs list" is the verb "list" of the group "jobs", which has no action itself.
    CLI::App* verb(std::string name, const char* summary, Action action = nullptr) {
        auto* group = &app_;
        for (auto space = name.find(' '); space != std::string::npos; space = name.find(' ')) {
            group = group->get_subcommand(name.substr(0, space));
            name.erase(0, space + 1);
        }
        auto* added = group->add_subcommand(name, summary)->fallthrough();
        if (!action) added->require_subcommand(1);
        actions_[added] = std::move(action);
        return added;
    }

    void add_daily() {
        auto* made = verb("init", "Make an instance in an empty folder", init);
        made->add_option("DIR", in_.folder)->required();
        made->add_option("--store", in_.store_url, "sqlite:PATH or postgresql:host=… dbname=…");
        made->add_option("--zone", in_.zone, "Time zone of its business dates");
        made->add_option("--source", in_.source, "A first source: NAME=CONNECTOR:FOLDER");
        verb("serve", "Serve the API, jobs, events and syncs until Ctrl-C", serve);
        auto* called = verb("call", "Call a command of a plugin", call);
        called->add_option("COMMAND", in_.name)->required();
        called->add_option("k=v", in_.pairs, "Fields of the request");
        called->add_option("--json", in_.json, "The request: TEXT, @FILE or - for standard input");
        called->add_option("--idempotency-key", in_.idempotency_key,
                           "The same key gives the first reply again");
        auto* synced = verb("sync", "Bring in what a source has", sync);
        synced->add_option("NAME", in_.name, "A source of dunlin.toml");
        synced->add_flag("--check", in_.checks, "Only see whether it can be reached");
        synced->add_flag("--full", in_.sync_options.reads_all, "Read everything, not only changes");
        synced->add_flag("--sweep", in_.sync_options.sweeps, "Look for deletions now");
        synced->add_flag("--confirm-sweep", in_.sync_options.confirms_sweep,
                         "Delete what has vanished, even when it is much");
        verb("sync status", "The last runs", [](auto& in) { return in.start().sync().status(); });
        verb("sync quarantine", "Rows that could not be taken");
        verb("sync quarantine list", "Which, and why", quarantine_list)
            ->add_option("NAME", in_.name)
            ->required();
        verb("sync quarantine retry", "Try those that may succeed now", quarantine_retry)
            ->add_option("NAME", in_.name)
            ->required();
        auto* fixed = verb("sync quarantine fix", "Correct a row, then try it", quarantine_fix);
        fixed->add_option("NAME", in_.name)->required();
        fixed->add_option("ENTITY", in_.state)->required();
        fixed->add_option("ROW", in_.folder, "Its key in the list")->required();
        fixed->add_option("k=v", in_.pairs, "Columns that are wrong, as text");
        fixed->add_option("--json", in_.json, "Columns that are wrong: TEXT, @FILE or -");
        verb("writebacks", "What goes back into other systems");
        auto* listed = verb("writebacks list", "Those that are not confirmed", write_backs_list);
        listed->add_option("NAME", in_.name, "A source; all of them without it");
        listed->add_flag("--all", in_.lists_all, "The confirmed ones, too");
        verb("writebacks run", "Send what is due now", write_backs_run)
            ->add_option("NAME", in_.name)
            ->required();
        auto* again = verb("writebacks retry", "Set going again, then send", write_backs_retry);
        again->add_option("NAME", in_.name)->required();
        again->add_option("ID", in_.id, "One, also after a conflict; all that wait without it");
        auto* given_up = verb("writebacks cancel", "Give one up", write_backs_cancel);
        given_up->add_option("NAME", in_.name)->required();
        given_up->add_option("ID", in_.id)->required();
    }

    void add_operations() {
        verb("plugin", "Plugins and their states");
        verb("plugin list", "All of them", plugin_list);
        verb("plugin info", "One of them", plugin_info)->add_option("ID", in_.name)->required();
        verb("connector", "What connectors can do");
        verb("connector info", "How it reads each stream, and what it writes back", connector_info)
            ->add_option("ID", in_.name)
            ->required();
        auto* setup = verb("connector setup", "Ask for a source's settings, check and keep them",
                           connector_setup);
        setup->add_option("NAME", in_.name, "What the source will be called")->required();
        setup->add_option("CONNECTOR", in_.state, "The connector's id")->required();
        setup->add_option("k=v", in_.pairs, "Settings; a secret as file:PATH or env:NAME");
        setup->add_flag("--yes", in_.is_sure, "Keep it without asking when the check succeeds");
        verb("migrate", "The database's schema");
        verb("migrate plan", "Print the SQL that is pending", migrate_plan);
        verb("migrate apply", "Apply it", migrate_apply);
        verb("events", "Events and their deliveries");
        verb("events status", "Depth and lag",
             [](auto& in) { return in.start().events().status(); });
        verb("events list", "Deliveries that failed", events_list)
            ->add_option("--state", in_.state, "dead or waiting");
        auto* replay = verb("events replay", "Deliver dead ones again", events_replay);
        replay->add_option("PLUGIN", in_.name)->required();
        replay->add_option("EVENT", in_.id, "One event; all dead ones without it");
        verb("events deliver", "Deliver what is due now", events_deliver);
        verb("jobs", "Background jobs");
        verb("jobs list", "Jobs", jobs_list)->add_option("--state", in_.state, "Only these");
        verb("jobs cancel", "Stop one", jobs_cancel)->add_option("ID", in_.id)->required();
        verb("jobs retry", "Run a failed one again", jobs_retry)
            ->add_option("ID", in_.id)
            ->required();
        verb("run-jobs", "Run what is due, then end", run_jobs);
        verb("backup", "A consistent copy, also while serving", backup)
            ->add_option("DIR", in_.folder)
            ->required();
        verb("token", "Bearer tokens of the API");
        auto* token = verb("token create", "Make one and print it once", token_create);
        token->add_option("--role", in_.name, "A role that a plugin declares")->required();
        token->add_option("--scope", in_.pairs, "DIMENSION=VALUE; repeat it for more");
        // What the host starts for connectors; of no use to a person.
        auto* worker = verb("worker", "Hold a connector", hold_connector)->group("");
        worker->add_option("--fd", in_.worker_socket)->required();
        worker->add_option("--flag", in_.worker_flag)->required();
        worker->add_option("--parent", in_.id)->required();
        verb("doctor", "Say what is wrong and what to do", doctor);
    }

    CLI::App app_;
    Invocation in_;
    std::string today_, format_ = "table";
    std::map<const CLI::App*, Action> actions_;
    Action action_;
};

int exit_code(dunlin_status status) {
    switch (status) {
        case DUNLIN_E_INVALID: return 2;
        case DUNLIN_E_DENIED: return 3;
        case DUNLIN_E_NOT_FOUND: return 4;
        case DUNLIN_E_EXISTS:
        case DUNLIN_E_CONFLICT: return 5;
        case DUNLIN_E_UNAVAILABLE:
        case DUNLIN_E_TIMEOUT: return 6;
        default: return 1;
    }
}

}  // namespace

int run(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    CommandLine line;
    try {
        line.parse(argc, argv);
        return line.act() ? 0 : 1;
    } catch (const CLI::ParseError& e) {
        if (e.get_exit_code() == 0) return line.help(e);
        std::cerr << "dunlin: " << e.what() << "; see: dunlin --help\n";
        return 2;
    } catch (const Error& e) {
        std::cerr << "dunlin: " << e.what() << "\n";
        return exit_code(e.status());
    } catch (const std::exception& e) {
        std::cerr << "dunlin: " << e.what() << "; this is a bug, please report it\n";
        return 1;
    }
}

}  // namespace dunlin::host
