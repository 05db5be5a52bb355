// SPDX-License-Identifier: Apache-2.0
#include "cli/actions.hpp"
#include "host.hpp"
#include "http/api.hpp"

#include <iostream>

namespace dunlin::host {

namespace {

constexpr uintmax_t disk_bytes_low = 1024U * 1024 * 1024;
constexpr uintmax_t disk_bytes_least = 100U * 1024 * 1024;

/// Looks at everything it can reach; what cannot be looked at is a finding too.
class Examination {
public:
    explicit Examination(const Invocation& in) : in_(in) {}

    const std::vector<Finding>& run() {
        try {
            host_ = open_host(in_, /*migrates=*/false);
        } catch (const Error& e) {
            add("config", "fail", e.what(), "correct dunlin.toml; every mistake is listed");
            return findings_;
        }
        add("config", "ok", "dunlin.toml is in order");
        look("clock", "check [instance] time_zone", [this] { clock(); });
        look("disk", "look at the disk", [this] { disk(); });
        look("secrets", "", [this] { secrets(); });
        look("sources", "", [this] { settings(); });
        look("store", "start the database, or correct [store] url in dunlin.toml",
             [this] { store(); });
        look("host", "correct that, then look again", [this] {
            if (is_store_ready_) host_->start();
        });
        plugins();
        if (is_store_ready_) {
            look("tokens", "", [this] { tokens(); });
            look("events", "", [this] { events(); });
            look("jobs", "", [this] { jobs(); });
            look("sources", "", [this] { sources(); });
        }
        return findings_;
    }

private:
    void add(const std::string& name, const char* state, const std::string& message,
             const std::string& remedy = {}) {
        findings_.push_back({name, state, message, remedy});
    }
    template <class Body>
    void look(const char* name, const char* remedy, Body&& body) {
        try {
            body();
        } catch (const Error& e) {
            add(name, "fail", e.what(), remedy);
        }
    }
    template <class... Args>
    int64_t count(const char* sql, const Args&... args) {
        auto tx = host_->begin(Access::read);
        auto row = tx->db().query(sql, args...);
        return row->step() ? row->i64(0) : 0;
    }

    void clock() {
        const auto moment = host_->clock().moment();
        add("clock", "ok", "today is " + moment.today.text() + " in " + host_->clock().zone());
        if (host_->config().fixed_clock_us) {
            add("clock", "warn", "[testing] clock stands still", "remove it outside of tests");
        }
    }

    void disk() {
        std::error_code failed;
        const auto space = std::filesystem::space(host_->config().instance, failed);
        const auto text = std::to_string(space.available / 1'000'000) + " MB free";
        if (failed || space.available < disk_bytes_least) {
            add("disk", "fail", failed ? failed.message() : text, "make room on this disk");
        } else {
            add("disk", space.available < disk_bytes_low ? "warn" : "ok", text,
                space.available < disk_bytes_low ? "make room on this disk" : "");
        }
    }

    void secrets() {
        for (const auto& [name, where] : host_->config().secrets) {
            try {
                host_->config().secret(name);
                add("secret " + name, "ok", "is there");
            } catch (const Error& e) {
                add("secret " + name, "fail", e.what());
            }
        }
    }

    void store() {
        for (const auto& finding : host_->store().inspect()) findings_.push_back(finding);
        const auto pending = host_->pending_migrations().size();
        is_store_ready_ = pending == 0;
        add("migrations", is_store_ready_ ? "ok" : "fail",
            is_store_ready_ ? "none pending" : std::to_string(pending) + " pending",
            is_store_ready_ ? "" : "dunlin migrate apply");
    }

    void plugins() {
        for (const auto* plugin : host_->plugins().in_order()) {
            const auto& reason = plugin->reason;
            const bool is_off = reason.rfind("disabled", 0) == 0;
            if (is_off || reason.empty()) {
                add("plugin " + plugin->id(), "ok", is_off ? reason : name_of(plugin->state));
            } else {
                add("plugin " + plugin->id(), "fail", reason);
            }
        }
        if (!is_store_ready_) return;
        const auto said = health(*host_);
        for (const auto& check : said["checks"]) {
            const auto name = check["name"].get<std::string>();
            if (name.find('.') == std::string::npos) continue;  // Said above.
            findings_.push_back({name, check["state"].get<std::string>(),
                                 check["message"].get<std::string>(),
                                 check["remedy"].get<std::string>()});
        }
    }

    void tokens() {
        const auto now = host_->clock().now_us();
        const auto usable =
            count("SELECT count(*) FROM dunlin_token WHERE expires_us = 0 OR expires_us > ?", now);
        add("tokens", usable > 0 ? "ok" : "warn", std::to_string(usable) + " usable",
            usable > 0 ? "" : "dunlin token create --role administrator");
    }

    void events() {
        const auto dead = count("SELECT count(*) FROM dunlin_delivery WHERE state = 'dead'");
        add("events", dead == 0 ? "ok" : "fail", std::to_string(dead) + " dead letters",
            dead == 0 ? "" : "dunlin events list, then dunlin events replay PLUGIN");
    }

    void jobs() {
        const auto failed = host_->jobs().list("failed").size();
        add("jobs", failed == 0 ? "ok" : "warn", std::to_string(failed) + " failed",
            failed == 0 ? "" : "dunlin jobs list --state failed, then dunlin jobs retry ID");
    }

    void settings() {
        for (const auto* plugin : host_->plugins().in_order()) {
            const auto& schema = plugin->manifest.source_schema;
            if (!schema.is_object()) continue;
            for (const auto& wrong : check_sources(host_->config(), plugin->id(), schema)) {
                add("sources", "fail", wrong, "correct that line");
            }
        }
    }

    void sources() {
        for (const auto& source : host_->config().sources) {
            const auto name = "source " + source.name;
            const auto* connector = host_->plugins().by_id(source.connector);
            if (!connector || !connector->is_running()) {
                add(name, "fail", "its connector \"" + source.connector + "\" does not run",
                    "dunlin plugin list shows what there is");
                continue;
            }
            auto tx = host_->begin(Access::read);
            auto last = tx->db().query(
                "SELECT state, started_us FROM dunlin_sync_run WHERE source = ? ORDER BY id DESC "
                "LIMIT 1",
                source.name);
            if (!last->step()) {
                add(name, "warn", "was never synced", "dunlin sync " + source.name);
                continue;
            }
            const auto age_us = tx->moment().now_us - last->i64(1);
            const bool is_stale = source.every_us > 0 && age_us > 3 * source.every_us;
            const auto state = std::string(last->text(0));
            const bool has_failed = state == "failed";
            add(name,
                has_failed ? "fail"
                : is_stale ? "warn"
                           : "ok",
                "last run " + timestamp_text(last->i64(1)) + ": " + state,
                has_failed || is_stale ? "dunlin sync " + source.name : "");
        }
    }

    const Invocation& in_;
    std::unique_ptr<Host> host_;
    std::vector<Finding> findings_;
    bool is_store_ready_ = false;
};

}  // namespace

bool doctor(const Invocation& in) {
    Examination examination(in);
    const auto& findings = examination.run();
    bool is_well = true;
    auto list = Ordered::array();
    for (const auto& finding : findings) {
        is_well = is_well && finding.state != "fail";
        list.push_back({{"state", finding.state},
                        {"name", finding.name},
                        {"message", finding.message},
                        {"remedy", finding.remedy}});
        if (in.format != Format::table) continue;
        std::cout << (finding.state == "fail" ? "FAIL" : finding.state) << "  " << finding.name
                  << ": " << finding.message << "\n";
        if (!finding.remedy.empty()) std::cout << "      → " << finding.remedy << "\n";
    }
    if (in.format != Format::table) print(std::cout, list, in.format);
    return is_well;
}

}  // namespace dunlin::host
