// SPDX-License-Identifier: Apache-2.0
#include "bulk.hpp"
#include "dunlin_manifest.h"
#include "renew.hpp"

#include <dunlin/http.hpp>
#include <dunlin/plugin.hpp>

#include <dirent.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace {

using namespace dunlin;

void sleep_ms(int ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

/// What no connector should do.
void misbehave(const std::string& act) {
    if (act == "crash") std::abort();
    if (act == "exit") ::_exit(7);
    if (act == "hang") sleep_ms(1'000'000);
    if (act == "close") {
        ::close(3);
        sleep_ms(1'000'000);
    }
    if (act == "garbage") {
        const std::string junk(100, 'x');
        static_cast<void>(!::write(3, junk.data(), junk.size()));
        sleep_ms(1'000'000);
    }
    if (act == "huge") {  // A frame's header that announces more than any may have.
        const uint64_t header[3] = {0x314C5744, uint64_t{1} << 50, 0};
        static_cast<void>(!::write(3, header, sizeof header));
        sleep_ms(1'000'000);
    }
    for (std::vector<std::vector<char>> eaten; act == "eat";) {
        eaten.emplace_back(8 << 20, 'x');
        sleep_ms(1);
    }
}

struct Settings {
    explicit Settings(const Json& json)
        : rows(json.value("rows", int64_t{10})),
          page(json.value("page", int64_t{4})),
          act(json.value("act", "")),
          at_page(json.value("at_page", int64_t{0})),
          once(json.value("once_path", "")),
          url(json.value("url", "")),
          password(json.value("password", "")),
          renewal(json) {}

    int64_t rows, page;
    std::string act;
    int64_t at_page;
    std::string once, url, password;
    test::Renewal renewal;

    /// Behaves badly, the first time only when there is a file to remember it in.
    void act_at(const std::string& place) const {
        if (act.rfind(place + ":", 0) != 0) return;
        if (!once.empty() && std::filesystem::exists(once)) return;
        if (!once.empty()) std::ofstream(once) << "done";
        misbehave(act.substr(place.size() + 1));
    }
};

/// Rows of every type, with nulls, from 0; the cursor is the number of rows so far.
class RowsPull : public Pull {
public:
    RowsPull(Settings settings, PullRequest request, Cancel cancel)
        : settings_(std::move(settings)), request_(std::move(request)), cancel_(cancel) {
        if (!request_.resume.empty()) at_ = std::stoll(request_.resume);
    }

    bool next(Page& page) override {
        if (request_.mode != PullRequest::Mode::changes) return next_ids(page);
        if (settings_.act == "wait") {
            while (!cancel_.is_requested()) sleep_ms(5);
        }
        cancel_.throw_if_requested();
        if (at_ >= settings_.rows) return false;
        if (at_ / settings_.page == settings_.at_page) settings_.act_at("next");
        const auto end = std::min(settings_.rows, at_ + settings_.page);
        page.rows = request_.entity == "parent" ? parents(end) : typed(end);
        page.errors.push_back({"", "row:" + std::to_string(at_), "odd", "not read", "raw \xff"});
        if (request_.entity == "parent") page.errors.clear();
        at_ = end;
        page.next_cursor = std::to_string(at_);
        page.done = at_;
        page.total = settings_.rows;
        page.changed_max_us = 1000 + at_;  // Behind the page.
        page.server_us = 77;
        cancel_.progress(at_, settings_.rows, "reading");
        return true;
    }

private:
    Batch parents(int64_t end) const {
        BatchBuilder out({{"external_id"}, {"value", Type::i64}});
        for (auto i = at_; i < end; ++i) {
            out[0].add(std::string_view("p" + std::to_string(i)));
            out[1].add(i);
        }
        return out.finish();
    }
    Batch typed(int64_t end) const {
        if (request_.entity == "empty") end = at_;
        BatchBuilder out({{"external_id"},
                          {"i32", Type::i32},
                          {"f64", Type::f64},
                          {"yes", Type::boolean},
                          {"day", Type::date},
                          {"at", Type::timestamp},
                          {"raw", Type::bytes},
                          {"none"}});
        for (auto i = at_; i < end; ++i) {
            out[0].add(std::string_view("t" + std::to_string(i)));
            out[7].add_null();
            for (std::size_t column = 1; i % 3 == 1 && column < 7; ++column) out[column].add_null();
            if (i % 3 == 1) continue;
            out[1].add(-i);
            out[2].add_f64(static_cast<double>(i) / 4);
            out[3].add(i % 2);
            out[4].add(Date(static_cast<int32_t>(20000 + i)));
            out[5].add(1'700'000'000'000'000 + i);
            out[6].add(std::string_view("\xfe\0x", 3));
        }
        return out.finish();
    }
    bool next_ids(Page& page) {
        if (at_++ > 0) return false;
        BatchBuilder out({{"external_id"}});
        for (const auto& id : request_.ids) out[0].add(std::string_view(id));
        if (request_.ids.empty()) out[0].add(std::string_view("since" + since()));
        page.rows = out.finish();
        return true;
    }
    std::string since() const {
        return request_.since_us ? std::to_string(*request_.since_us) : "-";
    }

    Settings settings_;
    PullRequest request_;
    Cancel cancel_;
    int64_t at_ = 0;
};

/// What a slice shows a part of: texts, and words out of a dictionary. Lives as long as the
/// process.
struct SliceData {
    SliceData() {
        for (std::size_t i = 0; i < 16; ++i) {
            offsets[i + 1] = static_cast<int32_t>(2 * i + 2);
            bytes += static_cast<char>('a' + i);
            bytes += 'x';
            index[i] = i % 2;
        }
        text = {nullptr, offsets.data(), bytes.data()};
        id.length = 13;
        id.offset = 2;
        id.n_buffers = 3;
        id.buffers = text.data();
        word.length = 15;
        word.n_buffers = 2;
        word.buffers = indexes.data();
        word.dictionary = &entries;
        entries.length = 2;
        entries.n_buffers = 3;
        entries.buffers = words.data();
    }
    std::array<int32_t, 17> offsets{};
    std::array<int32_t, 16> index{};
    std::array<uint8_t, 2> valid{0xff, 0xfb};  // Row 10 is null.
    std::array<int32_t, 3> word_offsets{0, 3, 6};
    std::string bytes;
    std::array<const void*, 3> text{}, words{nullptr, word_offsets.data(), "onetwo"};
    std::array<const void*, 2> indexes{valid.data(), index.data()};
    std::array<const void*, 1> none{};
    ArrowArray id{}, word{}, entries{};
    std::array<ArrowArray*, 2> children{&id, &word};
};

/// A slice of a batch, as other builders make them: three rows behind the ninth.
class SlicePull : public Pull {
public:
    bool next(Page& page) override {
        static SliceData data;
        if (std::exchange(is_over_, true)) return false;
        page.rows = Batch(make_schema({{"external_id"}, {"word"}}), {});
        auto& word = *page.rows.schema()->children[1];
        auto& node = *static_cast<detail::SchemaNode*>(word.private_data);
        node.dictionary = detail::make_node("u", "", 0, 0);
        word.dictionary = &node.dictionary;
        word.format = "i";
        auto& array = *page.rows.array();
        array.length = 3;
        array.offset = 9;
        array.n_buffers = 1;
        array.buffers = data.none.data();
        array.n_children = 2;
        array.children = data.children.data();
        array.release = [](ArrowArray* released) { released->release = nullptr; };
        return true;
    }

private:
    bool is_over_ = false;
};

/// Breaks the rules of a page.
class BrokenPull : public Pull {
public:
    bool next(Page& page) override {
        BatchBuilder out({{"external_id"}});
        out[0].add(std::string_view("b"));
        page.rows = out.finish();
        page.rows.array()->length = 5;
        return true;
    }
};

class Remote;

class RemoteSource : public Source {
public:
    RemoteSource(const Services& services, Settings settings)
        : services_(services), settings_(std::move(settings)) {}

    Json check(const Cancel& cancel) override {
        settings_.act_at("check");
        const auto& renewal = settings_.renewal;
        if (!renewal.act.empty()) return renewal.run(services_, settings_.password, cancel);
        Json out = {{"pid", ::getpid()}, {"now", services_.now_us()}};
        if (!settings_.password.empty()) out["password"] = services_.secret(settings_.password);
        if (!settings_.url.empty()) out["reply"] = ask(cancel);
        const char* leaked = std::getenv("DUNLIN_TEST_SECRET");
        out["environment"] = leaked ? leaked : "clean";
        services_.info("checked", {{"password", out.value("password", "")}});
        services_.count("checks");
        return out;
    }
    std::unique_ptr<Pull> pull(const PullRequest& request, Cancel cancel) override {
        settings_.act_at("pull");
        if (request.entity == "slice") return std::make_unique<SlicePull>();
        if (request.entity == "broken") return std::make_unique<BrokenPull>();
        if (request.entity == "bulk") {
            return std::make_unique<test::BulkPull>(settings_.rows, settings_.page);
        }
        if (request.entity == "unknown") {
            throw Error(DUNLIN_E_NOT_FOUND, "there is no stream unknown", R"({"known":2})");
        }
        return std::make_unique<RowsPull>(settings_, request, cancel);
    }
    Receipt push(const WriteBack& write, const Cancel&) override {
        settings_.act_at("push");
        if (write.kind == "fail") throw Error(write.body.at("status"), "no", R"({"why":"so"})");
        Receipt out;
        out.remote_id = write.key + "/" + write.base.dump();
        out.touched = {{write.entity, write.external_id}};
        return out;
    }
    Receipt find(const WriteBack& write, const Cancel&) override {
        return {Receipt::State::absent, write.key};
    }
    Json hook(const Hook& hook) override {
        if (hook.header("x-sign") != "good") throw Error(DUNLIN_E_DENIED, "not signed");
        return {{"bytes", hook.body.size()}, {"last", int{hook.body.back()}}, {"now", hook.now_us}};
    }
    /// "none" has none, "size:N" N bytes; every other row its id behind some bytes.
    void document(std::string_view, std::string_view external_id, const TakeBytes& take,
                  const Cancel& cancel) override {
        settings_.act_at("document");
        while (settings_.act == "wait" && !cancel.is_requested()) sleep_ms(5);
        cancel.throw_if_requested();
        const std::string id(external_id);
        if (id == "none") throw Error(DUNLIN_E_NOT_FOUND, "no document of none");
        if (id == "empty") return;
        if (id.starts_with("size:")) {
            return take(std::string(std::stoul(id.substr(5)), '\xff'));
        }
        take("%PDF-");
        take(std::string("\0\xff", 2) + id);
    }
    Json totals(const Cancel&) override {
        return {{{"company", "c"}, {"currency", "EUR"}, {"open", "1.50"}}};
    }

private:
    Json ask(const Cancel& cancel) {
        HttpRequest request;
        request.method = "POST";
        request.url = settings_.url;
        request.headers = {{"X-Asked", "yes"}};
        request.body = std::string("\0\xff", 2);
        const auto reply = HttpClient(services_).send(request, cancel);
        return {{"status", reply.status},
                {"bytes", reply.body.size()},
                {"header", reply.header("x-answered")}};
    }

    const Services& services_;
    Settings settings_;
};

class Remote : public Plugin<Remote> {
public:
    using Plugin::Plugin;

    void init() { misbehave(services().config().value("at_start", "")); }

    Json describe_connector() const {
        return {{"entities", {{{"name", "parent"}, {"cursor", "token"}}}},
                {"retries", 5},
                {"documents", {"parent", "invoice"}},
                {"write_backs",
                 {{{"kind", "credit_hold"}, {"home", "native"}, {"key", "native"}},
                  {{"kind", "credit_limit"}, {"home", "native"}, {"key", "native"}},
                  {{"kind", "risk_class"}, {"home", "native"}, {"key", "native"}},
                  {{"kind", "allocation"}, {"home", "native"}, {"key", "native"}}}}};
    }
    std::unique_ptr<Source> open_source(std::string_view name, const Json& config) const {
        Settings settings(config);
        if (settings.act == "refuse") {
            throw Error(DUNLIN_E_INVALID, "the source " + std::string(name) + " is refused",
                        R"({"key":"act"})");
        }
        settings.act_at("open");
        return std::make_unique<RemoteSource>(services(), settings);
    }
};

}  // namespace

DUNLIN_PLUGIN(Remote);
