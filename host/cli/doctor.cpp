// SPDX-License-Identifier: Apache-2.0
#include "cli/actions.hpp"
#include "http/api.hpp"
#include "sync/page.hpp"

#include <iostream>

namespace dunlin::host {

namespace {

/// Looks at everything it can reach; what cannot be looked at is a finding too.
class Examination {
public:
    explicit Examination(Invocation& in) : in_(in) {}

    const std::vector<Finding>& run() {
        if (!look("config", "correct dunlin.toml; every mistake is listed",
                  [&] { host_ = &in_.open(/*migrates=*/false); })) {
            return findings_;
        }
        add("config", "ok", "dunlin.toml is in order");
        clock();
        findings_.push_back(disk_finding("disk", host_->config().instance));
        for (const auto& [name, where] : host_->config().secrets) {
            if (name == sealing_key) continue;
            look("secret " + name, "", [&, name = name] {
                host_->config().secret(name);
                add("secret " + name, "ok", "is there");
            });
        }
        settings();
        for (const auto& one : host_->tools().inspect()) findings_.push_back(one);
        const bool has_store = look(
            "store", "start the database, or correct [store] url in dunlin.toml", [&] { store(); });
        const bool has_started =
            has_store && is_migrated_ &&
            look("host", "correct that, then look again", [&] { host_->start(); });
        plugins();
        if (has_started) look("host", "correct that, then look again", [&] { work(); });
        return findings_;
    }

private:
    void add(const std::string& name, const std::string& state, const std::string& message,
             const std::string& remedy = {}) {
        findings_.push_back({name, state, message, state == "ok" ? "" : remedy});
    }
    template <class Body>
    bool look(const std::string& name, const char* remedy, Body&& body) {
        try {
            body();
            return true;
        } catch (const Error& e) {
            add(name, "fail", e.what(), remedy);
            return false;
        }
    }

    void clock() {
        const auto& clock = host_->clock();
        add("clock", "ok", "today is " + clock.moment().today.text() + " in " + clock.zone());
        if (host_->config().fixed_clock_us) {
            add("clock", "warn", "[testing] clock stands still", "remove it outside of tests");
        }
    }

    void settings() {
        for (const auto& source : host_->config().sources) {
            const auto* plugin = host_->plugins().by_id(source.connector);
            if (!plugin || !plugin->manifest.source_schema.is_object()) continue;
            const auto wrong =
                host_->config().violations("sources." + source.name + ".settings", source.settings,
                                           plugin->manifest.source_schema);
            for (const auto& one : wrong) add("sources", "fail", one, "correct that line");
        }
    }

    void store() {
        for (const auto& finding : host_->store().inspect()) findings_.push_back(finding);
        const auto pending = host_->pending_migrations().size();
        is_migrated_ = pending == 0;
        add("migrations", is_migrated_ ? "ok" : "fail", std::to_string(pending) + " pending",
            "dunlin migrate apply");
    }

    void plugins() {
        for (const auto* plugin : host_->plugins().in_order()) {
            const auto& reason = plugin->reason;
            const bool is_well = reason.empty() || reason.starts_with("disabled");
            add("plugin " + plugin->id(), is_well ? "ok" : "fail",
                reason.empty() ? name_of(plugin->state) : reason);
        }
    }

    /// What only a host that has started knows.
    void work() {
        findings_.push_back(host_->secrets().inspect());
        for (const auto& check : health(*host_)) {
            // What is said of a plugin as a whole was said above.
            if (check.name.find('.') != std::string::npos) findings_.push_back(check);
        }
        const auto count = [&](const char* sql, const auto&... args) {
            return host_->begin(Access::read)->db().value(sql, args...);
        };
        const auto usable =
            count("SELECT count(*) FROM dunlin_token WHERE expires_us = 0 OR expires_us > ?",
                  host_->clock().now_us());
        add("tokens", usable == "0" ? "warn" : "ok", usable + " usable",
            "dunlin token create --role administrator");
        const auto dead = count("SELECT count(*) FROM dunlin_delivery WHERE state = 'dead'");
        add("events", dead == "0" ? "ok" : "fail", dead + " dead letters",
            "dunlin events list, then dunlin events replay PLUGIN");
        const auto failed = host_->jobs().list("failed").size();
        add("jobs", failed == 0 ? "ok" : "warn", std::to_string(failed) + " failed",
            "dunlin jobs list --state failed, then dunlin jobs retry ID");
        const auto held =
            count("SELECT count(*) FROM dunlin_write_back WHERE state IN ('parked', 'conflict')");
        add("write-backs", held == "0" ? "ok" : "warn", held + " wait for a person",
            "dunlin writebacks list, then dunlin writebacks retry or cancel SOURCE ID");
        for (const auto& source : host_->config().sources) examine(source);
    }

    void examine(const SourceConfig& source) {
        const auto name = "source " + source.name;
        const auto* connector = host_->plugins().by_id(source.connector);
        if (!connector || !connector->is_running()) {
            add(name, "fail", "its connector \"" + source.connector + "\" does not run",
                "dunlin plugin list shows what there is");
            return;
        }
        // In a process of its own it is loaded only now.
        const auto remedy = "dunlin plugin info " + source.connector;
        if (!look(name, remedy.c_str(), [&] { host_->sync().describe(source.connector); })) return;
        auto tx = host_->begin(Access::read);
        std::string why;
        if (const auto until = parked_until(*tx, source.name, &why); until != 0) {
            add(name, "warn", "rests until " + timestamp_text(until) + ": " + why,
                "correct what it says, or wait");
        }
        auto last = tx->db().query(
            "SELECT state, started_us FROM dunlin_sync_run WHERE source = ? ORDER BY id DESC "
            "LIMIT 1",
            source.name);
        if (!last->step()) {
            add(name, "warn", "was never synced", "dunlin sync " + source.name);
            return;
        }
        const std::string state(last->text(0));
        const auto age_us = tx->moment().now_us - last->i64(1);
        const bool is_stale = source.every_us > 0 && age_us > 3 * source.every_us;
        add(name,
            state == "failed" ? "fail"
            : is_stale        ? "warn"
                              : "ok",
            "last run " + timestamp_text(last->i64(1)) + ": " + state,
            "dunlin sync " + source.name);
    }

    Invocation& in_;
    Host* host_ = nullptr;
    std::vector<Finding> findings_;
    bool is_migrated_ = false;
};

}  // namespace

Ordered doctor(Invocation& in) {
    Examination examination(in);
    auto list = Ordered::array();
    for (const auto& [name, state, message, remedy] : examination.run()) {
        if (state == "fail") in.has_failed = true;
        list.push_back(
            {{"state", state}, {"name", name}, {"message", message}, {"remedy", remedy}});
        if (in.format != Format::table) continue;
        std::cout << (state == "fail" ? "FAIL" : state) << "  " << name << ": " << message << "\n";
        if (!remedy.empty()) std::cout << "      → " << remedy << "\n";
    }
    return in.format == Format::table ? Ordered() : list;
}

}  // namespace dunlin::host
