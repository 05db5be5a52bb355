// SPDX-License-Identifier: Apache-2.0
#include "mail/mail.hpp"

#include "host.hpp"
#include "plugins/services.hpp"

#include <dunlin/entry.hpp>

#include <Poco/Net/MailStream.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SMTPClientSession.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/Net/SecureStreamSocket.h>

#include <regex>
#include <sstream>

namespace dunlin::host {

namespace net = Poco::Net;

namespace {

constexpr std::size_t mime_max = std::size_t{25} << 20;
constexpr std::string_view end_mark = "\r\n.\r\n";
const Poco::Timespan connect_max(10, 0);

net::StreamSocket secured(const net::StreamSocket& plain, const std::string& host) {
    return net::SecureStreamSocket::attach(plain, host,
                                           net::SSLManager::instance().defaultClientContext());
}

/// One conversation. What goes wrong before the server has all of the message is known not to have
/// gone out: a Poco::Exception, or an Error that says what the server answered.
class Submission : private net::SMTPClientSession {
public:
    Submission(const MailAccount& account, const net::StreamSocket& socket)
        : net::SMTPClientSession(socket), account_(account) {
        setTimeout(Poco::Timespan(account.timeout_seconds, 0));
    }
    ~Submission() override {
        try {
            if (is_answered_) close();
            socket().close();               // What ~SMTPClientSession() still says goes nowhere.
        } catch (const Poco::Exception&) {  // What became of the message is known by now.
        }
    }

    void sign_in(const std::string& host, const std::string& password) {
        std::string offers;
        if (account_.tls == "tls") socket() = secured(socket(), host);
        open();
        login("localhost", offers);
        if (account_.tls == "starttls") {
            std::string reply;
            if (sendCommand("STARTTLS", reply) / 100 != 2) {
                throw net::SMTPException("it offers no STARTTLS: " + reply);
            }
            socket() = secured(socket(), host);
            login("localhost", offers);
        }
        if (account_.user.empty()) return;
        if (offers.find("PLAIN") != std::string::npos) {
            loginUsingPlain(account_.user, password);
        } else {
            loginUsingLogin(account_.user, password);
        }
    }

    void send(const std::string& sender, const std::vector<std::string>& recipients,
              std::string_view mime, Json& receipt) {
        std::string reply;
        judge(sendCommand("MAIL FROM:<" + sender + ">", reply), reply, 2);
        int first_refusal = 0;
        for (const auto& address : recipients) {
            const int status = sendCommand("RCPT TO:<" + address + ">", reply);
            if (status / 100 == 2) {
                receipt["accepted"].push_back(address);
                continue;
            }
            if (first_refusal / 100 != 4) first_refusal = status;
            receipt["refused"].push_back({{"address", address}, {"reason", reply}});
        }
        if (receipt["accepted"].empty()) {
            judge(first_refusal, receipt["refused"][0]["reason"], 2);
        }
        judge(sendCommand("DATA", reply), reply, 3);
        std::ostringstream stuffed;
        net::MailOutputStream lines(stuffed);
        lines << mime;
        lines.close();  // Writes the end mark.
        const auto text = stuffed.str();
        write(std::string_view(text).substr(0, text.size() - end_mark.size()));
        hand_over(reply);
        receipt["reply"] = reply;
    }

private:
    void hand_over(std::string& reply) {
        is_answered_ = false;
        int status = 0;
        try {
            write(end_mark);
            status = socket().receiveStatusMessage(reply);
        } catch (const Poco::Exception& e) {
            reply = e.displayText();
        }
        is_answered_ = status > 0;
        if (is_answered_) return judge(status, reply, 2);
        throw Error(DUNLIN_E_TIMEOUT, account_.server +
                                          " had the whole message and did not answer (" + reply +
                                          "); whether it went out is not known");
    }
    void write(std::string_view bytes) {
        socket().sendBytes(bytes.data(), static_cast<int>(bytes.size()));
    }
    void judge(int status, const std::string& reply, int wanted) const {
        if (status / 100 == wanted) return;
        throw Error(status / 100 == 5 ? DUNLIN_E_DATA : DUNLIN_E_UNAVAILABLE,
                    account_.server + " said: " + reply);
    }

    const MailAccount& account_;
    bool is_answered_ = true;  // Otherwise nobody waits for an answer to QUIT.
};

void need_address(const std::string& text) {
    static const std::regex form("[^\\s<>\\x01-\\x1f\\x7f]+@[^\\s<>@\\x01-\\x1f\\x7f]+");
    if (text.size() <= 254 && std::regex_match(text, form)) return;
    throw Error(DUNLIN_E_INVALID, "\"" + text + "\" is no address that mail can be sent to");
}

void submit(dunlin_ctx* context, const dunlin_mail_message* message, dunlin_cancel* cancel,
            const dunlin_writer* receipt_json) {
    need_permission(*context->plugin, "mail.submit", "send mail");
    need_no_transaction("mail was sent");
    auto& host = *context->host;
    const std::string name(to_view(message->account));
    const auto found = host.config().mail_accounts.find(name);
    if (found == host.config().mail_accounts.end()) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no mail account " + name +
                                            "; add [mail.accounts." + name + "] to dunlin.toml");
    }
    const auto& account = found->second;
    if (cancel && (cancel->requested || cancel->is_late())) {
        throw Error(DUNLIN_E_CANCELLED, "stopped on request");
    }
    const auto receipt =
        submit_mail(account, account.password.empty() ? "" : host.secrets().value(account.password),
                    std::string(to_view(message->sender)),
                    Json::parse(to_view(message->recipients)), to_view(message->mime));
    host.metrics().add("dunlin_mail_sent_total", "account=\"" + name + "\"");
    write_to(receipt_json, receipt.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

Json submit_mail(const MailAccount& account, const std::string& password, const std::string& sender,
                 const std::vector<std::string>& recipients, std::string_view mime) {
    const auto& from = sender.empty() ? account.sender : sender;
    need_address(from);
    for (const auto& one : recipients) need_address(one);
    if (recipients.empty()) throw Error(DUNLIN_E_INVALID, "a message needs a recipient");
    if (mime.size() > mime_max) throw Error(DUNLIN_E_LIMIT, "a message is larger than 25 MiB");
    auto receipt = Json{{"accepted", Json::array()}, {"refused", Json::array()}};
    try {
        net::StreamSocket socket;
        socket.connect(net::SocketAddress(account.server), connect_max);
        Submission submission(account, socket);
        submission.sign_in(account.server.substr(0, account.server.find(':')), password);
        submission.send(from, recipients, mime, receipt);
    } catch (const Poco::Exception& e) {
        throw Error(DUNLIN_E_UNAVAILABLE,
                    account.server + " did not take the message (" + e.displayText() +
                        "); check the server and its account in [mail.accounts] of dunlin.toml, "
                        "and ca_file in [http_client] if its certificate is not trusted");
    }
    return receipt;
}

const dunlin_mail_v1 mail_service = {sizeof mail_service, 0, entry<submit>};

}  // namespace dunlin::host
