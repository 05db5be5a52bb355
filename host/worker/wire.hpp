// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/error.hpp>

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::host {

/// What goes between the host and a connector in a process of its own. The host asks, the process
/// answers with one `reply`; before that it may ask back, and tell what nobody answers.
enum class Op : uint32_t {
    reply,
    // The host asks.
    load,
    open,
    check,
    pull,
    next,
    end,
    push,
    find,
    totals,
    hook,
    document,
    close,
    // The process asks back.
    service,
    secret,
    hold,
    keep,
    now,
    http,
    piece,  // Takes bytes of a document.
    // It tells.
    release,
    log,
    count,
    gauge,
    progress,
};

/// Fields in an agreed order, binary, because bodies, secrets and raw rows need not be UTF-8.
class Packer {
public:
    Packer& number(int64_t value);
    Packer& text(std::string_view value);
    Packer& add(const Packer& more) {
        bytes_ += more.bytes_;
        return *this;
    }
    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

/// Reads them back. Error data when there is less or more than was asked for.
class Unpacker {
public:
    explicit Unpacker(std::string_view bytes) : rest_(bytes) {}
    int64_t number();
    /// A number that counts something, from 0 to `most`.
    int64_t count(int64_t most);
    std::string_view text();  // Borrowed from the bytes.
    void end() const;

private:
    std::string_view take(std::size_t n);
    std::string_view rest_;
};

struct Frame {
    Op op = Op::reply;
    std::string fields;
    std::unique_ptr<std::byte[]> data;  // What the fields describe, a page's buffers.
    std::size_t data_size = 0;
};

constexpr std::size_t frame_fields_max = std::size_t{128} << 20;  // From a connector.
constexpr std::size_t frame_data_max = std::size_t{1} << 30;

/// Frames over one end of a socket pair. Every byte that comes from a connector is distrusted:
/// lengths have limits. The other way they have none but the memory.
class Channel {
public:
    /// Called at least every few milliseconds while the other side keeps us waiting; ends that by
    /// throwing. The host's end has one; the connector's waits without end.
    using Tick = std::function<void()>;

    explicit Channel(int fd, Tick tick = nullptr) : fd_(fd), tick_(std::move(tick)) {}
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// False when the other side is gone. Error limit, before anything is sent, for too much.
    [[nodiscard]] bool send(Op op, const std::string& fields, std::vector<iovec> data = {});
    /// Nothing when the other side is gone. Error data for what is no frame.
    std::optional<Frame> receive();

private:
    void wait(short events) const;
    bool fill(void* to, std::size_t n);

    bool is_host() const { return tick_ != nullptr; }

    int fd_;
    Tick tick_;
};

}  // namespace dunlin::host
