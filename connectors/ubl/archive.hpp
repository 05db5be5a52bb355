// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/digest.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace dunlin::ubl {

/// "file:invoice%201.xml#sha256=…": names the document whatever becomes of the file.
std::string url_of(std::string_view file_name, std::string_view sha256);

/// The document that has a number: what makes another one of that number the same, in one line,
/// the name of the file it came in, and the hash of its bytes as they came last.
struct Holder {
    std::string facts, file_name, sha256;
};

/// Where documents are kept as they came, each once under the hash of its bytes,
/// `<folder>/ab/abcd….xml`, and beside them which document has which number.
class Archive {
public:
    explicit Archive(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// Who has the number; nothing when nobody has.
    std::optional<Holder> holder_of(std::string_view invoice_id) const;
    void give_number(std::string_view invoice_id, const Holder& holder);

    /// Keeps the bytes; nothing happens when they are there already. They appear as a whole or not
    /// at all. Throws DUNLIN_E_UNAVAILABLE when they cannot be written, as flush() does.
    void keep(std::string_view sha256, std::string_view bytes);
    /// The bytes that came last with a number. Error not_found when they are not there whole.
    std::string document_of(std::string_view invoice_id) const;
    /// Brings what was kept since the last time to the disk: once a page, because it is slow.
    void flush();
    std::filesystem::path path_of(std::string_view sha256) const;
    /// Throws DUNLIN_E_UNAVAILABLE, one sentence, unless documents can be kept.
    void check() const;

private:
    std::filesystem::path number_path(std::string_view invoice_id) const;
    void write(const std::filesystem::path& place, std::string_view bytes);

    std::filesystem::path folder_;
    bool is_flushed_ = true;
};

}  // namespace dunlin::ubl
