// SPDX-License-Identifier: Apache-2.0
#include "send.hpp"

#include <dunlin/blobs.hpp>
#include <dunlin/mail.hpp>
#include <dunlin/tools.hpp>

#include "attachments.hpp"
#include "format.hpp"
#include "inbound/token.hpp"
#include "mime.hpp"

namespace dunlin::correspondence {

namespace {

constexpr int64_t attempts_max = 10;
constexpr int64_t minute_us = 60'000'000;
constexpr int64_t wait_max_us = 240 * minute_us;

/// One run of the job over one message. Each step is a transaction of its own; between them others
/// may move the message, which each one notices by its state.
class Sending {
public:
    Sending(const Services& services, const Job& job)
        : services_(services),
          job_(job),
          blobs_(services),
          settings_(Settings::of(services)),
          customer_id_(std::stoll(job.args.at("customer").get<std::string>())),
          message_id_(std::stoll(job.args.at("message").get<std::string>())) {}

    void run() {
        if (!load()) return;
        bool is_ours = false;
        try {
            render();
            is_ours = m_.channel == "email" && claim();
        } catch (const Error& e) {
            later_or_never(e);
        }
        // What fails from here on ends the job, and its next run finds the message unknown.
        if (is_ours) submit();
    }

private:
    Transaction begin() { return services_.begin(DUNLIN_TX_WRITE); }

    /// False when there is nothing to do.
    bool load() {
        auto tx = begin();
        auto found = Messages(tx).find(customer_id_, message_id_);
        if (!found) return false;
        m_ = std::move(*found);
        if (m_.state == "sending" && m_.attempt_id == job_.id) {
            m_.state = "unknown";
            m_.reason =
                "it was being sent when its host ended; look for its Message-ID at the mail "
                "server, then correspondence.resolve";
            if (Messages(tx).update(m_, "sending", job_.id)) tell(tx, m_);
            tx.commit();
            return false;
        }
        if (m_.state != "queued") return false;
        content_ = Json::parse(blobs_.read(tx, customer_id_, m_.content_blob)).get<Content>();
        if (m_.pdf_blob != 0 && m_.channel == "email") {
            pdf_ = blobs_.read(tx, customer_id_, m_.pdf_blob);
        }
        return true;
    }

    void render() {
        if (content_.letter_html.empty() || m_.pdf_blob != 0) return;
        const auto made = Tools(services_).run("pdf", {}, content_.letter_html, job_.cancel);
        if (made.exit_code != 0 || made.output.compare(0, 5, "%PDF-") != 0) {
            throw Error(DUNLIN_E_DATA, "the tool pdf made no PDF: " + made.errors.substr(0, 500));
        }
        pdf_ = made.output;
        auto tx = begin();
        m_.pdf_blob = blobs_.write(tx, customer_id_, pdf_).id;
        need_still_ours(Messages(tx).update(m_, "queued"));
        tx.commit();
    }

    static void need_still_ours(bool is_ours) {
        if (!is_ours) throw Error(DUNLIN_E_CONFLICT, "the message was changed meanwhile");
    }

    Mime mime_of(Transaction& tx, const Sender& sender, const std::string& mark) const {
        Mime out;
        out.from_name = sender.name;
        out.from = sender.from;
        out.to_name = content_.to_name;
        out.to = content_.to;
        out.subject = content_.subject;
        out.text = content_.text;
        out.html = content_.html;
        out.id = mark + sender.from.substr(sender.from.find('@'));
        out.date = mail_date(job_.now_us);
        if (!pdf_.empty()) {
            out.attachments.push_back(
                {m_.kind + "-" + std::to_string(m_.source_id != 0 ? m_.source_id : m_.id) + ".pdf",
                 "application/pdf", pdf_});
        }
        for (const auto& one : content_.attached) {
            out.attachments.push_back(
                {one.name, "application/pdf", bytes_of(tx, customer_id_, one)});
        }
        return out;
    }

    /// The gate, and then "sending", in one transaction.
    bool claim() {
        auto tx = begin();
        const auto verdict = gate(tx, settings_, m_);
        if (!verdict.state.empty()) {
            m_.state = verdict.state;
            m_.reason = verdict.reason;
            if (Messages(tx).update(m_, "queued") && m_.state == "voided") tell(tx, m_);
            tx.commit();
            return false;
        }
        const auto sender = settings_.sender(tx, m_.company_id);
        if (sender.from.find('@') == std::string::npos || sender.account.empty()) {
            throw Error(DUNLIN_E_INVALID,
                        "nobody is named as its sender; write from = \"letters@company.example\" "
                        "and account = \"…\" of [mail.accounts] into "
                        "[plugins.correspondence.companies.\"" +
                            sender.name + "\"]");
        }
        const auto mark = Tokens(tx).mark(m_.customer_id, m_.id);
        mail_ = {sender.account, "", {content_.to}, mime_of(tx, sender, mark).write()};
        if (m_.mime_blob != 0) blobs_.remove(tx, customer_id_, m_.mime_blob);
        m_.mime_blob = blobs_.write(tx, customer_id_, mail_.mime).id;
        m_.state = "sending";
        m_.attempt_id = job_.id;
        ++m_.attempts;
        const bool is_ours = Messages(tx).update(m_, "queued");
        if (is_ours) tx.commit();
        return is_ours;
    }

    void submit() {
        try {
            const auto receipt = Mail(services_).submit(mail_, job_.cancel);
            settle("sent", "", receipt.at("reply").get<std::string>());
        } catch (const Error& e) {
            switch (e.status()) {
                case DUNLIN_E_UNAVAILABLE:
                case DUNLIN_E_CANCELLED: return again(e.what());
                case DUNLIN_E_DATA: return settle("failed", e.what(), "");
                case DUNLIN_E_NOT_FOUND:
                case DUNLIN_E_DENIED:
                case DUNLIN_E_INVALID:
                case DUNLIN_E_LIMIT: return settle("held", e.what(), "");
                default: settle("unknown", e.what(), "");
            }
        }
    }

    /// Where the attempt led. A slow one may come after its job ran again elsewhere.
    void settle(const std::string& state, const std::string& reason, const std::string& reply) {
        auto tx = begin();
        m_.state = state;
        m_.reason = reason;
        m_.reply = reply;
        if (state == "sent") m_.sent_us = tx.now_us();
        Messages messages(tx);
        if (messages.update(m_, "sending", job_.id) || messages.update(m_, "unknown", job_.id)) {
            if (state != "held") tell(tx, m_);
        }
        tx.commit();
    }

    /// It is known not to have gone out.
    void again(const std::string& why) {
        if (m_.attempts >= attempts_max) {
            return settle("failed",
                          "given up after " + std::to_string(m_.attempts) + " attempts: " + why,
                          "");
        }
        auto tx = begin();
        m_.state = "queued";
        m_.reason = why;
        if (Messages(tx).update(m_, "sending", job_.id)) enqueue_send(tx, m_, next_us(tx.now_us()));
        tx.commit();
    }
    int64_t next_us(int64_t now_us) const {
        const auto wait = minute_us << std::min<int64_t>(m_.attempts, 8);
        return now_us + std::min(wait, wait_max_us);
    }

    /// Before anything was claimed.
    void later_or_never(const Error& e) {
        if (e.status() == DUNLIN_E_CANCELLED) throw e;
        auto tx = begin();
        auto now = Messages(tx).find(customer_id_, message_id_);
        if (!now || now->state != "queued") return;
        now->reason = e.what();
        ++now->attempts;
        if (is_retryable(e.status()) && now->attempts < attempts_max) {
            m_.attempts = now->attempts;
            if (Messages(tx).update(*now, "queued")) enqueue_send(tx, *now, next_us(tx.now_us()));
        } else {
            now->state = "held";
            Messages(tx).update(*now, "queued");
        }
        tx.commit();
    }

    const Services& services_;
    const Job& job_;
    const Blobs blobs_;
    const Settings settings_;
    const int64_t customer_id_, message_id_;
    Message m_;
    Content content_;
    std::string pdf_;
    MailMessage mail_;
};

}  // namespace

void tell(Transaction& tx, const Message& m) {
    const auto customer = std::to_string(m.customer_id), source = std::to_string(m.source_id);
    tx.emit("correspondence.message_settled", customer,
            {{"customer_id", customer},
             {"message_id", std::to_string(m.id)},
             {"kind", m.kind},
             {"source_id", source},
             {"channel", m.channel},
             {"state", m.state},
             {"reason", m.reason}});
}

void send_message(const Services& services, const Job& job) {
    Sending(services, job).run();
}

}  // namespace dunlin::correspondence
