// SPDX-License-Identifier: Apache-2.0
// Documents of the items that a message names go with it.
#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

#include "desk.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

/// A customer with invoices, whose source hands out documents of all but "none"; those of "size:9"
/// and the like are no PDFs.
struct Filed {
    Desk desk;

    explicit Filed(const std::string& settings = "")
        : desk(GENERATE(Dialect::sqlite, Dialect::postgresql),
               {.has_documents = true, .settings = settings}) {
        desk.customer("C1", "anna");
        for (const auto* channel : {"email", "letter"}) {
            desk.call("set_template", {{"name", "statement"},
                                       {"language", "en"},
                                       {"channel", channel},
                                       {"template",
                                        {{"subject", "What is open"},
                                         {"text", "{{>table}}"},
                                         {"html", "{{>table}}"},
                                         {"attach_documents", true}}}});
        }
    }
    void invoice(const std::string& id, bool is_filed = true) {
        desk.book().invoice(id, "100", "2026-01-01", "2026-01-31");
        if (!is_filed) return;
        desk.book().call("fetch_document", {{"customer", desk.book().id("customer", "C1")},
                                            {"item", desk.book().id("invoice", id)}});
        desk.run_jobs();
    }
    Json statement(const std::string& channel = "email") {
        return desk.call("statement",
                         {{"customer", desk.book().id("customer", "C1")}, {"channel", channel}});
    }
    std::vector<std::string> attached(const Json& row) {
        std::vector<std::string> out;
        const auto shown = desk.now(row);
        for (const auto& one : shown.at("attached")) out.push_back(one.at("name"));
        return out;
    }
};

using Names = std::vector<std::string>;

std::string text_in(const std::filesystem::path& file) {
    std::ostringstream out;
    out << std::ifstream(file, std::ios::binary).rdbuf();
    return out.str();
}

}  // namespace

TEST_CASE("documents that are not there, no PDFs or too many are named, and the others go") {
    Filed it("attached_max = 2\n");
    it.invoice("R-1", false);
    it.invoice("size:9");
    it.invoice("R-3");
    it.invoice("R 4");
    it.invoice("R-5");
    const auto row = it.statement();
    CHECK(row.at("state") == "queued");
    CHECK(it.attached(row) == Names{"R-3.pdf", "R_4.pdf"});
    const auto missing = it.desk.now(row).at("not_attached");
    REQUIRE(missing.size() == 3);
    CHECK_THAT(missing[0].get<std::string>(), Contains("R-1: no document is filed"));
    CHECK_THAT(missing[1].get<std::string>(), Contains("size:9: its document is no PDF"));
    CHECK_THAT(missing[2].get<std::string>(), Contains("R-5: there are more than 2"));
    CHECK_THAT(row.at("reason").get<std::string>(), Contains("R-1") && Contains("R-5"));
    it.desk.run_jobs();
    CHECK(it.desk.state(row) == "sent");
    CHECK(it.attached(row) == Names{"R-3.pdf", "R_4.pdf"});
}

TEST_CASE("documents of more bytes than a message may have do not go with it") {
    Filed it("attached_mib = 1\n");
    it.invoice("R-1");
    it.desk.instance().exec("UPDATE receivables_document SET size = 1048577");
    CHECK_THAT(it.desk.now(it.statement()).at("not_attached").dump(), Contains("1 MiB"));
}

TEST_CASE("an e-mail carries the filed PDFs as they are, and is kept with them") {
    Filed it;
    it.invoice("R-17");
    const auto row = it.statement();
    it.desk.run_jobs();
    const auto taken = it.desk.sink().taken();
    REQUIRE(taken.size() == 1);
    const auto mime = taken[0].at("mime").get<std::string>();
    CHECK_THAT(mime,
               Contains("filename=\"R-17.pdf\"") && Contains("Content-Type: application/pdf"));
    CHECK_THAT(mime, Contains("JVBERi0A/1ItMTc="));  // The bytes of the source, in base64.
    const auto kept = it.desk.act("message", row, {{"with_bytes", true}});
    CHECK_FALSE(kept.at("mime_base64").get<std::string>().empty());
    CHECK(kept.at("attached")[0].at("number") == "R-17");
}

TEST_CASE("a document that is another one by now holds its message back") {
    Filed it;
    it.invoice("R-17");
    const auto row = it.statement();
    it.desk.instance().exec("UPDATE receivables_document SET document_id = document_id + 1");
    it.desk.run_jobs();
    CHECK(it.desk.state(row) == "held");
    CHECK_THAT(it.desk.now(row).at("reason").get<std::string>(), Contains("no document"));
    CHECK(it.desk.sink().taken().empty());
    it.desk.act("release", row);
    it.desk.run_jobs();
    CHECK(it.desk.state(row) == "sent");
}

TEST_CASE("printed letters have the documents behind them, and in the list") {
    Filed it;
    it.invoice("R-17");
    const auto row = it.statement("letter");
    it.desk.run_jobs();
    const auto batch = it.desk.call("print_batch");
    it.desk.run_jobs();
    const auto folder = it.desk.prints() / batch.at("batch_id").get<std::string>();
    const auto stem = "00001_" + row.at("message_id").get<std::string>();
    CHECK(text_in(folder / (stem + "_R-17.pdf")) == std::string("%PDF-\0\xffR-17", 11));
    CHECK_THAT(text_in(folder / "manifest.csv"),
               Contains(stem + "_R-17.pdf") && Contains("with it: R-17"));
}
