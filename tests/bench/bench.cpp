// Speed as ratios against a raw baseline in the same run. Usage:
//   dunlin_bench INSTANCE sync|memory|queries|calls|stream|dunning
// INSTANCE is a folder with a dunlin.toml that has a source "book". Prints one JSON object.

#include "host.hpp"
#include "raw.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using dunlin::Json;
using dunlin::host::Host;
using dunlin::host::Principal;

double now() {
    using Clock = std::chrono::steady_clock;
    return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

/// Peak resident memory of this process so far, in MiB.
int64_t peak_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// What is written per row of a synced entity: the ledger and the binding.
const std::vector<std::string> written_tables = {"receivables_item", "receivables_binding"};

/// The URL with its path made absolute, for a connection beside the host's.
std::string absolute_url(const Host& host) {
    const auto& config = host.config();
    const std::string prefix = "sqlite:";
    if (config.store_url.compare(0, prefix.size(), prefix) != 0) return config.store_url;
    return prefix + (config.instance / config.store_url.substr(prefix.size())).string();
}

Json bench_sync(Host& host) {
    const auto report = host.sync().run("book", [](const dunlin::host::SyncProgress& p) {
        if (p.entity_is_done)
            std::fprintf(stderr, "  %s: %lld rows\n", p.entity.c_str(),
                         static_cast<long long>(p.rows));
    });
    double seconds = 0;
    int64_t rows = 0;
    for (const auto& entity : report.at("entities")) {
        seconds += entity.at("seconds").get<double>();
        rows += entity.at("inserted").get<int64_t>();
    }
    const auto peak = peak_mib();
    // The same rows once more: every one is looked up, hashed and found unchanged.
    auto tx = host.begin(dunlin::host::Access::write);
    tx->db().exec("DELETE FROM dunlin_sync_cursor");
    tx->commit();
    const auto again = now();
    const auto second = host.sync().run("book", {});
    const auto unchanged_seconds = now() - again;

    const auto url = absolute_url(host);
    const auto batch = int64_t{65536};
    const auto raw =
        url.compare(0, 7, "sqlite:") == 0
            ? dunlin::bench::raw_sqlite_seconds(
                  url.substr(7), written_tables,
                  "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32768; "
                  "PRAGMA wal_autocheckpoint=20000",
                  batch)
            : dunlin::bench::raw_postgres_seconds(url.substr(11), written_tables, batch);
    return {{"rows", rows},
            {"seconds", seconds},
            {"rows_per_s", static_cast<double>(rows) / seconds},
            {"raw_seconds", raw},
            {"ratio", raw / seconds},
            {"peak_mib", peak},
            {"second_sync_seconds", unchanged_seconds},
            {"state", second.at("state")}};
}

/// What a sync alone takes at its peak. The bench compares it over numbers of rows.
Json bench_memory(Host& host) {
    const auto report = host.sync().run("book", {});
    return {{"peak_mib", peak_mib()}, {"state", report.at("state")}};
}

/// The hand-written ageing: the same answer, per customer and bucket, at a date.
std::string ageing_sql(int day) {
    const auto d = std::to_string(day);
    return "SELECT i.customer_id, i.currency, CASE WHEN " + d + " - i.due_on <= 0 THEN 0 WHEN " +
           d + " - i.due_on <= 30 THEN 1 WHEN " + d + " - i.due_on <= 60 THEN 2 WHEN " + d +
           " - i.due_on <= 90 THEN 3 WHEN " + d +
           " - i.due_on <= 120 THEN 4 ELSE 5 END AS bucket, SUM(i.amount - COALESCE(a.paid, 0)) AS "
           "open "
           "FROM receivables_item i LEFT JOIN (SELECT customer_id, target_id, SUM(amount) AS paid "
           "FROM "
           "receivables_allocation WHERE effective_on <= " +
           d + " AND until_on > " + d +
           " GROUP BY customer_id, target_id) a ON a.customer_id = i.customer_id AND a.target_id = "
           "i.item_id "
           "WHERE i.posted_on <= " +
           d + " AND i.void_on > " + d + " GROUP BY i.customer_id, i.currency, bucket";
}

Json bench_queries(Host& host) {
    const auto somebody = Principal::of_operator();
    const auto url = absolute_url(host);
    const std::string as_of = "2025-06-30";
    const auto sql = ageing_sql(dunlin::Date::parse(as_of).days());
    std::vector<double> ours, by_hand;
    int64_t rows = 0;
    for (int run = 0; run < 5; ++run) {
        auto began = now();
        const auto answer = host.commands().call(somebody, "receivables.aging",
                                                 R"({"as_of":")" + as_of + R"(","by":"customer"})");
        ours.push_back(now() - began);
        by_hand.push_back(dunlin::bench::query_seconds(url, sql, rows));
    }
    std::vector<double> worklist;
    for (int run = 0; run < 3; ++run) {
        const auto began = now();
        host.commands().call(somebody, "receivables.worklist",
                             R"({"as_of":")" + as_of + R"(","limit":50})");
        worklist.push_back(now() - began);
    }
    return {{"ageing_seconds", median(ours)},
            {"ageing_by_hand_seconds", median(by_hand)},
            {"ageing_ratio", median(by_hand) / median(ours)},
            {"ageing_groups", rows},
            {"worklist_first_page_seconds", median(worklist)},
            {"peak_mib", peak_mib()}};
}

Json bench_calls(Host& host) {
    const auto somebody = Principal::of_operator();
    const int calls = 20000;
    const auto began = now();
    for (int i = 0; i < calls; ++i) host.commands().call(somebody, "book.nothing", "{}");
    const auto per_command = (now() - began) / calls;
    const auto loop =
        Json::parse(host.commands().call(somebody, "book.service_calls", R"({"calls":20000000})"));
    return {
        {"command_us", per_command * 1e6},
        {"service_call_ns", loop.at("us").get<double>() * 1000 / loop.at("calls").get<double>()},
        {"peak_mib", peak_mib()}};
}

Json bench_stream(Host& host) {
    const auto rates =
        dunlin::bench::stream_rates(host, DUNLIN_BENCH_PLUGINS "/remote", 10'000'000);
    return {{"in_process", rates.in_process}, {"worker", rates.worker}, {"json", rates.json}};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr,
                     "usage: dunlin_bench INSTANCE sync|memory|queries|calls|stream|dunning\n");
        return 2;
    }
    try {
        Host::Options options;
        options.instance = argv[1];
        Host host(options);
        host.start();
        const std::string what = argv[2];
        const auto result = what == "sync"      ? bench_sync(host)
                            : what == "memory"  ? bench_memory(host)
                            : what == "queries" ? bench_queries(host)
                            : what == "stream"  ? bench_stream(host)
                            : what == "dunning"
                                ? dunlin::bench::dunning_rates(host, absolute_url(host))
                                : bench_calls(host);
        std::printf("%s\n", result.dump().c_str());
        host.stop();
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "dunlin_bench: %s\n", e.what());
        return 1;
    }
}
