// SPDX-License-Identifier: Apache-2.0
// Letters as PDF, printed once.
#include <catch2/catch.hpp>

#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>

#include "desk.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

std::string text_in(const fs::path& file) {
    std::ostringstream out;
    out << std::ifstream(file, std::ios::binary).rdbuf();
    return out.str();
}

int64_t lines_in(const fs::path& file) {
    const auto text = text_in(file);
    return std::count(text.begin(), text.end(), '\n');
}

}  // namespace

TEST_CASE("a batch is a folder with its list, and each letter is in one batch") {
    Desk desk(GENERATE(Dialect::sqlite, Dialect::postgresql));
    desk.customer("C1", "");
    desk.customer("C2", "");
    const auto first = desk.note("C1", "letter");
    desk.note("C2", "letter");
    CHECK(desk.call("print_batch").at("letters") == 0);  // Nothing is rendered yet.
    desk.run_jobs();
    const auto batch = desk.call("print_batch");
    CHECK(batch.at("letters") == 2);
    CHECK(desk.call("print_batch").at("letters") == 0);
    CHECK(desk.state(first) == "sending");
    CHECK_THAT(error_of([&] { desk.act("void", first, {{"reason", "x"}}); }), Contains("sending"));
    desk.run_jobs();
    CHECK(desk.state(first) == "sent");
    const auto folder = desk.prints() / batch.at("batch_id").get<std::string>();
    const auto pdf = folder / ("00001_" + first.at("message_id").get<std::string>() + ".pdf");
    CHECK(text_in(pdf) == "%PDF-1.7 made up");
    CHECK(lines_in(folder / "manifest.csv") == 3);
    CHECK_THAT(text_in(folder / "manifest.csv"), Contains("Nebenweg 2, 20095 Hamburg"));
}

TEST_CASE("a host that ends while it prints prints nothing twice") {
    Desk desk(GENERATE(Dialect::sqlite, Dialect::postgresql));
    desk.customer("C1", "");
    const auto note = desk.note("C1", "letter");
    desk.run_jobs();
    const auto batch = desk.call("print_batch").at("batch_id").get<std::string>();
    desk.run_jobs();
    const auto folder = desk.prints() / batch;
    const auto written = fs::last_write_time(folder / "manifest.csv");
    // As if it had ended between the folder and the rows.
    desk.instance().exec("UPDATE correspondence_message SET state = 'sending'");
    desk.instance().exec(
        "UPDATE dunlin_job SET state = 'running', fence = fence + 1, lease_until_us = 1 WHERE kind"
        " = 'correspondence.print'");
    desk.run_jobs();
    CHECK(desk.state(note) == "sent");
    CHECK(fs::last_write_time(folder / "manifest.csv") == written);
    // As if it had ended before the folder was whole.
    fs::remove_all(folder);
    fs::create_directories(desk.prints() / ("." + batch + ".2.part"));
    desk.instance().exec("UPDATE correspondence_message SET state = 'sending'");
    desk.instance().exec(
        "UPDATE dunlin_job SET state = 'running', fence = fence + 1, lease_until_us = 1 WHERE kind"
        " = 'correspondence.print'");
    desk.run_jobs();
    CHECK(desk.state(note) == "sent");
    CHECK(lines_in(folder / "manifest.csv") == 2);
}

TEST_CASE("a letter is a PDF that says who pays what to whom") {
    if (std::system("test -x /usr/bin/weasyprint && test -x /usr/bin/pdftotext") != 0) {
        WARN("skipped: weasyprint and poppler-utils are not installed");
        return;
    }
    Desk desk(Dialect::sqlite, {.has_renderer = true});
    desk.customer("C1", "");
    desk.customer("C2", "");
    for (int i = 0; i < 40; ++i) {
        const auto number = "R-" + std::to_string(100 + i);
        desk.book().invoice(number, "1190", "2026-01-01", "2026-01-31",
                            {{"customer", i < 37 ? "C1" : "C2"}});
    }
    constexpr int letters = 16;
    const auto statement = [&](const std::string& customer) {
        desk.call("statement",
                  {{"customer", desk.book().id("customer", customer)}, {"channel", "letter"}});
    };
    statement("C1");
    desk.run_jobs();  // The renderer starts.
    for (int i = 1; i < letters; ++i) statement("C2");
    const auto began = std::chrono::steady_clock::now();
    desk.run_jobs();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::cout << "rendering: " << (letters - 1) / took.count()
              << " letters per second, one renderer\n";
    const auto batch = desk.call("print_batch");
    CHECK(batch.at("letters") == letters);
    desk.run_jobs();
    const auto pdf =
        desk.prints() / batch.at("batch_id").get<std::string>() /
        ("00001_" + desk.call("messages").at("rows")[0].at("message_id").get<std::string>() +
         ".pdf");
    const auto out = desk.prints() / "text";
    REQUIRE(std::system(("pdftotext -layout " + pdf.string() + " " + out.string()).c_str()) == 0);
    const auto text = text_in(out);
    for (const auto* must : {"C1 & Söhne", "Nebenweg 2", "20095 Hamburg", "R-100", "R-136",
                             "EUR 44,030.00", "DE02120300000000202051", "Dunlin Ltd", "2/2"}) {
        CHECK_THAT(text, Contains(must));
    }
}
