// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "text.hpp"

#include <pugixml.hpp>

#include <string>
#include <string_view>

namespace dunlin::bank_statement {

/// An element by its local name: banks differ in prefixes, never in names.
class Xml {
public:
    Xml() = default;
    explicit Xml(pugi::xml_node node) : node_(node) {}

    explicit operator bool() const { return !node_.empty(); }
    std::string_view name() const { return local(node_.name()); }
    std::string_view name_space() const;
    Xml child(std::string_view name) const;
    /// "RltdPties/Dbtr/Nm": the first of each.
    Xml at(std::string_view path) const;
    /// The text at a path as one line, empty when there is none.
    std::string text(std::string_view path) const;
    std::string text() const { return one_line(node_.child_value()); }
    std::string attribute(const char* name) const {
        return one_line(node_.attribute(name).value());
    }
    std::size_t offset() const {
        return static_cast<std::size_t>(std::max<std::ptrdiff_t>(node_.offset_debug(), 0));
    }

    /// Calls visit(Xml) for each child of that name.
    template <class Visit>
    void each(std::string_view child_name, Visit&& visit) const {
        for (auto node = node_.first_child(); node; node = node.next_sibling()) {
            if (local(node.name()) == child_name) visit(Xml(node));
        }
    }
    /// Calls visit(Xml) for each child element.
    template <class Visit>
    void each(Visit&& visit) const {
        for (auto node = node_.first_child(); node; node = node.next_sibling()) {
            if (node.type() == pugi::node_element) visit(Xml(node));
        }
    }

private:
    static std::string_view local(std::string_view name) {
        const auto colon = name.rfind(':');
        return colon == std::string_view::npos ? name : name.substr(colon + 1);
    }
    pugi::xml_node node_;
};

/// A parsed file. Refuses a DOCTYPE, so that there is no entity beyond XML's own five.
class XmlFile {
public:
    /// `text` is UTF-8. Throws DUNLIN_E_DATA with a line.
    XmlFile(std::string text, const Limits& limits);

    Xml root() const { return Xml(document_.document_element()); }
    int64_t line_of(Xml element) const { return lines_.line_at(element.offset()); }

private:
    std::string text_;
    LineIndex lines_;
    pugi::xml_document document_;
};

/// What the XML declaration says about the encoding; empty when it says nothing.
std::string_view declared_encoding(std::string_view bytes);

}  // namespace dunlin::bank_statement
