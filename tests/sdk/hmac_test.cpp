// SPDX-License-Identifier: Apache-2.0
#include <dunlin/hmac.hpp>

#include <catch2/catch.hpp>

using namespace dunlin;

TEST_CASE("an HMAC is the one of RFC 4231") {
    std::string counted;
    for (char c = 1; c <= 25; ++c) counted += c;
    const std::string long_key(131, '\xaa');

    CHECK(hmac_sha256_of(std::string(20, '\x0b'), {"Hi There"}) ==
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(hmac_sha256_of("Jefe", {"what do ya want for nothing?"}) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hmac_sha256_of(std::string(20, '\xaa'), {std::string(50, '\xdd')}) ==
          "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    CHECK(hmac_sha256_of(counted, {std::string(50, '\xcd')}) ==
          "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    CHECK(hmac_sha256_of(std::string(20, '\x0c'), {"Test With Truncation"}).substr(0, 32) ==
          "a3b6167473100ee06e0c796c2955552b");
    CHECK(hmac_sha256_of(long_key, {"Test Using Larger Than Block-Size Key - Hash Key First"}) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    CHECK(hmac_sha256_of(long_key, {"This is a test using a larger than block-size key and a "
                                    "larger than block-size data. The key needs to be hashed "
                                    "before being used by the HMAC algorithm."}) ==
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST_CASE("parts count as one text") {
    CHECK(hmac_sha256_of("Jefe", {"what do ya ", "", "want for nothing?"}) ==
          hmac_sha256_of("Jefe", {"what do ya want for nothing?"}));
}

TEST_CASE("only the same digest is the same") {
    CHECK(is_same_digest("abc", "abc"));
    CHECK_FALSE(is_same_digest("abc", "abd"));
    CHECK_FALSE(is_same_digest("abc", "ab"));
    CHECK_FALSE(is_same_digest("", "a"));
}
