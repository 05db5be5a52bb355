#include <catch2/catch.hpp>

#include <dunlin/base64.hpp>

using namespace dunlin;

namespace {

std::string decoded(std::string_view text, std::size_t* pieces = nullptr) {
    std::string out;
    from_base64(text, [&](std::string_view piece) {
        out += piece;
        if (pieces) ++*pieces;
    });
    return out;
}

}  // namespace

TEST_CASE("what is no base64 is refused") {
    for (const char* text :
         {"a", "ab", "abc", "a===", "ab=c", "abc=d", "ab==ab==", "a*cd", "=", "YQ==="}) {
        CAPTURE(text);
        CHECK_THROWS_AS(decoded(text), Error);
    }
}

TEST_CASE("bytes become base64 and back, in pieces") {
    CHECK(to_base64("").empty());
    CHECK(to_base64("a") == "YQ==");
    CHECK(to_base64("ab") == "YWI=");
    CHECK(to_base64("admin:1:ff\xff") == "YWRtaW46MTpmZv8=");
    CHECK(decoded("") == "");
    CHECK(decoded("YW\r\nI=\n") == "ab");

    std::string bytes;
    for (int i = 0; i < 200'001; ++i) bytes += static_cast<char>(i * 31);
    std::string text;
    Base64Encoder encoder(text);
    for (std::size_t at = 0; at < bytes.size(); at += 1000) {
        encoder.add(std::string_view(bytes).substr(at, 1000));
    }
    encoder.finish();
    std::size_t pieces = 0;
    CHECK((text == to_base64(bytes)));
    CHECK((decoded(text, &pieces) == bytes));
    CHECK(pieces > 3);
}
