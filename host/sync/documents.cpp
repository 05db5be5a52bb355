// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "sync/page.hpp"

#include <dunlin/entry.hpp>

#include <algorithm>

namespace dunlin::host {

namespace {

/// Passes bytes on, up to a limit.
struct Limited {
    const dunlin_writer* to;
    uint64_t most, n = 0;
    bool is_over = false;
    dunlin_writer writer{this, &pass};

    static dunlin_status DUNLIN_CALL pass(void* ctx, const void* bytes, uint64_t n) noexcept {
        auto& self = *static_cast<Limited*>(ctx);
        self.is_over = self.is_over || n > self.most - self.n;
        if (self.is_over) return DUNLIN_E_LIMIT;
        self.n += n;
        return self.to->write(self.to->ctx, bytes, n);
    }
};

void fetch(dunlin_ctx* context, std::string_view source, std::string_view entity,
           std::string_view external_id, dunlin_cancel* cancel, const dunlin_writer* bytes) {
    need_no_transaction("a document was fetched");
    auto& host = *context->host;
    const auto target = host.sync().target(std::string(source));
    const auto& connector = *target.second;
    const auto& table = *connector.connector;
    const auto offered = host.sync().describe(connector.id()).value("documents", Json::array());
    if (!table.document || std::count(offered.begin(), offered.end(), Json(entity)) == 0) {
        throw Error(DUNLIN_E_UNSUPPORTED,
                    "the connector " + connector.id() + " hands out no documents of \"" +
                        std::string(entity) + "\"; see: dunlin connector info " + connector.id());
    }
    refuse_when_parked(host, target.first->name);
    const auto mib = host.config().blobs_max_mib;
    Limited limited{bytes, static_cast<uint64_t>(mib) << 20};
    const auto what = "the document of " + std::string(entity) + " " + std::string(external_id);
    const auto opened = open_source(host, connector, *target.first);
    try {
        call_plugin(host, connector, "document", [&](dunlin_err* err) {
            return table.document(opened.get(), to_abi(entity), to_abi(external_id), cancel,
                                  &limited.writer, err);
        });
    } catch (const Error&) {
        if (!limited.is_over) throw;
    }
    if (limited.is_over) {
        throw Error(DUNLIN_E_LIMIT, what + " is larger than the " + std::to_string(mib) +
                                        " MiB that one may have; see [blobs] max_mib in "
                                        "dunlin.toml");
    }
    if (limited.n == 0) {
        throw Error(DUNLIN_E_DATA,
                    what + " came without a byte; report this to the author of " + connector.id());
    }
}

}  // namespace

const dunlin_documents_v1 documents_service = {sizeof documents_service, 0, entry<fetch>};

}  // namespace dunlin::host
