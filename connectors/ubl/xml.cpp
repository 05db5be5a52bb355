// SPDX-License-Identifier: Apache-2.0
#include "xml.hpp"

#include "encoding.hpp"
#include "markup.hpp"

#include <algorithm>
#include <array>

namespace dunlin::ubl {
namespace {

struct Namespace {
    std::string_view prefix;
    std::string_view uri;
};
constexpr std::array<Namespace, 9> namespaces{{
    {"cbc", "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"},
    {"cac", "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"},
    {"ram", "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"},
    {"udt", "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"},
    {"qdt", "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"},
    {"rsm", "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"},
    {"inv", "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"},
    {"cn", "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"},
    {"sbd", "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"},
}};

/// "cbc:ID" → "cbc", "ID".
std::pair<std::string_view, std::string_view> split(std::string_view name) {
    const auto colon = name.find(':');
    if (colon == std::string_view::npos) return {{}, name};
    return {name.substr(0, colon), name.substr(colon + 1)};
}

std::string_view uri_of(pugi::xml_node node) {
    const auto prefix = split(node.name()).first;
    for (auto scope = node; scope.type() == pugi::node_element; scope = scope.parent()) {
        for (const auto attribute : scope.attributes()) {
            const auto [space, name] = split(attribute.name());
            const bool declares = prefix.empty() ? space.empty() && name == "xmlns"
                                                 : space == "xmlns" && name == prefix;
            if (declares) return attribute.value();
        }
    }
    return {};
}

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

bool Element::is(std::string_view name) const {
    const auto [prefix, local] = split(name);
    if (split(node_.name()).second != local) return false;
    const auto uri = uri_of(node_);
    return std::any_of(namespaces.begin(), namespaces.end(), [&, wanted = prefix](const auto& n) {
        return n.prefix == wanted && n.uri == uri;
    });
}

void Element::collect(std::string_view path, std::vector<Element>& out, bool is_one_enough) const {
    const auto slash = path.find('/');
    const auto name = path.substr(0, slash);
    for (const auto node : node_.children()) {
        const Element child(xml_, node);
        if (node.type() != pugi::node_element || !child.is(name)) continue;
        if (slash == std::string_view::npos) {
            out.push_back(child);
        } else {
            child.collect(path.substr(slash + 1), out, is_one_enough);
        }
        if (is_one_enough && !out.empty()) return;
    }
}

Element Element::at(std::string_view path) const {
    std::vector<Element> found;
    collect(path, found, /*is_one_enough=*/true);
    return found.empty() ? Element() : found.front();
}

std::vector<Element> Element::all(std::string_view path) const {
    std::vector<Element> found;
    collect(path, found, /*is_one_enough=*/false);
    return found;
}

Element Element::first_child() const {
    for (const auto node : node_.children()) {
        if (node.type() == pugi::node_element) return {xml_, node};
    }
    return {};
}

std::string Element::text() const {
    std::string out;
    for (const auto part : node_.children()) {  // A comment or CDATA cuts a text in pieces.
        if (part.type() == pugi::node_pcdata || part.type() == pugi::node_cdata) {
            out += part.value();
        }
    }
    std::size_t size = 0;
    for (const char c : out) {
        if (!is_blank(c)) {
            out[size++] = c;
        } else if (size > 0 && out[size - 1] != ' ') {
            out[size++] = ' ';
        }
    }
    out.resize(size > 0 && out[size - 1] == ' ' ? size - 1 : size);
    return out;
}

std::string Element::namespace_uri() const {
    return std::string(uri_of(node_));
}

int64_t Element::line() const {
    return node_.empty() ? 0 : xml_->line_at(node_.offset_debug());
}

Xml::Xml(std::string_view bytes, const Limits& limits) {
    if (bytes.size() > limits.bytes) {
        throw Refused("too_large", "the document has " + std::to_string(bytes.size()) +
                                       " bytes, more than the limit of " +
                                       std::to_string(limits.bytes) + "; raise max_file_bytes");
    }
    text_ = to_utf8(bytes);
    check_markup(text_, limits);
    for (auto at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
        line_ends_.push_back(static_cast<std::ptrdiff_t>(at));
    }
    const auto result = tree_.load_buffer_inplace(text_.data(), text_.size(), pugi::parse_default,
                                                  pugi::encoding_utf8);
    if (!result) {
        throw Refused("xml",
                      std::string("the document is no XML (") + result.description() +
                          "); have it sent again",
                      line_at(result.offset));
    }
}

int64_t Xml::line_at(std::ptrdiff_t offset) const {
    const auto end = std::lower_bound(line_ends_.begin(), line_ends_.end(), offset);
    return 1 + (end - line_ends_.begin());
}

}  // namespace dunlin::ubl
