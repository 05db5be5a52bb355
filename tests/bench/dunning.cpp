#include <chrono>
#include <string>

#include "host.hpp"
#include "raw.hpp"

namespace dunlin::bench {
namespace {

double now() {
    using Clock = std::chrono::steady_clock;
    return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

/// The same letters and lines by hand: level 1 of the procedure that ships, 10 days from due.
std::string due_sql(int day) {
    const auto d = std::to_string(day);
    return "FROM (SELECT i.customer_id, i.company_id, i.currency, i.item_id, i.due_on, i.amount, "
           "i.amount - COALESCE(a.used, 0) AS open FROM receivables_item i LEFT JOIN (SELECT "
           "customer_id, target_id, SUM(amount) AS used FROM receivables_allocation WHERE "
           "effective_on <= " +
           d + " AND until_on > " + d +
           " GROUP BY customer_id, target_id) a ON a.customer_id = i.customer_id AND a.target_id = "
           "i.item_id WHERE i.amount > 0 AND i.posted_on <= " +
           d + " AND i.void_on > " + d + " AND i.due_on + 10 <= " + d +
           " AND i.amount > COALESCE(a.used, 0)) x ";
}

std::string letters_sql(int day) {
    const auto d = std::to_string(day);
    return "INSERT INTO receivables_dunning_letter SELECT customer_id, min(item_id), 1, "
           "'standard', 0, 1, currency, company_id, 'draft', " +
           d +
           ", 2932896, '', 2932896, '', '', 2932896, sum(open), 0, 0, 0, 0, 0, sum(open), 'email', "
           "'reminder', '', 0, 'none', 0, 0 " +
           due_sql(day) + "GROUP BY customer_id, company_id, currency RETURNING 1";
}

std::string lines_sql(int day) {
    return "INSERT INTO receivables_dunning_letter_line SELECT customer_id, min(item_id) OVER "
           "(PARTITION BY customer_id, company_id, currency), row_number() OVER (PARTITION BY "
           "customer_id, company_id, currency ORDER BY due_on, item_id), item_id, 0, 'standard', "
           "1, 1, 1, due_on, " +
           std::to_string(day) + " - due_on, amount, open, open, 0, 0, 2932896 " + due_sql(day) +
           "RETURNING 1";
}

void forget_letters(host::Host& host, bool is_postgresql) {
    auto tx = host.begin(host::Access::write);
    for (const char* table : {"letter_line", "letter", "run", "held"}) {
        tx->db().exec(
            (is_postgresql ? "TRUNCATE receivables_dunning_" : "DELETE FROM receivables_dunning_") +
            std::string(table));
    }
    tx->commit();
}

}  // namespace

Json dunning_rates(host::Host& host, const std::string& url) {
    const auto somebody = host::Principal::of_operator();
    const bool is_postgresql = url.compare(0, 10, "postgresql") == 0;
    const std::string as_of = "2025-06-30";
    const auto day = Date::parse(as_of).days();
    {
        auto tx = host.begin(host::Access::write);
        tx->db().exec("ANALYZE");
        tx->commit();
    }
    host.sync().run("book", {});
    double by_hand = 1e9, ours = 1e9;
    int64_t letters = 0, lines = 0;
    Json reply;
    for (int turn = 0; turn < 3; ++turn) {
        by_hand = std::min(by_hand, query_seconds(url, letters_sql(day), letters) +
                                        query_seconds(url, lines_sql(day), lines));
        forget_letters(host, is_postgresql);
        const auto began = now();
        reply = Json::parse(
            host.commands().call(somebody, "receivables.dun", R"({"as_of":")" + as_of + R"("})"));
        host.jobs().run_due();
        ours = std::min(ours, now() - began);
        const Json run{{"run", reply.at("run_id")}};
        reply = Json::parse(host.commands().call(somebody, "receivables.dunning_run", run.dump()));
        if (turn < 2) forget_letters(host, is_postgresql);
    }
    const bool is_same = reply.at("letters") == letters && reply.at("lines") == lines;
    const auto began = now();
    const Json run{{"run", reply.at("run_id")}, {"date", as_of}};
    host.commands().call(somebody, "receivables.release_dunning", run.dump());
    host.jobs().run_due();
    return {{"letters", letters},
            {"lines", lines},
            {"is_same", is_same},
            {"seconds", ours},
            {"by_hand_seconds", by_hand},
            {"ratio", ours / by_hand},
            {"release_seconds", now() - began}};
}

}  // namespace dunlin::bench
