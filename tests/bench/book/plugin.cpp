#include <dunlin/plugin.hpp>

#include "dunlin_manifest.h"

namespace dunlin::book {
namespace {

/// A cheap, repeatable stream of numbers (splitmix64).
uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

std::string name_of(char kind, uint64_t number) {
    return kind + std::to_string(number);
}

struct Size {
    uint64_t customers, invoices, batch_rows;
};

/// Customers in order, or one invoice per row for a customer in random order.
class BookPull : public Pull {
public:
    BookPull(Size size, bool is_invoice, std::string_view cursor)
        : size_(size),
          is_invoice_(is_invoice),
          at_(cursor.empty() ? 0 : std::stoull(std::string(cursor))) {}

    bool next(Page& page) override {
        const auto rows = is_invoice_ ? size_.invoices : size_.customers;
        if (at_ >= rows) return false;
        const auto end = std::min(rows, at_ + size_.batch_rows);
        page.rows = is_invoice_ ? invoices(end) : customers(end);
        at_ = end;
        page.next_cursor = std::to_string(at_);
        page.done = static_cast<int64_t>(at_);
        page.total = static_cast<int64_t>(rows);
        return true;
    }

private:
    Batch customers(uint64_t end) const {
        BatchBuilder out({{"external_id"}, {"number"}, {"name"}, {"kind"}, {"currency"}});
        for (auto i = at_; i < end; ++i) {
            const auto id = name_of('C', i);
            out[0].add(std::string_view(id));
            out[1].add(std::string_view(id));
            out[2].add(std::string_view("Customer " + id));
            out[3].add(std::string_view("company"));
            out[4].add(std::string_view("EUR"));
        }
        return out.finish();
    }
    Batch invoices(uint64_t end) const {
        BatchBuilder out({{"external_id"},
                          {"customer"},
                          {"number"},
                          {"kind"},
                          {"status"},
                          {"issue_date", Type::date},
                          {"due_date", Type::date},
                          {"currency"},
                          {"total", Type::i64},
                          {"open_amount", Type::i64},
                          {"salesperson"}});
        constexpr int64_t first_day = 19358;  // 2023-01-01
        for (auto i = at_; i < end; ++i) {
            const auto random = mix(i);
            const auto id = name_of('I', i);
            const auto issued = first_day + static_cast<int64_t>(random % 700);
            const auto total = static_cast<int64_t>(100 + random / 700 % 500000) * 100;
            out[0].add(std::string_view(id));
            out[1].add(std::string_view(name_of('C', mix(random) % size_.customers)));
            out[2].add(std::string_view(id));
            out[3].add(std::string_view("invoice"));
            out[4].add(std::string_view("posted"));
            out[5].add(issued);
            out[6].add(issued + 30);
            out[7].add(std::string_view("EUR"));
            out[8].add(total);
            out[9].add(total);
            out[10].add(std::string_view(name_of('S', random % 40)));
        }
        return out.finish();
    }

    Size size_;
    bool is_invoice_;
    uint64_t at_;
};

class BookSource : public Source {
public:
    explicit BookSource(Size size) : size_(size) {}
    Json check(const Cancel&) override { return {{"message", "a synthetic book"}}; }
    std::unique_ptr<Pull> pull(const PullRequest& request, Cancel) override {
        return std::make_unique<BookPull>(size_, request.entity == "invoice", request.resume);
    }

private:
    Size size_;
};

class Book : public Plugin<Book> {
public:
    using Plugin::Plugin;

    Json on_command(Call& call) {
        if (call.command() == "book.nothing") return Json::object();
        const auto calls = call.value("calls", int64_t{1000000});
        const auto began = services().now_us();
        for (int64_t i = 0; i < calls; ++i) {
            if (call.cancel().is_requested()) break;
        }
        const auto took = services().now_us() - began;
        return {{"calls", calls}, {"us", took}};
    }

    Json describe_connector() const {
        return {{"entities", {{{"name", "customer"}}, {{"name", "invoice"}}}},
                {"write_backs", Json::array()}};
    }
    std::unique_ptr<Source> open_source(std::string_view, const Json& config) const {
        return std::make_unique<BookSource>(Size{config.value("customers", uint64_t{10000}),
                                                 config.value("invoices", uint64_t{1000000}),
                                                 config.value("batch_rows", uint64_t{65536})});
    }
};

}  // namespace
}  // namespace dunlin::book

DUNLIN_PLUGIN(dunlin::book::Book);
