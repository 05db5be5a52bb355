#include <rapidcheck.h>
#include <catch2/catch.hpp>
#include <dunlin/arrow.hpp>
#include <functional>

using namespace dunlin;

namespace {

/// A batch of texts with nulls, sliced by hand as another producer might do it.
struct Foreign {
    const uint8_t validity[1] = {0b11101};
    const int32_t offsets[6] = {0, 1, 1, 3, 3, 6};
    const void* buffers[3] = {validity, offsets, "aBBccc"};
    const void* none[1] = {nullptr};
    ArrowSchema child_schema{"u", "name", nullptr, 0, 0, nullptr, nullptr, nullptr, nullptr};
    ArrowSchema* child_schemas[1] = {&child_schema};
    ArrowSchema schema{"+s", "", nullptr, 0, 1, child_schemas, nullptr, nullptr, nullptr};
    ArrowArray child{5, -1, 0, 3, 0, buffers, nullptr, nullptr, nullptr, nullptr};
    ArrowArray* children[1] = {&child};
    ArrowArray array{5, 0, 0, 1, 1, none, children, nullptr, nullptr, nullptr};
};

/// A dictionary column; its last row points to an entry that is null.
struct ForeignDictionary {
    const uint8_t valid_entries[1] = {0b0101};
    const int32_t offsets[5] = {0, 3, 6, 9, 9};
    const void* value_buffers[3] = {valid_entries, offsets, "EURUSDGBP"};
    const uint8_t validity[1] = {0b1101};
    int32_t indexes[4] = {2, 99, 0, 1};
    const void* buffers[2] = {validity, indexes};
    ArrowSchema values_schema{"u", "", nullptr, 0, 0, nullptr, nullptr, nullptr, nullptr};
    ArrowSchema schema{"i", "currency", nullptr, 0, 0, nullptr, &values_schema, nullptr, nullptr};
    ArrowArray values{4, -1, 0, 3, 0, value_buffers, nullptr, nullptr, nullptr, nullptr};
    ArrowArray array{4, -1, 0, 2, 0, buffers, nullptr, &values, nullptr, nullptr};
};

struct Row {
    std::optional<int64_t> number;
    std::optional<std::string> text;
    std::optional<bool> flag;
    std::optional<int32_t> day;
    bool operator==(const Row&) const = default;
};

template <class T>
void add(ColumnBuilder& column, const std::optional<T>& value) {
    if (value) {
        column.add(*value);
    } else {
        column.add_null();
    }
}

template <class T>
std::optional<T> random_value(int nulls_in_four) {
    if (*rc::gen::inRange(0, 4) < nulls_in_four) return std::nullopt;
    return *rc::gen::arbitrary<T>();
}

std::vector<Row> random_rows() {
    const auto nulls = *rc::gen::inRange(0, 5);
    std::vector<Row> rows(*rc::gen::inRange<std::size_t>(0, 40));
    for (auto& row : rows) {
        row = {random_value<int64_t>(nulls), random_value<std::string>(nulls),
               random_value<bool>(nulls), random_value<int32_t>(nulls)};
    }
    return rows;
}

BatchBuilder row_builder() {
    return BatchBuilder({{"number", Type::i64},
                         {"text", Type::text},
                         {"flag", Type::boolean},
                         {"day", Type::date}});
}

Batch batch_of(BatchBuilder& builder, const std::vector<Row>& rows) {
    for (const auto& row : rows) {
        add(builder[0], row.number);
        add(builder[1], row.text);
        add(builder[2], row.flag);
        add(builder[3], row.day);
    }
    return builder.finish();
}

std::vector<Row> rows_of(const BatchView& view) {
    const auto number = view.required("number"), text = view.required("text");
    const auto flag = view.required("flag"), day = view.required("day");
    std::vector<Row> rows(static_cast<std::size_t>(view.rows()));
    for (int64_t i = 0; i < view.rows(); ++i) {
        auto& row = rows[static_cast<std::size_t>(i)];
        if (!number.is_null(i)) row.number = number.i64(i);
        if (!text.is_null(i)) row.text = text.text(i);
        if (!flag.is_null(i)) row.flag = flag.i64(i) != 0;
        if (!day.is_null(i)) row.day = day.date(i).days();
    }
    return rows;
}

dunlin_status status_of(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& e) {
        return e.status();
    }
    return DUNLIN_OK;
}

Batch one_column(std::string name, std::initializer_list<const char*> texts) {
    BatchBuilder builder({{std::move(name), Type::text}});
    for (const char* text : texts) builder[0].add(text);
    return builder.finish();
}

}  // namespace

TEST_CASE("a value of another type than its column is refused and leaves no row") {
    ColumnBuilder number(Type::i32), text(Type::text);

    CHECK(status_of([&] { number.add("x"); }) == DUNLIN_E_INTERNAL);
    CHECK(status_of([&] { number.add(int64_t{1} << 40); }) == DUNLIN_E_LIMIT);
    CHECK(status_of([&] { text.add(int64_t{1}); }) == DUNLIN_E_INTERNAL);
    CHECK(status_of([&] { text.add_f64(0.5); }) == DUNLIN_E_INTERNAL);
    CHECK(number.size() + text.size() == 0);
}

TEST_CASE("columns of different length are no batch, and the message says which") {
    BatchBuilder builder({{"a", Type::i64}, {"b", Type::text}});
    builder[0].add(1);

    CHECK_THROWS_WITH(builder.finish(), "column b has 0 of 1 rows");
}

TEST_CASE("what was built is read back: nulls, texts, bits and dates") {
    CHECK(rc::check([] {
        auto builder = row_builder();
        const auto first = random_rows(), second = random_rows();
        const Batch one = batch_of(builder, first);
        const Batch two = batch_of(builder, second);
        RC_ASSERT(rows_of(BatchView(one)) == first);
        RC_ASSERT(rows_of(BatchView(two)) == second);
    }));
}

TEST_CASE("any slice of a batch shows the rows in it") {
    CHECK(rc::check([] {
        auto builder = row_builder();
        const auto rows = random_rows();
        Batch batch = batch_of(builder, rows);
        const auto size = static_cast<int64_t>(rows.size());
        const auto from = *rc::gen::inRange<int64_t>(0, size + 1);
        const auto n = *rc::gen::inRange<int64_t>(0, size - from + 1);
        batch.array()->offset = from;
        batch.array()->length = n;
        const std::vector<Row> expected(rows.begin() + from, rows.begin() + from + n);
        RC_ASSERT(rows_of(BatchView(batch)) == expected);
    }));
}

TEST_CASE("an empty batch has its columns and no rows") {
    auto builder = row_builder();

    const Batch batch = builder.finish();

    CHECK(BatchView(batch).columns() == 4);
    CHECK(BatchView(batch).rows() == 0);
    CHECK(BatchView(batch).required("text").type() == Type::text);
    CHECK(batch.array()->children[1]->buffers[1] != nullptr);
    CHECK(batch.array()->children[1]->buffers[2] != nullptr);
}

TEST_CASE("another producer's offsets and bitmaps are honoured") {
    Foreign foreign;
    foreign.array.offset = 1;
    foreign.array.length = 3;
    foreign.child.offset = 1;
    foreign.child.length = 4;

    const auto names = BatchView(&foreign.schema, &foreign.array)[0];

    CHECK(names.text(0) == "BB");
    CHECK(names.text(1).empty());
    CHECK_FALSE(names.is_null(1));
    CHECK(names.text(2) == "ccc");
}

TEST_CASE("a dictionary column reads as text, its null entries as null") {
    ForeignDictionary foreign;

    const ColumnView currency(&foreign.schema, &foreign.array, 0);

    CHECK(currency.text(0) == "GBP");
    CHECK(currency.is_null(1));
    CHECK(currency.text(2) == "EUR");
    CHECK(currency.is_null(3));
}

TEST_CASE("a dictionary index out of range is broken data") {
    ForeignDictionary foreign;
    foreign.indexes[0] = 4;
    foreign.indexes[2] = -1;

    const ColumnView currency(&foreign.schema, &foreign.array, 0);

    CHECK(status_of([&] { (void)currency.text(0); }) == DUNLIN_E_DATA);
    CHECK(status_of([&] { (void)currency.text(2); }) == DUNLIN_E_DATA);
}

TEST_CASE("a batch that breaks its own shape is refused before it is read") {
    Foreign short_column, wide, other_type, no_struct;
    short_column.child.length = 4;
    wide.schema.n_children = 2;
    other_type.child_schema.format = "l";
    no_struct.schema.format = "u";
    const auto open = [](Foreign& f) {
        return status_of([&] { (void)BatchView(&f.schema, &f.array).required("name"); });
    };

    CHECK(open(short_column) == DUNLIN_E_DATA);
    CHECK(open(wide) == DUNLIN_E_DATA);
    CHECK(open(other_type) == DUNLIN_E_DATA);
    CHECK(open(no_struct) == DUNLIN_E_DATA);
}

TEST_CASE("a column of a format that is not read is named with it") {
    Foreign foreign;
    foreign.child_schema.format = "w:16";

    CHECK_THROWS_WITH(BatchView(&foreign.schema, &foreign.array)[0],
                      "column name has the format w:16, which this version does not read");
}

TEST_CASE("an unknown column is absent, a required one is missed by name") {
    const Batch batch = one_column("a", {"x"});
    const BatchView view(batch);

    CHECK_FALSE(view.optional("b"));
    CHECK(view.optional("b").is_null(0));
    CHECK_THROWS_WITH(view.required("b"), "a batch lacks the column b");
}

TEST_CASE("text asked for as a number is broken data, and the other way round") {
    const Batch batch = one_column("a", {"x"});
    const auto column = BatchView(batch)[0];

    CHECK(status_of([&] { (void)column.i64(0); }) == DUNLIN_E_DATA);
}
