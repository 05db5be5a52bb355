// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/connector.hpp>

#include <functional>
#include <memory>
#include <string>

#include "pull.hpp"

namespace dunlin::stripe {

/// A source's section of the configuration.
struct Settings {
    Account account;  // Without the key.
    std::string webhook_secret;
    Reading reading;

    /// `config` is valid against the manifest's source_schema.
    static Settings parse(const Json& config);
};

/// What a source needs from outside.
struct Surroundings {
    std::function<HttpReply(const HttpRequest&, const Cancel&)> send;
    std::function<std::string(const std::string& name)> secret;
};

Json describe();

/// One account of Stripe's.
class StripeSource : public Source {
public:
    StripeSource(Settings settings, Surroundings surroundings)
        : settings_(std::move(settings)), surroundings_(std::move(surroundings)) {}

    Json check(const Cancel& cancel) override;
    std::unique_ptr<Pull> pull(const PullRequest& request, Cancel cancel) override;
    Receipt push(const WriteBack& write, const Cancel& cancel) override;
    Receipt find(const WriteBack& write, const Cancel& cancel) override;
    Json totals(const Cancel& cancel) override;
    Json hook(const Hook& hook) override;

private:
    Client client(const Cancel& cancel) const;

    Settings settings_;
    Surroundings surroundings_;
};

}  // namespace dunlin::stripe
