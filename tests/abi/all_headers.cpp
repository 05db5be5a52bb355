// A plugin that uses every part of the C++ layer, for compilers and standard libraries other than
// the one that builds the product.
#include <dunlin/base64.hpp>
#include <dunlin/batch_json.hpp>
#include <dunlin/blobs.hpp>
#include <dunlin/documents.hpp>
#include <dunlin/http.hpp>
#include <dunlin/mail.hpp>
#include <dunlin/money.hpp>
#include <dunlin/page_check.hpp>
#include <dunlin/plugin.hpp>
#include <dunlin/record_rows.hpp>
#include <dunlin/tools.hpp>
#include <map>

namespace {

using NoteId = dunlin::Id<struct NoteTag>;

class Everything : public dunlin::Plugin<Everything> {
public:
    using Plugin::Plugin;

    void init() { config_ = services().config(); }
    dunlin::Json on_command(dunlin::Call& call) {
        auto& tx = call.tx();
        const NoteId id(services().next_id());
        tx.exec("INSERT INTO all_note(id, day, body) VALUES(?, ?, ?)", id, call.today(),
                call.value<std::string>("text", ""));
        for (const auto& row : tx.query("SELECT id FROM all_note WHERE day = ?", call.today())) {
            ids_.push_back(row.i64(0));
        }
        tx.emit("all.noted", id.text(), {{"id", id.text()}});
        return {{"id", id.text()}, {"date", call.date("as_of", call.today()).text()}};
    }
    void on_event(dunlin::Transaction& tx, const dunlin::Event& event) {
        dunlin::BatchBuilder rows({{"id", dunlin::Type::i64}, {"body", dunlin::Type::text}});
        rows[0].add(event.id);
        rows[1].add(event.key);
        tx.bulk_upsert("all_note", {"id"}, dunlin::make_stream(rows.finish()));
    }
    void on_job(const dunlin::Job& job) {
        auto tx = services().begin(DUNLIN_TX_WRITE);
        auto statement = tx.prepare("SELECT id AS \"id:l\" FROM all_note");
        auto stream = statement.stream();
        while (stream.next()) job.cancel.progress(stream.view().rows());
        tx.commit();
    }
    dunlin::Json check_health(dunlin::Transaction&) { return dunlin::Json::array(); }
    dunlin::Json describe_sink() { return {{"entities", dunlin::Json::array()}}; }
    dunlin::Applied apply(dunlin::Transaction&, std::string_view, std::string_view,
                          const dunlin::BatchView& rows) {
        const auto column = rows.required("total");
        for (int64_t i = 0; i < rows.rows(); ++i) {
            totals_[dunlin::Currency("EUR")] += column.i64(i);
        }
        return {};
    }
    dunlin::Json totals(dunlin::Transaction&, std::string_view) {
        return dunlin::Money(1, dunlin::Currency("EUR")).share(1, 3).text();
    }
    std::vector<std::string> keys(dunlin::Transaction&, std::string_view, std::string_view,
                                  std::string_view after, int64_t) {
        return {std::string(after)};
    }
    dunlin::Json describe_connector() { return dunlin::Json::object(); }
    std::unique_ptr<dunlin::Source> open_source(std::string_view, const dunlin::Json&) {
        return nullptr;
    }

private:
    dunlin::Json config_;
    std::vector<int64_t> ids_;
    std::map<dunlin::Currency, int64_t> totals_;
};

}  // namespace

#define DUNLIN_PLUGIN_ID "all"
#define DUNLIN_PLUGIN_VERSION "1.0.0"
#define DUNLIN_PLUGIN_MINOR_REQUIRED 0
#define DUNLIN_PLUGIN_MANIFEST "{}"
DUNLIN_PLUGIN(Everything);
