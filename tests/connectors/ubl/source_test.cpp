// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

#include <sstream>

namespace dunlin::ubl::test {
namespace {

using Catch::Contains;
namespace fs = std::filesystem;

const std::string seller = "0088:7300010000001";
const std::string buyer = "0007:5567321707";

Harvest invoices(UblSource& source, const std::string& cursor = {}) {
    return harvest(source, "invoice", {"external_id", "kind", "total", "open_amount"}, cursor);
}

std::size_t files_in(const fs::path& folder) {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        count += entry.is_regular_file();
    return count;
}

std::string bytes_of(const fs::path& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
}

std::string numbered(int number) {
    return with(ubl_invoice(), "R/17", std::to_string(number));
}

}  // namespace

TEST_CASE("a refused document gives no row and is told once, with file, line, reason and id") {
    Drop drop;
    drop.put("a.xml", with(ubl_invoice(), ">50.00<", ">49.00<"));
    drop.put("b.xml", with(ubl_invoice(), "2026-01-31", "2026-02-30"));
    drop.put("c.xml", "<!DOCTYPE a><a/>");
    drop.put("d.xml", numbered(4));
    auto source = drop.source();
    const auto found = invoices(source);
    CHECK(found.rows == Lines{"invoice/" + seller + "/4|invoice|1740000|1000000"});
    REQUIRE(found.errors.size() == 3);
    CHECK(found.errors[0].external_id == "invoice/" + seller + "/R/17");
    CHECK(found.errors[0].position == "a.xml");
    CHECK(found.errors[0].code == "BR-CO-10");
    CHECK_THAT(found.errors[0].reason, Contains("150.00") && Contains("149.00"));
    CHECK(found.errors[1].position == "b.xml:6");
    CHECK(found.errors[2].position == "c.xml:1");
    CHECK(found.errors[2].raw == "<!DOCTYPE a><a/>");
    CHECK(files_in(drop.archive.path()) == 2);  // The document, and who has its number.
    for (const auto& entity : entities()) {
        if (entity.name == "invoice") continue;
        CHECK(harvest(source, std::string(entity.name), {"external_id"}).errors.empty());
    }
}

TEST_CASE("a file beyond the limit is refused and the others are read") {
    Drop drop;
    drop.put("a.xml", ubl_invoice() + std::string(10000, ' '));
    drop.put("b.xml", numbered(2));
    auto source = drop.source({{"max_file_bytes", 9000}});
    const auto found = invoices(source);
    CHECK(found.rows.size() == 1);
    REQUIRE(found.errors.size() == 1);
    CHECK(found.errors[0].code == "too_large");
    CHECK_THAT(found.errors[0].reason, Contains("max_file_bytes"));
    auto wider = drop.source();
    CHECK(invoices(wider, found.cursors.back()).rows.size() == 2);
}

TEST_CASE("another document of a number that is taken is refused in every later run") {
    Drop drop;
    drop.put("a.xml", ubl_invoice());
    auto source = drop.source();
    const auto cursor = invoices(source).cursors.back();
    drop.put("0.xml", with(ubl_invoice(), "2026-01-31", "2026-02-01"));
    auto later = drop.source();
    const auto found = invoices(later, cursor);
    CHECK(found.rows.empty());
    REQUIRE(found.errors.size() == 1);
    CHECK(found.errors[0].code == "number");
    CHECK(found.errors[0].external_id.empty());
    CHECK_THAT(found.errors[0].reason, Contains("belongs to another document already, a.xml of "
                                                "2026-01-31 in EUR to " +
                                                buyer));
    CHECK(harvest(later, "adjustment", {"date"}).rows == Lines{"2026-01-31", "-"});
    CHECK(harvest(later, "invoice_line", {position_column}).rows == Lines{"a.xml", "a.xml"});
}

TEST_CASE("the same document delivered again with other amounts takes the earlier one's place") {
    Drop drop;
    drop.put("a.xml", ubl_invoice());
    auto source = drop.source();
    const auto cursor = invoices(source).cursors.back();
    drop.put("b.xml", unpaid_invoice());
    CHECK(invoices(source, cursor).rows ==
          Lines{"invoice/" + seller + "/R/17|invoice|1740000|1740000"});
}

TEST_CASE("an archive that cannot be written stops the run and nothing is passed over") {
    Drop drop;
    drop.put("a.xml", ubl_invoice());
    const auto blocked = drop.put("blocked", "a file where a folder should be");
    UblSource source("peppol",
                     Settings::parse({{"folder", drop.path().string()},
                                      {"archive_path", blocked.string()},
                                      {"settle_seconds", 0}}),
                     {[] { return int64_t{4'000'000'000'000'000}; }, [](const std::string&) {}});
    CHECK_THAT(refusal_of([&] { invoices(source); }), Contains("correct \"archive_path\""));
    CHECK_THAT(refusal_of([&] { source.check(never_cancelled()); }), Contains("archive_path"));
}

TEST_CASE("an unknown entity, a missing folder and a broken cursor are one sentence each") {
    Drop drop;
    auto source = drop.source();
    CHECK_THROWS_AS(source.pull({"payment", {}}, never_cancelled()), Error);
    CHECK_THAT(refusal_of([&] { invoices(source, "{\"files\":7}"); }), Contains("reset it"));
    fs::remove_all(drop.path());
    CHECK_THAT(refusal_of([&] { invoices(source); }), Contains("create it"));
}

TEST_CASE("a file that is no .xml is told once and left alone") {
    Drop drop;
    drop.put("scan.pdf", "%PDF");
    drop.put("UPPER.XML", ubl_invoice());
    auto source = drop.source();
    CHECK(invoices(source).rows.size() == 1);
    invoices(source);
    REQUIRE(drop.warnings.size() == 1);
    CHECK_THAT(drop.warnings[0], Contains("scan.pdf") && Contains("does not end in .xml"));
    const auto said = source.check(never_cancelled());
    CHECK(said["documents"] == 1);
    CHECK(said["ignored"] == Json{"scan.pdf"});
}

TEST_CASE("every entity has the columns that the document gives it") {
    Drop drop;
    drop.put("in voice.xml", ubl_invoice());
    auto source = drop.source();
    const auto id = "invoice/" + seller + "/R/17";
    CHECK(harvest(source, "company",
                  {"external_id", "name", "country", "city", "bank_account", "capacity"})
              .rows == Lines{seller + "|Seller GmbH|DE|Kiel|DE02120300000000202051|creditor"});
    CHECK(harvest(source, "customer", {"external_id", "number", "name", "kind", "tax_id"}).rows ==
          Lines{buyer + "|C-4|Buyer & Sons AB|company|SE556732170701"});
    CHECK(harvest(source, "contact_point",
                  {"external_id", "person", "kind", "value", "street", "postcode"})
              .rows == Lines{buyer + "/postal|Ann Berg|postal|-|Main St 2, Floor 3|211 20",
                             buyer + "/email|Ann Berg|email|ap@buyer.example|-|-",
                             buyer + "/phone|Ann Berg|phone|+46 40 1|-|-"});
    CHECK(harvest(source, "invoice",
                  {"external_id", "customer", "company", "number", "status", "issue_date",
                   "due_date", "currency", "po_number", "reference", "corrects", "purpose",
                   "document_url", position_column})
              .rows == Lines{id + "|" + buyer + "|" + seller +
                             "|R/17|posted|2026-01-31|2026-03-02|EUR|PO-9|RF18 0017|-|business|"
                             "file:in%20voice.xml#sha256=" +
                             sha256_of(ubl_invoice()) + "|in voice.xml"});
    CHECK(harvest(source, "invoice_line",
                  {"external_id", "sequence", "product", "description", "quantity", "amount"})
              .rows ==
          Lines{id + "/1|1|A-1|Rope|2.500000|1000000", id + "/2|2|-|Hook|1.000000|500000"});
    CHECK(harvest(source, "adjustment", {"external_id", "deleted", "invoice", "amount", "kind"})
              .rows ==
          Lines{id + "/prepaid|0|" + id + "|-740000|journal", id + "/overpaid|1|-|-|-"});
    CHECK(harvest(source, "allocation", {"external_id", "deleted"}).rows ==
          Lines{id + "/prepaid|1"});
}

TEST_CASE("what was paid out of a credit note already is allocated to it") {
    Drop drop;
    auto text = with(ubl_credit_note(), "<cbc:PayableAmount",
                     "<cbc:PrepaidAmount currencyID=\"EUR\">74.00</cbc:PrepaidAmount>"
                     "<cbc:PayableAmount");
    drop.put("c.xml", with(text, "174.00</cbc:PayableAmount>", "100.00</cbc:PayableAmount>"));
    auto source = drop.source();
    const auto id = "credit_note/" + seller + "/R/17";
    CHECK(invoices(source).rows == Lines{id + "|credit_note|1740000|1000000"});
    CHECK(harvest(source, "adjustment", {"external_id", "deleted", "invoice", "amount"}).rows ==
          Lines{id + "/prepaid|0|-|740000", id + "/overpaid|1|-|-"});
    CHECK(harvest(source, "allocation", {"source", "source_kind", "invoice", "amount"}).rows ==
          Lines{id + "|credit_note|" + id + "/prepaid|740000"});
}

TEST_CASE("what was overpaid is a credit of its own") {
    Drop drop;
    auto text = with(ubl_invoice(), ">74.00<", ">200.00<");
    drop.put("a.xml", with(text, ">100.00</cbc:PayableAmount>", ">-26.00</cbc:PayableAmount>"));
    auto source = drop.source();
    CHECK(harvest(source, "adjustment", {"amount", "invoice"}).rows ==
          Lines{"-1740000|invoice/" + seller + "/R/17", "-260000|-"});
}

TEST_CASE("prepaid amounts are left to another source where the settings say so") {
    Drop drop;
    drop.put("a.xml", ubl_invoice());
    auto source = drop.source({{"prepaid", "ignore"}});
    CHECK(harvest(source, "adjustment", {"deleted"}).rows == Lines{"1", "1"});
    CHECK(invoices(source).rows == Lines{"invoice/" + seller + "/R/17|invoice|1740000|1000000"});
}

TEST_CASE("settings decide what a party is known by and who the buyers are") {
    Drop drop;
    drop.put("a.xml", ubl_invoice());
    auto source = drop.source({{"identify_by", {"given", "vat"}}, {"purpose", "consumer"}});
    CHECK(harvest(source, "invoice", {"external_id", "customer", "purpose"}).rows ==
          Lines{"invoice/vat:DE123456789/R/17|id:C-4|consumer"});
    CHECK(harvest(source, "customer", {"kind"}).rows == Lines{"person"});
}

TEST_CASE("a party that many documents name is given once in a page") {
    Drop drop;
    for (int i = 0; i < 5; ++i) drop.put(std::to_string(i) + ".xml", numbered(i));
    auto source = drop.source();
    CHECK(harvest(source, "company", {"external_id"}).rows.size() == 1);
    CHECK(harvest(source, "contact_point", {"external_id"}).rows.size() == 3);
    CHECK(invoices(source).rows.size() == 5);
}

TEST_CASE("a document is kept once under the hash of its bytes, and again if it went") {
    Drop drop;
    drop.put("a.xml", ubl_invoice());
    auto source = drop.source();
    invoices(source);
    const Archive archive(drop.archive.path());
    const auto kept = archive.path_of(sha256_of(ubl_invoice()));
    CHECK(bytes_of(kept) == ubl_invoice());
    const auto written = fs::last_write_time(kept);
    invoices(source);
    CHECK(fs::last_write_time(kept) == written);
    std::ofstream(kept) << "cut";
    invoices(source);
    CHECK(bytes_of(kept) == ubl_invoice());
    CHECK(files_in(drop.archive.path()) == 2);
}

TEST_CASE(
    "the document of an invoice is what came last of it, and nothing when that is not whole") {
    Drop drop;
    const auto id = "invoice/" + seller + "/R/17";
    const auto document = [&](const std::string& entity, const std::string& of) {
        std::string bytes;
        drop.source().document(
            entity, of, [&](std::string_view piece) { bytes += piece; }, never_cancelled());
        return bytes;
    };
    drop.put("a.xml", ubl_invoice());
    auto source = drop.source();
    invoices(source);
    CHECK(document("invoice", id) == ubl_invoice());
    const auto later = with(ubl_invoice(), "Dept 7", "Dept 8");
    drop.put("b.xml", later);
    invoices(source);
    CHECK(document("invoice", id) == later);

    CHECK_THAT(refusal_of([&] { document("invoice", "invoice/x/1"); }),
               Contains("is not in the archive") && Contains("again"));
    CHECK_THAT(refusal_of([&] { document("payment", id); }), Contains("no documents of"));
    fs::resize_file(Archive(drop.archive.path()).path_of(sha256_of(later)), 100);
    CHECK_THAT(refusal_of([&] { document("invoice", id); }), Contains("is not in the archive"));
}

TEST_CASE("the hash of a document is SHA-256") {
    CHECK(sha256_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("from the cursor of any page the rest is the same as in an undisturbed read") {
    Drop drop;
    for (int i = 10; i < 30; ++i) {
        drop.put(std::to_string(i) + ".xml", i % 7 == 0 ? "<a" + std::to_string(i) : numbered(i));
    }
    const auto batch_rows = GENERATE(1, 3, 100);
    auto source = drop.source({{"batch_rows", batch_rows}});
    const auto all = invoices(source);
    CHECK(all.rows.size() == 17);
    CHECK(all.errors.size() == 3);
    CHECK(all.done == all.total);
    for (std::size_t page = 0; page < all.cursors.size(); ++page) {
        auto other = drop.source({{"batch_rows", batch_rows}});
        const auto rest = invoices(other, all.cursors[page]);
        REQUIRE(rest.rows ==
                Lines(all.rows.begin() + static_cast<std::ptrdiff_t>(all.rows_at[page]),
                      all.rows.end()));
    }
    CHECK(invoices(source, all.cursors.back()).cursors.empty());
}

TEST_CASE("the same bytes under another name are read once and a corrected file again") {
    Drop drop;
    drop.put("a.xml", with(ubl_invoice(), ">50.00<", ">49.00<"));
    auto source = drop.source();
    const auto first = invoices(source);
    CHECK(first.errors.size() == 1);
    fs::copy(drop.path() / "a.xml", drop.path() / "b.xml");
    CHECK(invoices(source, first.cursors.back()).cursors.empty());
    drop.put("a.xml", ubl_invoice());
    CHECK(invoices(source, first.cursors.back()).rows.size() == 1);
}

}  // namespace dunlin::ubl::test
