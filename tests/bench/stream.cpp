// How fast rows come from a connector, wherever its library runs.
#include "host.hpp"
#include "plugins/library.hpp"
#include "raw.hpp"
#include "sync/page.hpp"
#include "worker/connector.hpp"

#include <dunlin/batch_json.hpp>

#include <chrono>

namespace dunlin::bench {

namespace {

constexpr int64_t page_rows = 65'536;

double seconds_of(const std::function<void()>& body) {
    const auto began = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

/// As the engine reads: page by page, each checked, while the next one is made.
double rate_of(host::Host& host, host::Plugin& plugin, int64_t rows) {
    host::SourceConfig config;
    config.name = "bench";
    config.connector = plugin.id();
    config.settings = {{"rows", rows}, {"page", page_rows}};
    const auto source = host::open_source(host, plugin, config);
    int64_t read = 0;
    const auto took = seconds_of([&] {
        host::PageReader reader(host, plugin, source.get(), {"bulk"});
        while (const auto page = reader.take()) read += page->rows.rows();
    });
    if (read != rows) throw Error(DUNLIN_E_INTERNAL, "rows are missing");
    return static_cast<double>(rows) / took;
}

/// What a connector that spoke JSON would cost: each page written by one side, read by the other.
double json_rate() {
    constexpr int64_t rows = 200'000;
    int64_t total = 0;
    const auto took = seconds_of([&] {
        for (int64_t at = 0; at < rows;) {
            auto made = Json::array();
            for (const auto end = std::min(rows, at + page_rows); at < end; ++at) {
                const auto number = std::to_string(at);
                made.push_back({{"external_id", "I" + number},
                                {"customer", "C" + std::to_string(at % 5000)},
                                {"number", "N" + number},
                                {"kind", "invoice"},
                                {"issue_date", Date(static_cast<int32_t>(20000 + at % 700)).text()},
                                {"due_date", Date(static_cast<int32_t>(20030 + at % 700)).text()},
                                {"currency", "EUR"},
                                {"total", at * 100},
                                {"open_amount", at * 50}});
            }
            const auto text = made.dump();
            for (const auto& row : Json::parse(text)) {
                total += row.at("total").get<int64_t>() + row.at("open_amount").get<int64_t>();
                for (const auto* key : {"external_id", "customer", "number", "kind", "currency"}) {
                    total += static_cast<int64_t>(row.at(key).get_ref<const std::string&>().size());
                }
                total += Date::parse(row.at("issue_date").get_ref<const std::string&>()).days();
                total += Date::parse(row.at("due_date").get_ref<const std::string&>()).days();
            }
        }
    });
    if (total == 0) throw Error(DUNLIN_E_INTERNAL, "nothing was read");
    return static_cast<double>(rows) / took;
}

}  // namespace

StreamRates stream_rates(host::Host& host, const std::string& folder, int64_t rows) {
    const auto plugin = [&] {
        auto out = std::make_unique<host::Plugin>();
        out->folder = folder;
        out->manifest = host::Manifest::parse(host::read_file(out->folder / "plugin.json"), folder);
        return out;
    };
    StreamRates out;
    const auto here = plugin(), elsewhere = plugin();
    dunlin_ctx context{&host, here.get()};
    const auto call = [&](const char* what, const host::PluginCall& body) {
        return host::call_plugin(host, *here, what, body);
    };
    host::bring_up(*here, host::host_table(&context), call);
    here->connector = static_cast<const dunlin_connector_v1*>(
        host::extension_of(*here, DUNLIN_EXT_CONNECTOR, sizeof *here->connector, call));
    host::WorkerConnector worker(host, *elsewhere);
    elsewhere->instance = worker.instance();
    elsewhere->connector = host::WorkerConnector::table();
    for (int round = 0; round < 3; ++round) {
        out.in_process = std::max(out.in_process, rate_of(host, *here, rows));
        out.worker = std::max(out.worker, rate_of(host, *elsewhere, rows));
        out.json = std::max(out.json, json_rate());
    }
    return out;
}

}  // namespace dunlin::bench
