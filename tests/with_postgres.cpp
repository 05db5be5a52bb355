// SPDX-License-Identifier: Apache-2.0
// with_postgres COMMAND...: runs a command with DUNLIN_TEST_PG, so that its tests share a cluster.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "support/postgres.hpp"

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("usage: with_postgres COMMAND...\n", stderr);
        return 2;
    }
    try {
        const auto& server = dunlin::test::shared_postgres();
        ::setenv("DUNLIN_TEST_PG", server.base().c_str(), 1);
        const int pid = ::fork();
        if (pid == 0) {
            ::execvp(argv[1], argv + 1);
            ::_exit(127);
        }
        std::signal(SIGINT, SIG_IGN);  // The command ends with it, and then the cluster.
        int state = 0;
        if (pid < 0 || ::waitpid(pid, &state, 0) < 0) return 1;
        return WIFEXITED(state) ? WEXITSTATUS(state) : 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "with_postgres: %s\n", e.what());
        return 1;
    }
}
