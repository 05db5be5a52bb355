// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "refused.hpp"

#include <pugixml.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::ubl {

class Xml;

/// An element of a document, or none. Names are given with the prefixes of the standards, "cbc:ID",
/// and found by the namespace they stand for, whatever prefix the document uses. An element that is
/// not there has no children, no text and no line.
class Element {
public:
    Element() = default;
    Element(const Xml* xml, pugi::xml_node node) : xml_(xml), node_(node) {}

    explicit operator bool() const { return !node_.empty(); }
    bool is(std::string_view name) const;
    /// The first element at a path of names: "cac:Party/cbc:Name".
    Element at(std::string_view path) const;
    /// All elements at a path.
    std::vector<Element> all(std::string_view path) const;
    Element first_child() const;

    /// Its text, blanks at the ends dropped and others made one space.
    std::string text() const;
    std::string text(std::string_view path) const { return at(path).text(); }
    std::string attribute(const char* name) const { return node_.attribute(name).value(); }
    /// Its name as the document writes it.
    std::string name() const { return node_.name(); }
    std::string namespace_uri() const;
    /// 0 for none.
    int64_t line() const;

private:
    void collect(std::string_view path, std::vector<Element>& out, bool is_one_enough) const;

    const Xml* xml_ = nullptr;
    pugi::xml_node node_;
};

/// An XML document as a tree.
class Xml {
public:
    /// Refuses what is no XML, has a DOCTYPE or is beyond the limits.
    Xml(std::string_view bytes, const Limits& limits);
    Xml(const Xml&) = delete;  // Its elements point at it.
    Xml& operator=(const Xml&) = delete;

    Element root() const { return {this, tree_.document_element()}; }
    int64_t line_at(std::ptrdiff_t offset) const;

private:
    std::string text_;
    std::vector<std::ptrdiff_t> line_ends_;
    pugi::xml_document tree_;
};

}  // namespace dunlin::ubl
