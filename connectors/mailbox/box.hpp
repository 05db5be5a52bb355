// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/connector.hpp>
#include <dunlin/file_source.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dunlin::mailbox {

/// A source's section of the configuration.
struct Settings {
    std::string kind;  // maildir, pop3 or scans
    std::filesystem::path folder;
    std::string server, tls, user, password, ca_file;
    int64_t settle_us = 0;
    std::size_t message_bytes = 0;  // Of a larger one, only its beginning is taken.
    std::size_t page_messages = 0;

    /// `config` is valid against the manifest's source_schema. Throws what only shows in words.
    static Settings parse(const Json& config,
                          const std::function<std::string(const std::string&)>& secret);
};

/// A message that lies in a box.
struct Item {
    std::string key;   // The same as long as it lies there, 16 hex digits.
    std::string name;  // For a person, and for the box.
    int64_t number = 0;
    SourceFile file{}, text_file{};
};

/// A message as it came.
struct Received {
    std::string bytes;  // All of them, or the beginning.
    int64_t size = 0;
    int64_t received_us = 0;  // 0: not known.
    std::string media_type;   // Of a scan; empty: it is a mail.
    std::string text;         // What somebody read in a scan.
};

/// Where messages arrive. Nothing in it is ever changed.
class Box {
public:
    virtual ~Box() = default;
    virtual std::vector<Item> list(const Cancel& cancel) = 0;
    /// Nothing when it is gone by now. Error data: it is none, or cannot be read.
    virtual std::optional<Received> read(const Item& item, const Cancel& cancel) = 0;
    /// What lies there and will not be read.
    virtual std::vector<std::string> ignored() { return {}; }
};

std::unique_ptr<Box> open_maildir(const Settings& settings);
std::unique_ptr<Box> open_pop3(const Settings& settings);
std::unique_ptr<Box> open_scans(const Settings& settings, std::function<int64_t()> now_us);

/// Of a message larger than the limit, so much is kept.
constexpr std::size_t beginning_bytes = std::size_t{256} << 10U;

/// The bytes of a file, or its beginning when it is larger than the limit. Nothing when it is gone.
std::optional<Received> read_file(const SourceFile& file, std::size_t bytes_max);

/// A key for a name, 16 hex digits.
inline std::string key_of(std::string_view name) {
    return hash_of_text(name).substr(0, 16);
}

}  // namespace dunlin::mailbox
