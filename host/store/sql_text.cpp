// SPDX-License-Identifier: Apache-2.0
#include "store/sql_text.hpp"

#include <boost/algorithm/string/case_conv.hpp>

#include <algorithm>
#include <cctype>

namespace dunlin::host {
namespace {

enum class Kind { word, quoted, text, parameter, symbol, semicolon, end };

struct Token {
    Kind kind = Kind::end;
    std::size_t begin = 0;
    std::string value;  // In lower case; quoted names without quotes.

    bool is_name() const { return kind == Kind::word || kind == Kind::quoted; }
    bool is(std::string_view word) const { return kind != Kind::quoted && value == word; }
};

[[noreturn]] void refuse(const std::string& why) {
    throw Error(DUNLIN_E_INVALID, "SQL: " + why);
}

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

/// Cuts SQL into tokens. Comments and spaces are skipped.
class Lexer {
public:
    explicit Lexer(std::string_view sql) : sql_(sql) {}

    Token next() {
        skip_space();
        const auto begin = at_;
        if (at_ >= sql_.size()) return {Kind::end, begin, ""};
        const char c = sql_[at_];
        if (std::isdigit(static_cast<unsigned char>(c))) {
            while (is_word(peek()) || peek() == '.') ++at_;
            return {Kind::text, begin, ""};
        }
        if (is_word(c)) return word();
        if (c == '\'' || c == '"') return quoted(c);
        if (std::string_view("`[$@\\\0", 6).find(c) != std::string_view::npos) {
            refuse(std::string("the character ") + (c ? c : '0') +
                   " is not part of the common SQL; use '…' for text, \"…\" for names and ? for "
                   "parameters");
        }
        ++at_;
        if (c == '?' && is_word(peek())) refuse("parameters are a bare ?");
        const auto kind = c == '?' ? Kind::parameter : c == ';' ? Kind::semicolon : Kind::symbol;
        return {kind, begin, std::string(1, c)};
    }
    std::size_t at() const { return at_; }

private:
    char peek() const { return at_ < sql_.size() ? sql_[at_] : '\0'; }
    void skip_space() {
        for (; at_ < sql_.size(); ++at_) {
            const auto two = sql_.substr(at_, 2);
            if (two == "--") {
                at_ = std::min(sql_.find('\n', at_), sql_.size() - 1);
            } else if (two == "/*") {
                const auto end = sql_.find("*/", at_ + 2);
                if (end == std::string_view::npos) refuse("a comment is not closed");
                // PostgreSQL nests comments and SQLite does not.
                if (sql_.substr(at_ + 2, end - at_ - 2).find("/*") != std::string_view::npos) {
                    refuse("a comment inside a comment");
                }
                at_ = end + 1;
            } else if (!std::isspace(static_cast<unsigned char>(sql_[at_]))) {
                return;
            }
        }
    }
    Token word() {
        const auto begin = at_;
        while (is_word(peek())) ++at_;
        const std::string value(sql_.substr(begin, at_ - begin));
        // E'…', X'…' and U&"…" read differently on the two databases.
        const auto two = sql_.substr(at_, 2);
        if (peek() == '\'' || two == "&\"" || two == "&'") {
            refuse("a prefix before a quote: " + value + "'…'; use a parameter");
        }
        return {Kind::word, begin, boost::to_lower_copy(value)};
    }
    Token quoted(char quote) {
        const auto begin = at_;
        std::string value;
        for (++at_; at_ < sql_.size(); value += sql_[at_++]) {
            if (sql_[at_] != quote) continue;
            if (++at_ >= sql_.size() || sql_[at_] != quote) {
                if (quote == '\'') return {Kind::text, begin, ""};
                return {Kind::quoted, begin, boost::to_lower_copy(value)};
            }
        }
        refuse("a quote is not closed");
    }
    std::string_view sql_;
    std::size_t at_ = 0;
};

/// Finds what the statement changes: tables, or the schema.
void find_changed(std::vector<Token> tokens, SqlText& out) {
    tokens.resize(tokens.size() + 4);  // Every token has some after it.
    const auto add = [&](std::vector<std::string>& to, std::size_t i) {
        while (tokens[i].is("only") || tokens[i].is("if") || tokens[i].is("not") ||
               tokens[i].is("exists")) {
            ++i;
        }
        if (tokens[i].is_name()) to.push_back(tokens[i].value);
        return i + 1;
    };
    const bool is_ddl = out.first == "create" || out.first == "alter" || out.first == "drop";
    for (std::size_t i = 0; tokens[i].kind != Kind::end; ++i) {
        const auto& token = tokens[i];
        const auto is_after = [&](const char* word) { return i > 0 && tokens[i - 1].is(word); };
        if (token.is("into")) {
            add(out.writes, i + 1);
        } else if (token.is("delete") && tokens[i + 1].is("from")) {
            add(out.writes, i + 2);
        } else if (token.is("update") && !tokens[i + 1].is("set") && !is_after("for") &&
                   !is_after("key")) {
            add(out.writes, i + 1);
        } else if (is_ddl && out.targets.empty() && i < 6 &&
                   (token.is("table") || token.is("view") || token.is("index") ||
                    token.is("trigger"))) {
            const auto next = add(out.targets, i + 1);
            // CREATE INDEX name ON table
            if (tokens[next].is("on")) add(out.targets, next + 1);
        }
    }
}

}  // namespace

SqlText scan_sql(std::string_view sql) {
    SqlText out;
    std::vector<Token> tokens;
    Lexer lexer(sql);
    std::size_t copied = 0;
    auto token = lexer.next();
    for (; token.kind != Kind::end && token.kind != Kind::semicolon; token = lexer.next()) {
        if (token.kind == Kind::parameter) {
            out.dollars += sql.substr(copied, token.begin - copied);
            out.dollars += "$" + std::to_string(++out.parameters);
            copied = token.begin + 1;
        }
        if (token.is_name()) out.names.push_back(token.value);
        if (out.first.empty() && !token.is("(")) out.first = token.value;
        tokens.push_back(std::move(token));
    }
    out.dollars += sql.substr(copied, token.begin - copied);
    if (token.kind == Kind::semicolon && lexer.next().kind != Kind::end) {
        refuse("one statement a call; split \"" + std::string(sql.substr(0, 60)) + "\"");
    }
    if (tokens.empty()) refuse("the statement is empty");
    find_changed(std::move(tokens), out);
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
