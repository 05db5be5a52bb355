// SPDX-License-Identifier: Apache-2.0
#include "worker/wire.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace dunlin::host {

namespace {

constexpr uint32_t frame_magic = 0x314C5744;  // "DWL1": the last digit is the wire's version.
constexpr int tick_ms = 50;
constexpr std::size_t parts_max = 512;  // Of one call; the system takes 1024.

struct Header {
    uint32_t magic;
    uint32_t op;
    uint64_t fields;
    uint64_t data;
};

/// Drops what was sent from the front.
void advance(std::vector<iovec>& parts, std::size_t& at, std::size_t sent) {
    while (at < parts.size() && sent >= parts[at].iov_len) sent -= parts[at++].iov_len;
    if (at == parts.size()) return;
    parts[at].iov_base = static_cast<char*>(parts[at].iov_base) + sent;
    parts[at].iov_len -= sent;
}

}  // namespace

Packer& Packer::number(int64_t value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
}

Packer& Packer::text(std::string_view value) {
    number(static_cast<int64_t>(value.size()));
    bytes_.append(value);
    return *this;
}

std::string_view Unpacker::take(std::size_t n) {
    if (n > rest_.size()) throw Error(DUNLIN_E_DATA, "a message ends too early");
    const auto out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
}

int64_t Unpacker::number() {
    int64_t out = 0;
    std::memcpy(&out, take(sizeof out).data(), sizeof out);
    return out;
}

int64_t Unpacker::count(int64_t most) {
    const auto out = number();
    if (out < 0 || out > most) throw Error(DUNLIN_E_DATA, "a message counts beyond a limit");
    return out;
}

std::string_view Unpacker::text() {
    return take(static_cast<std::size_t>(count(INT64_MAX)));
}

void Unpacker::end() const {
    if (!rest_.empty()) throw Error(DUNLIN_E_DATA, "a message is longer than it should be");
}

Channel::~Channel() {
    ::close(fd_);
}

void Channel::wait(short events) const {
    pollfd one{fd_, events, 0};
    for (;;) {
        const int ready = ::poll(&one, 1, tick_ ? tick_ms : -1);
        // Also when there is much to read: a flood must not keep it from being called.
        if (tick_) tick_();
        if (ready > 0) return;
    }
}

bool Channel::send(Op op, const std::string& fields, std::vector<iovec> data) {
    Header header{frame_magic, static_cast<uint32_t>(op), fields.size(), 0};
    for (const auto& part : data) header.data += part.iov_len;
    const auto is_small = header.fields <= frame_fields_max && header.data <= frame_data_max;
    if (!is_host() && !is_small) {
        throw Error(DUNLIN_E_LIMIT,
                    "a connector sends at most 128 MiB of text and 1 GiB of rows at once; make "
                    "its pages smaller");
    }
    data.insert(data.begin(),
                {{&header, sizeof header}, {const_cast<char*>(fields.data()), fields.size()}});
    for (std::size_t at = 0; at < data.size();) {
        msghdr message{};
        message.msg_iov = &data[at];
        message.msg_iovlen = std::min(parts_max, data.size() - at);
        const auto sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            advance(data, at, static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            wait(POLLOUT);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool Channel::fill(void* to, std::size_t n) {
    auto* at = static_cast<char*>(to);
    while (n > 0) {
        const auto got = ::recv(fd_, at, n, MSG_DONTWAIT);
        if (got > 0) {
            at += got;
            n -= static_cast<std::size_t>(got);
        } else if (got < 0 && errno == EAGAIN) {
            wait(POLLIN);
        } else if (got == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

std::optional<Frame> Channel::receive() {
    Header header{};
    if (tick_) tick_();
    if (!fill(&header, sizeof header)) return std::nullopt;
    if (header.magic != frame_magic || header.op > static_cast<uint32_t>(Op::progress)) {
        throw Error(DUNLIN_E_DATA, "it is no message of this program");
    }
    if (is_host() && (header.fields > frame_fields_max || header.data > frame_data_max)) {
        throw Error(DUNLIN_E_DATA, "a message is larger than any may be");
    }
    Frame out;
    out.op = static_cast<Op>(header.op);
    out.fields.resize(header.fields);
    out.data_size = header.data;
    // Not cleared first: it is filled at once.
    if (header.data > 0) out.data.reset(new std::byte[header.data]);
    if (!fill(out.fields.data(), header.fields)) return std::nullopt;
    if (header.data > 0 && !fill(out.data.get(), header.data)) return std::nullopt;
    return out;
}

}  // namespace dunlin::host
