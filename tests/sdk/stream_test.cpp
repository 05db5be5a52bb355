#include <catch2/catch.hpp>
#include <dunlin/arrow.hpp>

using namespace dunlin;

namespace {

int releases = 0;

/// A batch whose release is counted, and whose children must be released by then or moved out.
Batch counted(std::initializer_list<int> values) {
    BatchBuilder builder({{"n", Type::i64}, {"t", Type::text}});
    for (const int value : values) {
        builder[0].add(value);
        builder[1].add("row");
    }
    Batch batch = builder.finish();
    struct Wrapped {
        ArrowArray inner;
    };
    ArrowArray outer = *batch.array();
    outer.private_data = new Wrapped{batch.take_array()};
    outer.release = [](ArrowArray* a) {
        auto* wrapped = static_cast<Wrapped*>(a->private_data);
        wrapped->inner.release(&wrapped->inner);
        delete wrapped;
        a->release = nullptr;
        ++releases;
    };
    return Batch(batch.take_schema(), outer);
}

ArrowArrayStream failing_stream(dunlin_status status) {
    return make_stream(make_schema({{"n", Type::i64}}), [status]() -> std::optional<ArrowArray> {
        throw Error(status, "line 7 is broken");
    });
}

}  // namespace

TEST_CASE("a batch is released exactly once, wherever it was moved") {
    releases = 0;
    {
        Batch first = counted({1, 2});
        Batch second = std::move(first);
        Batch third;
        third = std::move(second);
        CHECK(first.rows() == 0);
        CHECK(third.rows() == 2);
        CHECK(releases == 0);
        third = counted({3});
        CHECK(releases == 1);
    }
    CHECK(releases == 2);
}

TEST_CASE("an array that was taken is its new owner's to release") {
    releases = 0;
    Batch batch = counted({1});

    ArrowArray taken = batch.take_array();
    batch = Batch();

    CHECK(releases == 0);
    taken.release(&taken);
    CHECK(releases == 1);
}

TEST_CASE("a column moved out of its batch outlives it") {
    BatchBuilder builder({{"n", Type::i64}, {"t", Type::text}});
    builder[0].add(42);
    builder[1].add("a text long enough to live on the heap");
    auto batch = std::make_unique<Batch>(builder.finish());

    ArrowSchema schema = std::exchange(*batch->schema()->children[1], {});
    ArrowArray text = std::exchange(*batch->array()->children[1], {});
    batch.reset();

    CHECK(ColumnView(&schema, &text, 0).text(0) == "a text long enough to live on the heap");
    schema.release(&schema);
    text.release(&text);
    CHECK(text.release == nullptr);
}

TEST_CASE("a stream yields its batch once and then ends for good") {
    releases = 0;
    {
        StreamReader reader(make_stream(counted({4, 5})));
        REQUIRE(reader.next());
        CHECK(reader.view()[0].i64(1) == 5);
        CHECK_FALSE(reader.next());
        CHECK_FALSE(reader.next());
        CHECK(releases == 1);
    }
    CHECK(releases == 1);
}

TEST_CASE("a stream nobody read releases what it holds") {
    releases = 0;
    { StreamReader unread(make_stream(counted({1}))); }
    CHECK(releases == 1);
}

TEST_CASE("a stream tells its schema as often as it is asked") {
    auto stream = make_stream(counted({1}));
    ArrowSchema first{}, second{};

    REQUIRE(stream.get_schema(&stream, &first) == 0);
    REQUIRE(stream.get_schema(&stream, &second) == 0);
    stream.release(&stream);

    CHECK(std::string(first.children[1]->name) == "t");
    CHECK(std::string(second.children[0]->format) == "l");
    first.release(&first);
    second.release(&second);
}

TEST_CASE("what a producer throws arrives with its status and text") {
    StreamReader reader(failing_stream(DUNLIN_E_DATA));

    try {
        reader.next();
        FAIL("the failure was lost");
    } catch (const Error& e) {
        CHECK(e.status() == DUNLIN_E_DATA);
        CHECK(e.what() == std::string("line 7 is broken"));
    }
}

TEST_CASE("a foreign stream's bare error text is kept") {
    auto stream = failing_stream(DUNLIN_E_DATA);
    stream.get_last_error = [](ArrowArrayStream*) -> const char* { return "disk full"; };
    StreamReader reader(stream);

    CHECK_THROWS_WITH(reader.next(), "disk full");
}

TEST_CASE("many batches keep their order, and an empty one is not the end") {
    int round = 0;
    StreamReader reader(make_stream(make_schema({{"n", Type::i64}}), [&] {
        BatchBuilder builder({{"n", Type::i64}});
        if (round != 1) builder[0].add(round);
        return round++ < 3 ? std::optional(builder.finish().take_array()) : std::nullopt;
    }));
    std::vector<int64_t> lengths;

    while (reader.next()) lengths.push_back(reader.view().rows());

    CHECK(lengths == std::vector<int64_t>{1, 0, 1});
}

TEST_CASE("a copied schema keeps flags, children and dictionary") {
    ArrowSchema values{"u", "", nullptr, 0, 0, nullptr, nullptr, nullptr, nullptr};
    ArrowSchema column{"i", "currency", nullptr, 2, 0, nullptr, &values, nullptr, nullptr};
    ArrowSchema* columns[] = {&column};
    const ArrowSchema root{"+s", nullptr, nullptr, 0, 1, columns, nullptr, nullptr, nullptr};

    Batch copy(copy_schema(root), {});

    const auto* child = copy.schema()->children[0];
    CHECK(std::string(child->name) == "currency");
    CHECK(child->flags == ARROW_FLAG_NULLABLE);
    CHECK(std::string(child->dictionary->format) == "u");
}
