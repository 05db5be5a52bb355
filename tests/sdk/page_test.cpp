// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <dunlin/batch_json.hpp>
#include <dunlin/page_check.hpp>

using namespace dunlin;

TEST_CASE("a page whose arrays do not fit is refused before anybody reads it") {
    BatchBuilder builder({{"external_id", Type::text}});
    builder[0].add("a");
    builder[0].add("bc");
    auto batch = builder.finish();
    auto* offsets =
        static_cast<int32_t*>(const_cast<void*>(batch.array()->children[0]->buffers[1]));

    CHECK_NOTHROW(check_page(batch));
    offsets[1] = 7;
    CHECK_THROWS_WITH(check_page(batch), Catch::Contains("backwards"));
    offsets[1] = 1;
    batch.array()->children[0]->length = 1;
    CHECK_THROWS_WITH(check_page(batch), Catch::Contains("shorter"));
}

TEST_CASE("texts that no store takes are found") {
    const std::string bad =
        GENERATE("\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe2", "\x80");
    BatchBuilder builder({{"n", Type::i64}, {"text", Type::text}});
    for (const auto& text :
         {std::string("plain"), bad, std::string("\xe2\x82\xac \xf0\x9f\x98\x80"),
          std::string("a\0b", 3)}) {
        builder[0].add(int64_t{1});
        builder[1].add(text);
    }
    const auto batch = builder.finish();

    CHECK(rows_with_broken_text(BatchView(batch)) == std::vector<int64_t>{1, 3});
}

TEST_CASE("a row survives its way through JSON") {
    const std::vector<ColumnSpec> columns = {{"t", Type::text},
                                             {"n", Type::i64},
                                             {"d", Type::date},
                                             {"g", Type::f64},
                                             {"b", Type::boolean}};
    BatchBuilder builder(columns);
    builder[0].add("x");
    builder[1].add(int64_t{1} << 60);
    builder[2].add(Date(2024, 2, 29));
    builder[3].add_null();
    builder[4].add(int64_t{1});
    const auto batch = builder.finish();

    const auto json = row_to_json(BatchView(batch), 0);
    const auto back = rows_from_json({json}, columns);

    CHECK(json["d"] == "2024-02-29");
    CHECK(row_to_json(BatchView(back), 0) == json);
}
