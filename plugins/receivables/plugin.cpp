// SPDX-License-Identifier: Apache-2.0
#include <dunlin/plugin.hpp>

#include "cash/commands_cash.hpp"
#include "cash/refund.hpp"
#include "commands.hpp"
#include "contacts/call_link.hpp"
#include "contacts/contacts.hpp"
#include "dunlin_manifest.h"
#include "dunning/door.hpp"
#include "journal/commands_journal.hpp"
#include "promises/promises.hpp"
#include "sales/hold.hpp"
#include "sales/sales.hpp"
#include "sink.hpp"
#include "visits/visits.hpp"
#include "worklist/work.hpp"

namespace dunlin::receivables {
namespace {

/// Accounts receivable: the canonical records, the one ledger, and what is asked of it.
class Receivables : public Plugin<Receivables> {
public:
    using Plugin::Plugin;

    Json on_command(Call& call) {
        if (const auto door = cash::cash_door(call.command())) return door(services(), call);
        if (const auto door = cash::refund_door(call.command())) return door(services(), call);
        if (const auto door = journal::journal_door(call.command())) return door(services(), call);
        if (const auto door = promise_door(call.command())) return door(services(), call);
        if (const auto door = contact_door(call.command())) return door(services(), call);
        if (const auto door = work_door(call.command())) return door(services(), call);
        if (const auto door = visit_door(call.command())) return door(services(), call);
        if (const auto door = sales_door(call.command())) return door(services(), call);
        static const std::map<std::string_view, Door> doors{
            {"receivables.aging", [](const Services&, Call& c) { return aging(c); }},
            {"receivables.items", [](const Services&, Call& c) { return items(c); }},
            {"receivables.customer",
             [](const Services& s, Call& c) { return with_call_links(s, customer(c)); }},
            {"receivables.statement", [](const Services&, Call& c) { return statement(c); }},
            {"receivables.find", [](const Services&, Call& c) { return find(c); }},
            {"receivables.worklist",
             [](const Services& s, Call& c) { return with_phones(s, c, worklist(c)); }},
            {"receivables.strategy", [](const Services&, Call& c) { return show_strategy(c); }},
            {"receivables.set_strategy", [](const Services&, Call& c) { return set_strategy(c); }},
            {"receivables.reconcile", [](const Services&, Call& c) { return reconcile(c); }},
            {"receivables.backdated", [](const Services&, Call& c) { return backdated(c); }},
            {"receivables.verify", &verify},
            {"receivables.forget_source", &forget_source},
            {"receivables.allocate", &allocate},
            {"receivables.reverse_allocation",
             [](const Services&, Call& c) { return reverse_allocation(c); }},
            {"receivables.fetch_document",
             [](const Services&, Call& c) { return fetch_document(c); }},
            {"receivables.documents", [](const Services&, Call& c) { return documents(c); }},
            {"receivables.document", &document},
            {"receivables.write_back", [](const Services&, Call& c) { return write_back(c); }},
            {"receivables.request_credit_note",
             [](const Services&, Call& c) { return request_credit_note(c); }},
            {"receivables.change_credit_limit",
             [](const Services&, Call& c) { return change_credit_limit(c); }},
            {"receivables.place_claim", &place_claim},
            {"receivables.lift_claim", &lift_claim},
            {"receivables.assign", [](const Services&, Call& c) { return assign(c); }}};
        const auto door = doors.find(call.command());
        if (door == doors.end()) {
            if (auto reply = dunning::answer(services(), call)) return std::move(*reply);
            throw Error(DUNLIN_E_UNSUPPORTED,
                        "receivables has no command " + std::string(call.command()));
        }
        return door->second(services(), call);
    }

    /// A write-back that this plugin asked for has its outcome: whoever waits for it hears of it.
    void on_job(const Job& job) {
        if (job.kind == "receivables.fetch_document") return file_document(services(), job);
        if (job.kind == "receivables.match_cash") return cash::match_by_itself(services(), job);
        if (job.kind == "receivables.review_credit_holds") return review_holds(services(), job);
        if (job.kind == "receivables.judge_promises") return judge_promises(services(), job);
        if (dunning::work(services(), job)) return;
        auto tx = services().begin(DUNLIN_TX_WRITE);
        auto told = job.args;
        const std::string id = told.at("id");
        told.erase("id");
        told["write_back_id"] = id;
        cash::RefundStore(tx).settle(Id<Job>::parse(id).value(), told);
        HoldDesk(tx).settle(Id<Job>::parse(id).value(), told);
        tx.emit("receivables.write_back_settled", id, told);
        tx.commit();
    }

    Json describe_sink() { return describe_entities(); }

    Applied apply(Transaction& tx, std::string_view source, std::string_view entity,
                  const BatchView& rows) {
        return apply_batch(services(), tx, source, entity, rows);
    }

    Json totals(Transaction& tx, std::string_view source) {
        auto list = Json::array();
        Store store(services(), tx);
        for (const auto& total : store.control_totals(source, tx.today())) {
            const auto text = [&](int64_t units) {
                return Money::text_of(units, minor_digits(total.currency));
            };
            list.push_back({{"name", "open amount of invoices and credit notes"},
                            {"currency", total.currency},
                            {"ours", text(total.ours)},
                            {"source", text(total.source)},
                            {"difference", text(total.ours - total.source)}});
        }
        return list;
    }

    std::vector<std::string> keys(Transaction& tx, std::string_view source, std::string_view entity,
                                  std::string_view after, int64_t limit) {
        return Store(services(), tx).bound_keys(source, entity, after, limit, tombstone_hash());
    }

    Json check_health(Transaction& tx) {
        Store store(services(), tx);
        const bool has_customers = store.has_customers();
        auto out =
            Json::array({{{"name", "ledger"},
                          {"state", "ok"},
                          {"message", has_customers ? "the ledger answers" : "the ledger is empty"},
                          {"remedy", has_customers ? "" : "bring customers in with dunlin sync"}}});
        for (const auto& source : Record(services().config()).sources()) {
            if (store.has_bindings(source)) continue;
            out.push_back({{"name", "source of record " + source},
                           {"state", "warn"},
                           {"message", "nothing ever came from " + source +
                                           ", so what others tell of its documents waits"},
                           {"remedy",
                            "sync it, or correct its name in "
                            "[plugins.receivables.record]"}});
        }
        return out;
    }
};

}  // namespace
}  // namespace dunlin::receivables

DUNLIN_PLUGIN(dunlin::receivables::Receivables);
