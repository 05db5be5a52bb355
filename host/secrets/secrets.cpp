// SPDX-License-Identifier: Apache-2.0
#include "secrets/secrets.hpp"

#include "base/backoff.hpp"
#include "host.hpp"

#include <dunlin/digest.hpp>

#include <chrono>
#include <thread>

namespace {

using namespace dunlin;
using namespace dunlin::host;
using std::chrono::steady_clock;

constexpr int64_t held_us = 120 * second_us;
constexpr std::size_t value_bytes_max = 65536;
constexpr std::size_t origin_digits = 64;

void wait_a_little(int64_t attempt) {
    std::this_thread::sleep_for(
        std::chrono::microseconds(backoff_us(attempt, second_us / 50, second_us / 4)));
}

/// It may be several tokens in one object.
void hide(Log& log, const std::string& value, bool is_passing) {
    log.hide(value, is_passing);
    const auto json = Json::parse(value, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return;
    for (const auto& [key, part] : json.items()) {
        if (part.is_string()) log.hide(part.get_ref<const std::string&>(), is_passing);
    }
}

Error cannot_open(const std::string& name) {
    return {DUNLIN_E_DENIED, "what was kept of the secret \"" + name +
                                 "\" was sealed under another key; put the former [secrets] key "
                                 "back, or give a new token as a secret of another name"};
}

}  // namespace

dunlin_held_secret::dunlin_held_secret(Host& host_, std::string by_, std::string name_)
    : host(host_),
      by(std::move(by_)),
      name(std::move(name_)),
      seal(host),
      lease(host, "secret:" + name, held_us) {}

void dunlin_held_secret::keep(std::string_view value) {
    if (value.empty() || value.size() > value_bytes_max) {
        throw Error(DUNLIN_E_LIMIT, "the secret \"" + name + "\" has 1 to 65536 bytes, not " +
                                        std::to_string(value.size()));
    }
    hide(host.log(), std::string(value), /*is_passing=*/true);
    const auto sealed = seal.close(name, origin + std::string(value));
    const auto began = steady_clock::now();
    for (int64_t attempt = 1;; ++attempt) {
        try {
            auto tx = host.begin(Access::write);
            if (!lease.give_back(*tx)) break;
            tx->db().exec(
                "INSERT INTO dunlin_secret VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " sealed = excluded.sealed, kept_by = excluded.kept_by, kept_us = excluded.kept_us",
                name, sealed, by, tx->moment().now_us);
            tx->commit();
            return host.log().info(by, "a secret has a new value", {{"secret", name}});
        } catch (const Error& e) {
            // What is not kept is lost for good.
            if (!is_retryable(e.status()) || steady_clock::now() - began > host.secrets().patience)
                throw;
        }
        wait_a_little(attempt);
    }
    throw Error(DUNLIN_E_CONFLICT, "the secret \"" + name +
                                       "\" is not held any more: it was kept already, or another "
                                       "one took it over after two minutes; hold it anew");
}

namespace dunlin::host {

std::string Secrets::value(const std::string& name, std::string* digest) {
    auto own = host_.config().secret(name);
    hide(host_.log(), own, /*is_passing=*/false);
    const auto origin = sha256_of(own);
    if (digest) *digest = origin;
    const auto sealed = host_.begin(Access::read)
                            ->db()
                            .value("SELECT sealed FROM dunlin_secret WHERE name = ?", name);
    if (sealed.empty()) return own;
    const auto kept = Seal(host_).open(name, sealed);
    if (!kept) throw cannot_open(name);
    // The operator has given another one since.
    if (!kept->starts_with(origin)) return own;
    auto out = kept->substr(origin_digits);
    hide(host_.log(), out, /*is_passing=*/true);
    return out;
}

std::unique_ptr<dunlin_held_secret> Secrets::hold(const std::string& by, const std::string& name,
                                                  const std::function<bool()>& stops,
                                                  std::string& value_now) {
    const auto began = steady_clock::now();
    for (int64_t attempt = 1;; ++attempt) {
        auto held = std::make_unique<dunlin_held_secret>(host_, by, name);
        if (held->lease.fence() != 0) {
            value_now = value(name, &held->origin);
            return held;
        }
        if (stops()) throw Error(DUNLIN_E_CANCELLED, "stopped on request");
        if (steady_clock::now() - began > patience) {
            throw Error(DUNLIN_E_TIMEOUT, "the secret \"" + name +
                                              "\" is being renewed elsewhere for more than a "
                                              "minute; try again");
        }
        wait_a_little(attempt);
    }
}

Finding Secrets::inspect() {
    int64_t kept = 0;
    std::string name, sealed;
    auto tx = host_.begin(Access::read);
    auto rows = tx->db().query("SELECT name, sealed FROM dunlin_secret ORDER BY name");
    try {
        for (const Seal seal(host_); rows->next(name, sealed); ++kept) {
            if (!seal.open(name, sealed)) throw cannot_open(name);
        }
    } catch (const Error& e) {
        // Without a key nothing is lost as long as nothing was kept.
        const bool is_needed = !name.empty() || rows->step();
        return {"kept secrets", is_needed ? "fail" : "warn", e.what(), "do as it says"};
    }
    return {"kept secrets", "ok", std::to_string(kept) + " can be read", ""};
}

}  // namespace dunlin::host
