// SPDX-License-Identifier: Apache-2.0
#include "dunlin_manifest.h"
#include "keyed.hpp"
#include "write_backs.hpp"

#include <dunlin/hmac.hpp>
#include <dunlin/http.hpp>
#include <dunlin/plugin.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace {

using namespace dunlin;

dunlin_status status_of(const std::string& name) {
    for (dunlin_status status = 1; status <= DUNLIN_E_INTERNAL; ++status) {
        if (name == status_name(status)) return status;
    }
    throw Error(DUNLIN_E_INVALID, "no status " + name);
}

/// Waits until a file exists, or somebody asks to stop.
void wait_for(const std::string& file, const Cancel& cancel) {
    if (file.empty()) return;
    std::ofstream(file + ".reached").put('.');
    while (!std::filesystem::exists(file)) {
        cancel.throw_if_requested();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

/// Pages as a JSON file has them: {"parent": [{"rows": [[id, value, ref], …], "errors": […],
/// "fail": "unavailable", "gate": "file"}, …]}. The cursor is the number of pages read.
class FilePull : public Pull {
public:
    FilePull(Json pages, std::size_t at, Cancel cancel)
        : pages_(std::move(pages)), at_(at), cancel_(cancel) {}

    bool next(Page& page) override {
        cancel_.throw_if_requested();
        if (at_ >= pages_.size()) return false;
        const auto& from = pages_[at_];
        wait_for(from.value("gate", ""), cancel_);
        if (from.contains("fail")) throw Error(status_of(from["fail"]), "the source says no");
        BatchBuilder rows({{"external_id", Type::text},
                           {"value", Type::i64},
                           {"ref", Type::text},
                           {position_column, Type::text}});
        for (const auto& row : from.value("rows", Json::array())) {
            rows[0].add(std::string_view(row[0].get_ref<const std::string&>()));
            rows[1].add(row[1].get<int64_t>());
            rows[2].add(std::string_view(row[2].get_ref<const std::string&>()));
            rows[3].add("in.json:" + std::to_string(at_) + ":" + std::to_string(rows[3].size()));
        }
        // Latin-1 cannot stand in a JSON file.
        if (from.value("latin1", false)) {
            rows[0].add("latin1");
            rows[1].add(int64_t{1});
            rows[2].add("M\xfcller");
            rows[3].add_null();
        }
        for (const auto& error : from.value("errors", Json::array())) {
            page.errors.push_back({error.value("id", ""), error.value("position", ""), "unreadable",
                                   "cannot be read", "raw text"});
        }
        page.rows = rows.finish();
        page.next_cursor = std::to_string(++at_);
        page.done = static_cast<int64_t>(at_);
        page.total = static_cast<int64_t>(pages_.size());
        return true;
    }

private:
    Json pages_;
    std::size_t at_;
    Cancel cancel_;
};

/// Where the settings of the source opened last ask for an exception: "next", or "next:int" for one
/// that is no std::exception.
std::string throws_at;
std::mutex throws_mutex;  // Sources are opened from any thread.

void throw_if_asked(const std::string& where) {
    const std::lock_guard lock(throws_mutex);
    if (throws_at == where) throw std::runtime_error("as asked");
    if (throws_at == where + ":int") throw 7;
}

class FileSource : public Source {
public:
    explicit FileSource(Json config) : config_(std::move(config)) {}
    Json check(const Cancel&) override { return {{"pages", config_["pages_path"]}}; }
    std::unique_ptr<Pull> pull(const PullRequest& request, Cancel cancel) override {
        std::ifstream in(config_["pages_path"].get<std::string>());
        auto pages = Json::parse(in).value(request.entity, Json::array());
        if (pages.is_object()) return std::make_unique<test::KeyedPull>(std::move(pages), request);
        const bool is_new = request.resume.empty() || config_.value("full", false);
        return std::make_unique<FilePull>(std::move(pages), is_new ? 0 : std::stoul(request.resume),
                                          cancel);
    }

    Receipt push(const WriteBack& write, const Cancel&) override {
        return test::WriteBacks(config_["pages_path"]).push(write);
    }
    Receipt find(const WriteBack& write, const Cancel&) override {
        return test::WriteBacks(config_["pages_path"]).find(write);
    }
    /// {"changed": […]} in JSON, signed with the setting hook_key.
    Json hook(const Hook& hook) override {
        const auto key = config_.value("hook_key", "");
        if (key.empty()) return Source::hook(hook);
        if (!is_same_digest(hook.header("x-signature"), hmac_sha256_of(key, {hook.body}))) {
            throw Error(DUNLIN_E_DENIED, "the signature is not right");
        }
        const auto said = Json::parse(hook.body, nullptr, /*allow_exceptions=*/false);
        if (!said.is_object()) throw Error(DUNLIN_E_DATA, "no JSON object");
        return said;
    }

private:
    Json config_;
};

class Flow : public Plugin<Flow> {
public:
    using Plugin::Plugin;

    static dunlin_status DUNLIN_CALL create(const dunlin_host* host, dunlin_plugin** out,
                                            dunlin_err* err) noexcept {
        const auto status = Plugin::create(host, out, err);
        if (status == DUNLIN_OK) guarded = std::exchange((*out)->get_extension, &unguarded);
        return status;
    }

    Json on_command(Call& call) {
        if (call.command() == "flow.work") {
            call.tx().enqueue("flow.job", call.request()["dedup_key"].get<std::string>(),
                              call.request()["args"]);
            return Json::object();
        }
        if (call.command() == "flow.write_back") {
            const auto& order = call.request();
            const auto id = call.tx().write_back({order.value("source", "src"), order["kind"],
                                                  order.value("lane", "a lane"), "keyed", "a",
                                                  order.value("body", Json::object()),
                                                  order.value("base", Json()), "flow.settled"});
            if (order.value("fail", false)) throw Error(DUNLIN_E_CONFLICT, "as asked");
            return {{"id", std::to_string(id)}};
        }
        for (const auto& event : call.request()["events"]) {
            call.tx().emit("flow.happened", event["key"].get<std::string>(),
                           event.value("payload", Json::object()));
        }
        if (call.value("fail", false)) throw Error(DUNLIN_E_CONFLICT, "as asked");
        return Json::object();
    }

    /// {"seq": 3, "fail": "unavailable", "times": 2}: fails the first `times` times.
    void on_event(Transaction& tx, const Event& event) {
        tx.exec("INSERT INTO flow_seen VALUES (?, ?, ?, ?, ?)", services().next_id(), event.id,
                event.key, event.payload.value("seq", 0), static_cast<int>(event.attempt));
        const auto& follow = event.payload.value("follow", "");
        if (!follow.empty()) tx.emit("flow.happened", follow, Json::object());
        if (event.attempt <= event.payload.value("times", 0U)) {
            throw Error(status_of(event.payload["fail"]), "event as asked");
        }
    }

    /// {"name": "a", "gate": "file", "fail": "data", "times": 1}
    void on_job(const Job& job) {
        wait_for(job.args.value("gate", ""), job.cancel);
        if (job.args.contains("fetch")) return fetch(job);
        auto tx = services().begin(DUNLIN_TX_WRITE);
        if (job.kind == "flow.settled") {
            tx.exec("INSERT INTO flow_ran VALUES (?, ?, ?, ?)", services().next_id(), job.kind,
                    job.args["state"].get<std::string>() + " " + job.args.value("remote_id", "") +
                        " " + job.args.value("reason", ""),
                    1);
            return tx.commit();
        }
        if (job.args.value("leave", false)) {
            left_.emplace(std::move(tx));
            return;
        }
        tx.exec("INSERT INTO flow_ran VALUES (?, ?, ?, ?)", services().next_id(), job.kind,
                job.args.value("name", ""), static_cast<int>(job.attempt));
        tx.commit();
        job.cancel.progress(1, 2, "half way");
        if (job.attempt <= job.args.value("times", 0U)) {
            throw Error(status_of(job.args["fail"]), "job as asked");
        }
    }

    /// {"name": "a", "fetch": "http://…", "inside": true}: what came of it, as a row.
    void fetch(const Job& job) {
        std::string result;
        try {
            std::optional<Transaction> around;
            if (job.args.value("inside", false)) around.emplace(services().begin(DUNLIN_TX_READ));
            const auto reply = HttpClient(services()).send({"GET", job.args["fetch"]}, job.cancel);
            result = std::to_string(reply.status) + " " + reply.body;
        } catch (const Error& e) {
            result = status_name(e.status());
        }
        auto tx = services().begin(DUNLIN_TX_WRITE);
        tx.exec("INSERT INTO flow_ran VALUES (?, ?, ?, ?)", services().next_id(), job.kind,
                job.args["name"].get<std::string>() + ": " + result, static_cast<int>(job.attempt));
        tx.commit();
    }

    Json describe_connector() {
        return {{"entities",
                 {{{"name", "child"}},
                  {{"name", "parent"}},
                  {{"name", "stranger"}},
                  {{"name", "keyed"},
                   {"cursor", "keyset"},
                   {"overlap_seconds", 300},
                   {"retention_days", 30},
                   {"deletes", "sweep"},
                   {"by_id", true}}}},
                {"retries", 1},
                {"rate", {{"per_second", 10'000}, {"per_day", 100'000}}},
                {"write_backs",
                 {{{"kind", "note"}, {"home", "note"}, {"key", "search"}},
                  {{"kind", "tag"}, {"home", "native"}, {"key", "native"}},
                  {{"kind", "call"}, {"home", "activity"}, {"key", "none"}}}}};
    }
    std::unique_ptr<Source> open_source(std::string_view, Json config) {
        {
            const std::lock_guard lock(throws_mutex);
            throws_at = config.value("throws", "");
        }
        return std::make_unique<FileSource>(std::move(config));
    }

    Json describe_sink() {
        const Json columns = {{{"name", "external_id"}, {"format", "u"}, {"required", 1}},
                              {{"name", "value"}, {"format", "l"}, {"required", 1}},
                              {{"name", "ref"}, {"format", "u"}, {"required", 0}},
                              {{"name", "deleted"}, {"format", "b"}, {"required", 0}}};
        return {{"entities",
                 {{{"name", "parent"}, {"columns", columns}},
                  {{"name", "child"}, {"columns", columns}},
                  {{"name", "keyed"}, {"columns", columns}}}}};
    }
    Applied apply(Transaction& tx, std::string_view source, std::string_view entity,
                  const BatchView& rows) {
        Applied out;
        const auto id = rows.required("external_id"), value = rows.required("value"),
                   ref = rows.optional("ref"), deleted = rows.optional("deleted");
        for (int64_t i = 0; i < rows.rows(); ++i) {
            if (deleted.i64(i) != 0) {
                out.deleted += tx.exec(
                    "DELETE FROM flow_row WHERE source = ? AND entity = ? AND external_id = ?",
                    source, entity, id.text(i));
            } else if (value.i64(i) < 0) {
                out.rejects.push_back({i, "value", "a value below zero", false});
            } else if (!ref.text(i).empty() && !exists(tx, source, "parent", ref.text(i))) {
                out.rejects.push_back({i, "ref", "no parent " + std::string(ref.text(i)), true});
            } else {
                put(tx, source, entity, id.text(i), value.i64(i), ref.text(i), out);
            }
        }
        return out;
    }
    std::vector<std::string> keys(Transaction& tx, std::string_view source, std::string_view entity,
                                  std::string_view after, int64_t limit) {
        auto rows = tx.query(
            "SELECT external_id FROM flow_row WHERE source = ? AND entity = ?"
            " AND external_id > ? ORDER BY external_id LIMIT ?",
            source, entity, after, limit);
        std::vector<std::string> out;
        while (rows.step()) out.emplace_back(rows.text(0));
        return out;
    }
    Json totals(Transaction& tx, std::string_view source) {
        auto row =
            tx.query("SELECT CAST(count(*) AS bigint) FROM flow_row WHERE source = ?", source);
        row.step();
        return Json::array({{{"name", "rows"}, {"ours", row.i64(0)}}});
    }

private:
    /// The tables of the C++ layer, with exceptions that it would have caught.
    static const void* DUNLIN_CALL unguarded(dunlin_plugin* plugin, const char* id) {
        using Connector = ConnectorTable<Flow>;
        using Sink = SinkTable<Flow>;
        static auto connector = *Connector::get();
        static auto sink = *Sink::get();
        connector.next = [](dunlin_pull* pull, dunlin_page* page, dunlin_err* err) {
            throw_if_asked("next");
            return Connector::get()->next(pull, page, err);
        };
        connector.end = [](dunlin_pull* pull) {
            Connector::get()->end(pull);
            throw_if_asked("end");
        };
        connector.close = [](dunlin_source* source) {
            Connector::get()->close(source);
            throw_if_asked("close");
        };
        sink.totals = [](dunlin_plugin* self, dunlin_tx* tx, dunlin_str source,
                         const dunlin_writer* json, dunlin_err* err) {
            throw_if_asked("totals");
            return Sink::get()->totals(self, tx, source, json, err);
        };
        sink.apply = [](dunlin_plugin* self, dunlin_tx* tx, dunlin_str source, dunlin_str entity,
                        const ArrowSchema* schema, const ArrowArray* rows,
                        dunlin_apply_counts* counts, const dunlin_writer* json, dunlin_err* err) {
            throw_if_asked("apply");
            return Sink::get()->apply(self, tx, source, entity, schema, rows, counts, json, err);
        };
        if (std::strcmp(id, DUNLIN_EXT_CONNECTOR) == 0) return &connector;
        if (std::strcmp(id, DUNLIN_EXT_SINK) == 0) return &sink;
        return guarded(plugin, id);
    }
    static inline decltype(dunlin_plugin::get_extension) guarded = nullptr;

    std::optional<Transaction> left_;

    static bool exists(Transaction& tx, std::string_view source, std::string_view entity,
                       std::string_view id) {
        return tx
            .query("SELECT 1 FROM flow_row WHERE source = ? AND entity = ? AND external_id = ?",
                   source, entity, id)
            .step();
    }
    static void put(Transaction& tx, std::string_view source, std::string_view entity,
                    std::string_view id, int64_t value, std::string_view ref, Applied& out) {
        const bool is_known = exists(tx, source, entity, id);
        const auto changed = tx.exec(
            "INSERT INTO flow_row VALUES (?, ?, ?, ?, ?) ON CONFLICT (source, entity, external_id)"
            " DO UPDATE SET value = excluded.value, ref = excluded.ref"
            " WHERE flow_row.value <> excluded.value OR flow_row.ref <> excluded.ref",
            source, entity, id, value, ref);
        if (changed == 0) {
            ++out.unchanged;
        } else {
            ++(is_known ? out.updated : out.inserted);
        }
    }
};

}  // namespace

DUNLIN_PLUGIN(Flow);
