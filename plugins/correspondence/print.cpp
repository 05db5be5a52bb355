// SPDX-License-Identifier: Apache-2.0
#include <dunlin/blobs.hpp>
#include <dunlin/digest.hpp>

#include <filesystem>
#include <fstream>

#include "attachments.hpp"
#include "send.hpp"

namespace dunlin::correspondence {

namespace {

namespace fs = std::filesystem;

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + "\"";
}

void write_file(const fs::path& file, const std::string& bytes) {
    std::ofstream out(file, std::ios::binary);
    out << bytes << std::flush;
    if (out) return;
    throw Error(DUNLIN_E_UNAVAILABLE,
                file.string() + " cannot be written; check the disk and its permissions");
}

std::string number_text(std::size_t n) {
    auto out = std::to_string(n);
    return std::string(5 - std::min<std::size_t>(5, out.size()), '0') + out;
}

/// All letters of the batch and the list of them, beside the place where they are to be.
void write_folder(const Services& services, const std::vector<Message>& letters,
                  const fs::path& folder) {
    const Blobs blobs(services);
    std::string list = "file,message,customer,name,address,subject,sha256\n";
    for (std::size_t i = 0; i < letters.size(); ++i) {
        const auto& m = letters[i];
        auto tx = services.begin(DUNLIN_TX_READ);
        const auto stem = number_text(i + 1) + "_" + std::to_string(m.id);
        const auto add = [&](const std::string& name, const std::string& what,
                             const std::string& pdf) {
            write_file(folder / name, pdf);
            list += name + "," + std::to_string(m.id) + "," + std::to_string(m.customer_id) + "," +
                    quoted(m.recipient) + "," + quoted(m.address) + "," + quoted(what) + "," +
                    sha256_of(pdf) + "\n";
        };
        add(stem + ".pdf", m.subject, blobs.read(tx, m.customer_id, m.pdf_blob));
        const auto content =
            Json::parse(blobs.read(tx, m.customer_id, m.content_blob)).get<Content>();
        // Behind their letter, in the order of the names too.
        for (const auto& one : content.attached) {
            std::string bytes;
            try {
                bytes = bytes_of(tx, m.customer_id, one);
            } catch (const Error& e) {  // One that is gone keeps no other letter back.
                if (is_retryable(e.status())) throw;
                services.warn("a document is missing in a batch of letters",
                              {{"item", one.number}, {"error", e.what()}});
                list += "," + std::to_string(m.id) + "," + std::to_string(m.customer_id) + ",,," +
                        quoted("missing: " + one.number) + ",\n";
                continue;
            }
            add(stem + "_" + one.name, "with it: " + one.number, bytes);
        }
    }
    write_file(folder / "manifest.csv", list);
}

std::vector<Message> letters_of(const Services& services, int64_t batch_id) {
    MessageQuery query;
    query.batch_id = batch_id;
    query.limit = 1'000'000;
    auto tx = services.begin(DUNLIN_TX_READ);
    return Messages(tx).list(query);
}

void mark_printed(const Services& services, int64_t batch_id, std::vector<Message> letters) {
    auto tx = services.begin(DUNLIN_TX_WRITE);
    for (auto& m : letters) {
        m.state = "sent";
        m.sent_us = tx.now_us();
        if (Messages(tx).update(m, "sending")) tell(tx, m);
    }
    tx.exec(
        "UPDATE correspondence_batch SET state = 'printed', printed_us = ? WHERE batch_id = ?"
        " AND state = 'printing'",
        tx.now_us(), batch_id);
    tx.commit();
}

}  // namespace

void print_batch(const Services& services, const Job& job) {
    const std::string name = job.args.at("batch"), root = job.args.at("folder");
    const auto batch_id = std::stoll(name);
    const auto letters = letters_of(services, batch_id);
    const auto whole = fs::path(root) / name;
    std::error_code failed;
    // Written by an earlier run, whole as it is, or not there.
    if (!fs::exists(whole)) {
        const auto part =
            fs::path(root) / ("." + name + "." + std::to_string(job.attempt) + ".part");
        fs::remove_all(part, failed);
        if (!fs::create_directories(part, failed)) {
            throw Error(DUNLIN_E_UNAVAILABLE, "no folder can be made in " + root + ": " +
                                                  failed.message() +
                                                  "; see print_folder in [plugins.correspondence]");
        }
        write_folder(services, letters, part);
        fs::rename(part, whole, failed);
        if (failed && !fs::exists(whole)) {
            throw Error(DUNLIN_E_UNAVAILABLE, whole.string() + ": " + failed.message());
        }
    }
    mark_printed(services, batch_id, letters);
}

std::pair<int64_t, int64_t> begin_batch(const Services& services, Transaction& tx,
                                        const Settings& settings, const std::string& asked_by,
                                        int64_t letters_max) {
    if (settings.print_folder.empty()) {
        throw Error(DUNLIN_E_INVALID,
                    "there is no folder for letters; write print_folder = \"/…\" into "
                    "[plugins.correspondence] of dunlin.toml");
    }
    MessageQuery query;
    query.state = "queued";
    query.channel = "letter";
    query.limit = letters_max;
    Messages messages(tx);
    const auto batch_id = services.next_id();
    int64_t letters = 0;
    for (auto& m : messages.list(query)) {
        if (m.pdf_blob == 0) continue;
        const auto verdict = gate(tx, settings, m);
        m.state = verdict.state.empty() ? "sending" : verdict.state;
        m.reason = verdict.reason;
        m.batch_id = verdict.state.empty() ? batch_id : 0;
        if (messages.update(m, "queued") && m.batch_id != 0) ++letters;
    }
    if (letters == 0) return {0, 0};
    tx.exec("INSERT INTO correspondence_batch VALUES (?, 'printing', ?, ?, ?, ?, 0)", batch_id,
            letters, settings.print_folder, asked_by, tx.now_us());
    const auto name = std::to_string(batch_id);
    tx.enqueue("correspondence.print", name, {{"batch", name}, {"folder", settings.print_folder}});
    return {batch_id, letters};
}

}  // namespace dunlin::correspondence
