// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/documents.h>
#include <dunlin/services.hpp>

#include <string>
#include <string_view>

namespace dunlin {

/// The documents behind the rows that connectors bring, see abi/documents.h for the errors. Not
/// inside a transaction.
class Documents {
public:
    explicit Documents(const Services& services)
        : host_(services.host()),
          table_(services.table<dunlin_documents_v1>(DUNLIN_SVC_DOCUMENTS)) {}

    std::string fetch(std::string_view source, std::string_view entity,
                      std::string_view external_id, const Cancel& cancel) const {
        std::string out;
        const StringWriter writer(out);
        ErrorSink err;
        err.check(table_.fetch(host_->ctx, to_abi(source), to_abi(entity), to_abi(external_id),
                               cancel.abi(), writer.abi(), err.sink()),
                  "fetch a document");
        return out;
    }

private:
    const dunlin_host* host_;
    const dunlin_documents_v1& table_;
};

}  // namespace dunlin
