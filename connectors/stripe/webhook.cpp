// SPDX-License-Identifier: Apache-2.0
#include "webhook.hpp"

#include <dunlin/hmac.hpp>

#include <charconv>

#include "streams.hpp"

namespace dunlin::stripe {
namespace {

constexpr int64_t second_us = 1'000'000;
constexpr int64_t tolerance_s = 300;

/// "t=1492774577,v1=5257…,v1=6ffb…,v0=…"
struct Signature {
    std::string time;
    std::vector<std::string> v1;

    static Signature parse(std::string_view header) {
        Signature out;
        while (!header.empty()) {
            const auto item = header.substr(0, header.find(','));
            header.remove_prefix(std::min(header.size(), item.size() + 1));
            if (item.starts_with("t=")) out.time = item.substr(2);
            if (item.starts_with("v1=")) out.v1.emplace_back(item.substr(3));
        }
        return out;
    }
};

/// Rows of a stream that an object is.
std::vector<std::string> ids_of(const Part& part, const Json& object) {
    std::vector<std::string> objects;
    if (text_of(object, "object") == part.object) {
        objects.push_back(text_of(object, "id"));
    } else {
        for (const auto& refund : list_of(object, "refunds")) {
            objects.push_back(text_of(refund, "id"));
        }
    }
    std::vector<std::string> out;
    for (const auto& id : objects) {
        for (const auto& suffix : part.suffixes) out.push_back(id + suffix);
    }
    return out;
}

}  // namespace

void verify(const Hook& hook, const std::string& secret) {
    const auto signature = Signature::parse(hook.header("stripe-signature"));
    int64_t time = 0;
    const auto& text = signature.time;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), time);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
        throw Error(DUNLIN_E_DENIED, "the message carries no signature of Stripe's");
    }
    const auto wanted = hmac_sha256_of(secret, {text, ".", hook.body});
    bool is_signed = false;
    for (const auto& one : signature.v1) is_signed |= is_same_digest(one, wanted);
    if (!is_signed) {
        throw Error(DUNLIN_E_DENIED,
                    "the message is not signed with the secret that \"webhook_secret\" names");
    }
    const auto now = hook.now_us / second_us;
    if (time < now - tolerance_s || time > now + tolerance_s) {
        throw Error(DUNLIN_E_DENIED,
                    "the message was signed more than five minutes before or after our clock");
    }
}

Json changed_by(const std::string& body, const std::string& account) {
    const auto event = Json::parse(body, nullptr, /*allow_exceptions=*/false);
    const auto& object = object_of(object_of(event, "data"), "object");
    const auto type = text_of(event, "type");
    if (type.empty() || text_of(object, "object").empty()) {
        throw Error(DUNLIN_E_DATA, "the message is no event of Stripe's");
    }
    auto changed = Json::array();
    if (text_of(event, "account") != account) return {{"changed", changed}};
    for (const auto& stream : streams()) {
        const auto* part = stream.part_of_event(type);
        // Lines have ids of their own: they come with the next run.
        if (!part || part->suffixes.empty()) continue;
        const auto ids = ids_of(*part, object);
        if (ids.empty()) {
            changed.push_back({{"entity", stream.entity}});
        } else {
            changed.push_back({{"entity", stream.entity}, {"external_ids", ids}});
        }
    }
    return {{"changed", changed}};
}

}  // namespace dunlin::stripe
