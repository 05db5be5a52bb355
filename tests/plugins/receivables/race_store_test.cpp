// SPDX-License-Identifier: Apache-2.0
// A desk and a sync that settle the same items at the same time.
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "book.hpp"

using namespace dunlin;
using namespace dunlin::test;

namespace {

constexpr int pairs = 12;

std::string numbered(const char* prefix, int i) {
    return prefix + std::to_string(i);
}

/// Runs again what only met the other one.
template <class Body>
void until_settled(Body body, std::atomic<int>& done, std::atomic<int>& refused,
                   std::atomic<int>& failed) {
    for (int attempt = 0; attempt < 50; ++attempt) {
        try {
            ++(body() ? done : refused);
            return;
        } catch (const Error& e) {
            const std::string text = e.what();
            if (text.find("allocate at most") != std::string::npos) {
                ++refused;
                return;
            }
            if (!is_retryable(e.status())) break;
        }
    }
    ++failed;
}

}  // namespace

TEST_CASE("a desk and a sync that allocate the same money never take more than there is") {
    Book book(GENERATE(Dialect::sqlite, Dialect::postgresql));
    book.customer("C1");
    std::vector<Json> requests;
    for (int i = 0; i < pairs; ++i) {
        book.invoice(numbered("I", i), "100", "2026-01-01", "2026-01-31");
        book.payment(numbered("P", i), "100", "2026-02-01");
        requests.push_back({{"customer", book.id("customer", "C1")},
                            {"source", book.id("payment", numbered("P", i))},
                            {"target", book.id("invoice", numbered("I", i))},
                            {"amount", "60"}});
    }
    std::atomic<int> by_desk{0}, by_sync{0}, refused{0}, failed{0};
    std::thread desk([&] {
        for (const auto& request : requests) {
            until_settled([&] { return !book.call("allocate", request).is_null(); }, by_desk,
                          refused, failed);
        }
    });
    std::thread sync([&] {
        // The other way round, so that they meet.
        for (int i = pairs; i-- > 0;) {
            until_settled(
                [&] {
                    const auto applied =
                        book.allocation(numbered("A", i), numbered("P", i), numbered("I", i), "60");
                    return applied.counts.inserted == 1;
                },
                by_sync, refused, failed);
        }
    });
    desk.join();
    sync.join();

    CHECK(failed == 0);
    CHECK(by_desk + by_sync == pairs);
    CHECK(refused == pairs);
    CHECK(book.total("2026-03-02").at("open") == std::to_string(40 * pairs) + ".00");
    CHECK(book.audit() == "");
}
