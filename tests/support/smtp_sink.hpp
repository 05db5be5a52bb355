// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/json.hpp>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace dunlin::test {

/// An SMTP server in a process of its own, see smtp_sink.py.
class SmtpSink {
public:
    explicit SmtpSink(const std::vector<std::string>& options = {}) {
        auto pattern = (std::filesystem::temp_directory_path() / "dunlin-sink-").string() +
                       std::string(6, 'X');
        if (!::mkdtemp(pattern.data())) throw std::runtime_error("no folder for the sink");
        folder_ = pattern;
        std::array<int, 2> ends{-1, -1};
        if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe for the sink");
        std::vector<std::string> words{"/usr/bin/python3",
                                       DUNLIN_SOURCE_DIR "/tests/support/smtp_sink.py", pattern};
        words.insert(words.end(), options.begin(), options.end());
        std::vector<char*> arguments;
        for (auto& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::dup2(ends[1], STDOUT_FILENO);
            ::execv(arguments[0], arguments.data());
            ::_exit(127);
        }
        ::close(ends[1]);
        std::string said;
        for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';) said += c;
        ::close(ends[0]);
        port_ = std::stoi(said);
    }
    ~SmtpSink() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        std::filesystem::remove_all(folder_);
    }
    SmtpSink(const SmtpSink&) = delete;
    SmtpSink& operator=(const SmtpSink&) = delete;

    int port() const { return port_; }
    std::string server() const { return "127.0.0.1:" + std::to_string(port_); }
    /// What was taken, in order, with the message under "mime".
    std::vector<Json> taken() const {
        std::vector<Json> out;
        std::ifstream lines(folder_ / "taken.jsonl");
        for (std::string line; std::getline(lines, line);) {
            auto one = Json::parse(line);
            std::stringstream text;
            text
                << std::ifstream(folder_ / (one.at("n").dump() + ".eml"), std::ios::binary).rdbuf();
            one["mime"] = text.str();
            out.push_back(std::move(one));
        }
        return out;
    }
    const std::filesystem::path& folder() const { return folder_; }

private:
    std::filesystem::path folder_;
    pid_t pid_ = -1;
    int port_ = 0;
};

}  // namespace dunlin::test
