// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/arrow.hpp>
#include <dunlin/connector.hpp>
#include <dunlin/page_check.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace dunlin::test {

/// A watched folder of its own, gone with the object.
class DropFolder {
public:
    DropFolder() {
        static int count = 0;
        path_ = std::filesystem::temp_directory_path() /
                ("dunlin-drop-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
        std::filesystem::create_directories(path_);
    }
    ~DropFolder() { std::filesystem::remove_all(path_); }
    DropFolder(const DropFolder&) = delete;
    DropFolder& operator=(const DropFolder&) = delete;

    std::filesystem::path put(const std::string& name, const std::string& bytes) const {
        std::ofstream(path_ / name, std::ios::binary) << bytes;
        return path_ / name;
    }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

inline Cancel never_cancelled() {
    return Cancel(nullptr, nullptr);
}

/// A row as text, "C1|Good Ltd|…", of the columns asked for; a null is "-".
inline std::string line_of(const BatchView& batch, int64_t row,
                           const std::vector<std::string>& columns) {
    std::string out;
    for (const auto& name : columns) {
        const auto column = batch.required(name);
        if (!out.empty()) out += '|';
        if (column.is_null(row)) {
            out += '-';
        } else if (column.type() == Type::text) {
            out += column.text(row);
        } else if (column.type() == Type::f64) {
            out += std::to_string(column.f64(row));
        } else if (column.type() == Type::date) {
            out += column.date(row).text();
        } else {
            out += std::to_string(column.i64(row));
        }
    }
    return out;
}

using Lines = std::vector<std::string>;

/// What a call says when it refuses; empty when it does not.
template <class Body>
std::string refusal_of(Body&& body) {
    try {
        body();
    } catch (const Error& e) {
        return e.what();
    }
    return {};
}

/// Everything a pull gives, page by page put together.
struct Harvest {
    std::vector<std::string> rows;
    std::vector<BadRow> errors;
    std::vector<std::string> cursors;  // One per page.
    std::vector<std::size_t> rows_at;  // Rows so far when that page ended.
    int64_t done = 0;
    int64_t total = 0;
};

inline Harvest harvest(Source& source, const std::string& entity,
                       const std::vector<std::string>& columns, const std::string& cursor = {}) {
    Harvest out;
    const auto pull = source.pull({std::string(entity), std::string(cursor)}, never_cancelled());
    for (Page page; pull->next(page); page = Page{}) {
        check_page(page.rows);
        const BatchView batch(page.rows);
        for (int64_t i = 0; i < batch.rows(); ++i) out.rows.push_back(line_of(batch, i, columns));
        out.errors.insert(out.errors.end(), page.errors.begin(), page.errors.end());
        out.cursors.push_back(page.next_cursor);
        out.rows_at.push_back(out.rows.size());
        out.done = page.done;
        out.total = page.total;
    }
    return out;
}

}  // namespace dunlin::test
