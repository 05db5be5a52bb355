// SPDX-License-Identifier: Apache-2.0
#include "worker/answers.hpp"

#include "host.hpp"

#include <dunlin/abi/cancel.h>
#include <dunlin/abi/clock.h>
#include <dunlin/abi/config.h>
#include <dunlin/abi/http_client.h>
#include <dunlin/abi/metrics.h>

#include <cstring>

namespace dunlin::host {

void pack_status(Packer& out, dunlin_status status, const ErrorSink& said) {
    out.number(status).text(said.message()).text(said.detail_json());
}

/// Fetched again each time: it is the manifest that decides, not what the other process holds.
template <class Table>
const Table& Answers::service(const char* id) {
    const auto* services = host_table(&context_);
    const void* out = nullptr;
    ErrorSink said;
    said.check(services->get_service(&context_, id, &out, said.sink()), id);
    return *static_cast<const Table*>(out);
}

void Answers::tell(const Frame& told, dunlin_cancel* cancel) {
    Unpacker in(told.fields);
    if (told.op == Op::release) {
        held_in_call().reset();
    } else if (told.op == Op::log) {
        const auto level = static_cast<int32_t>(in.count(DUNLIN_LOG_ERROR));
        const auto message = in.text(), fields = in.text();
        service<dunlin_log_v1>(DUNLIN_SVC_LOG)
            .log(&context_, level, to_abi(message), to_abi(fields));
    } else if (told.op == Op::progress) {
        const auto done = in.number(), total = in.number();
        service<dunlin_cancel_v1>(DUNLIN_SVC_CANCEL)
            .progress(cancel, done, total, to_abi(in.text()));
    } else {
        const auto name = in.text(), labels = in.text();
        const auto bits = in.number();
        double value = 0;
        std::memcpy(&value, &bits, sizeof value);
        const auto& metrics = service<dunlin_metrics_v1>(DUNLIN_SVC_METRICS);
        if (told.op == Op::count) {
            metrics.add(&context_, to_abi(name), to_abi(labels), bits);
        } else {
            metrics.set(&context_, to_abi(name), to_abi(labels), value);
        }
    }
    in.end();
}

void Answers::reply(const Frame& asked, dunlin_cancel* cancel, const dunlin_writer* pieces,
                    Packer& out) {
    Unpacker in(asked.fields);
    std::string value;
    const StringWriter writer(value);
    ErrorSink said;
    switch (asked.op) {
        case Op::service: service<void*>(std::string(in.text()).c_str()); break;
        case Op::now:
            out.number(service<dunlin_clock_v1>(DUNLIN_SVC_CLOCK).now_us(&context_));
            break;
        case Op::secret:
            said.check(service<dunlin_config_v1>(DUNLIN_SVC_CONFIG)
                           .secret(&context_, to_abi(in.text()), writer.abi(), said.sink()),
                       "secret");
            out.text(value);
            break;
        case Op::hold: {
            const auto& config = service<dunlin_config_v1>(DUNLIN_SVC_CONFIG);
            dunlin_held_secret* held = nullptr;  // The call's, which the host has.
            said.check(config.hold_secret(&context_, to_abi(in.text()), cancel, writer.abi(), &held,
                                          said.sink()),
                       "hold_secret");
            out.text(value);
            break;
        }
        case Op::keep:
            if (!held_in_call()) throw Error(DUNLIN_E_INVALID, "no secret is held");
            said.check(service<dunlin_config_v1>(DUNLIN_SVC_CONFIG)
                           .keep_secret(held_in_call().get(), to_abi(in.text()), said.sink()),
                       "keep_secret");
            break;
        case Op::piece:
            if (!pieces) throw Error(DUNLIN_E_DATA, "it hands over what nobody asked for");
            write_to(pieces, in.text());
            break;
        default: send(in, cancel, out);
    }
}

void Answers::send(Unpacker& in, dunlin_cancel* cancel, Packer& out) {
    dunlin_http_request request{};
    request.struct_size = sizeof request;
    request.timeout_ms = static_cast<int32_t>(in.number());
    request.method = to_abi(in.text());
    request.url = to_abi(in.text());
    request.headers_json = to_abi(in.text());
    request.body = to_abi(in.text());
    request.body_limit = in.number();
    std::string headers_json, body;
    const StringWriter headers(headers_json), pieces(body);
    dunlin_http_response response{sizeof response, 0, -1, *headers.abi(), *pieces.abi()};
    ErrorSink said;
    const auto status = service<dunlin_http_client_v1>(DUNLIN_SVC_HTTP_CLIENT)
                            .send(&context_, &request, cancel, &response, said.sink());
    // What came of a body above the limit is handed over, too.
    pack_status(out, status, said);
    out.number(response.http_status).number(response.retry_after_ms);
    out.text(headers_json).text(body);
}

void Answers::give(const Frame& asked, Channel& channel, dunlin_cancel* cancel,
                   const dunlin_writer* pieces) {
    if (asked.op >= Op::release) {
        // A log line, a number or a progress is never worth a failure.
        return static_cast<void>(guard(&ErrorSink::set, nullptr, [&] { tell(asked, cancel); }));
    }
    if (asked.op < Op::service) throw Error(DUNLIN_E_DATA, "it asks what only the host asks");
    Packer out, payload;
    ErrorSink said;
    const auto status =
        guard(&ErrorSink::set, said.sink(), [&] { reply(asked, cancel, pieces, payload); });
    pack_status(out, status, said);
    if (status == DUNLIN_OK) out.add(payload);
    // When it is gone, the next receive() says so.
    static_cast<void>(channel.send(Op::reply, out.bytes()));
}

}  // namespace dunlin::host
