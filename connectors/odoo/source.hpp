// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/connector.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client.hpp"
#include "pull.hpp"

namespace dunlin::odoo {

/// A source's section of the configuration.
struct Settings {
    Account account;  // Without the password.
    std::vector<std::string> companies;
    Reading reading;

    /// `config` is valid against the manifest's source_schema.
    static Settings parse(const Json& config);
};

/// What a source needs from outside.
struct Surroundings {
    std::function<HttpReply(const HttpRequest&, const Cancel&)> send;
    std::function<std::string(const std::string& name)> secret;
};

/// How far back each run begins again, and so the longest transaction of Odoo's that is waited for.
inline constexpr int64_t overlap_seconds = 300;

Json describe();

/// One database of one Odoo.
class OdooSource : public Source {
public:
    OdooSource(Settings settings, Surroundings surroundings);

    Json check(const Cancel& cancel) override;
    std::unique_ptr<Pull> pull(const PullRequest& request, Cancel cancel) override;
    Receipt push(const WriteBack& write, const Cancel& cancel) override;
    Receipt find(const WriteBack& write, const Cancel& cancel) override;
    Json totals(const Cancel& cancel) override;

private:
    std::unique_ptr<Client> client(const Cancel& cancel);
    void require_rights(Client& client) const;

    Settings settings_;
    Surroundings surroundings_;
    Session session_;
};

}  // namespace dunlin::odoo
