// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/batch.hpp>

#include <memory>
#include <string>
#include <vector>

namespace dunlin {

namespace detail {

/// What one schema points to. A consumer may move children out before it releases the parent, so
/// each child owns its own node.
struct SchemaNode {
    std::string format;
    std::string name;
    std::vector<ArrowSchema> children;
    std::vector<ArrowSchema*> pointers;
    ArrowSchema dictionary{};
};

inline void release_schema(ArrowSchema* s) noexcept {
    auto* node = static_cast<SchemaNode*>(s->private_data);
    for (auto& child : node->children) {
        if (child.release) child.release(&child);
    }
    if (node->dictionary.release) node->dictionary.release(&node->dictionary);
    delete node;
    s->release = nullptr;
}

inline ArrowSchema make_node(std::string format, std::string name, int64_t flags,
                             std::size_t n_children) {
    auto node = std::make_unique<SchemaNode>();
    node->format = std::move(format);
    node->name = std::move(name);
    node->children.resize(n_children);
    for (auto& child : node->children) node->pointers.push_back(&child);
    ArrowSchema schema{};
    schema.format = node->format.c_str();
    schema.name = node->name.c_str();
    schema.flags = flags;
    schema.n_children = static_cast<int64_t>(n_children);
    schema.children = node->pointers.data();
    schema.release = &release_schema;
    schema.private_data = node.release();
    return schema;
}

}  // namespace detail

/// The schema of a batch with these columns.
inline ArrowSchema make_schema(const std::vector<ColumnSpec>& columns) {
    ArrowSchema schema = detail::make_node("+s", "", 0, columns.size());
    Batch owner(schema, {});
    for (std::size_t i = 0; i < columns.size(); ++i) {
        *schema.children[i] = detail::make_node(format_of(columns[i].type), columns[i].name,
                                                ARROW_FLAG_NULLABLE, /*n_children=*/0);
    }
    return owner.take_schema();
}

/// A deep copy, without metadata.
inline ArrowSchema copy_schema(const ArrowSchema& from) {
    ArrowSchema schema = detail::make_node(from.format, from.name ? from.name : "", from.flags,
                                           static_cast<std::size_t>(from.n_children));
    Batch owner(schema, {});
    for (int64_t i = 0; i < from.n_children; ++i) {
        *schema.children[i] = copy_schema(*from.children[i]);
    }
    if (from.dictionary) {
        auto* node = static_cast<detail::SchemaNode*>(schema.private_data);
        node->dictionary = copy_schema(*from.dictionary);
        owner.schema()->dictionary = &node->dictionary;
    }
    return owner.take_schema();
}

}  // namespace dunlin
