// SPDX-License-Identifier: Apache-2.0
#include <dunlin/base64.hpp>
#include <dunlin/blobs.hpp>
#include <dunlin/documents.hpp>

#include "commands.hpp"
#include "store.hpp"

namespace dunlin::receivables {
namespace {

Json document_json(const Document& document) {
    return {{"customer_id", std::to_string(document.customer_id)},
            {"document_id", std::to_string(document.id)},
            {"item_id", std::to_string(document.item_id)},
            {"kind", document.item_kind},
            {"number", document.item_number},
            {"name", document.name},
            {"media_type", document.media_type},
            {"size", document.size},
            {"sha256", document.sha256},
            {"source", document.source},
            {"known_at_us", document.known_at}};
}

/// Bytes as base64, as they come.
struct AsBase64 {
    std::string text{};
    Base64Encoder encoder{text};
    dunlin_writer writer{
        this, [](void* ctx, const void* bytes, uint64_t n) noexcept {
            return guard(&ErrorSink::set, nullptr, [&] {
                static_cast<AsBase64*>(ctx)->encoder.add({static_cast<const char*>(bytes), n});
            });
        }};
};

}  // namespace

Json fetch_document(Call& call) {
    Views views(call.tx());
    const auto item = need_item(views, call.id("customer"), call.id("item"), call.today());
    const auto from = views.origin_of_item(item.customer_id, item.id);
    if (from.source.empty()) {
        throw Error(DUNLIN_E_CONFLICT,
                    "the " + item.kind +
                        " was made here and is not known in any other system that could have a "
                        "document of it");
    }
    call.tx().enqueue("receivables.fetch_document", std::to_string(item.id),
                      {{"source", from.source},
                       {"entity", from.entity},
                       {"external_id", from.external_id},
                       {"title", item.number.empty() ? item.kind : item.number}});
    return {{"source", from.source}, {"entity", from.entity}, {"external_id", from.external_id}};
}

void file_document(const Services& services, const Job& job) {
    const std::string source = job.args.at("source"), entity = job.args.at("entity"),
                      external_id = job.args.at("external_id");
    const auto bytes = Documents(services).fetch(source, entity, external_id, job.cancel);
    auto tx = services.begin(DUNLIN_TX_WRITE);
    Store store(services, tx);
    // Where the item is now: meanwhile it may have moved to another customer, or gone.
    const auto now = [&] { return store.known(source, entity, {external_id}).at(0); };
    const auto found = now();
    store.hold_customers({found.customer_id});
    const auto item = now();
    if (item.id == 0 || item.is_link) return;
    if (item.customer_id != found.customer_id) {
        throw Error(DUNLIN_E_CONFLICT, "the item moved while its document was filed");
    }
    const auto blob = Blobs(services).write(tx, item.customer_id, bytes);
    if (store.has_document({item.customer_id, item.id}, blob.sha256)) return;  // Rolls back.
    const auto media_type = media_type_of(bytes);
    const Document filed{
        item.customer_id, services.next_id(),
        item.id,          blob.id,
        blob.sha256,      media_type,
        blob.size,        file_name_of(job.args.at("title").get<std::string>(), media_type),
        source,           tx.now_us()};
    store.insert(filed);
    const auto customer_id = std::to_string(item.customer_id);
    tx.emit("receivables.document_filed", customer_id,
            {{"customer_id", customer_id},
             {"item_id", std::to_string(item.id)},
             {"document_id", std::to_string(filed.id)},
             {"name", filed.name},
             {"media_type", media_type},
             {"size", filed.size},
             {"sha256", filed.sha256},
             {"source", source}});
    tx.commit();
}

Json documents(Call& call) {
    DocumentQuery query;
    query.customer_id = call.id("customer");
    query.item_id = call.id("item");
    query.number = call.value<std::string>("number", "");
    query.limit = call.value<int64_t>("limit", 100);
    auto rows = Json::array();
    for (const auto& one : Views(call.tx()).documents(query)) rows.push_back(document_json(one));
    return {{"rows", rows}};
}

Json document(const Services& services, Call& call) {
    DocumentQuery query;
    query.customer_id = call.id("customer");
    query.id = call.id("document");
    const auto found = Views(call.tx()).documents(query);
    if (found.empty()) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no document " + std::to_string(query.id) +
                                            " of this customer that you may see; list them with "
                                            "receivables.documents");
    }
    const auto& one = found.front();
    AsBase64 content;
    content.text.reserve(static_cast<std::size_t>(one.size) / 3 * 4 + 4);
    Blobs(services).read(call.tx(), one.customer_id, one.blob_id, &content.writer);
    content.encoder.finish();
    auto out = document_json(one);
    out["content_base64"] = std::move(content.text);
    return out;
}

}  // namespace dunlin::receivables
