// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <dunlin/error.hpp>

#include <boost/algorithm/string.hpp>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <vector>

namespace dunlin::host {

namespace {

bool is_money(const Ordered& value) {
    return value.is_object() && value.size() == 2 && value.contains("amount") &&
           value.contains("currency") && value["amount"].is_string();
}

/// Amounts of a row that has its currency in a column of its own come as text.
bool is_decimal(const Ordered& value) {
    if (value.is_number()) return true;
    if (!value.is_string()) return false;
    const auto& text = value.get_ref<const std::string&>();
    return !text.empty() && text.find_first_not_of("-.0123456789") == std::string::npos &&
           std::count(text.begin(), text.end(), '.') < 2 && text.rfind('-') + 1 < 2;
}

bool is_rows(const Ordered& value) {
    return value.is_array() && !value.empty() &&
           std::all_of(value.begin(), value.end(),
                       [](const Ordered& one) { return one.is_object() && !is_money(one); });
}

std::string cell(const Ordered& value) {
    if (value.is_null()) return {};
    if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
    if (is_money(value)) return cell(value["amount"]) + " " + cell(value["currency"]);
    std::string out;
    if (value.is_string()) {
        out = value.get<std::string>();
        // Control characters of stored text must not reach a terminal as commands.
        const auto is_control = [](unsigned char c) { return std::iscntrl(c) != 0; };
        std::replace_if(out.begin(), out.end(), is_control, ' ');
    } else if (value.is_structured()) {
        for (const auto& [key, one] : value.items()) {
            out += (out.empty() ? "" : ", ") + (value.is_object() ? key + " " : "") + cell(one);
        }
    } else if (value.is_number_float()) {
        char text[32];
        std::snprintf(text, sizeof text, "%.2f", value.get<double>());
        out = text;
    } else {
        out = value.dump();
    }
    return out;
}

std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

/// A list such as [{"bucket": "1-30", "amount": "5.00"}, …]: columns of their own, in its order.
bool is_named_amounts(const Ordered& value) {
    return value.is_array() && !value.empty() &&
           std::all_of(value.begin(), value.end(), [](const Ordered& one) {
               return one.is_object() && one.size() == 2 && one.contains("amount") &&
                      !one.contains("currency");
           });
}

/// The row with its lists of named amounts spread into columns.
Ordered spread(const Ordered& row) {
    if (!row.is_object()) return row;
    auto out = Ordered::object();
    for (const auto& [key, value] : row.items()) {
        if (!is_named_amounts(value)) {
            out[key] = value;
            continue;
        }
        for (const auto& named : value) {
            for (const auto& [member, name] : named.items()) {
                if (member != "amount") out[cell(name)] = named["amount"];
            }
        }
    }
    return out;
}

struct Column {
    std::string name;
    std::size_t width = 0;
    bool is_right = true;   // Until something that is no number or amount is seen.
    bool is_below = false;  // Lists of objects stand below their row.
};

std::vector<Column> columns_of(const Ordered& rows) {
    std::vector<Column> out;
    for (const auto& row : rows) {
        for (const auto& [key, value] : row.items()) {
            auto found = std::find_if(out.begin(), out.end(),
                                      [&name = key](const Column& c) { return c.name == name; });
            if (found == out.end()) {
                out.push_back({key, width(key)});
                found = out.end() - 1;
            }
            if (is_rows(value)) found->is_below = true;
            found->width = std::max(found->width, width(cell(value)));
            if (!value.is_null() && !is_decimal(value) && !is_money(value)) found->is_right = false;
        }
    }
    return out;
}

void table(std::ostream& out, const Ordered& given, const std::string& indent) {
    auto rows = Ordered::array();
    for (const auto& row : given) rows.push_back(spread(row));
    const auto columns = columns_of(rows);
    const auto line = [&](const auto& text_of) {
        auto all = indent;
        for (const auto& column : columns) {
            if (column.is_below) continue;
            const auto text = text_of(column.name);
            const std::string space(column.width - width(text), ' ');
            all += "  " + (column.is_right ? space + text : text + space);
        }
        out << boost::trim_right_copy(all) << "\n";
    };
    line([](const std::string& name) { return name; });
    for (const auto& row : rows) {
        line([&](const std::string& name) { return cell(row.value(name, Ordered())); });
        for (const auto& column : columns) {
            if (!column.is_below) continue;
            for (const auto& one : row.value(column.name, Ordered())) {
                out << indent << "      " << column.name << ": " << cell(one) << "\n";
            }
        }
    }
}

void named(std::ostream& out, const Ordered& object, const std::string& indent) {
    std::size_t widest = 0;
    for (const auto& [key, value] : object.items()) widest = std::max(widest, width(key));
    for (const auto& [key, value] : object.items()) {
        if (is_rows(value)) {
            out << indent << key << "\n";
            table(out, value, indent);
        } else if (value.is_object() && !is_money(value) && !value.empty()) {
            out << indent << key << "\n";
            named(out, value, indent + "  ");
        } else {
            out << indent << key << std::string(widest - width(key) + 2, ' ') << cell(value)
                << "\n";
        }
    }
}

void flatten(const Ordered& value, const std::string& path, Ordered& out) {
    if (value.is_object() && !value.empty()) {
        for (const auto& [key, inner] : value.items()) {
            flatten(inner, path.empty() ? key : path + "." + key, out);
        }
    } else {
        out[path] = value;
    }
}

std::string field(const Ordered& value) {
    const auto text = value.is_string() ? value.get<std::string>()
                      : value.is_null() ? ""
                                        : value.dump();
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    return "\"" + boost::replace_all_copy(text, "\"", "\"\"") + "\"";
}

Ordered rows_of(const Ordered& reply, const std::string& wanted) {
    if (reply.is_array() && wanted.empty()) return reply;
    std::vector<std::string> lists;
    for (const auto& [key, value] : reply.items()) {
        if (value.is_array() && (value.empty() || is_rows(value))) lists.push_back(key);
    }
    if (!wanted.empty() && std::count(lists.begin(), lists.end(), wanted) == 0) {
        throw Error(DUNLIN_E_INVALID, "the reply has no list \"" + wanted + "\" for --rows");
    }
    if (!wanted.empty()) return reply[wanted];
    if (lists.empty()) return Ordered::array({reply});
    if (lists.size() == 1) return reply[lists[0]];
    throw Error(DUNLIN_E_INVALID,
                "the reply has several lists; choose one with --rows: " + boost::join(lists, ", "));
}

void print_table(std::ostream& out, const Ordered& reply) {
    if (is_rows(reply)) {
        table(out, reply, "");
    } else if (reply.is_object()) {
        named(out, reply, "");
    } else if (reply.is_array() && reply.empty()) {
        out << "(none)\n";
    } else {
        out << cell(reply) << "\n";
    }
}

void print_csv(std::ostream& out, const Ordered& reply, const std::string& rows) {
    auto flat = Ordered::array();
    auto header = Ordered::object();  // In order of appearance, each once.
    for (const auto& row : rows_of(reply, rows)) {
        auto one = Ordered::object();
        flatten(spread(row), row.is_object() ? "" : "value", one);
        for (const auto& [key, value] : one.items()) header[key] = key;
        flat.push_back(std::move(one));
    }
    if (header.empty()) return;
    flat.insert(flat.begin(), header);
    for (const auto& row : flat) {
        std::vector<std::string> fields;
        for (const auto& [key, name] : header.items()) {
            fields.push_back(field(row.value(key, Ordered())));
        }
        out << boost::join(fields, ",") << "\r\n";
    }
}

}  // namespace

void print(std::ostream& out, const Ordered& reply, Format format, const std::string& rows) {
    if (format == Format::csv) {
        print_csv(out, reply, rows);
    } else if (format == Format::json) {
        out << reply.dump(2) << "\n";
    } else {
        print_table(out, reply);
    }
    out.flush();
}

}  // namespace dunlin::host
