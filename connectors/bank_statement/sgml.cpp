// SPDX-License-Identifier: Apache-2.0
#include "sgml.hpp"

#include "text.hpp"

#include <algorithm>

namespace dunlin::bank_statement {
namespace {

/// "&amp;" and its kin; anything else stays as it is, because version 1 lets an & stand alone.
std::string decoded(std::string_view text) {
    static constexpr std::pair<std::string_view, char> entities[] = {
        {"&amp;", '&'},  {"&lt;", '<'},    {"&gt;", '>'},
        {"&quot;", '"'}, {"&apos;", '\''}, {"&nbsp;", ' '}};
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto* const known =
            std::find_if(std::begin(entities), std::end(entities), [&](const auto& entity) {
                return text.substr(at, entity.first.size()) == entity.first;
            });
        const bool is_known = known != std::end(entities);
        out += is_known ? known->second : text[at];
        at += is_known ? known->first.size() : 1;
    }
    return out;
}

class Parser {
public:
    Parser(std::string_view text, const Limits& limits)
        : text_(text), limits_(limits), lines_(text) {}

    OfxNode parse() {
        open_.push_back({"", "", 1, {}});
        at_ = std::min(text_.find("<OFX>"), text_.size());
        while (at_ < text_.size()) {
            const auto begin = text_.find('<', at_);
            if (begin == std::string_view::npos) break;
            at_ = begin;
            take_tag();
            if (open_.size() == 1 && !open_[0].children.empty()) {
                return std::move(open_[0].children.front());
            }
        }
        refuse_file(line(), open_.size() > 1
                                ? "the file ends inside <" + std::string(open_.back().name) +
                                      ">; it is cut off, ask the bank for it again"
                                : std::string("there is no <OFX> in the file"));
    }

private:
    int64_t line() const { return lines_.line_at(at_); }
    bool begins(std::string_view word) const { return text_.substr(at_, word.size()) == word; }

    void skip_past(std::string_view end) {
        const auto found = text_.find(end, at_);
        at_ = found == std::string_view::npos ? text_.size() : found + end.size();
    }

    void take_tag() {
        if (begins("<!DOCTYPE")) {
            refuse_file(line(), "the file has a DOCTYPE, which no bank's message needs");
        }
        if (begins("<!--")) return skip_past("-->");
        if (begins("<?")) return skip_past("?>");
        const auto end = text_.find('>', at_);
        if (end == std::string_view::npos) {
            refuse_file(line(),
                        "a tag is not closed; the file is cut off, ask the bank for it again");
        }
        auto name = text_.substr(at_ + 1, end - at_ - 1);
        const bool is_end = !name.empty() && name.front() == '/';
        if (is_end) name.remove_prefix(1);
        name = trimmed(name.substr(0, name.find_first_of(" \t\r\n/")));
        if (name.empty()) refuse_file(line(), "a tag has no name; the file is damaged");
        const auto tag_line = line();
        at_ = end + 1;
        if (is_end) {
            close(name, tag_line);
        } else {
            if (++elements_ > limits_.elements) {
                refuse_file(tag_line, "the file has more than " + std::to_string(limits_.elements) +
                                          " elements; ask the bank for it in parts");
            }
            open(name, tag_line);
        }
    }

    void open(std::string_view name, int64_t tag_line) {
        auto value = take_text();
        const auto closing = "</" + std::string(name) + ">";
        const bool is_closed = begins(closing);
        if (!value.empty() || is_closed) {
            if (is_closed) at_ += closing.size();
            open_.back().children.push_back({name, std::move(value), tag_line, {}});
            return;
        }
        if (open_.size() > limits_.depth) {
            refuse_file(tag_line, "elements are nested deeper than " +
                                      std::to_string(limits_.depth) + "; no bank's message is");
        }
        open_.push_back({name, "", tag_line, {}});
    }

    /// Text and CDATA up to the next tag.
    std::string take_text() {
        static constexpr std::string_view cdata = "<![CDATA[";
        std::string out;
        for (;;) {
            const auto end = std::min(text_.find('<', at_), text_.size());
            out += decoded(text_.substr(at_, end - at_));
            at_ = end;
            if (!begins(cdata)) break;
            const auto from = at_ + cdata.size();
            skip_past("]]>");
            const auto behind = begins_before("]]>") ? at_ - 3 : at_;
            out += text_.substr(from, std::max(behind, from) - from);
        }
        if (out.size() > limits_.text_bytes) {
            refuse_file(line(), "a text is longer than " + std::to_string(limits_.text_bytes) +
                                    " bytes; no bank's message has one");
        }
        return one_line(out);
    }
    bool begins_before(std::string_view end) const {
        return at_ >= end.size() && text_.substr(at_ - end.size(), end.size()) == end;
    }

    /// Ends an aggregate. What was opened inside it and never closed were empty values; what they
    /// seemed to hold belongs to the aggregate.
    void close(std::string_view name, int64_t tag_line) {
        std::size_t at = open_.size() - 1;
        while (at > 0 && open_[at].name != name) --at;
        if (at == 0) {
            refuse_file(tag_line, "</" + std::string(name.substr(0, 40)) +
                                      "> closes nothing; the file is damaged, ask the bank for it "
                                      "again");
        }
        while (open_.size() > at + 1) {
            auto inner = std::move(open_.back());
            open_.pop_back();
            auto children = std::move(inner.children);
            inner.children.clear();
            auto& into = open_.back().children;
            into.push_back(std::move(inner));
            std::move(children.begin(), children.end(), std::back_inserter(into));
        }
        auto done = std::move(open_.back());
        open_.pop_back();
        open_.back().children.push_back(std::move(done));
    }

    std::string_view text_;
    const Limits& limits_;
    LineIndex lines_;
    std::vector<OfxNode> open_;
    std::size_t at_ = 0;
    std::size_t elements_ = 0;
};

}  // namespace

const OfxNode* OfxNode::child(std::string_view wanted) const {
    const auto it = std::find_if(children.begin(), children.end(),
                                 [&](const OfxNode& node) { return node.name == wanted; });
    return it == children.end() ? nullptr : &*it;
}

std::string_view OfxNode::value(std::string_view wanted) const {
    const auto* const found = child(wanted);
    return found ? std::string_view(found->text) : std::string_view();
}

OfxNode parse_ofx_tree(std::string_view text, const Limits& limits) {
    return Parser(text, limits).parse();
}

}  // namespace dunlin::bank_statement
