// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include "pull.hpp"
#include "text.hpp"

#include <utility>

namespace dunlin::bank_statement {
namespace {

std::map<std::string, std::string> by_account(const Json& config, const char* member) {
    std::map<std::string, std::string> out;
    const auto it = config.find(member);
    if (it == config.end()) return out;
    for (const auto& [account, value] : it->items()) {
        if (!out.emplace(bare_account(account), value.get<std::string>()).second) {
            throw Error(DUNLIN_E_INVALID, "\"" + std::string(member) + "\" names the account " +
                                              bare_account(account) + " twice; keep one");
        }
    }
    return out;
}

}  // namespace

Settings Settings::parse(const Json& config) {
    Settings out;
    out.folder = config.at("folder").get<std::string>();
    out.files = config.value("files", out.files);
    out.encoding = config.value("encoding", out.encoding);
    require_encoding(out.encoding);
    out.settle_us = config.value("settle_seconds", int64_t{5}) * 1'000'000;
    out.batch_rows = config.value("batch_rows", out.batch_rows);
    out.file_bytes_max = config.value("max_file_bytes", out.file_bytes_max);
    out.rules.intraday = config.value("intraday", false);
    out.rules.outgoing = config.value("outgoing", false);
    out.rules.statements_follow = config.value("statements_follow", true);
    out.rules.company = config.value("company", std::string());
    out.rules.companies = by_account(config, "companies");
    out.rules.payer_customers = by_account(config, "payer_customers");
    out.layout = Json{out.encoding,
                      out.rules.intraday,
                      out.rules.outgoing,
                      out.rules.statements_follow,
                      out.rules.company,
                      out.rules.companies,
                      out.rules.payer_customers}
                     .dump();
    return out;
}

StatementSource::StatementSource(std::string name, Settings settings, Surroundings surroundings)
    : name_(std::move(name)),
      settings_(std::move(settings)),
      surroundings_(std::move(surroundings)),
      folder_(settings_.folder, settings_.settle_us) {}

Json StatementSource::check(const Cancel&) {
    int64_t ours = 0, others = 0;
    for (const auto& file : folder_.list(surroundings_.now_us())) {
        ++(matches(settings_.files, file.name) ? ours : others);
    }
    return {{"folder", folder_.path().string()}, {"files", ours}, {"ignored", others}};
}

std::unique_ptr<Pull> StatementSource::pull(const PullRequest& request, Cancel cancel) {
    if (request.entity != "payment") {
        throw Error(DUNLIN_E_INVALID,
                    in_quotes(request.entity) + " does not come from bank statements; payments do");
    }
    PullPlan plan{settings_, Cursor::parse(request.resume), {}, {}};
    plan.warn = [this](const std::string& text) {
        surroundings_.warn("the source " + name_ + ": " + text);
    };
    plan.queue = FileQueue::make(
        folder_, surroundings_.now_us(), plan.cursor.files, settings_.layout, cancel,
        [&](const SourceFile& file) { return matches(settings_.files, file.name); });
    if (!plan.queue.lost.empty()) {
        surroundings_.warn("the source " + name_ + " " + plan.queue.lost);
    }
    return std::make_unique<StatementPull>(std::move(plan), cancel);
}

}  // namespace dunlin::bank_statement
