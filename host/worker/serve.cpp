// SPDX-License-Identifier: Apache-2.0
#include "worker/serve.hpp"

#include "plugins/library.hpp"
#include "worker/answers.hpp"
#include "worker/pages.hpp"
#include "worker/process.hpp"
#include "worker/services.hpp"

#include <dunlin/page_check.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <map>
#include <new>

namespace dunlin::host {

namespace {

constexpr rlim_t files_max = 256;
constexpr int64_t room_for_libraries_mib = 512;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool has_shadow_memory = true;  // Terabytes of addresses: no limit on them.
#else
constexpr bool has_shadow_memory = false;
#endif

void limit(__rlimit_resource which, rlim_t most) {
    rlimit now{};
    ::getrlimit(which, &now);
    now.rlim_cur = now.rlim_max = std::min(most, now.rlim_max);
    ::setrlimit(which, &now);
}

/// The plugin with its source, and what the host may ask of it.
class Served {
public:
    Served(Channel& channel, const std::atomic<uint8_t>& flag)
        : services_(lent_services(channel, flag, context_)), channel_(channel) {}

    void answer(const Frame& asked) {
        Packer out, payload;
        ErrorSink said;
        page_ = Batch();
        PackedRows rows;
        const auto status = guard(&ErrorSink::set, said.sink(), [&] {
            Unpacker in(asked.fields);
            return perform(asked.op, in, payload, rows);
        });
        pack_status(out, status, said);
        if (status == DUNLIN_OK) out.add(payload);
        try {
            if (!channel_.send(Op::reply, out.bytes(), std::move(rows.data))) leave();
        } catch (const Error& e) {  // Too large.
            Packer refusal;
            refusal.number(e.status()).text(e.what()).text({});
            if (!channel_.send(Op::reply, refusal.bytes())) leave();
        }
        if (asked.op == Op::close) leave();
    }

private:
    struct OpenPull {
        dunlin_pull* pull;
        std::string entity;
    };

    dunlin_status call(const char* what, const PluginCall& body) const {
        return call_into(plugin_, what, body);
    }
    PluginCaller caller() const {
        return [this](const char* what, const PluginCall& body) { return call(what, body); };
    }
    /// What a call of the connector writes.
    template <class Body>
    void text(Packer& out, const char* what, Body&& body) {
        std::string written;
        const StringWriter writer(written);
        call(what, [&](dunlin_err* err) { return body(writer.abi(), err); });
        out.text(written);
    }
    template <class Call>
    static Call need(Call optional) {
        if (optional) return optional;
        throw Error(DUNLIN_E_UNSUPPORTED, "this connector does not do that");
    }
    void need_made(const void* made, const char* what) const {
        if (made) return;
        throw Error(DUNLIN_E_INTERNAL, "the connector " + plugin_.id() + " ended " + what +
                                           " with \"ok\" and gave nothing");
    }

    dunlin_status perform(Op op, Unpacker& in, Packer& out, PackedRows& rows) {
        const auto* table = plugin_.connector;
        switch (op) {
            case Op::load: load(in, out); break;
            case Op::open: open(in); break;
            case Op::check:
                text(out, "check", [&](auto* json, auto* err) {
                    return table->check(source_, lent_cancel(), json, err);
                });
                break;
            case Op::totals:
                text(out, "totals", [&](auto* json, auto* err) {
                    return need(table->totals)(source_, lent_cancel(), json, err);
                });
                break;
            case Op::push: write(in, out, "push", need(table->push)); break;
            case Op::find: write(in, out, "find", need(table->find)); break;
            case Op::hook: hook(in, out); break;
            case Op::document: document(in); break;
            case Op::pull: pull(in, out); break;
            case Op::next: return next(in, out, rows);
            case Op::end: end(in.number()); break;
            case Op::close: close(); break;
            default: throw Error(DUNLIN_E_INTERNAL, "the host asked for what there is not");
        }
        return DUNLIN_OK;
    }

    void load(Unpacker& in, Packer& out) {
        plugin_.folder = in.text();
        plugin_.config = Json::parse(in.text());
        const std::string state(in.text());
        const auto memory_mib = in.number();
        if (!has_shadow_memory) {
            limit(RLIMIT_AS, static_cast<rlim_t>(memory_mib + room_for_libraries_mib) << 20);
        }
        const auto file = plugin_.folder / "plugin.json";
        plugin_.manifest = Manifest::parse(read_file(file), file.string());
        check_sidecar(plugin_);
        std::optional<LoadingMarker> marker;
        if (!state.empty()) marker.emplace(state, plugin_.id(), plugin_.manifest.sha256);
        bring_up(plugin_, services_, caller());
        plugin_.connector = static_cast<const dunlin_connector_v1*>(
            extension_of(plugin_, DUNLIN_EXT_CONNECTOR, sizeof *plugin_.connector, caller()));
        marker.reset();
        Packer description;
        ErrorSink said;
        std::string written;
        const StringWriter writer(written);
        const auto status = guard(&ErrorSink::set, said.sink(), [&] {
            return call("describe", [&](dunlin_err* err) {
                return plugin_.connector->describe(plugin_.instance, writer.abi(), err);
            });
        });
        pack_status(out, status, said);
        out.text(written);
    }

    void open(Unpacker& in) {
        const auto name = in.text(), settings = in.text();
        call("open", [&](dunlin_err* err) {
            return plugin_.connector->open(plugin_.instance, to_abi(name), to_abi(settings),
                                           &source_, err);
        });
        need_made(source_, "open");
    }

    void close() {
        while (!pulls_.empty()) end(pulls_.begin()->first);
        call("close", [&](dunlin_err*) {
            if (source_) plugin_.connector->close(source_);
            return DUNLIN_OK;
        });
        auto* instance = plugin_.instance;
        call("stop", [&](dunlin_err* err) { return instance->stop(instance, 1'000'000, err); });
        call("destroy", [&](dunlin_err*) {
            instance->destroy(instance);
            return DUNLIN_OK;
        });
    }

    void write(Unpacker& in, Packer& out, const char* what,
               decltype(dunlin_connector_v1::push) to) {
        const auto asked = in.text();
        text(out, what, [&](auto* json, auto* err) {
            return to(source_, to_abi(asked), lent_cancel(), json, err);
        });
    }

    void hook(Unpacker& in, Packer& out) {
        dunlin_hook asked{};
        asked.struct_size = sizeof asked;
        asked.headers_json = to_abi(in.text());
        asked.body = to_abi(in.text());
        asked.now_us = in.number();
        text(out, "hook", [&](auto* json, auto* err) {
            return need(plugin_.connector->hook)(source_, &asked, json, err);
        });
    }

    void document(Unpacker& in) {
        const auto entity = in.text(), external_id = in.text();
        const auto of = need(plugin_.connector->document);
        call("document", [&](dunlin_err* err) {
            return of(source_, to_abi(entity), to_abi(external_id), lent_cancel(), lent_pieces(),
                      err);
        });
    }

    void pull(Unpacker& in, Packer& out) {
        dunlin_pull_request asked{};
        asked.struct_size = sizeof asked;
        asked.mode = static_cast<uint32_t>(in.number());
        asked.entity = to_abi(in.text());
        asked.resume = to_abi(in.text());
        asked.since_us = in.number();
        asked.ids_json = to_abi(in.text());
        dunlin_pull* made = nullptr;
        call("pull", [&](dunlin_err* err) {
            return plugin_.connector->pull(source_, &asked, lent_cancel(), &made, err);
        });
        need_made(made, "pull");
        pulls_[++last_pull_] = {made, std::string(to_view(asked.entity))};
        out.number(last_pull_);
    }

    dunlin_status next(Unpacker& in, Packer& out, PackedRows& rows) {
        const auto& open = pulls_.at(in.number());
        dunlin_page page{};
        page.struct_size = sizeof page;
        page.schema = page_.schema();
        page.rows = page_.array();
        page.total = -1;
        page.changed_max_us = page.server_us = DUNLIN_NO_TIME;
        const auto status = call("next", [&](dunlin_err* err) {
            return plugin_.connector->next(open.pull, &page, err);
        });
        if (status == DUNLIN_DONE) return status;
        try {
            check_page(page_);
        } catch (const Error& e) {
            throw Error(DUNLIN_E_DATA, "the connector " + plugin_.id() + " sent a page of " +
                                           open.entity + " that cannot be read: " + e.what());
        }
        out.text(to_view(page.next_cursor)).text(to_view(page.errors_json));
        out.number(page.done).number(page.total);
        out.number(page.changed_max_us).number(page.server_us);
        rows = pack_rows(page_, out);
        return DUNLIN_OK;
    }

    void end(int64_t id) {
        const auto found = pulls_.find(id);
        if (found == pulls_.end()) return;
        auto* open = found->second.pull;
        pulls_.erase(found);
        call("end", [&](dunlin_err*) {
            plugin_.connector->end(open);
            return DUNLIN_OK;
        });
    }

    Plugin plugin_;
    dunlin_ctx context_{nullptr, &plugin_};
    const dunlin_host* services_;
    Channel& channel_;
    dunlin_source* source_ = nullptr;
    std::map<int64_t, OpenPull> pulls_;
    int64_t last_pull_ = 0;
    Batch page_;  // Until it is sent.
};

}  // namespace

void serve_worker(int socket, int flag, pid_t parent) {
    // Before anything of the plugin is there. Asked again, because the parent may be gone already.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) leave();
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, files_max);
    std::set_new_handler([] { ::_exit(exit_memory); });
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    ::fcntl(flag, F_SETFD, FD_CLOEXEC);
    void* page = ::mmap(nullptr, sizeof(uint8_t), PROT_READ, MAP_SHARED, flag, 0);
    if (page == MAP_FAILED) leave();
    Channel channel(socket);
    Served served(channel, *static_cast<const std::atomic<uint8_t>*>(page));
    while (const auto asked = channel.receive()) served.answer(*asked);
    leave();
}

}  // namespace dunlin::host
