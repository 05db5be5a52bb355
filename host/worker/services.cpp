// SPDX-License-Identifier: Apache-2.0
#include "worker/services.hpp"

#include <dunlin/abi/cancel.h>
#include <dunlin/abi/clock.h>
#include <dunlin/abi/config.h>
#include <dunlin/abi/http_client.h>
#include <dunlin/abi/log.h>
#include <dunlin/abi/metrics.h>
#include <dunlin/entry.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

namespace dunlin::host {

namespace {

Channel* channel = nullptr;
const std::atomic<uint8_t>* stop_flag = nullptr;
std::mutex asking;
constexpr std::size_t piece_bytes = std::size_t{1} << 20;

void tell(Op op, const Packer& fields) {
    const std::lock_guard lock(asking);
    if (!channel->send(op, fields.bytes())) leave();
}

/// The host's reply behind its status; throws what it refuses with.
template <class Read>
void ask(Op op, const Packer& fields, Read&& read) {
    std::optional<Frame> frame;
    {
        const std::lock_guard lock(asking);
        if (channel->send(op, fields.bytes())) frame = channel->receive();
    }
    if (!frame) leave();
    Unpacker in(frame->fields);
    const auto status = static_cast<dunlin_status>(in.number());
    const std::string message(in.text()), detail(in.text());
    if (status != DUNLIN_OK) throw Error(status, message, detail);
    read(in);
}

void log(dunlin_ctx*, int32_t level, std::string_view message, std::string_view fields) {
    tell(Op::log, Packer().number(level).text(message).text(fields));
}

void config(dunlin_ctx* context, const dunlin_writer* json) {
    write_to(json, context->plugin->config.dump());
}

void secret(dunlin_ctx*, std::string_view name, const dunlin_writer* value) {
    ask(Op::secret, Packer().text(name), [&](Unpacker& in) { write_to(value, in.text()); });
}

/// The host knows which one the call holds, so every handle is the same.
void hold(dunlin_ctx*, std::string_view name, dunlin_cancel*, const dunlin_writer* current,
          dunlin_held_secret** out) {
    ask(Op::hold, Packer().text(name), [&](Unpacker& in) { write_to(current, in.text()); });
    static char held;
    *out = reinterpret_cast<dunlin_held_secret*>(&held);
}

void keep(dunlin_held_secret*, std::string_view value) {
    ask(Op::keep, Packer().text(value), [](Unpacker&) {});
}

void release(dunlin_held_secret*) {
    tell(Op::release, {});
}

int64_t now_us(dunlin_ctx*) {
    int64_t out = 0;
    ask(Op::now, {}, [&](Unpacker& in) { out = in.number(); });
    return out;
}

int32_t is_cancelled(dunlin_cancel* cancel) {
    return cancel && stop_flag->load(std::memory_order_relaxed) != 0;
}

void progress(dunlin_cancel* cancel, int64_t done, int64_t total, std::string_view note) {
    if (cancel) tell(Op::progress, Packer().number(done).number(total).text(note));
}

void count(dunlin_ctx*, std::string_view name, std::string_view labels, int64_t delta) {
    tell(Op::count, Packer().text(name).text(labels).number(delta));
}

void gauge(dunlin_ctx*, std::string_view name, std::string_view labels, double value) {
    int64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    tell(Op::gauge, Packer().text(name).text(labels).number(bits));
}

void send(dunlin_ctx*, const dunlin_http_request* request, dunlin_cancel*,
          dunlin_http_response* response) {
    Packer fields;
    fields.number(request->timeout_ms)
        .text(to_view(request->method))
        .text(to_view(request->url))
        .text(to_view(request->headers_json))
        .text(to_view(request->body))
        .number(request->body_limit);
    ask(Op::http, fields, [&](Unpacker& in) {
        const auto status = static_cast<dunlin_status>(in.number());
        const std::string message(in.text()), detail(in.text());
        response->http_status = static_cast<int32_t>(in.number());
        response->retry_after_ms = in.number();
        const auto headers = in.text(), body = in.text();
        if (!body.empty()) write_to(&response->body, body);
        if (status != DUNLIN_OK) throw Error(status, message, detail);
        write_to(&response->headers_json, headers);
    });
}

/// No transaction ever reaches this process.
dunlin_status of_no_tx(dunlin_tx*, int64_t*, int32_t*, int32_t*) {
    return DUNLIN_E_UNSUPPORTED;
}
void today_in_no_tx(dunlin_tx*, std::string_view, int32_t*) {
    throw Error(DUNLIN_E_UNSUPPORTED, "a connector in a process of its own has no transaction");
}

const dunlin_log_v1 log_service = {sizeof log_service, 0, quiet<log>};
const dunlin_config_v1 config_service = {sizeof config_service, 0,           entry<config>,
                                         entry<secret>,         entry<hold>, entry<keep>,
                                         quiet<release>};
const dunlin_clock_v1 clock_service = {sizeof clock_service, 0, quiet<now_us>, quiet<of_no_tx>,
                                       entry<today_in_no_tx>};
const dunlin_cancel_v1 cancel_service = {sizeof cancel_service, 0, quiet<is_cancelled>,
                                         quiet<progress>};
const dunlin_metrics_v1 metrics_service = {sizeof metrics_service, 0, quiet<count>, quiet<gauge>};
const dunlin_http_client_v1 http_service = {sizeof http_service, 0, entry<send>};

const std::map<std::string, const void*> lent = {
    {DUNLIN_SVC_LOG, &log_service},         {DUNLIN_SVC_CONFIG, &config_service},
    {DUNLIN_SVC_CLOCK, &clock_service},     {DUNLIN_SVC_CANCEL, &cancel_service},
    {DUNLIN_SVC_METRICS, &metrics_service}, {DUNLIN_SVC_HTTP_CLIENT, &http_service}};

void get_service(dunlin_ctx* context, const char* id, const void** table) {
    *table = nullptr;
    // Whether there is one, and whether the manifest lists it, the host says in its own words.
    ask(Op::service, Packer().text(id), [](Unpacker&) {});
    const auto found = lent.find(id);
    if (found == lent.end()) {
        throw Error(DUNLIN_E_UNSUPPORTED,
                    std::string(id) +
                        " is not there for a connector in a process of its own, "
                        "which has no database; go on without it, or list \"" +
                        context->plugin->id() + "\" under [worker] in_process in dunlin.toml");
    }
    *table = found->second;
}

}  // namespace

const dunlin_host* lent_services(Channel& to_host, const std::atomic<uint8_t>& flag,
                                 dunlin_ctx& context) {
    channel = &to_host;
    stop_flag = &flag;
    context.table = {sizeof(dunlin_host), DUNLIN_ABI_MAJOR, DUNLIN_ABI_MINOR, &context,
                     entry<get_service>,  &ErrorSink::set};
    return &context.table;
}

dunlin_cancel* lent_cancel() {
    static char cancel;
    return reinterpret_cast<dunlin_cancel*>(&cancel);
}

const dunlin_writer* lent_pieces() {
    static const dunlin_writer writer{
        nullptr, [](void*, const void* bytes, uint64_t n) noexcept -> dunlin_status {
            return guard(&ErrorSink::set, nullptr, [&] {
                std::string_view rest(static_cast<const char*>(bytes), n);
                for (; !rest.empty(); rest.remove_prefix(std::min(piece_bytes, rest.size()))) {
                    ask(Op::piece, Packer().text(rest.substr(0, piece_bytes)), [](Unpacker&) {});
                }
            });
        }};
    return &writer;
}

void leave() {
    // Nothing of the plugin's is run any more.
    ::_exit(0);
}

}  // namespace dunlin::host
