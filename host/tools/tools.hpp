// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.hpp"
#include "store/store.hpp"

#include <dunlin/abi/tools.h>

#include <functional>
#include <memory>
#include <mutex>

namespace dunlin::host {

class ToolProcess;

/// Helper programs that the operator declared. Thread-safe.
class Tools {
public:
    explicit Tools(const Config& config);
    ~Tools();

    /// Runs one to its end; errors as dunlin.tools/1 has them.
    void run(dunlin_tool_run& run, const std::function<bool()>& stops);
    /// For the doctor: are the programs there, and do they run without network?
    std::vector<Finding> inspect() const;

private:
    std::unique_ptr<ToolProcess> take(const std::string& name, const ToolConfig& tool);

    const Config& config_;
    std::mutex mutex_;
    std::map<std::string, std::vector<std::unique_ptr<ToolProcess>>> idle_;  // Residents.
};

extern const dunlin_tools_v1 tools_service;

}  // namespace dunlin::host
