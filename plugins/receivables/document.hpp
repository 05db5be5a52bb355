// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dunlin::receivables {

/// A document behind an item. Its bytes are a blob under the customer.
struct Document {
    int64_t customer_id = 0, id = 0, item_id = 0, blob_id = 0;
    std::string sha256, media_type;
    int64_t size = 0;
    std::string name, source;
    int64_t known_at = 0;
    std::string item_number{}, item_kind{};
};

/// What bytes are by how they begin, whatever anybody says of them: "application/pdf", that of an
/// OpenDocument file, zip, XML, PNG or JPEG; otherwise "application/octet-stream".
std::string media_type_of(std::string_view bytes);

/// "R-2026_17.pdf": a name under which a document can be kept in a folder.
std::string file_name_of(std::string_view title, std::string_view media_type);

}  // namespace dunlin::receivables
