// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <algorithm>

namespace dunlin::ubl {
namespace {

// A page also ends here, so that memory stays flat whatever the documents look like.
constexpr std::size_t errors_max = 1000;
constexpr int64_t page_bytes_max = int64_t{64} << 20U;
constexpr std::size_t raw_bytes_max = 4096;

IdentifyBy identify_by(const std::string& word) {
    if (word == "endpoint") return IdentifyBy::endpoint;
    if (word == "legal") return IdentifyBy::legal;
    if (word == "vat") return IdentifyBy::vat;
    if (word == "given") return IdentifyBy::given;
    return IdentifyBy::name;
}

bool is_xml(const SourceFile& file) {
    auto end = file.path.extension().string();
    std::transform(end.begin(), end.end(), end.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return end == ".xml";
}

}  // namespace

Settings Settings::parse(const Json& config) {
    Settings out;
    out.folder = config.at("folder").get<std::string>();
    out.archive = config.at("archive_path").get<std::string>();
    if (const auto order = config.find("identify_by"); order != config.end()) {
        out.posting.identify_by.clear();
        for (const auto& word : *order) out.posting.identify_by.push_back(identify_by(word));
    }
    out.posting.settles_prepaid = config.value("prepaid", std::string("settle")) == "settle";
    out.purpose = config.value("purpose", out.purpose);
    out.settle_us = config.value("settle_seconds", int64_t{5}) * 1'000'000;
    out.batch_rows = config.value("batch_rows", int64_t{50000});
    out.limits.bytes = config.value("max_file_bytes", out.limits.bytes);
    return out;
}

std::string Settings::fingerprint() const {
    std::string out = "ubl/1 " + purpose + (posting.settles_prepaid ? " settle " : " ignore ") +
                      std::to_string(limits.bytes);
    for (const auto by : posting.identify_by) out += " " + std::to_string(static_cast<int>(by));
    return out;
}

UblSource::UblSource(std::string name, Settings settings, Surroundings surroundings)
    : name_(std::move(name)),
      settings_(std::move(settings)),
      surroundings_(std::move(surroundings)),
      folder_(settings_.folder, settings_.settle_us) {}

Json UblSource::check(const Cancel&) {
    int64_t documents = 0;
    auto ignored = Json::array();
    for (const auto& file : folder_.list(surroundings_.now_us())) {
        if (is_xml(file)) {
            ++documents;
        } else if (ignored.size() < 20) {
            ignored.push_back(file.name);
        }
    }
    Archive(settings_.archive).check();
    return {{"folder", folder_.path().string()},
            {"archive", settings_.archive.string()},
            {"documents", documents},
            {"ignored", ignored}};
}

void UblSource::warn_of(const SourceFile& file) {
    {
        const std::lock_guard lock(mutex_);
        if (!warned_.insert(file.name).second) return;
    }
    surroundings_.warn("the source " + name_ + " does not read " + file.name +
                       ": its name does not end in .xml");
}

std::unique_ptr<Pull> UblSource::pull(const PullRequest& request, Cancel cancel) {
    const auto* const entity = find_entity(request.entity);
    if (!entity) {
        throw Error(DUNLIN_E_INVALID,
                    in_quotes(request.entity) + " is not an entity of the ubl connector");
    }
    auto cursor = FileCursor::parse(request.resume);
    const auto is_ours = [&](const SourceFile& file) {
        if (!is_xml(file)) warn_of(file);
        return is_xml(file);
    };
    auto queue = FileQueue::make(folder_, surroundings_.now_us(), cursor, settings_.fingerprint(),
                                 cancel, is_ours);
    return std::make_unique<UblPull>(*entity, settings_, std::move(cursor), std::move(queue),
                                     cancel);
}

void UblSource::document(std::string_view entity, std::string_view external_id,
                         const TakeBytes& take, const Cancel& cancel) {
    if (entity != "invoice") return Source::document(entity, external_id, take, cancel);
    take(Archive(settings_.archive).document_of(external_id));
}

UblPull::UblPull(const Entity& entity, Settings settings, FileCursor cursor, FileQueue queue,
                 Cancel cancel)
    : entity_(entity),
      is_of_invoices_(entity.name == "invoice"),
      settings_(std::move(settings)),
      cursor_(std::move(cursor)),
      queue_(std::move(queue)),
      cancel_(cancel),
      archive_(settings_.archive),
      rows_(entity.columns) {
    for (const auto& waiting : queue_.files) bytes_total_ += waiting.file.size;
}

/// A second document of a number would take the first one's place in the ledger. It may, when it
/// is the same one delivered again: of the same day, buyer and currency.
void UblPull::require_own_number(const WaitingFile& waiting, const Posting& posting,
                                 const std::string& sha256) {
    const auto& document = posting.document;
    const auto facts =
        document.issue_date.text() + " in " + document.currency + " to " + posting.customer;
    const auto holder = archive_.holder_of(posting.invoice);
    if (holder && holder->facts != facts) {
        throw Refused("number", "the number " + in_quotes(document.number) +
                                    " of this seller belongs to another document already, " +
                                    holder->file_name + " of " + holder->facts +
                                    ", while this is of " + facts +
                                    "; have it sent under a number of its own");
    }
    if (!is_of_invoices_ || (holder && holder->sha256 == sha256)) return;
    archive_.give_number(posting.invoice,
                         {facts, holder ? holder->file_name : waiting.file.name, sha256});
}

void UblPull::give(const WaitingFile& waiting, const Posting& posting, std::string_view bytes) {
    const auto sha256 = is_of_invoices_ ? sha256_of(bytes) : std::string();
    require_own_number(waiting, posting, sha256);
    if (is_of_invoices_) archive_.keep(sha256, bytes);
    entity_.give({posting, waiting.file.name, url_of(waiting.file.name, sha256), settings_.purpose,
                  settings_.posting.settles_prepaid},
                 rows_);
}

void UblPull::read(const WaitingFile& waiting, Page& page) {
    std::string bytes, external_id;
    const auto refuse = [&](const std::string& code, const std::string& reason, int64_t line) {
        if (!is_of_invoices_) return;
        page.errors.push_back({external_id,
                               waiting.file.name + (line > 0 ? ":" + std::to_string(line) : ""),
                               code, reason, bytes.substr(0, raw_bytes_max)});
    };
    try {
        bytes = read_whole(waiting.file, static_cast<int64_t>(settings_.limits.bytes));
        const auto document = parse_document(bytes, settings_.limits);
        external_id = document_id(document, settings_.posting);
        check_totals(document);
        give(waiting, make_posting(document, settings_.posting), bytes);
    } catch (const Refused& e) {
        // The id is another document's then, and that one has not come right with it.
        if (e.code() == "number") external_id.clear();
        refuse(e.code(), e.what(), e.line());
    } catch (const Error& e) {
        if (e.status() != DUNLIN_E_DATA) throw;
        refuse("too_large", e.what(), 0);
    }
    cursor_.finish(waiting.key, queue_.present);
    bytes_ += waiting.file.size;
}

bool UblPull::next(Page& page) {
    const auto begin = bytes_;
    const auto first = next_file_;
    while (next_file_ < queue_.files.size() && rows_.size() < settings_.batch_rows &&
           page.errors.size() < errors_max && bytes_ - begin < page_bytes_max) {
        cancel_.throw_if_requested();
        read(queue_.files[next_file_++], page);
    }
    if (next_file_ == first) return false;
    archive_.flush();  // Before the rows that name the documents commit.
    page.done = bytes_;
    page.total = bytes_total_;
    page.next_cursor = cursor_.text();
    page.rows = rows_.finish();
    return true;
}

}  // namespace dunlin::ubl
