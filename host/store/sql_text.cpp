// SPDX-License-Identifier: Apache-2.0
#include "store/sql_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace dunlin::host {
namespace {

enum class Kind { word, quoted, text, parameter, symbol, semicolon, end };

struct Token {
    Kind kind = Kind::end;
    std::string_view raw;
    std::string value;  // Words in lower case, quoted names without quotes.
};

[[noreturn]] void refuse(const std::string& why) {
    throw Error(DUNLIN_E_INVALID, "SQL: " + why);
}

bool is_word_start(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
}
bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

std::string lower(std::string text) {
    for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

/// Cuts SQL into tokens. Comments and spaces are skipped.
class Lexer {
public:
    explicit Lexer(std::string_view sql) : sql_(sql) {}

    Token next() {
        skip_space();
        if (at_ >= sql_.size()) return {};
        const auto begin = at_;
        const char c = sql_[at_];
        if (is_word_start(c)) return word();
        if (std::isdigit(static_cast<unsigned char>(c))) {
            while (at_ < sql_.size() && (is_word(sql_[at_]) || sql_[at_] == '.')) ++at_;
            return {Kind::text, sql_.substr(begin, at_ - begin), {}};
        }
        if (c == '\'') return quoted(Kind::text);
        if (c == '"') return quoted(Kind::quoted);
        if (c == '`' || c == '[' || c == '$' || c == '@' || c == '\\' || c == '\0') {
            refuse(std::string("the character ") + (c ? c : '0') +
                   " is not part of the common SQL; use '…' for text, \"…\" for names and ? for "
                   "parameters");
        }
        ++at_;
        if (c == '?') {
            if (at_ < sql_.size() && is_word(sql_[at_])) refuse("parameters are a bare ?");
            return {Kind::parameter, sql_.substr(begin, 1), "?"};
        }
        if (c == ';') return {Kind::semicolon, sql_.substr(begin, 1), ";"};
        return {Kind::symbol, sql_.substr(begin, 1), std::string(1, c)};
    }
    std::size_t at() const { return at_; }

private:
    void skip_space() {
        while (at_ < sql_.size()) {
            if (std::isspace(static_cast<unsigned char>(sql_[at_]))) {
                ++at_;
            } else if (sql_.substr(at_, 2) == "--") {
                at_ = std::min(sql_.find('\n', at_), sql_.size());
            } else if (sql_.substr(at_, 2) == "/*") {
                const auto end = sql_.find("*/", at_ + 2);
                if (end == std::string_view::npos) refuse("a comment is not closed");
                // PostgreSQL nests comments and SQLite does not.
                if (sql_.substr(at_ + 2, end - at_ - 2).find("/*") != std::string_view::npos) {
                    refuse("a comment inside a comment");
                }
                at_ = end + 2;
            } else {
                return;
            }
        }
    }
    Token word() {
        const auto begin = at_;
        while (at_ < sql_.size() && is_word(sql_[at_])) ++at_;
        const auto raw = sql_.substr(begin, at_ - begin);
        // E'…', X'…' and U&"…" read differently on the two databases.
        if (at_ < sql_.size() &&
            (sql_[at_] == '\'' || sql_.substr(at_, 2) == "&\"" || sql_.substr(at_, 2) == "&'")) {
            refuse("a prefix before a quote: " + std::string(raw) + "'…'; use a parameter");
        }
        return {Kind::word, raw, lower(std::string(raw))};
    }
    Token quoted(Kind kind) {
        const auto begin = at_;
        const char quote = sql_[at_++];
        std::string value;
        for (;; ++at_) {
            if (at_ >= sql_.size()) refuse("a quote is not closed");
            if (sql_[at_] != quote) {
                value += sql_[at_];
            } else if (at_ + 1 < sql_.size() && sql_[at_ + 1] == quote) {
                value += sql_[at_++];
            } else {
                break;
            }
        }
        ++at_;
        return {kind, sql_.substr(begin, at_ - begin), std::move(value)};
    }
    std::string_view sql_;
    std::size_t at_ = 0;
};

template <std::size_t N>
bool is_one_of(const std::string& word, const std::array<std::string_view, N>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Finds the names that stand where a table stands, and those WITH defines.
class TableFinder {
public:
    TableFinder(const std::vector<Token>& tokens, SqlText& out) : tokens_(tokens), out_(out) {}

    void run() {
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            const auto& token = tokens_[i];
            if (token.kind == Kind::symbol) {
                symbol(token.value[0], i);
            } else if (token.kind == Kind::word) {
                word(token.value, i);
            }
        }
        for (const auto& name : found_) {
            if (std::find(out_.defined.begin(), out_.defined.end(), name) == out_.defined.end()) {
                out_.tables.push_back(name);
            }
        }
        find_targets();
    }

private:
    const Token& peek(std::size_t i) const {
        static const Token none;
        return i < tokens_.size() ? tokens_[i] : none;
    }
    bool is_name(std::size_t i) const {
        return peek(i).kind == Kind::word || peek(i).kind == Kind::quoted;
    }
    void symbol(char c, std::size_t i) {
        if (c == '(') {
            in_from_.push_back(false);
        } else if (c == ')') {
            if (in_from_.size() > 1) in_from_.pop_back();
            // `WITH a AS (…), b AS (…)`
            if (peek(i + 1).value == "," && is_name(i + 2) && is_definition(i + 2)) {
                out_.defined.push_back(peek(i + 2).value);
            }
        } else if (c == ',' && in_from_.back()) {
            take(i + 1);
        }
    }
    bool is_definition(std::size_t i) const {
        auto next = i + 1;
        if (peek(next).value == "(") {
            while (next < tokens_.size() && peek(next).value != ")") ++next;
            ++next;
        }
        return peek(next).value == "as" &&
               (peek(next + 1).value == "(" || peek(next + 1).value == "materialized" ||
                peek(next + 1).value == "not");
    }
    void word(const std::string& value, std::size_t i) {
        static constexpr std::array<std::string_view, 12> ends = {
            "where",  "group",     "order",     "having", "limit",  "union",
            "except", "intersect", "returning", "set",    "window", "select"};
        if (value == "with" || value == "recursive") {
            const auto at = peek(i + 1).value == "recursive" ? i + 2 : i + 1;
            if (is_name(at) && is_definition(at)) out_.defined.push_back(peek(at).value);
        } else if (value == "from") {
            if (i > 1 && tokens_[i - 1].value == "distinct" && tokens_[i - 2].value != "select" &&
                (tokens_[i - 2].value == "is" || tokens_[i - 2].value == "not")) {
                return;  // IS [NOT] DISTINCT FROM
            }
            in_from_.back() = true;
            take(i + 1, /*is_written=*/i > 0 && tokens_[i - 1].value == "delete");
        } else if (value == "into") {
            take(i + 1, /*is_written=*/true);
        } else if (value == "join" || value == "table" || value == "references" ||
                   (value == "using" && in_from_.back())) {
            take(i + 1);
        } else if (value == "update") {
            const bool is_clause =
                i > 0 && (tokens_[i - 1].value == "for" || peek(i + 1).value == "set");
            if (!is_clause) take(i + 1, /*is_written=*/true);
        } else if (is_one_of(value, ends)) {
            in_from_.back() = false;
        }
    }
    void take(std::size_t i, bool is_written = false) {
        static constexpr std::array<std::string_view, 5> skipped = {"only", "lateral", "if", "not",
                                                                    "exists"};
        while (peek(i).kind == Kind::word && is_one_of(peek(i).value, skipped)) ++i;
        if (peek(i).value == "(") return open_paren(i);
        if (!is_name(i) || peek(i).value == "select" || peek(i).value == "values") return;
        auto name = peek(i).value;
        if (peek(i + 1).value == ".") name += "." + peek(i + 2).value;
        if (is_written) out_.writes.push_back(name);
        found_.push_back(std::move(name));
    }
    /// `FROM (a JOIN b …)`: the first name inside the parentheses is a table as well.
    void open_paren(std::size_t i) {
        while (peek(i).value == "(") ++i;
        if (is_name(i) && peek(i).value != "select" && peek(i).value != "values" &&
            peek(i).value != "with" && tokens_[i - 1].value == "(" && !is_column_list(i)) {
            take(i);
        }
    }
    /// `JOIN b USING (x)`, `INSERT INTO t (x)`: names in those parentheses are columns.
    bool is_column_list(std::size_t i) const {
        std::size_t open = i;
        while (open > 0 && tokens_[open - 1].value == "(") --open;
        return open > 0 && tokens_[open - 1].value == "using";
    }
    void find_targets() {
        if (out_.first != "create" && out_.first != "alter" && out_.first != "drop") return;
        static constexpr std::array<std::string_view, 4> kinds = {"table", "view", "index",
                                                                  "trigger"};
        for (std::size_t i = 1; i < tokens_.size() && i < 6; ++i) {
            if (!is_one_of(tokens_[i].value, kinds)) continue;
            auto at = i + 1;
            while (peek(at).value == "if" || peek(at).value == "not" ||
                   peek(at).value == "exists") {
                ++at;
            }
            if (is_name(at)) out_.targets.push_back(peek(at).value);
            // CREATE INDEX name ON table
            if (peek(at + 1).value == "on" && is_name(at + 2)) {
                out_.targets.push_back(peek(at + 2).value);
            }
            return;
        }
    }
    const std::vector<Token>& tokens_;
    SqlText& out_;
    std::vector<bool> in_from_{false};
    std::vector<std::string> found_;
};

}  // namespace

SqlText scan_sql(std::string_view sql) {
    SqlText out;
    std::vector<Token> tokens;
    Lexer lexer(sql);
    std::size_t copied = 0;
    std::size_t end = sql.size();
    bool is_over = false;
    for (auto token = lexer.next(); token.kind != Kind::end; token = lexer.next()) {
        if (is_over)
            refuse("one statement a call; split \"" + std::string(sql.substr(0, 60)) + "\"");
        if (token.kind == Kind::semicolon) {
            is_over = true;
            end = lexer.at() - 1;
            continue;
        }
        if (token.kind == Kind::parameter) {
            const auto begin = static_cast<std::size_t>(token.raw.data() - sql.data());
            out.dollars += sql.substr(copied, begin - copied);
            out.dollars += "$" + std::to_string(++out.parameters);
            copied = begin + 1;
        }
        if (token.kind == Kind::word || token.kind == Kind::quoted)
            out.names.push_back(lower(token.value));
        tokens.push_back(std::move(token));
    }
    out.dollars += sql.substr(copied, end - copied);
    for (const auto& token : tokens) {
        if (token.value == "(") continue;
        out.first = token.value;
        break;
    }
    if (tokens.empty()) refuse("the statement is empty");
    TableFinder(tokens, out).run();
    return out;
}

std::vector<std::string> split_script(std::string_view script) {
    std::vector<std::string> out;
    Lexer lexer(script);
    std::size_t begin = 0;
    bool has_token = false;
    for (auto token = lexer.next();; token = lexer.next()) {
        if (token.kind == Kind::semicolon || token.kind == Kind::end) {
            if (has_token) out.emplace_back(script.substr(begin, lexer.at() - begin));
            if (token.kind == Kind::end) return out;
            begin = lexer.at();
            has_token = false;
        } else {
            has_token = true;
        }
    }
}

}  // namespace dunlin::host
