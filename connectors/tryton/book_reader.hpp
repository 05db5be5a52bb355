// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "book.hpp"
#include "client.hpp"

#include <functional>
#include <span>

namespace dunlin::tryton {

/// Fills a book from the server: for some lines or documents all it takes to judge them.
class BookReader {
public:
    BookReader(Client& client, int64_t company, const Cancel& cancel)
        : client_(client), company_(company), cancel_(cancel) {}

    /// For lines as they came from the server.
    Book of_lines(const Json& records);
    /// For documents with these ids.
    Book of_documents(const std::vector<int64_t>& ids);

    /// Receivable lines that fit a condition.
    static Json receivable(const Json& condition, int64_t company);

private:
    using Ids = std::set<int64_t>;
    Json read(const std::string& model, const Json& domain, const std::vector<std::string>& fields);
    /// Runs over ids in lots a server likes.
    void in_lots(const Ids& ids, const std::function<void(const Json&)>& each) const;
    static void add_line(Book& book, const Json& record, Ids& lines);
    void add_lines(Book& book, const std::string& field, const Ids& ids, Ids& lines);
    void add_documents(Book& book, const std::string& field, const Ids& ids);
    /// Due lines and reversals of every document the book has.
    void complete(Book& book, Ids& lines);

    Client& client_;
    int64_t company_;
    Cancel cancel_;
    Ids complete_moves_;
};

}  // namespace dunlin::tryton
