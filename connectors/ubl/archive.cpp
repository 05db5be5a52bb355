// SPDX-License-Identifier: Apache-2.0
#include "archive.hpp"

#include <dunlin/error.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

namespace dunlin::ubl {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& folder, const std::string& why) {
    throw Error(DUNLIN_E_UNAVAILABLE, "documents cannot be kept in " + folder.string() + " (" +
                                          why +
                                          "); let Dunlin's user write there, or correct "
                                          "\"archive_path\" in the source");
}

std::string why() {
    return std::error_code(errno, std::generic_category()).message();
}

/// A file that is gone unless it was put in its place.
class Draft {
public:
    explicit Draft(const fs::path& folder)
        : folder_(folder), path_((folder / (".draft-" + std::string(6, 'X'))).string()) {
        descriptor_ = ::mkstemp(path_.data());
        if (descriptor_ < 0) fail(folder, why());
    }
    ~Draft() {
        if (descriptor_ >= 0) ::close(descriptor_);
        if (!path_.empty()) ::unlink(path_.c_str());
    }
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;

    void write(std::string_view bytes) const {
        while (!bytes.empty()) {
            const auto n = ::write(descriptor_, bytes.data(), bytes.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) fail(folder_, why());
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    /// Everything written to this file system so far survives a power cut.
    void sync() const {
        if (::syncfs(descriptor_) != 0) fail(folder_, why());
    }
    void put(const fs::path& place) {
        std::error_code failure;
        fs::rename(path_, place, failure);
        if (failure) fail(folder_, failure.message());
        path_.clear();
    }

private:
    fs::path folder_;
    std::string path_;
    int descriptor_ = -1;
};

/// A file cut short by a power cut does not count.
bool holds(const fs::path& place, std::string_view bytes) {
    std::ifstream in(place, std::ios::binary);
    std::string kept(bytes.size() + 1, '\0');
    in.read(kept.data(), static_cast<std::streamsize>(kept.size()));
    return std::string_view(kept).substr(0, static_cast<std::size_t>(in.gcount())) == bytes;
}

}  // namespace

std::string url_of(std::string_view file_name, std::string_view sha256) {
    static constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out = "file:";
    for (const char c : file_name) {
        const auto byte = static_cast<unsigned char>(c);
        if (plain.find(c) != std::string_view::npos) {
            out += c;
        } else {
            out += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    return out.append("#sha256=").append(sha256);
}

fs::path Archive::path_of(std::string_view sha256) const {
    return folder_ / sha256.substr(0, 2) / std::string(sha256).append(".xml");
}

void Archive::keep(std::string_view sha256, std::string_view bytes) {
    const auto place = path_of(sha256);
    is_flushed_ = false;  // Also what a run wrote that was killed before it flushed.
    if (!holds(place, bytes)) write(place, bytes);
}

fs::path Archive::number_path(std::string_view invoice_id) const {
    const auto hash = sha256_of(invoice_id);
    return folder_ / "number" / hash.substr(0, 2) / hash;
}

std::optional<Holder> Archive::holder_of(std::string_view invoice_id) const {
    std::ifstream in(number_path(invoice_id));
    Holder out;
    if (!std::getline(in, out.facts) || !std::getline(in, out.file_name)) return std::nullopt;
    std::getline(in, out.sha256);
    return out;
}

void Archive::give_number(std::string_view invoice_id, const Holder& holder) {
    is_flushed_ = false;
    write(number_path(invoice_id),
          holder.facts + "\n" + holder.file_name + "\n" + holder.sha256 + "\n");
}

std::string Archive::document_of(std::string_view invoice_id) const {
    const auto holder = holder_of(invoice_id);
    std::string bytes;
    if (holder && !holder->sha256.empty()) {
        std::ifstream in(path_of(holder->sha256), std::ios::binary | std::ios::ate);
        if (in) bytes.resize(static_cast<std::size_t>(in.tellg()));
        in.seekg(0).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    if (!bytes.empty() && sha256_of(bytes) == holder->sha256) return bytes;
    throw Error(DUNLIN_E_NOT_FOUND, "the document of " + std::string(invoice_id) +
                                        " is not in the archive " + folder_.string() +
                                        "; drop its file into the watched folder again");
}

void Archive::write(const fs::path& place, std::string_view bytes) {
    std::error_code failure;
    fs::create_directories(place.parent_path(), failure);
    if (failure) fail(folder_, failure.message());
    Draft draft(place.parent_path());
    draft.write(bytes);
    draft.put(place);
}

void Archive::flush() {
    if (is_flushed_) return;
    Draft(folder_).sync();
    is_flushed_ = true;
}

void Archive::check() const {
    std::error_code failure;
    fs::create_directories(folder_, failure);
    if (failure) fail(folder_, failure.message());
    const Draft draft(folder_);
}

}  // namespace dunlin::ubl
