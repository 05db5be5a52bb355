// SPDX-License-Identifier: Apache-2.0
#include "tools/tools.hpp"

#include "base/child.hpp"
#include "host.hpp"
#include "plugins/services.hpp"

#include <dunlin/entry.hpp>

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <thread>

namespace dunlin::host {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int look_every_ms = 50;
constexpr std::size_t errors_max = 64 << 10;

std::pair<Fd, Fd> make_pipe() {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) ends = {-1, -1};
    Fd first(ends[0]);
    return {std::move(first), Fd(ends[1])};
}

/// In a child: a user of its own, in whose name processes are counted, without network.
bool leave_network() noexcept {
    return ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

void set_limit(decltype(RLIMIT_AS) which, int64_t most) noexcept {
    const rlimit limit{static_cast<rlim_t>(most), static_cast<rlim_t>(most)};
    ::setrlimit(which, &limit);
}

/// Refuses a tool in words that name its section.
[[noreturn]] void refuse(dunlin_status status, const std::string& tool, const std::string& what) {
    throw Error(status,
                "the tool " + tool + " " + what + "; see [tools." + tool + "] in dunlin.toml");
}

}  // namespace

/// One process, in a group and an empty folder of its own. It and what it started live no longer
/// than this.
class ToolProcess {
public:
    using Take = std::function<bool(std::string_view)>;  // False when no more is wanted.
    struct Patience {
        const std::function<bool()>& stops;
        steady_clock::time_point end;
    };

    ToolProcess(std::string name, const ToolConfig& tool, std::vector<std::string> args)
        : name_(std::move(name)) {
        if (::access(tool.program.c_str(), X_OK) != 0) {
            refuse(DUNLIN_E_NOT_FOUND, name_, "needs " + tool.program + ", which cannot be run");
        }
        folder_ = (fs::temp_directory_path() / ("dunlin-tool-" + random_text(12))).string();
        args.insert(args.begin(), tool.args.begin(), tool.args.end());
        args.insert(args.begin(), tool.program);
        std::vector<std::string> variables{"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=" + folder_,
                                           "TMPDIR=" + folder_};
        auto in = make_pipe(), out = make_pipe(), err = make_pipe();
        const auto argv = pointers(args), envp = pointers(variables);
        const std::array fds{in.first.get(), out.second.get(), err.second.get()};
        fs::create_directory(folder_);
        fs::permissions(folder_, fs::perms::owner_all);
        pid_ = ::fork();
        if (pid_ == 0) become(tool, fds, argv.data(), envp.data());
        if (pid_ < 0) refuse(DUNLIN_E_UNAVAILABLE, name_, "cannot be started now");
        ::setpgid(pid_, pid_);  // Whoever of the two is first.
        in_.emplace(std::move(in.second));
        out_.emplace(std::move(out.first));
        err_.emplace(std::move(err.first));
        ::fcntl(in_->get(), F_SETFL, O_NONBLOCK);
    }
    ~ToolProcess() {
        ::kill(-pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    ToolProcess(const ToolProcess&) = delete;
    ToolProcess& operator=(const ToolProcess&) = delete;

    /// Writes `input`, and ends it when it is the last, while what comes is taken; until `out`
    /// wants no more, or everything was read.
    void exchange(std::string_view input, bool is_last, const Take& out, const Take& err,
                  const Patience& patience) {
        while (out_->get() >= 0 || err_->get() >= 0) {
            check(patience);
            if (input.empty() && is_last) in_->close();
            std::array<pollfd, 3> fds{{{input.empty() ? -1 : in_->get(), POLLOUT, 0},
                                       {out_->get(), POLLIN, 0},
                                       {err_->get(), POLLIN, 0}}};
            ::poll(fds.data(), fds.size(), look_every_ms);
            if (fds[0].revents != 0) {
                const auto n = ::write(in_->get(), input.data(), input.size());
                // It may end, or stop to read, before it has all of it.
                if (n < 0 && errno != EAGAIN) input = {};
                if (n > 0) input.remove_prefix(static_cast<std::size_t>(n));
            }
            if (fds[1].revents != 0 && !read_from(*out_, out)) return;
            if (fds[2].revents != 0) read_from(*err_, err);
        }
    }
    bool has_ended(siginfo_t& info) const {
        info = {};
        return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
               info.si_pid != 0;
    }
    int exit_code(const Patience& patience) const {
        siginfo_t info{};
        while (!has_ended(info)) {
            check(patience);
            std::this_thread::sleep_for(milliseconds(1));
        }
        return info.si_code == CLD_EXITED ? info.si_status : 256 + info.si_status;
    }

private:
    /// Between fork and exec: nothing that takes a lock.
    [[noreturn]] void become(const ToolConfig& tool, const std::array<int, 3>& fds,
                             char* const* arguments, char* const* variables) const noexcept {
        ::setpgid(0, 0);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::signal(SIGPIPE, SIG_DFL);
        for (std::size_t i = 0; i < fds.size(); ++i) ::dup2(fds[i], static_cast<int>(i));
        ::close_range(3, ~0U, 0);
        // Without a user of its own all processes of ours would count.
        if (leave_network()) set_limit(RLIMIT_NPROC, tool.processes_max);
        set_limit(RLIMIT_AS, tool.memory_max_mib << 20);
        set_limit(RLIMIT_CORE, 0);
        set_limit(RLIMIT_FSIZE, tool.output_max_mib << 20);
        if (!tool.resident) set_limit(RLIMIT_CPU, tool.timeout_seconds + 1);
        if (::chdir(folder_.c_str()) == 0) ::execve(arguments[0], arguments, variables);
        ::_exit(127);
    }
    static bool read_from(Fd& fd, const Take& take) {
        std::array<char, 65536> buffer;
        const auto n = ::read(fd.get(), buffer.data(), buffer.size());
        if (n <= 0) fd.close();
        return n <= 0 || take({buffer.data(), static_cast<std::size_t>(n)});
    }
    void check(const Patience& patience) const {
        if (patience.stops()) throw Error(DUNLIN_E_CANCELLED, "stopped on request");
        if (steady_clock::now() < patience.end) return;
        refuse(DUNLIN_E_TIMEOUT, name_, "took too long and was killed");
    }

    const std::string name_;
    std::string folder_;
    pid_t pid_ = -1;
    std::optional<Fd> in_, out_, err_;
};

namespace {

/// What a resident says of one run, as its bytes come.
struct Answer {
    int code = -1;
    std::size_t size = 0;
    std::string bytes{};  // First with the line, then without.

    bool is_whole() const { return code >= 0 && bytes.size() >= size; }
    /// False when it is complete.
    bool add(std::string_view piece) {
        bytes += piece;
        const auto end = bytes.find('\n');
        if (code < 0 && end != std::string::npos) {
            const auto line = Json::parse(std::string_view(bytes).substr(0, end));
            code = line.at("exit_code").get<uint8_t>();
            size = line.at("size").get<uint32_t>();
            bytes.erase(0, end + 1);
        }
        return !is_whole();
    }
};

void run_tool(dunlin_ctx* context, dunlin_tool_run* run, dunlin_cancel* cancel) {
    const std::string name(to_view(run->tool));
    need_permission(*context->plugin, "tool:" + name, "run the tool " + name);
    need_no_transaction("a tool was run");
    context->host->tools().run(*run,
                               [&] { return cancel && (cancel->requested || cancel->is_late()); });
}

}  // namespace

Tools::Tools(const Config& config) : config_(config) {
    ::signal(SIGPIPE, SIG_IGN);  // A program that ends early does not end us.
}

Tools::~Tools() = default;

std::unique_ptr<ToolProcess> Tools::take(const std::string& name, const ToolConfig& tool) {
    const std::lock_guard lock(mutex_);
    auto& idle = idle_[name];
    siginfo_t info{};
    std::erase_if(idle, [&](const auto& one) { return one->has_ended(info); });
    if (idle.empty()) return std::make_unique<ToolProcess>(name, tool, std::vector<std::string>{});
    auto out = std::move(idle.back());
    idle.pop_back();
    return out;
}

void Tools::run(dunlin_tool_run& run, const std::function<bool()>& stops) {
    const std::string name(to_view(run.tool));
    const auto found = config_.tools.find(name);
    if (found == config_.tools.end()) refuse(DUNLIN_E_NOT_FOUND, name, "is not declared");
    const auto& tool = found->second;
    const milliseconds most = std::chrono::seconds(tool.timeout_seconds), wanted(run.timeout_ms);
    const ToolProcess::Patience patience{
        stops, steady_clock::now() + (wanted.count() > 0 ? std::min(wanted, most) : most)};
    std::vector<std::string> args;
    for (uint32_t i = 0; i < run.n_args; ++i) args.emplace_back(to_view(run.args[i]));
    std::size_t sum = 0;
    const auto measured = [&](std::string_view piece) {
        sum += piece.size();
        if (sum > static_cast<std::size_t>(tool.output_max_mib) << 20) {
            refuse(DUNLIN_E_LIMIT, name, "wrote too much and was killed");
        }
        return piece;
    };
    std::string errors;
    const auto keep_errors = [&](std::string_view piece) {
        errors += piece.substr(0, errors_max - std::min(errors_max, errors.size()));
        return true;
    };
    if (tool.resident) {
        auto process = take(name, tool);
        auto frame = Json{{"args", args}, {"input", run.input.len}}.dump() + "\n";
        frame += to_view(run.input);
        Answer answer;
        const auto listen = [&](std::string_view piece) { return answer.add(measured(piece)); };
        try {
            process->exchange(frame, /*is_last=*/false, listen, keep_errors, patience);
        } catch (const Json::exception&) {
            answer.code = -1;
        }
        if (!answer.is_whole()) {
            refuse(DUNLIN_E_UNAVAILABLE, name, "ended in the middle of a run (" + errors + ")");
        }
        if (answer.code == 0) write_to(&run.output, answer.bytes);
        errors = answer.code == 0 ? "" : answer.bytes.substr(0, errors_max);
        run.exit_code = answer.code;
        const std::lock_guard lock(mutex_);
        idle_[name].push_back(std::move(process));
    } else {
        ToolProcess process(name, tool, args);
        const auto give = [&](std::string_view piece) {
            write_to(&run.output, measured(piece));
            return true;
        };
        process.exchange(to_view(run.input), /*is_last=*/true, give, keep_errors, patience);
        run.exit_code = process.exit_code(patience);
    }
    if (!errors.empty()) write_to(&run.errors, errors);
}

std::vector<Finding> Tools::inspect() const {
    std::vector<Finding> out;
    for (const auto& [name, tool] : config_.tools) {
        const bool is_there = ::access(tool.program.c_str(), X_OK) == 0;
        out.push_back(finding("tool " + name, is_there, "fail",
                              tool.program + (is_there ? " is there" : " cannot be run"),
                              "install it, or correct [tools." + name + "] program"));
    }
    if (out.empty()) return out;
    const auto pid = ::fork();
    if (pid == 0) ::_exit(leave_network() ? 0 : 1);
    int status = 1;
    ::waitpid(pid, &status, 0);
    out.push_back(finding("tools", status == 0, "warn",
                          status == 0 ? "run without network" : "run with this system's network",
                          "permit user namespaces to the user of this program"));
    return out;
}

const dunlin_tools_v1 tools_service = {sizeof tools_service, 0, entry<run_tool>};

}  // namespace dunlin::host
