// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/clock.h>
#include <dunlin/abi/connector.h>
#include <dunlin/abi/plugin.h>
#include <dunlin/batch.hpp>
#include <dunlin/guard.hpp>
#include <dunlin/json.hpp>

#include <catch2/catch.hpp>

#include <cstring>
#include <string>

#include <dlfcn.h>

namespace dunlin::test {

/// The built module of a connector under a host that has a clock, which stands still, and nothing
/// else: what it does goes through the C contract.
class LoadedConnector {
public:
    explicit LoadedConnector(const std::string& id) {
        host_.struct_size = sizeof host_;
        host_.get_service = &clock_only;
        host_.err_set = &ErrorSink::set;
        const auto file = DUNLIN_BINARY_DIR "/plugins/" + id + "/" + id + ".so";
        void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!library) throw Error(DUNLIN_E_NOT_FOUND, ::dlerror());
        const auto query =
            reinterpret_cast<dunlin_plugin_query_v1_fn>(::dlsym(library, DUNLIN_QUERY_SYMBOL));
        desc_ = query();
        ErrorSink err;
        err.check(desc_->create(&host_, &plugin_, err.sink()), "create");
        connector_ = static_cast<const dunlin_connector_v1*>(
            plugin_->get_extension(plugin_, DUNLIN_EXT_CONNECTOR));
    }
    ~LoadedConnector() { plugin_->destroy(plugin_); }
    LoadedConnector(const LoadedConnector&) = delete;
    LoadedConnector& operator=(const LoadedConnector&) = delete;

    Json manifest() const { return Json::parse(desc_->manifest_json); }
    Json description() const {
        std::string out;
        const StringWriter writer(out);
        REQUIRE(connector_->describe(plugin_, writer.abi(), nullptr) == DUNLIN_OK);
        return Json::parse(out);
    }
    /// Throws what the connector says.
    dunlin_source* open(const Json& config) const {
        dunlin_source* source = nullptr;
        ErrorSink err;
        const auto text = config.dump();
        err.check(connector_->open(plugin_, to_abi("source"), to_abi(text), &source, err.sink()),
                  "open");
        return source;
    }

    struct OnlyPage {
        Batch rows;
        Json errors;
    };
    /// The rows of an entity, which must come on one page.
    OnlyPage only_page(const Json& config, const std::string& entity) const {
        auto* source = open(config);
        dunlin_pull* pull = nullptr;
        const dunlin_pull_request request{
            sizeof request, DUNLIN_PULL_CHANGES, to_abi(entity), {}, DUNLIN_NO_TIME, {}};
        REQUIRE(connector_->pull(source, &request, nullptr, &pull, nullptr) == DUNLIN_OK);
        ArrowSchema schema{};
        ArrowArray rows{};
        dunlin_page page{sizeof page, 0, &schema, &rows, {}, {}, 0, 0, 0, 0};
        REQUIRE(connector_->next(pull, &page, nullptr) == DUNLIN_OK);
        const auto errors = to_view(page.errors_json);
        OnlyPage out{Batch(schema, rows), errors.empty() ? Json::array() : Json::parse(errors)};
        CHECK(connector_->next(pull, &page, nullptr) == DUNLIN_DONE);
        connector_->end(pull);
        connector_->close(source);
        return out;
    }

private:
    static dunlin_status DUNLIN_CALL clock_only(dunlin_ctx*, const char* id, const void** out,
                                                dunlin_err*) noexcept {
        static const dunlin_clock_v1 clock{
            sizeof clock, 0, [](dunlin_ctx*) -> int64_t { return 4'000'000'000'000'000; }, nullptr,
            nullptr};
        if (std::strcmp(id, DUNLIN_SVC_CLOCK) != 0) return DUNLIN_E_UNSUPPORTED;
        *out = &clock;
        return DUNLIN_OK;
    }

    dunlin_host host_{};
    const dunlin_plugin_desc* desc_ = nullptr;
    dunlin_plugin* plugin_ = nullptr;
    const dunlin_connector_v1* connector_ = nullptr;
};

}  // namespace dunlin::test
