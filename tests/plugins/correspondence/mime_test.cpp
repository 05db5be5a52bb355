// SPDX-License-Identifier: Apache-2.0
// What is written is read by Python's parser of e-mails.
#include "mime.hpp"

#include <unistd.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>

#include "support/instance.hpp"

using namespace dunlin;
using namespace dunlin::correspondence;
using Catch::Contains;
using dunlin::test::error_of;

namespace {

constexpr const char* reader = R"(
import email, email.header, email.policy, email.utils, json, sys
data = open(sys.argv[1], "rb").read()
assert all(len(line) <= 78 for line in data.split(b"\r\n")), max(data.split(b"\r\n"), key=len)
assert b"\n" not in data.replace(b"\r\n", b"") and b"\r" not in data.replace(b"\r\n", b"")
m = email.message_from_bytes(data, policy=email.policy.default)
def walk(p):
    if p.is_multipart(): return [p.get_content_type(), [walk(q) for q in p.iter_parts()]]
    body = p.get_content()
    if isinstance(body, bytes): body = "hex " + body.hex()
    return [p.get_content_type(), body, p.get_filename()]
old = email.message_from_bytes(data)
def box(h):
    name, address = email.utils.parseaddr(old[h].replace("\r", "").replace("\n", ""))
    return [[str(email.header.make_header(email.header.decode_header(name))), address]]
def defects(p): return [str(d) for q in p.walk() for d in q.defects]
print(json.dumps({"from": box("From"), "to": box("To"), "subject": m["Subject"], "date": m["Date"].datetime.isoformat(),
  "id": m["Message-ID"], "defects": defects(m), "parts": walk(m)}))
)";

Json read(const std::string& mime) {
    // Its own: other cases run beside this one.
    const auto folder =
        std::filesystem::temp_directory_path() / ("dunlin-mime-test-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "m.eml", std::ios::binary) << mime;
    std::ofstream(folder / "read.py") << reader;
    const auto out = folder / "out.json";
    const auto command = "/usr/bin/python3 " + (folder / "read.py").string() + " " +
                         (folder / "m.eml").string() + " > " + out.string();
    REQUIRE(std::system(command.c_str()) == 0);
    auto said = Json::parse(std::ifstream(out));
    std::filesystem::remove_all(folder);
    return said;
}

Mime sample() {
    Mime out;
    out.from_name = "Dunlin \"Ltd\", Collections";
    out.from = "letters@dunlin.example";
    out.to_name =
        "Müller & Söhne <GmbH> mit einem sehr langen Namen, der nicht in eine Zeile passt";
    out.to = "anna@mueller.example";
    out.subject =
        "Zahlungserinnerung über 1.190,00 € – bitte prüfen Sie die folgende lange Zeile 😀";
    out.text = "Grüße\n.\nFrom here\n";
    out.html = "<p>Grüße</p>";
    out.id = "m7.17@dunlin.example";
    out.date = "Mon, 02 Mar 2026 09:00:00 +0000";
    return out;
}

}  // namespace

TEST_CASE("an address or an id that would end its line is refused") {
    for (const auto* bad : {"a@b\r\nBcc: c@d", "a@b>", "a b@c", "ä@b"}) {
        CAPTURE(bad);
        auto mime = sample();
        mime.to = bad;
        CHECK_THAT(error_of([&] { mime.write(); }), Contains("no address"));
        mime = sample();
        mime.id = bad;
        CHECK(error_of([&] { mime.write(); }) != "");
    }
}

TEST_CASE("a message is read as it was written") {
    auto mime = sample();
    const auto plain = read(mime.write());
    CHECK(plain["defects"] == Json::array());
    CHECK(plain["from"] == Json::array({{mime.from_name, mime.from}}));
    CHECK(plain["to"] == Json::array({{mime.to_name, mime.to}}));
    CHECK(plain["subject"] == mime.subject);
    CHECK(plain["id"] == "<m7.17@dunlin.example>");
    CHECK(plain["date"] == "2026-03-02T09:00:00+00:00");
    CHECK(plain["parts"] ==
          Json::array({"multipart/alternative",
                       {{"text/plain", mime.text, nullptr}, {"text/html", mime.html, nullptr}}}));
    mime.attachments.push_back({"letter-17.pdf", "application/pdf", std::string("%PDF\0\r\n", 7)});
    const auto whole = read(mime.write());
    CHECK(whole["defects"] == Json::array());
    CHECK(whole["parts"][0] == "multipart/mixed");
    CHECK(whole["parts"][1][0] == plain["parts"]);
    CHECK(whole["parts"][1][1] == Json{"application/pdf", "hex 25504446000d0a", "letter-17.pdf"});
}

TEST_CASE("subjects of every length and script come back") {
    auto mime = sample();
    std::string text;
    for (int n = 0; n < 120; n += 7) {
        mime.subject = text;
        mime.to_name = text;
        CAPTURE(n, text);
        const auto got = read(mime.write());
        CHECK(got["subject"] == text);
        CHECK(got["to"][0][0] == text);
        text += n % 2 ? "äöü€a" : "abc😀d";
    }
    mime.subject = "=?UTF-8?B?eA==?= is no encoded word";
    CHECK(read(mime.write())["subject"] == mime.subject);
}
