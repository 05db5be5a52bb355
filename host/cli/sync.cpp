// SPDX-License-Identifier: Apache-2.0
#include "cli/actions.hpp"
#include "host.hpp"
#include "plugins/services.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <iostream>

namespace dunlin::host {

namespace {

dunlin_cancel cancelled;

extern "C" void ask_to_stop(int) {
    cancelled.requested.store(true);
    std::signal(SIGINT, SIG_DFL);  // The second one ends at once.
}

std::string progress_text(const SyncProgress& at) {
    char text[200];
    std::snprintf(text, sizeof text, "%-14.40s %12lld rows %10.0f rows/s", at.entity.c_str(),
                  static_cast<long long>(at.rows), at.rows_per_s);
    std::string out = text;
    if (at.total > 0) {
        std::snprintf(text, sizeof text, "  %3.0f %%",
                      100.0 * static_cast<double>(at.done) / static_cast<double>(at.total));
        out += text;
    }
    return out;
}

}  // namespace

void sync(const Invocation& in) {
    const auto host = started_host(in);
    if (in.checks) {
        print(std::cout, Ordered::parse(host->sync().check(in.name).dump()), in.format);
        return;
    }
    std::signal(SIGINT, ask_to_stop);
    std::signal(SIGTERM, ask_to_stop);
    // Progress goes to standard error: the report alone can be piped on.
    const bool is_live = ::isatty(STDERR_FILENO) == 1;
    const auto progress = [is_live](const SyncProgress& at) {
        if (is_live) {
            std::cerr << "\r\033[K" << progress_text(at) << (at.is_last ? "\n" : "") << std::flush;
        } else if (at.is_last) {
            std::cerr << progress_text(at) << "\n";
        }
    };
    const auto report = host->sync().run(in.name, progress, &cancelled);
    print(std::cout, Ordered::parse(report.dump()), in.format);
}

void sync_status(const Invocation& in) {
    print(std::cout, Ordered::parse(started_host(in)->sync().status().dump()), in.format);
}

void sync_quarantine(const Invocation& in) {
    const auto host = started_host(in);
    if (in.retries) {
        const auto through = host->sync().retry_quarantine(in.name);
        std::cout << through << " rows went through\n";
        return;
    }
    print(std::cout, Ordered::parse(host->sync().quarantine(in.name).dump()), in.format);
}

}  // namespace dunlin::host
