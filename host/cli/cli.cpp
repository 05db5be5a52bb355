// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.hpp"

#include "cli/actions.hpp"

#include <dunlin/error.hpp>
#include <dunlin/json.hpp>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#include <CLI/CLI.hpp>
#pragma GCC diagnostic pop

#include <csignal>
#include <functional>
#include <iostream>

namespace dunlin::host {

namespace {

using Action = std::function<bool(const Invocation&)>;

/// The commands of the program, their options, and which one was chosen.
class CommandLine {
public:
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
        if (!today_.empty()) in_.today = Date::parse(today_);
        if (in_.today && !app_.got_subcommand("call")) {
            // Refused rather than ignored: whoever gives a date relies on it.
            throw Error(DUNLIN_E_INVALID, "--today goes with call only; drop it");
        }
        in_.format = format_ == "json"  ? Format::json
                     : format_ == "csv" ? Format::csv
                                        : Format::table;
    }
    int help(const CLI::ParseError& e) { return app_.exit(e); }
    bool act() { return action_(in_); }

private:
    CLI::App* add(CLI::App& to, const char* name, const char* summary,
                  void (*action)(const Invocation&)) {
        auto* added = to.add_subcommand(name, summary);
        added->fallthrough();
        if (action) {
            added->callback([this, action] {
                action_ = [action](const Invocation& in) {
                    action(in);
                    return true;
                };
            });
        }
        return added;
    }
    CLI::App* group(const char* name, const char* summary) {
        auto* added = add(app_, name, summary, nullptr);
        added->require_subcommand(1);
        return added;
    }

    void add_daily() {
        auto* made = add(app_, "init", "Make an instance in an empty folder", init);
        made->add_option("DIR", in_.folder)->required();
        made->add_option("--store", in_.store_url, "sqlite:PATH or postgresql:host=… dbname=…");
        made->add_option("--zone", in_.zone, "Time zone of its business dates");
        made->add_option("--source", in_.source, "A first source: NAME=CONNECTOR:FOLDER");
        add(app_, "serve", "Serve the API, jobs, events and syncs until Ctrl-C", serve);

        auto* called = add(app_, "call", "Call a command of a plugin", call);
        called->add_option("COMMAND", in_.name)->required();
        called->add_option("k=v", in_.pairs, "Fields of the request");
        called->add_option("--json", in_.json, "The request: TEXT, @FILE or - for standard input");
        called->add_option("--idempotency-key", in_.idempotency_key,
                           "The same key gives the first reply again");

        auto* synced = app_.add_subcommand("sync", "Bring in what a source has");
        synced->fallthrough();
        synced->add_option("NAME", in_.name, "A source of dunlin.toml");
        synced->add_flag("--check", in_.checks, "Only see whether it can be reached");
        add(*synced, "status", "The last runs", sync_status);
        auto* rows = add(*synced, "quarantine", "Rows that could not be taken", sync_quarantine);
        rows->add_option("NAME", in_.name)->required();
        rows->add_flag("--retry", in_.retries, "Try those that may succeed now");
        synced->callback([this, synced] {
            if (!synced->get_subcommands().empty()) return;
            if (in_.name.empty()) throw CLI::RequiredError("NAME");
            action_ = [](const Invocation& in) {
                sync(in);
                return true;
            };
        });
    }

    void add_operations() {
        auto* plugins = group("plugin", "Plugins and their states");
        add(*plugins, "list", "All of them", plugin_list);
        add(*plugins, "info", "One of them", plugin_info)->add_option("ID", in_.name)->required();

        auto* migrations = group("migrate", "The database's schema");
        add(*migrations, "plan", "Print the SQL that is pending", migrate_plan);
        add(*migrations, "apply", "Apply it", migrate_apply);

        auto* events = group("events", "Events and their deliveries");
        add(*events, "status", "Depth and lag", events_status);
        add(*events, "list", "Deliveries that failed", events_list)
            ->add_option("--state", in_.state, "dead or waiting");
        auto* replay = add(*events, "replay", "Deliver dead ones again", events_replay);
        replay->add_option("PLUGIN", in_.name)->required();
        replay->add_option("EVENT", in_.id, "One event; all dead ones without it");
        add(*events, "deliver", "Deliver what is due now", events_deliver);

        auto* jobs = group("jobs", "Background jobs");
        add(*jobs, "list", "Jobs", jobs_list)->add_option("--state", in_.state, "Only these");
        add(*jobs, "cancel", "Stop one", jobs_cancel)->add_option("ID", in_.id)->required();
        add(*jobs, "retry", "Run a failed one again", jobs_retry)
            ->add_option("ID", in_.id)
            ->required();
        add(app_, "run-jobs", "Run what is due, then end", run_jobs);

        add(app_, "backup", "A consistent copy, also while serving", backup)
            ->add_option("DIR", in_.folder)
            ->required();
        auto* tokens = group("token", "Bearer tokens of the API");
        auto* token = add(*tokens, "create", "Make one and print it once", token_create);
        token->add_option("--role", in_.name, "A role that a plugin declares")->required();
        token->add_option("--scope", in_.pairs, "DIMENSION=VALUE; repeat it for more");
        auto* looked = add(app_, "doctor", "Say what is wrong and what to do", nullptr);
        looked->callback([this] { action_ = doctor; });
    }

    CLI::App app_;
    Invocation in_;
    std::string today_, format_ = "table";
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
