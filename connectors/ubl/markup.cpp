// SPDX-License-Identifier: Apache-2.0
#include "markup.hpp"

#include <algorithm>

namespace dunlin::ubl {
namespace {

constexpr auto none = std::string_view::npos;
// Looking up a prefix passes over them.
constexpr int attributes_max = 64;
constexpr std::size_t tag_bytes_max = 65536;

class Scanner {
public:
    Scanner(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {}

    void run() {
        while (at_ < text_.size()) {
            if (text_[at_] == '<') {
                scan_markup();
            } else {
                scan_text(std::min(text_.find('<', at_), text_.size()));
            }
        }
        if (depth_ > 0) {
            fail("xml",
                 "the document ends before its last element does; it was cut off, have it "
                 "sent again");
        }
        if (elements_ == 0) fail("xml", "the file holds no XML document");
    }

private:
    [[noreturn]] void fail(const char* code, const std::string& reason) const {
        const auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, text_.size()));
        throw Refused(code, reason, 1 + std::count(text_.begin(), end, '\n'));
    }
    bool begins(std::string_view word) const { return text_.substr(at_, word.size()) == word; }

    /// Goes behind the next `end`.
    void skip_behind(std::string_view end, std::size_t from) {
        const auto found = text_.find(end, from);
        if (found == none) {
            fail("xml", "the document ends inside its markup; it was cut off, have it sent again");
        }
        at_ = found + end.size();
    }

    void scan_markup() {
        if (begins("<!--")) {
            skip_behind("-->", at_ + 4);
        } else if (begins("<![CDATA[")) {
            if (depth_ == 0) fail("xml", "text stands outside the document's root element");
            skip_behind("]]>", at_ + 9);
        } else if (begins("<?")) {
            skip_behind("?>", at_ + 2);
        } else if (begins("<!")) {
            fail("doctype",
                 "the document has a DOCTYPE, which may name entities and other files; "
                 "have it sent without one, as EN 16931 documents are");
        } else if (begins("</")) {
            if (depth_ == 0) fail("xml", "an element is closed that was never opened");
            --depth_;
            skip_behind(">", at_ + 2);
        } else {
            scan_tag();
        }
    }

    void scan_tag() {
        if (depth_ == 0 && elements_ > 0) fail("xml", "the document has a second root element");
        if (++elements_ > limits_.elements) {
            fail("too_large", "the document has more than " + std::to_string(limits_.elements) +
                                  " elements; have it sent in parts");
        }
        if (++depth_ > limits_.depth) {
            fail("too_deep", "the document's elements stand more than " +
                                 std::to_string(limits_.depth) +
                                 " deep in each other; no invoice is made so");
        }
        auto at = at_ + 1;
        for (int attributes = 0;; ++attributes) {
            at = text_.find_first_of("<>\"'", at);
            if (at == none || text_[at] == '<') {
                fail("xml", "a tag is not closed; the document was cut off or is not XML");
            }
            if (text_[at] == '>') break;
            if (attributes == attributes_max) {
                fail("too_large", "an element has more than 64 attributes; no invoice is made so");
            }
            const auto close = text_.find(text_[at], at + 1);
            if (close == none) fail("xml", "the quotes of an attribute are not closed");
            const auto value = text_.substr(at + 1, close - at - 1);
            if (value.find('<') != none) fail("xml", "an attribute holds a \"<\"");
            check_references(value);
            at = close + 1;
        }
        if (at - at_ > tag_bytes_max) fail("too_large", "a tag is longer than 65,536 bytes");
        if (text_[at - 1] == '/') --depth_;
        at_ = at + 1;
    }

    void scan_text(std::size_t end) {
        const auto text = text_.substr(at_, end - at_);
        if (depth_ == 0 && text.find_first_not_of(" \t\r\n") != none) {
            fail("xml", "text stands outside the document's root element");
        }
        check_references(text);
        at_ = end;
    }

    void check_references(std::string_view text) const {
        for (auto at = text.find('&'); at != none; at = text.find('&', at + 1)) {
            const auto rest = text.substr(at + 1);
            const auto name = rest.substr(0, std::min(rest.find(';'), rest.size()));
            if (name.size() < rest.size() && is_reference(name)) continue;
            fail("xml", in_quotes(text.substr(at, std::min(name.size(), std::size_t{30}) + 2)) +
                            " is an entity that XML does not have; an ampersand is written &amp;");
        }
    }
    static bool is_reference(std::string_view name) {
        for (const auto* known : {"amp", "lt", "gt", "quot", "apos"}) {
            if (name == known) return true;
        }
        if (name.size() < 2 || name.size() > 9 || name.front() != '#') return false;
        const bool is_hex = name[1] == 'x';
        name.remove_prefix(is_hex ? 2 : 1);
        uint32_t code = 0;
        for (const char c : name) {
            const bool is_digit = c >= '0' && c <= '9';
            const auto lower = static_cast<char>(c | 0x20);
            if (!is_digit && !(is_hex && lower >= 'a' && lower <= 'f')) return false;
            const auto digit = static_cast<uint32_t>(is_digit ? c - '0' : lower - 'a' + 10);
            code = code * (is_hex ? 16 : 10) + digit;
        }
        const bool is_control = code < 0x20 && code != '\t' && code != '\n' && code != '\r';
        const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
        return !name.empty() && !is_control && !is_surrogate && code <= 0x10FFFF &&
               code != 0xFFFE && code != 0xFFFF;
    }

    std::string_view text_;
    const Limits& limits_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::size_t elements_ = 0;
};

}  // namespace

void check_markup(std::string_view text, const Limits& limits) {
    Scanner(text, limits).run();
}

}  // namespace dunlin::ubl
