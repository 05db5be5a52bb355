// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

namespace dunlin::host {

class Host;

/// Listens on 127.0.0.1 and nowhere else. Port 0 takes a free one.
class HttpServer {
public:
    struct Options {
        int port = 0;
        int64_t body_bytes_max = 4 * 1024 * 1024;
        std::chrono::milliseconds read_max{15000};  // For a whole request, however it trickles in.
    };
    /// Error unavailable when the port is taken.
    HttpServer(Host& host, Options options);
    ~HttpServer();

    int port() const;
    /// Takes no further request and lets those being answered finish. [main]
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dunlin::host
