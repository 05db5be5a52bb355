// SPDX-License-Identifier: Apache-2.0

// What comes out of a connector's process is anybody's guess.
#include "worker/pages.hpp"
#include "worker/workers.hpp"

#include <dunlin/batch_builder.hpp>
#include <dunlin/page_check.hpp>

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <random>

using namespace dunlin;
using namespace dunlin::host;

namespace {

Batch some_rows() {
    BatchBuilder out({{"a"}, {"b", Type::i64}, {"c", Type::boolean}});
    for (int i = 0; i < 20; ++i) {
        out[0].add(std::string_view("text"));
        i % 4 == 0 ? out[1].add_null() : out[1].add(i);
        out[2].add(i % 2);
    }
    return out.finish();
}

Frame frame_of(const Packer& fields, const std::vector<iovec>& data) {
    Frame out;
    out.fields = fields.bytes();
    for (const auto& part : data) out.data_size += part.iov_len;
    out.data.reset(new std::byte[out.data_size]);
    auto* at = out.data.get();
    for (const auto& part : data) {
        std::memcpy(at, part.iov_base, part.iov_len);
        at += part.iov_len;
    }
    return out;
}

/// Reads everything a reader may read.
void read_all(Frame frame) {
    const auto fields = frame.fields;
    Unpacker in(fields);
    const auto page = unpack_rows(in, frame);
    check_page(page);
    if (page.rows() == 0) return;
    const BatchView rows(page);
    for (int64_t c = 0; c < rows.columns(); ++c) {
        const auto column = rows[c];
        const bool is_text = column.type() == Type::text || column.type() == Type::bytes;
        for (int64_t r = 0; r < rows.rows(); ++r) {
            if (is_text) {
                std::string(column.text(r));
            } else {
                column.i64(r);
            }
        }
    }
}

struct Ends {
    Ends() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, fd.data()) == 0); }
    std::array<int, 2> fd{};
};

}  // namespace

TEST_CASE("a message that is shorter, longer or larger than it says is refused") {
    Packer packed;
    packed.number(7).text("abc");
    Unpacker in(packed.bytes());
    CHECK(in.number() == 7);
    CHECK_THROWS_AS(in.end(), Error);
    CHECK(in.text() == "abc");
    CHECK_NOTHROW(in.end());
    CHECK_THROWS_AS(in.number(), Error);
    for (const int64_t length : {int64_t{-1}, INT64_MAX, int64_t{9}}) {
        Packer lying;
        lying.number(length);
        Unpacker reader(lying.bytes());
        CHECK_THROWS_AS(reader.text(), Error);
    }
}

TEST_CASE("a frame with a strange beginning or an enormous length is refused") {
    const auto header = GENERATE(std::array<uint64_t, 3>{0, 0, 0},
                                 std::array<uint64_t, 3>{0x314C5744, uint64_t{1} << 40, 0},
                                 std::array<uint64_t, 3>{0x314C5744, 0, uint64_t{1} << 60},
                                 std::array<uint64_t, 3>{0xff'314C5744, 0, 0});
    Ends ends;
    Channel host(ends.fd[0], [] {});
    REQUIRE(::write(ends.fd[1], header.data(), sizeof header) == sizeof header);
    CHECK_THROWS_AS(host.receive(), Error);
    ::close(ends.fd[1]);
}

TEST_CASE("a wait for a frame can be ended, and so does a closed connection") {
    Ends ends;
    Channel host(ends.fd[0], [] { throw Error(DUNLIN_E_TIMEOUT, "enough"); });
    CHECK_THROWS_WITH(host.receive(), "enough");
    Ends others;
    Channel other(others.fd[0], [] {});
    ::close(others.fd[1]);
    CHECK_FALSE(other.receive());
    CHECK_FALSE(other.send(Op::close, "x"));
    ::close(ends.fd[1]);
}

TEST_CASE("nothing that a page's description says makes a reader leave its buffers") {
    const auto rows = some_rows();
    Packer fields;
    const auto packed = pack_rows(rows, fields);
    CHECK_NOTHROW(read_all(frame_of(fields, packed.data)));
    std::minstd_rand random(4711);
    int refused = 0;
    for (int i = 0; i < 20'000; ++i) {
        auto frame = frame_of(fields, packed.data);
        const auto at = random() % frame.fields.size();
        frame.fields[at] = static_cast<char>(random());
        if (i % 2 == 0) frame.data[random() % frame.data_size] = static_cast<std::byte>(random());
        if (i % 7 == 0) frame.data_size = random() % frame.data_size;
        try {
            read_all(std::move(frame));
        } catch (const Error& e) {
            CHECK(e.status() == DUNLIN_E_DATA);
            ++refused;
        }
    }
    CHECK(refused > 5'000);
}

TEST_CASE("a process that dies again and again rests") {
    using std::chrono::minutes;
    using std::chrono::seconds;
    Breaker breaker;
    Breaker::Time now{std::chrono::hours(1)};
    CHECK(breaker.wait(now).count() == 0);
    for (int death = 1; death < 5; ++death) {
        breaker.note_death(now);
        CHECK_FALSE(breaker.rests(now));
        CHECK(breaker.wait(now).count() > 0);
        CHECK(breaker.wait(now) <= seconds(10));
        now += minutes(1);
    }
    breaker.note_death(now);
    CHECK(breaker.rests(now));
    CHECK(breaker.wait(now) == minutes(5));
    now += minutes(5);
    CHECK_FALSE(breaker.rests(now));
    now += minutes(10);
    breaker.note_death(now);  // The others are forgotten.
    CHECK_FALSE(breaker.rests(now));
}
