// SPDX-License-Identifier: Apache-2.0
#include "xml.hpp"

#include <algorithm>
#include <string>

namespace dunlin::bank_statement {
namespace {

/// Refuses what is too deep or has a field too long. Walks without recursion.
class Walker : public pugi::xml_tree_walker {
public:
    Walker(const Limits& limits, const LineIndex& lines) : limits_(limits), lines_(lines) {}

    bool for_each(pugi::xml_node& node) override {
        const auto line = [&] { return lines_.line_at(Xml(node).offset()); };
        if (node.type() == pugi::node_doctype) {
            refuse_file(line(),
                        "the file has a DOCTYPE, which no bank's message needs; it is "
                        "refused because it could read other files");
        }
        if (depth() > static_cast<int>(limits_.depth)) {
            refuse_file(line(), "elements are nested deeper than " + std::to_string(limits_.depth) +
                                    "; no bank's message is");
        }
        if (std::string_view(node.value()).size() > limits_.text_bytes) {
            refuse_file(line(), "a text is longer than " + std::to_string(limits_.text_bytes) +
                                    " bytes; no bank's message has one");
        }
        return true;
    }

private:
    const Limits& limits_;
    const LineIndex& lines_;
};

}  // namespace

std::string_view Xml::name_space() const {
    const std::string_view full = node_.name();
    const auto colon = full.rfind(':');
    const auto wanted = colon == std::string_view::npos
                            ? std::string("xmlns")
                            : "xmlns:" + std::string(full.substr(0, colon));
    return node_.attribute(wanted.c_str()).value();
}

Xml Xml::child(std::string_view wanted) const {
    for (auto node = node_.first_child(); node; node = node.next_sibling()) {
        if (local(node.name()) == wanted) return Xml(node);
    }
    return {};
}

Xml Xml::at(std::string_view path) const {
    auto found = *this;
    while (!path.empty() && found) {
        const auto end = std::min(path.find('/'), path.size());
        found = found.child(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return found;
}

std::string Xml::text(std::string_view path) const {
    return at(path).text();
}

XmlFile::XmlFile(std::string text, const Limits& limits) : text_(std::move(text)), lines_(text_) {
    const auto tags = std::count(text_.begin(), text_.end(), '<');
    if (static_cast<std::size_t>(tags) > 2 * limits.elements) {
        refuse_file(0, "the file has more than " + std::to_string(limits.elements) +
                           " elements; ask the bank for it in parts");
    }
    const auto result = document_.load_buffer(
        text_.data(), text_.size(), pugi::parse_default | pugi::parse_doctype, pugi::encoding_utf8);
    if (!result) {
        refuse_file(lines_.line_at(static_cast<std::size_t>(result.offset)),
                    std::string("the file is not XML: ") + result.description() +
                        "; it may be cut off, ask the bank for it again");
    }
    Walker walker(limits, lines_);
    document_.traverse(walker);
}

std::string_view declared_encoding(std::string_view bytes) {
    const auto start = bytes.find("<?xml");
    if (start == std::string_view::npos || start > 64) return {};
    const auto head = bytes.substr(start, bytes.find("?>", start) - start);
    auto at = head.find("encoding");
    if (at == std::string_view::npos) return {};
    at = head.find_first_of("\"'", at);
    if (at == std::string_view::npos) return {};
    const auto end = head.find(head[at], at + 1);
    return end == std::string_view::npos ? std::string_view() : head.substr(at + 1, end - at - 1);
}

}  // namespace dunlin::bank_statement
