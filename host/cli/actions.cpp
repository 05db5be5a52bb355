// SPDX-License-Identifier: Apache-2.0
#include "cli/actions.hpp"

#include "http/server.hpp"
#include "plugins/services.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

namespace dunlin::host {

Host& Invocation::open(bool migrates) {
    host = std::make_unique<Host>(
        Host::Options{.instance = instance, .is_safe_mode = is_safe_mode, .migrates = migrates});
    // What a person sees of one command is its answer; serve logs in full.
    if (host->config().log_path == "-") host->log().set_level(DUNLIN_LOG_ERROR);
    return *host;
}

Host& Invocation::start() {
    open().start();
    return *host;
}

std::vector<std::pair<std::string, std::string>> split_pairs(
    const std::vector<std::string>& pairs) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& pair : pairs) {
        const auto at = pair.find('=');
        if (at == std::string::npos || at == 0) {
            throw Error(DUNLIN_E_INVALID, "\"" + pair + "\" is not name=value");
        }
        out.emplace_back(pair.substr(0, at), pair.substr(at + 1));
    }
    return out;
}

Json given_request(const std::string& text) {
    if (text.empty()) return Json::object();
    std::ifstream file;
    std::istringstream itself(text);
    if (text[0] == '@') file.open(text.substr(1), std::ios::binary);
    std::istream& in = text[0] == '@' ? static_cast<std::istream&>(file)
                       : text == "-"  ? std::cin
                                      : itself;
    if (!in) throw Error(DUNLIN_E_NOT_FOUND, text.substr(1) + " cannot be read; check --json");
    const auto request = Json::parse(in, nullptr, /*allow_exceptions=*/false);
    if (!request.is_object()) {
        throw Error(DUNLIN_E_INVALID, "--json is not a JSON object, such as '{\"a\": 1}'");
    }
    return request;
}

Ordered call(Invocation& in) {
    const auto texts = split_pairs(in.pairs);
    auto& host = in.start();
    const auto* command = host.plugins().command(in.name);
    if (!command) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "no running plugin has a command \"" + in.name + "\"; see: dunlin plugin list");
    }
    auto request = given_request(in.json);
    request.update(host.commands().request_from_texts(*command, texts));
    return Ordered::parse(host.commands().call(Principal::of_operator(), in.name, request.dump(),
                                               {in.today, in.idempotency_key}));
}

Ordered serve(Invocation& in) {
    // Blocked before the first thread starts, so that every thread leaves them to sigwait.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    Host host({.instance = in.instance, .is_safe_mode = in.is_safe_mode});
    host.serve();
    HttpServer server(host, {.port = host.config().http_port,
                             .body_bytes_max = host.config().http_body_bytes_max});
    std::cout << "Dunlin listens on http://127.0.0.1:" << server.port() << std::endl;

    int received = 0;
    sigwait(&signals, &received);
    std::cout << "Stopping" << std::endl;
    server.stop();
    host.stop();
    return {};
}

namespace {

dunlin_cancel cancelled;

extern "C" void ask_to_stop(int) {
    cancelled.requested.store(true);
    std::signal(SIGINT, SIG_DFL);  // The second one ends at once.
}

}  // namespace

void show_progress(const SyncProgress& at) {
    static const bool is_live = ::isatty(STDERR_FILENO) == 1;
    if (!is_live && !at.entity_is_done) return;
    char text[200], share[40] = "";
    if (at.total > 0) {
        std::snprintf(share, sizeof share, "  %3.0f %%",
                      100.0 * static_cast<double>(at.done) / static_cast<double>(at.total));
    }
    std::snprintf(text, sizeof text, "%-14.40s %12lld rows %10.0f rows/s%s", at.entity.c_str(),
                  static_cast<long long>(at.rows), at.rows_per_s, share);
    std::cerr << (is_live ? "\r\033[K" : "") << text << (at.entity_is_done ? "\n" : "")
              << std::flush;
}

Ordered sync(Invocation& in) {
    if (in.name.empty()) throw Error(DUNLIN_E_INVALID, "sync what? see: dunlin sync --help");
    auto& host = in.start();
    if (in.checks) return host.sync().check(in.name);
    std::signal(SIGINT, ask_to_stop);
    std::signal(SIGTERM, ask_to_stop);
    auto report = host.sync().run(in.name, show_progress, &cancelled, in.sync_options);
    in.has_failed = report["state"] != "ok" && report["state"] != "partial";
    return report;
}

}  // namespace dunlin::host
