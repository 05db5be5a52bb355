// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/tools.h>
#include <dunlin/services.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin {

/// What a helper program made.
struct ToolResult {
    int32_t exit_code = 0;  // 256 + n when signal n ended it.
    std::string output, errors;
};

/// Helper programs that the operator declared, see abi/tools.h for the errors. Not inside a
/// transaction.
class Tools {
public:
    explicit Tools(const Services& services)
        : host_(services.host()), table_(services.table<dunlin_tools_v1>(DUNLIN_SVC_TOOLS)) {}

    ToolResult run(std::string_view tool, const std::vector<std::string>& args,
                   std::string_view input, const Cancel& cancel,
                   std::chrono::milliseconds timeout = {}) const {
        ToolResult out;
        const StringWriter output(out.output), errors(out.errors);
        std::vector<dunlin_str> texts;
        for (const auto& arg : args) texts.push_back(to_abi(arg));
        dunlin_tool_run run{sizeof run,
                            static_cast<int32_t>(timeout.count()),
                            to_abi(tool),
                            texts.data(),
                            static_cast<uint32_t>(texts.size()),
                            0,
                            to_abi(input),
                            *output.abi(),
                            *errors.abi()};
        ErrorSink err;
        err.check(table_.run(host_->ctx, &run, cancel.abi(), err.sink()), "run a tool");
        out.exit_code = run.exit_code;
        return out;
    }

private:
    const dunlin_host* host_;
    const dunlin_tools_v1& table_;
};

}  // namespace dunlin
