// SPDX-License-Identifier: Apache-2.0
#include "cli/actions.hpp"
#include "host.hpp"
#include "http/server.hpp"

#include <csignal>
#include <iostream>

namespace dunlin::host {

void serve(const Invocation& in) {
    // Blocked before the first thread starts, so that every thread leaves them to sigwait.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    Host::Options options;
    options.instance = in.instance;
    options.is_safe_mode = in.is_safe_mode;
    Host host(std::move(options));
    host.serve();
    HttpServer server(host, {.port = host.config().http_port,
                             .body_bytes_max = host.config().http_body_bytes_max});
    std::cout << "Dunlin listens on http://127.0.0.1:" << server.port() << std::endl;

    int received = 0;
    sigwait(&signals, &received);
    std::cout << "Stopping" << std::endl;
    server.stop();
    host.stop();
}

}  // namespace dunlin::host
