// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/json.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dunlin::host {

/// Everything that is wrong with one file, in the order of its lines.
class Mistakes {
public:
    explicit Mistakes(std::string file) : file_(std::move(file)) {}
    void add(int line, const std::string& what) { all_.emplace(line, what); }
    /// Error invalid with one line each.
    void throw_if_any() const;

private:
    std::string file_;
    std::multimap<int, std::string> all_;
};

/// A TOML file as JSON, and the line of every dotted key. Keeps the TOML library in one file.
class Document {
public:
    /// Syntax errors go to `mistakes`; the document is then what can be read without those lines.
    static std::unique_ptr<Document> parse(std::string text, Mistakes& mistakes);
    const Json& json() const { return json_; }
    const std::map<std::string, int>& lines() const { return lines_; }

private:
    Json json_ = Json::object();
    std::map<std::string, int> lines_;
};

/// One table of the file. A key that is missing keeps the default; a wrong one is noted, and
/// reading goes on, so that one look shows every mistake.
class Reader {
public:
    Reader(const Document& document, Mistakes& mistakes)
        : document_(document), mistakes_(mistakes), table_(document.json()) {}

    /// Notes every key that is not one of these, with the one that was probably meant.
    void only(const std::vector<std::string>& known);
    void unknown(const std::string& key, const std::vector<std::string>& known);
    void mistake(const std::string& key, const std::string& what);

    std::vector<std::string> keys() const;
    bool has(const std::string& key) const { return table_.contains(key); }
    bool is_table(const std::string& key) const { return has(key) && table_[key].is_object(); }
    const Json& json(const std::string& key) const { return table_[key]; }
    /// Nothing when the key is missing or is no table; the latter is a mistake.
    std::optional<Reader> section(const std::string& key);

    bool text(const std::string& key, std::string& out);
    void texts(const std::string& key, std::vector<std::string>& out);
    void one_of(const std::string& key, std::string& out, const std::vector<std::string>& choices);
    void boolean(const std::string& key, bool& out);
    template <class Int>
    void integer(const std::string& key, Int& out, int64_t min, int64_t max) {
        int64_t value = out;
        if (integer_in(key, value, min, max)) out = static_cast<Int>(value);
    }
    /// "15m": a number and s, m, h or d.
    void duration(const std::string& key, int64_t& out_us, int64_t min_us, int64_t max_us);
    /// "2024-05-31T10:00:00Z"
    void instant(const std::string& key, std::optional<int64_t>& out_us);

private:
    Reader(const Reader& outer, const std::string& key)
        : document_(outer.document_),
          mistakes_(outer.mistakes_),
          table_(outer.table_[key]),
          path_(outer.path_.empty() ? key : outer.path_ + "." + key) {}
    bool integer_in(const std::string& key, int64_t& out, int64_t min, int64_t max);
    int line_of(const std::string& key) const;

    const Document& document_;
    Mistakes& mistakes_;
    const Json& table_;
    std::string path_;
};

}  // namespace dunlin::host
