// SPDX-License-Identifier: Apache-2.0
#include "box.hpp"
#include "text.hpp"

namespace dunlin::mailbox {

namespace {

constexpr std::size_t text_bytes = std::size_t{1} << 20U;

std::string ending_of(const std::filesystem::path& path) {
    return lower(path.extension().string());
}

bool is_scan(const std::string& ending) {
    for (const auto* one : {".pdf", ".jpg", ".jpeg", ".png", ".tif", ".tiff"}) {
        if (ending == one) return true;
    }
    return false;
}

/// What the bytes say, whatever the file is called; empty for anything else.
std::string media_type_of(std::string_view bytes) {
    const auto begins = [&](std::string_view with) { return bytes.substr(0, with.size()) == with; };
    if (begins("%PDF-")) return "application/pdf";
    if (begins("\xff\xd8\xff")) return "image/jpeg";
    if (begins("\x89PNG\r\n\x1a\n")) return "image/png";
    const bool is_tiff =
        begins(std::string_view("II*\0", 4)) || begins(std::string_view("MM\0*", 4));
    return is_tiff ? "image/tiff" : "";
}

/// A folder that a scanner fills: "letter.pdf", and "letter.txt" with what was read in it.
class Scans : public Box {
public:
    Scans(const Settings& settings, std::function<int64_t()> now_us)
        : folder_(settings.folder, settings.settle_us),
          bytes_max_(settings.message_bytes),
          now_us_(std::move(now_us)) {}

    std::vector<Item> list(const Cancel& cancel) override {
        std::map<std::string, SourceFile> texts;
        std::vector<Item> out;
        ignored_.clear();
        for (auto& file : folder_.list(now_us_())) {
            const auto ending = ending_of(file.path);
            if (ending == ".txt") {
                texts[file.path.stem().string()] = std::move(file);
            } else if (is_scan(ending)) {
                Item one;
                one.name = file.name;
                one.file = std::move(file);
                out.push_back(std::move(one));
            } else {
                ignored_.push_back(file.name);
            }
        }
        for (auto& one : out) {
            // With the text that comes later it is read once more.
            auto bytes = folder_.hash(one.file, cancel);
            const auto text = texts.find(one.file.path.stem().string());
            if (text != texts.end()) {
                one.text_file = text->second;
                bytes += folder_.hash(one.text_file, cancel);
            }
            one.key = key_of(bytes);
        }
        return out;
    }

    std::optional<Received> read(const Item& item, const Cancel&) override {
        auto out = read_file(item.file, bytes_max_);
        if (!out) return out;
        require_unchanged(item.file);
        out->media_type = media_type_of(out->bytes);
        if (out->media_type.empty()) {
            throw Error(DUNLIN_E_DATA,
                        "what is in it is neither PDF nor JPEG, PNG or TIFF; scan it again");
        }
        if (static_cast<int64_t>(out->bytes.size()) < out->size) {
            throw Error(DUNLIN_E_DATA, "it has " + std::to_string(out->size) +
                                           " bytes, more than the limit of " +
                                           std::to_string(bytes_max_) +
                                           "; scan it coarser, or raise max_message_bytes");
        }
        if (item.text_file.name.empty()) return out;
        if (auto text = read_file(item.text_file, text_bytes)) out->text = std::move(text->bytes);
        return out;
    }

    std::vector<std::string> ignored() override { return ignored_; }

private:
    WatchedFolder folder_;
    std::size_t bytes_max_;
    std::function<int64_t()> now_us_;
    std::vector<std::string> ignored_;
};

}  // namespace

std::unique_ptr<Box> open_scans(const Settings& settings, std::function<int64_t()> now_us) {
    return std::make_unique<Scans>(settings, std::move(now_us));
}

}  // namespace dunlin::mailbox
