// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client.hpp"
#include "feed.hpp"

#include <dunlin/connector.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace dunlin::tryton {

/// A source's section of the configuration.
struct Settings {
    Account account;
    std::vector<std::string> companies;  // By name; empty: all the user may see.
    int64_t page_rows = 2000;
    int64_t overlap_us = 0;  // What the operator wants above overlap_seconds.

    /// `config` is valid against the manifest's source_schema.
    static Settings parse(const Json& config,
                          const std::function<std::string(const std::string&)>& secret);
};

/// How far back each run begins again unless the source says more: Tryton stamps a change with the
/// time at which its transaction began.
constexpr int64_t overlap_seconds = 300;

struct Company {
    int64_t id = 0;
    std::string name, currency;
};

/// One Tryton database with the companies that are synced.
class TrytonSource : public Source {
public:
    TrytonSource(std::string name, Settings settings, HttpSend send);

    Json check(const Cancel& cancel) override;
    std::unique_ptr<Pull> pull(const PullRequest& request, Cancel cancel) override;
    Receipt push(const WriteBack& write, const Cancel& cancel) override;
    Receipt find(const WriteBack& write, const Cancel& cancel) override;
    Json totals(const Cancel& cancel) override;
    void document(std::string_view entity, std::string_view external_id, const TakeBytes& take,
                  const Cancel& cancel) override;

    /// What every source of this kind can do.
    static Json describe();

private:
    /// The companies of the source. Throws a sentence when the user may not see one of them.
    std::vector<Company> companies(const Cancel& cancel);
    std::vector<Company> find_companies(const Cancel& cancel);
    void require_rights(const Cancel& cancel);
    Json dunning(const Cancel& cancel);
    /// What the user may not write of what write-backs need; models that are not there left out.
    std::vector<std::string> not_writable(const Cancel& cancel);

    std::string name_;
    Settings settings_;
    Client client_;
    std::mutex mutex_;
    // Asked for once: a source is opened anew for each run.
    std::optional<std::vector<Company>> companies_;
};

}  // namespace dunlin::tryton
