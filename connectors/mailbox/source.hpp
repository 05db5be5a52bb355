// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "box.hpp"

namespace dunlin::mailbox {

/// A mailbox, or a folder of scanned post.
class MailSource : public Source {
public:
    MailSource(Settings settings, std::function<int64_t()> now_us)
        : settings_(std::move(settings)), now_us_(std::move(now_us)) {}

    Json check(const Cancel& cancel) override;
    std::unique_ptr<Pull> pull(const PullRequest& request, Cancel cancel) override;

private:
    std::unique_ptr<Box> open() const;

    const Settings settings_;
    const std::function<int64_t()> now_us_;
};

}  // namespace dunlin::mailbox
