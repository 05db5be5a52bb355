// SPDX-License-Identifier: Apache-2.0
#include "mime.hpp"

#include <dunlin/utf8.hpp>

#include <catch2/catch.hpp>

#include "text.hpp"

using namespace dunlin::mailbox;
using Catch::Contains;

namespace {

ParsedMail parse(const std::string& raw) {
    return parse_mail(raw, MimeLimits{});
}

}  // namespace

TEST_CASE("a message of nested parts is refused its parts, not its head") {
    std::string raw = "From: Anna <anna@there.example>\nSubject: deep\n";
    for (int i = 0; i < 20000; ++i) {
        const auto boundary = "b" + std::to_string(i);
        raw += "Content-Type: multipart/mixed; boundary=" + boundary + "\n\n--" + boundary + "\n";
    }
    const auto mail = parse(raw);
    CHECK_THAT(mail.problem, Contains("more than 100 parts that hold parts"));
    CHECK(mail.sender == "anna@there.example");
    CHECK(mail.subject == "deep");

    std::string wide = "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n";
    for (int i = 0; i < 5000; ++i) wide += "--x\n\na\n";
    CHECK_THAT(parse(wide).problem, Contains("more than 1000 parts"));
}

TEST_CASE("what is no mail, or half of one, is still a message somebody can read") {
    for (const std::string raw : {"", "\n", "hello", "\xff\xfe\0x", "From:", "From: \n\n",
                                  "Content-Type: multipart/mixed; boundary=x\n\n--x\n--x--\n--x",
                                  "Content-Type: text/plain; charset=klingon\n\nnuq\xe9neH",
                                  "From: =?utf-8?B?/////w==?= <a@b>\nSubject: =?x?Q?=?=\n\n"}) {
        const auto mail = parse(raw);
        CHECK(dunlin::is_utf8(mail.text + mail.subject + mail.sender + mail.sender_name));
    }
    CHECK_THAT(parse("just a line").problem, Contains("who sent it") || Contains("no mail"));
    CHECK_THAT(parse("\n\nno head at all").text, Contains("no head at all"));
}

TEST_CASE("subject, names and text come as UTF-8, whatever they were") {
    const auto mail = parse(
        "From: =?iso-8859-1?Q?J=FCrgen_M=FCller?= <Juergen@There.example>\r\n"
        "To: letters@dunlin.example, \"B, C\" <b@c.example>\r\n"
        "Delivered-To: box@dunlin.example\r\n"
        "Subject: =?UTF-8?B?WmFobHVuZyBmw7xy?= R-17\r\n"
        "Message-ID: <17@there.example>\r\n"
        "In-Reply-To: <m1.2.abc@dunlin.example>\r\n"
        "References: <m1.1.abc@dunlin.example>\r\n <m1.2.abc@dunlin.example>\r\n"
        "Received: from x by y; Mon, 2 Mar 2026 10:00:00 +0100\r\n"
        "Date: Mon, 2 Mar 2026 08:00:00 +0000\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=\"x\"\r\n\r\n"
        "--x\r\nContent-Type: multipart/alternative; boundary=\"y\"\r\n\r\n"
        "--y\r\nContent-Type: text/plain; charset=windows-1252\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\nBetrag: 5 =80=\r\n, morgen\r\n"
        "--y\r\nContent-Type: text/html\r\n\r\n<p>no</p>\r\n--y--\r\n"
        "--x\r\nContent-Type: application/pdf\r\n"
        "Content-Disposition: attachment; filename=\"beleg.pdf\"\r\n\r\nabc\r\n--x--\r\n");
    CHECK(mail.sender == "juergen@there.example");
    CHECK(mail.sender_name == "Jürgen Müller");
    CHECK(mail.subject == "Zahlung für R-17");
    CHECK(mail.message_id == "17@there.example");
    CHECK(mail.references ==
          std::vector<std::string>{"m1.2.abc@dunlin.example", "m1.1.abc@dunlin.example"});
    CHECK(mail.recipients ==
          std::vector<std::string>{"letters@dunlin.example", "b@c.example", "box@dunlin.example"});
    CHECK_THAT(mail.text, Contains("Betrag: 5 €, morgen") && !Contains("no"));
    REQUIRE(mail.attachments.size() == 1);
    CHECK(mail.attachments[0].name == "beleg.pdf");
    CHECK(mail.attachments[0].media_type == "application/pdf");
    CHECK(mail.received_us == 1772442000LL * 1'000'000);  // When it came, not when it says.
    CHECK(mail.automatic.empty());
    CHECK(mail.problem.empty());
}

TEST_CASE("a page without plain text is read as a person sees it") {
    CHECK(text_of_html("<head><title>t</title></head><style>p{}</style><p>Wir&nbsp;zahlen<br>"
                       "am &quot;5.&quot; &#8364; &unknown; &<script>x</script><!-- > --> Ende",
                       1000) == "Wir zahlen\nam \"5.\" € &unknown; & Ende");
    CHECK(text_of_html("<p", 10).empty());
    CHECK(clean_text("a\0b\x01\xff", 10) == "a");
    CHECK(clean_text("ääää", 3) == "ä");
    CHECK(clean_line(" a\nb\t", 10) == "a b");
}

TEST_CASE("what a program wrote by itself says so") {
    const auto of = [](const std::string& head) {
        return parse("From: a@b.example\n" + head + "\n\nout of office\n").automatic;
    };
    CHECK(of("Auto-Submitted: auto-replied") == "auto-replied");
    CHECK(of("Auto-Submitted: no").empty());
    CHECK(of("Precedence: Bulk") == "bulk");
    CHECK(of("X-Autoreply: yes") == "auto-replied");
    CHECK(of("List-Id: <news.there.example>") == "list");
    CHECK(of("Return-Path: <>") == "no-sender");
    CHECK(of("X-Other: yes").empty());
}

TEST_CASE("a report of a mail server names the message, the recipient and the reason") {
    const auto mail = parse(
        "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report;"
        " report-type=delivery-status; boundary=x\n\n"
        "--x\n\nIt did not arrive.\n"
        "--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        "Final-Recipient: rfc822; Anna@There.example\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 no such\n user\n\n"
        "Final-Recipient: rfc822; b@there.example\nAction: delayed\nStatus: 4.4.1\n"
        "--x\nContent-Type: message/rfc822\n\nMessage-ID: <m1.2.abc@dunlin.example>\n"
        "Subject: Reminder\n\nPay\n--x--\n");
    REQUIRE(mail.reports.size() == 2);
    CHECK(mail.reports[0].recipient == "anna@there.example");
    CHECK(mail.reports[0].action == "failed");
    CHECK(mail.reports[0].status == "5.1.1");
    CHECK(mail.reports[0].diagnostic == "550 no such user");
    CHECK(mail.reports[1].action == "delayed");
    CHECK(mail.reported_id == "m1.2.abc@dunlin.example");
    CHECK(mail.automatic == "delivery-status");
    CHECK_THAT(mail.text, Contains("did not arrive"));

    const auto heads = parse(
        "From: a@b.example\nContent-Type: multipart/report; boundary=x\n\n"
        "--x\nContent-Type: text/rfc822-headers\n\nSubject: a\nMessage-ID: "
        "<m3@d.example>\n\n--x--\n");
    CHECK(heads.reported_id == "m3@d.example");
}
