// SPDX-License-Identifier: Apache-2.0
#include "worker/remote.hpp"

#include "host.hpp"
#include "plugins/library.hpp"

namespace dunlin::host {

namespace {

constexpr std::chrono::seconds close_patience{5};

bool is_known(int64_t status) {
    return status == DUNLIN_DONE || (status >= DUNLIN_OK && status <= DUNLIN_E_INTERNAL);
}

/// The beginning of a reply, as pack_status() wrote it.
dunlin_status take_status(Unpacker& in, std::string& message, std::string& detail) {
    const auto status = in.number();
    if (!is_known(status)) throw Error(DUNLIN_E_DATA, "a call ended with an unknown status");
    message = in.text();
    detail = in.text();
    return static_cast<dunlin_status>(status);
}

}  // namespace

dunlin_status RemotePlugin::ask(Child& child, Op op, const Packer& fields, dunlin_cancel* cancel,
                                const Read& read, const dunlin_writer* pieces) {
    const auto stops = [&] { return cancel && (cancel->requested || cancel->is_late()); };
    auto frame = child.ask(op, fields, stops, [&](const Frame& asked, Channel& channel) {
        answers_.give(asked, channel, cancel, pieces);
    });
    dunlin_status status = DUNLIN_OK;
    std::string message, detail;
    try {
        Unpacker in(frame.fields);
        status = take_status(in, message, detail);
        if (status == DUNLIN_OK && read) read(in, frame);
        in.end();
    } catch (const Error& e) {
        child.refuse(e.what());
    }
    if (status == DUNLIN_OK || status == DUNLIN_DONE) return status;
    throw Error(status, message, detail);
}

void RemotePlugin::refuse_when_quarantined() {
    const std::lock_guard lock(mutex_);
    if (!quarantined_.empty()) throw Error(DUNLIN_E_UNSUPPORTED, quarantined_);
}

std::unique_ptr<Child> RemotePlugin::load(const std::string& source, dunlin_cancel* cancel) {
    refuse_when_quarantined();
    const auto& m = plugin_.manifest;
    const auto state = host_.config().instance / "state";
    const auto stops = [&] { return cancel && (cancel->requested || cancel->is_late()); };
    auto child = host_.workers().start(m.id, source, stops);
    Packer fields;
    {
        const std::lock_guard lock(mutex_);
        // Only the first time does a crash while it is loaded say something about the library.
        fields.text(plugin_.folder.string())
            .text(plugin_.config.dump())
            .text(was_loaded_ ? "" : state.string())
            .number(host_.config().worker_memory_max_mib);
    }
    try {
        ask(*child, Op::load, fields, cancel, [&](Unpacker& in, Frame&) { keep_description(in); });
    } catch (const ChildDied& died) {
        if (LoadingMarker::was_left(state, m.id, m.sha256)) {
            const std::lock_guard lock(mutex_);
            quarantined_ = quarantine_reason(plugin_, state);
            host_.log().error(m.id, "the plugin is quarantined: " + quarantined_);
        }
        refuse_when_quarantined();
        throw host_.workers().after_death(died, m.id, source);
    }
    return child;
}

void RemotePlugin::keep_description(Unpacker& in) {
    std::string message, detail;
    const auto status = take_status(in, message, detail);
    const std::lock_guard lock(mutex_);
    was_loaded_ = true;
    description_ = in.text();
    undescribed_.reset();
    if (status != DUNLIN_OK) undescribed_.emplace(status, message, detail);
}

void RemotePlugin::close(std::unique_ptr<Child> child) noexcept {
    try {
        child->set_silence(close_patience);
        ask(*child, Op::close, {}, nullptr);
    } catch (const Error& e) {
        host_.log().warn(plugin_.id(), std::string("it did not end well: ") + e.what());
    }
}

std::string RemotePlugin::describe() {
    const auto known = [&]() -> std::optional<std::string> {
        const std::lock_guard lock(mutex_);
        if (undescribed_) throw Error(*undescribed_);
        return description_;
    };
    if (const auto kept = known()) return *kept;
    close(load("", nullptr));
    return known().value();
}

}  // namespace dunlin::host
