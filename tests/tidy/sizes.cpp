#include <algorithm>
#include <regex>

#include "rules.hpp"
#include "source.hpp"

namespace dunlin::tidy {

namespace {

constexpr const char* folders[] = {"sdk", "host", "plugins", "connectors", "tests"};

struct Function {
    int line = 0;
    int lines = 0;
    std::string head;
};

/// Functions of a source by counting braces. What opens a brace is everything since the last
/// statement or block: a type or namespace is looked into, anything with parentheses is a function.
std::vector<Function> functions_in(const std::string& source) {
    static const std::regex scope(R"(\b(namespace|class|struct|union|enum|extern)\b)");
    std::vector<Function> found;
    std::string head;
    int line = 1, depth = 0, function_depth = -1;
    Function open;
    for (const char c : source) {
        if (c == '\n') ++line;
        if (c == '{') {
            ++depth;
            const bool has_parameters = head.find(')') != std::string::npos;
            const bool is_scope = std::regex_search(head, scope) && !has_parameters;
            if (function_depth < 0 && has_parameters && !is_scope) {
                function_depth = depth;
                open = {line, 0, head};
            }
        } else if (c == '}') {
            if (depth == function_depth) {
                open.lines = line - open.line + 1;
                found.push_back(open);
                function_depth = -1;
            }
            --depth;
        }
        if (c == '{' || c == '}' || c == ';') {
            head.clear();
        } else if (function_depth < 0 && (c != '\n' || !head.empty())) {
            head += c == '\n' ? ' ' : c;
        }
    }
    return found;
}

}  // namespace

Findings file_sizes(const Path& root) {
    Findings found;
    for (const char* folder : folders) {
        auto files =
            files_in(root / folder, {".cpp", ".hpp", ".c", ".h", ".rs", ".py", ".sh", ".js"});
        for (const auto& file : files) {
            const auto lines = static_cast<int>(lines_of(file).size());
            if (lines <= file_lines_max) continue;
            found.push_back(finding(
                root, file, 0,
                std::to_string(lines) + " lines; split it at " + std::to_string(file_lines_max)));
        }
    }
    return found;
}

Findings function_sizes(const Path& root) {
    Findings found;
    for (const char* folder : folders) {
        for (const auto& file : sources_in(root / folder)) {
            for (const auto& f : functions_in(without_comments_and_literals(read(file)))) {
                if (f.lines <= function_lines_max) continue;
                found.push_back(finding(root, file, f.line,
                                        "a function of " + std::to_string(f.lines) +
                                            " lines; split it at " +
                                            std::to_string(function_lines_max)));
            }
        }
    }
    return found;
}

int host_lines(const Path& root) {
    static const std::regex no_code(R"(\s*(//.*)?)");
    std::ptrdiff_t lines = 0;
    for (const auto& file : sources_in(root / "host")) {
        const auto all = lines_of(file);
        lines += std::count_if(all.begin(), all.end(), [](const std::string& line) {
            return !std::regex_match(line, no_code);
        });
    }
    return static_cast<int>(lines);
}

}  // namespace dunlin::tidy
