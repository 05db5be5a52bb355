// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "plugins/services.hpp"

#include <dunlin/abi/config.h>
#include <dunlin/abi/ids.h>
#include <dunlin/abi/metrics.h>

#include <algorithm>
#include <cmath>

namespace dunlin::host {

namespace {

constexpr std::size_t series_max = 200;

void DUNLIN_CALL log(dunlin_ctx* context, int32_t level, dunlin_str message,
                     dunlin_str fields_json) noexcept {
    guard(&ErrorSink::set, nullptr, [&] {
        const auto text = to_view(fields_json);
        auto fields =
            text.empty() ? Json() : Json::parse(text, nullptr, /*allow_exceptions=*/false);
        if (fields.is_discarded() || (!fields.is_null() && !fields.is_object())) {
            fields = {{"fields_not_json", std::string(text)}};
        }
        const auto known = std::clamp<int32_t>(level, DUNLIN_LOG_DEBUG, DUNLIN_LOG_ERROR);
        context->host->log().write(known, context->plugin->id(), to_view(message), fields);
    });
}

dunlin_status DUNLIN_CALL config(dunlin_ctx* context, const dunlin_writer* json,
                                 dunlin_err* err) noexcept {
    return guard(&ErrorSink::set, err, [&] { write_to(json, context->plugin->config.dump()); });
}

dunlin_status DUNLIN_CALL secret(dunlin_ctx* context, dunlin_str name, const dunlin_writer* value,
                                 dunlin_err* err) noexcept {
    return guard(&ErrorSink::set, err, [&] {
        const std::string key(to_view(name));
        const auto& manifest = context->plugin->manifest;
        if (!manifest.permissions.count("secret:" + key)) {
            throw Error(DUNLIN_E_DENIED, "the plugin " + manifest.id + " may not read the secret " +
                                             key + "; add \"secret:" + key +
                                             "\" to its permissions in plugin.json");
        }
        const auto text = context->host->config().secret(key);
        context->host->log().hide(text);
        write_to(value, text);
    });
}

int32_t DUNLIN_CALL cancel_requested(dunlin_cancel* cancel) noexcept {
    if (!cancel) return 0;
    return cancel->requested.load(std::memory_order_relaxed) || cancel->is_late() ? 1 : 0;
}

void DUNLIN_CALL cancel_progress(dunlin_cancel* cancel, int64_t done, int64_t total,
                                 dunlin_str note) noexcept {
    if (!cancel || !cancel->on_progress) return;
    guard(&ErrorSink::set, nullptr, [&] { cancel->on_progress(done, total, to_view(note)); });
}

std::string label_text(dunlin_str labels_json) {
    const auto text = to_view(labels_json);
    if (text.empty()) return {};
    std::string out;
    const auto labels = Json::parse(text);
    for (const auto& [name, value] : labels.items()) {
        out += (out.empty() ? "" : ",") + name + "=" + Json(value.get<std::string>()).dump();
    }
    return out;
}

/// Prometheus' name of a plugin's metric, or empty when the plugin has too many series.
std::string series_name(dunlin_ctx& context, dunlin_str name, const std::string& labels) {
    const auto text = to_view(name);
    const auto is_plain = !text.empty() && text.size() <= 100 &&
                          std::all_of(text.begin(), text.end(),
                                      [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); });
    const std::scoped_lock lock(context.mutex);
    const auto key = std::string(text) + "{" + labels;
    if (is_plain && (context.series.count(key) || context.series.size() < series_max)) {
        context.series.insert(key);
        return "dunlin_" + context.plugin->id() + "_" + std::string(text);
    }
    context.host->metrics().add("dunlin_series_dropped_total",
                                "plugin=\"" + context.plugin->id() + "\"");
    return {};
}

void DUNLIN_CALL metrics_add(dunlin_ctx* context, dunlin_str name, dunlin_str labels_json,
                             int64_t delta) noexcept {
    guard(&ErrorSink::set, nullptr, [&] {
        const auto labels = label_text(labels_json);
        const auto series = series_name(*context, name, labels);
        if (!series.empty()) context->host->metrics().add(series, labels, delta);
    });
}

void DUNLIN_CALL metrics_set(dunlin_ctx* context, dunlin_str name, dunlin_str labels_json,
                             double value) noexcept {
    guard(&ErrorSink::set, nullptr, [&] {
        const auto labels = label_text(labels_json);
        const auto series = series_name(*context, name, labels);
        if (!series.empty()) context->host->metrics().set(series, labels, value);
    });
}

dunlin_status DUNLIN_CALL ids_next(dunlin_ctx* context, uint64_t n, int64_t* out,
                                   dunlin_err* err) noexcept {
    return guard(&ErrorSink::set, err, [&] { context->host->ids().next(n, out); });
}

}  // namespace

const void* log_table() {
    static const dunlin_log_v1 table = {sizeof table, 0, log};
    return &table;
}
const void* config_table() {
    static const dunlin_config_v1 table = {sizeof table, 0, config, secret};
    return &table;
}
const void* cancel_table() {
    static const dunlin_cancel_v1 table = {sizeof table, 0, cancel_requested, cancel_progress};
    return &table;
}
const void* metrics_table() {
    static const dunlin_metrics_v1 table = {sizeof table, 0, metrics_add, metrics_set};
    return &table;
}
const void* ids_table() {
    static const dunlin_ids_v1 table = {sizeof table, 0, ids_next};
    return &table;
}

}  // namespace dunlin::host
