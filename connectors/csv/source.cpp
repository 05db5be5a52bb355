// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include "pull.hpp"

#include <dunlin/did_you_mean.hpp>

#include <fstream>
#include <sstream>

namespace dunlin::csv {
namespace {

/// Everything besides the bytes of a file that decides what its rows are.
std::string fingerprint(const Settings& settings, const std::string& mapping_text) {
    const auto& layout = settings.layout;
    return std::string(1, layout.delimiter) + layout.encoding + '\n' +
           layout.formats.date.pattern() + '\n' + layout.formats.number.decimal +
           layout.formats.number.thousands + std::to_string(settings.reader.field_bytes_max) +
           std::to_string(settings.reader.is_final_newline_required) + mapping_text;
}

}  // namespace

Settings Settings::parse(const Json& config) {
    Settings out;
    out.folder = config.at("folder").get<std::string>();
    out.mapping = config.value("mapping", std::string());
    out.layout.delimiter = parse_delimiter(config.value("delimiter", std::string(",")));
    out.layout.encoding = config.value("encoding", std::string("UTF-8"));
    require_encoding(out.layout.encoding);
    out.layout.formats.date = DateFormat(config.value("date_format", std::string("YYYY-MM-DD")));
    out.layout.formats.number = parse_number_format(config.value("decimal", std::string(".")),
                                                    config.value("thousands", std::string()));
    out.settle_us = config.value("settle_seconds", int64_t{5}) * 1'000'000;
    out.batch_rows = config.value("batch_rows", int64_t{50000});
    out.max_bad_share = config.value("max_bad_share", 0.5);
    out.reader.field_bytes_max = config.value("max_field_bytes", std::size_t{65536});
    out.reader.is_final_newline_required = config.value("require_final_newline", false);
    return out;
}

CsvSource::CsvSource(std::string name, Settings settings, Surroundings surroundings)
    : name_(std::move(name)),
      settings_(std::move(settings)),
      surroundings_(std::move(surroundings)),
      folder_(settings_.folder, settings_.settle_us) {}

std::shared_ptr<const Mapping> CsvSource::load_mapping(std::string& text) const {
    if (settings_.mapping.empty()) return nullptr;
    std::ifstream in(settings_.mapping, std::ios::binary);
    std::ostringstream bytes;
    if (in) bytes << in.rdbuf();
    if (!in) {
        throw Error(DUNLIN_E_INVALID, "the mapping " + settings_.mapping.string() +
                                          " cannot be read; correct \"mapping\" in the source " +
                                          name_);
    }
    text = bytes.str();
    auto mapping = std::make_shared<Mapping>(
        parse_mapping(settings_.mapping.filename().string(), text, settings_.layout));
    require_encoding(mapping->layout.encoding);
    return mapping;
}

Json CsvSource::check(const Cancel&) {
    std::string text;
    const auto mapping = load_mapping(text);
    Json files = Json::object();
    Json ignored = Json::array();
    for (const auto& file : folder_.list(surroundings_.now_us())) {
        const auto* entity = mapping ? nullptr : entity_of_file(file.name);
        if (mapping ? matches(mapping->files, file.name) : entity != nullptr) {
            const auto key = mapping ? mapping->files : std::string(entity->name);
            files[key] = files.value(key, 0) + 1;
        } else if (ignored.size() < 20) {
            ignored.push_back(file.name);
        }
    }
    return {{"folder", folder_.path().string()}, {"files", files}, {"ignored", ignored}};
}

void CsvSource::warn_once(const std::string& about, const std::string& text) {
    {
        const std::lock_guard lock(mutex_);
        if (!warned_.insert(about).second) return;
    }
    surroundings_.warn(text);
}

void CsvSource::warn_of(const SourceFile& file) {
    warn_once(file.name, "the source " + name_ + " does not read " + file.name +
                             ": its name begins with no entity, such as invoice-2026-01.csv" +
                             did_you_mean(file.path.stem().string(), entity_names()));
}

std::unique_ptr<Pull> CsvSource::pull(const PullRequest& request, Cancel cancel) {
    const auto* entity = find_entity(request.entity);
    if (!entity) {
        throw Error(DUNLIN_E_INVALID,
                    in_quotes(request.entity) + " is not an entity of the csv connector");
    }
    std::string mapping_text;
    PullPlan plan{
        *entity, settings_, load_mapping(mapping_text), FileCursor::parse(request.resume), {}};
    const auto is_ours = [&](const SourceFile& file) {
        if (plan.mapping) {
            return plan.mapping->gives(*entity) && matches(plan.mapping->files, file.name);
        }
        const auto* own = entity_of_file(file.name);
        if (!own) warn_of(file);
        return own == entity;
    };
    plan.queue = FileQueue::make(folder_, surroundings_.now_us(), plan.cursor,
                                 fingerprint(settings_, mapping_text), cancel, is_ours);
    const auto& lost = plan.queue.lost;
    if (!lost.empty()) warn_once(lost, "the source " + name_ + " " + lost);
    return std::make_unique<CsvPull>(std::move(plan), cancel);
}

}  // namespace dunlin::csv
