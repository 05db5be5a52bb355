// SPDX-License-Identifier: Apache-2.0
#include "box.hpp"

namespace dunlin::mailbox {

namespace {

namespace fs = std::filesystem;

/// The part of a name that stays when the message is moved or marked.
std::string unique_part(const std::string& name) {
    return name.substr(0, name.find(':'));
}

/// Reads new/ and cur/ of a maildir; mail programs may work in it at the same time.
class Maildir : public Box {
public:
    explicit Maildir(const Settings& settings)
        : folder_(settings.folder), bytes_max_(settings.message_bytes) {}

    std::vector<Item> list(const Cancel& cancel) override {
        std::map<std::string, Item> found;  // One that is moved meanwhile is seen twice.
        for (const auto* place : {"new", "cur"}) {
            std::error_code failure;
            fs::directory_iterator entries(folder_ / place, failure);
            if (failure) {
                throw Error(DUNLIN_E_UNAVAILABLE, "the maildir " + folder_.string() + " has no " +
                                                      place + "/ (" + failure.message() +
                                                      "); correct \"folder\" in the source");
            }
            for (const fs::directory_iterator end; entries != end; entries.increment(failure)) {
                cancel.throw_if_requested();
                const auto name = entries->path().filename().string();
                if (name.front() == '.' || !entries->is_regular_file(failure)) continue;
                Item one;
                if (!detail::look_at(entries->path(), one.file)) continue;
                one.name = unique_part(name);
                one.key = key_of(one.name);
                found[one.name] = std::move(one);
            }
        }
        std::vector<Item> out;
        for (auto& [name, one] : found) out.push_back(std::move(one));
        std::stable_sort(out.begin(), out.end(), [](const Item& a, const Item& b) {
            return a.file.modified_us < b.file.modified_us;
        });
        return out;
    }

    std::optional<Received> read(const Item& item, const Cancel&) override {
        if (auto got = read_file(item.file, bytes_max_)) return got;
        // A mail program has marked it.
        for (const auto* place : {"cur", "new"}) {
            std::error_code failure;
            for (const auto& entry : fs::directory_iterator(folder_ / place, failure)) {
                SourceFile file;
                if (unique_part(entry.path().filename().string()) != item.name) continue;
                if (detail::look_at(entry.path(), file)) return read_file(file, bytes_max_);
            }
        }
        return std::nullopt;
    }

private:
    fs::path folder_;
    std::size_t bytes_max_;
};

}  // namespace

std::optional<Received> read_file(const SourceFile& file, std::size_t bytes_max) {
    SourceFile now;
    if (!detail::look_at(file.path, now)) return std::nullopt;
    const detail::FileHandle in(std::fopen(file.path.c_str(), "rb"));
    if (!in) {
        throw Error(DUNLIN_E_DATA, "the file cannot be opened; let Dunlin's user read it");
    }
    Received out;
    out.size = now.size;
    out.received_us = now.modified_us;
    const auto size = static_cast<std::size_t>(now.size);
    out.bytes.resize(size > bytes_max ? std::min(bytes_max, beginning_bytes) : size);
    out.bytes.resize(std::fread(out.bytes.data(), 1, out.bytes.size(), in.get()));
    return out;
}

std::unique_ptr<Box> open_maildir(const Settings& settings) {
    return std::make_unique<Maildir>(settings);
}

}  // namespace dunlin::mailbox
