#include "source.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>
#include <utility>

namespace fs = std::filesystem;

namespace dunlin::tidy {

std::vector<Path> folders_in(const Path& parent) {
    std::vector<Path> found;
    if (!fs::exists(parent)) return found;
    for (const auto& entry : fs::directory_iterator(parent)) {
        if (entry.is_directory()) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<Path> files_in(const Path& folder, const std::vector<std::string>& extensions) {
    std::vector<Path> found;
    if (!fs::exists(folder)) return found;
    for (auto it = fs::recursive_directory_iterator(folder); it != fs::end(it); ++it) {
        const auto name = it->path().filename().string();
        if (it->is_directory() && (name == "build" || name == ".git" || name == "__pycache__")) {
            it.disable_recursion_pending();
        }
        const auto kind = it->path().extension().string();
        const bool wanted = extensions.empty() || std::find(extensions.begin(), extensions.end(),
                                                            kind) != extensions.end();
        if (it->is_regular_file() && wanted) found.push_back(it->path());
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<Path> sources_in(const Path& folder) {
    return files_in(folder, {".cpp", ".hpp", ".c", ".h"});
}

std::string read(const Path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::vector<std::string> lines_of(const Path& file) {
    std::istringstream in(read(file));
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::string finding(const Path& root, const Path& file, int line, std::string_view text) {
    std::string out = fs::relative(file, root).generic_string();
    if (line > 0) out += ":" + std::to_string(line);
    return out + ": " + std::string(text);
}

namespace {

/// Copies source to out, blanking what it skips. One method for each kind of text.
class Stripper {
public:
    explicit Stripper(std::string_view source) : source_(source) {}

    std::string run() {
        while (at_ < source_.size()) {
            if (starts("//")) {
                skip_to("\n", /*with_end=*/false);
            } else if (starts("/*")) {
                skip_to("*/", /*with_end=*/true);
            } else if (starts("R\"")) {
                const auto open = source_.find('(', at_);
                const auto name = source_.substr(at_ + 2, open - at_ - 2);
                skip_to(")" + std::string(name) + "\"", /*with_end=*/true);
            } else if (source_[at_] == '"' || is_char_literal()) {
                skip_literal(source_[at_]);
            } else if (source_[at_] == '#' && is_first_on_line()) {
                skip_directive();
            } else {
                out_ += source_[at_++];
            }
        }
        return out_;
    }

private:
    bool starts(std::string_view text) const { return source_.substr(at_, text.size()) == text; }
    /// A quote that does not separate digits (1'000).
    bool is_char_literal() const {
        return source_[at_] == '\'' &&
               (at_ == 0 || !std::isalnum(static_cast<unsigned char>(source_[at_ - 1])));
    }
    bool is_first_on_line() const {
        const auto end = out_.find_last_not_of(" \t");
        return end == std::string::npos || out_[end] == '\n';
    }
    void skip_one() {
        if (source_[at_] == '\n') out_ += '\n';
        ++at_;
    }
    void skip_to(std::string_view end, bool with_end) {
        auto stop = source_.find(end, at_ + 1);
        if (stop == std::string_view::npos) stop = source_.size();
        if (with_end) stop = std::min(stop + end.size(), source_.size());
        while (at_ < stop) skip_one();
    }
    void skip_literal(char quote) {
        ++at_;
        while (at_ < source_.size() && source_[at_] != quote) {
            if (source_[at_] == '\\') skip_one();
            if (at_ < source_.size()) skip_one();
        }
        ++at_;
        out_ += ' ';
    }
    void skip_directive() {
        while (at_ < source_.size() && source_[at_] != '\n') {
            if (starts("\\\n")) skip_one();
            skip_one();
        }
    }

    std::string_view source_;
    std::size_t at_ = 0;
    std::string out_;
};

}  // namespace

std::string without_comments_and_literals(std::string_view source) {
    return Stripper(source).run();
}

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    const auto flush = [&] {
        if (!word.empty()) words.push_back(std::exchange(word, {}));
    };
    bool was_lower = false;
    for (const char c : line) {
        const auto u = static_cast<unsigned char>(c);
        if (!std::isalpha(u) || (std::isupper(u) && was_lower)) flush();
        if (std::isalpha(u)) word += static_cast<char>(std::tolower(u));
        was_lower = std::islower(u) != 0;
    }
    flush();
    return words;
}

}  // namespace dunlin::tidy
