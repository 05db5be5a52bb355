// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include "pull.hpp"

namespace dunlin::mailbox {

namespace {

constexpr std::size_t ignored_max = 20;

std::string needed(const Json& config, const char* name, const std::string& kind) {
    auto out = config.value(name, std::string());
    if (!out.empty()) return out;
    throw Error(DUNLIN_E_INVALID,
                "a source of the kind " + kind + " needs the setting \"" + name + "\"");
}

}  // namespace

Settings Settings::parse(const Json& config,
                         const std::function<std::string(const std::string&)>& secret) {
    Settings out;
    out.kind = config.at("kind").get<std::string>();
    out.settle_us = config.value("settle_seconds", int64_t{5}) * 1'000'000;
    out.message_bytes = config.value("max_message_bytes", std::size_t{20} << 20U);
    out.page_messages = config.value("page_messages", std::size_t{100});
    if (out.kind != "pop3") {
        out.folder = needed(config, "folder", out.kind);
        return out;
    }
    out.server = needed(config, "server", out.kind);
    out.user = needed(config, "user", out.kind);
    out.password = secret(needed(config, "password", out.kind));
    out.tls = config.value("tls", std::string("tls"));
    out.ca_file = config.value("ca_file", std::string());
    return out;
}

std::unique_ptr<Box> MailSource::open() const {
    if (settings_.kind == "pop3") return open_pop3(settings_);
    if (settings_.kind == "scans") return open_scans(settings_, now_us_);
    return open_maildir(settings_);
}

Json MailSource::check(const Cancel& cancel) {
    const auto box = open();
    const auto items = box->list(cancel);
    auto ignored = box->ignored();
    ignored.resize(std::min(ignored.size(), ignored_max));
    return {{"kind", settings_.kind}, {"messages", items.size()}, {"ignored", ignored}};
}

std::unique_ptr<Pull> MailSource::pull(const PullRequest& request, Cancel cancel) {
    if (request.entity != "message") {
        throw Error(DUNLIN_E_INVALID,
                    "\"" + request.entity + "\" is not an entity of the mailbox connector");
    }
    return std::make_unique<MailPull>(open(), Seen::parse(request.resume), settings_, now_us_(),
                                      cancel);
}

}  // namespace dunlin::mailbox
