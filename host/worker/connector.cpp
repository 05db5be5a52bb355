// SPDX-License-Identifier: Apache-2.0
#include "worker/connector.hpp"

#include "host.hpp"
#include "worker/pages.hpp"
#include "worker/remote.hpp"

#include <dunlin/entry.hpp>

#include <algorithm>

namespace dunlin::host {

namespace {

/// A source, and the process that has it open, when there is one.
class WorkerSource {
public:
    WorkerSource(RemotePlugin& remote, std::string_view name, std::string_view settings)
        : remote_(remote), name_(name), settings_(settings) {
        restart(nullptr);
    }
    ~WorkerSource() {
        if (child_) remote_.close(std::move(child_));
    }

    /// One call at a time. `generation`: of the process that it must still be; 0 for any.
    dunlin_status ask(Op op, const Packer& fields, dunlin_cancel* cancel, int64_t generation,
                      const RemotePlugin::Read& read = nullptr,
                      const dunlin_writer* pieces = nullptr) {
        const std::lock_guard lock(mutex_);
        if (generation != 0 && (!child_ || generation != generation_)) {
            throw Error(DUNLIN_E_UNAVAILABLE, "the process of the connector " +
                                                  remote_.plugin().id() +
                                                  " that read this has ended; begin again");
        }
        if (!child_) restart(cancel);
        try {
            return remote_.ask(*child_, op, fields, cancel, read, pieces);
        } catch (const ChildDied& died) {
            const auto error = bury(died);
            if (op != Op::push) throw error;
            throw Error(DUNLIN_E_TIMEOUT,
                        error.what() + std::string("; whether the write took effect is not known"));
        }
    }
    void end(const Packer& pull, int64_t generation) {
        {
            const std::lock_guard lock(mutex_);
            if (!child_ || generation != generation_) return;  // It ended with its process.
        }
        try {
            ask(Op::end, pull, nullptr, generation);
        } catch (const Error& e) {
            if (e.status() == DUNLIN_E_UNAVAILABLE) return;  // Logged when it died.
            remote_.host().log().error(remote_.plugin().id(), e.what(), {{"source", name_}});
        }
    }
    /// Of the process that lives now.
    int64_t generation() {
        const std::lock_guard lock(mutex_);
        return generation_;
    }

private:
    void restart(dunlin_cancel* cancel) {
        child_ = remote_.load(name_, cancel);
        ++generation_;
        try {
            remote_.ask(*child_, Op::open, Packer().text(name_).text(settings_), cancel);
        } catch (const ChildDied& died) {
            throw bury(died);
        } catch (const Error&) {
            remote_.close(std::move(child_));
            throw;
        }
    }
    Error bury(const ChildDied& died) {
        child_.reset();
        const auto& id = remote_.plugin().id();
        const auto out = remote_.host().workers().after_death(died, id, name_);
        remote_.host().log().error(id, out.what(), {{"source", name_}});
        return out;
    }

    RemotePlugin& remote_;
    const std::string name_, settings_;
    std::mutex mutex_;
    std::unique_ptr<Child> child_;
    int64_t generation_ = 0;
};

/// A pull ends with the process that it began in.
struct WorkerPull {
    WorkerSource& source;
    int64_t id = 0, generation = 0;
    dunlin_cancel* cancel = nullptr;
    std::string next_cursor{}, errors_json{};
};

RemotePlugin& remote_of(dunlin_plugin* plugin) {
    return *static_cast<RemotePlugin*>(plugin->self);
}
WorkerSource& source_of(dunlin_source* source) {
    return *reinterpret_cast<WorkerSource*>(source);
}
WorkerPull& pull_of(dunlin_pull* pull) {
    return *reinterpret_cast<WorkerPull*>(pull);
}

RemotePlugin::Read into(std::string& out) {
    return [&out](Unpacker& in, Frame&) { out = in.text(); };
}

void describe(dunlin_plugin* plugin, const dunlin_writer* json) {
    write_to(json, remote_of(plugin).describe());
}

void open(dunlin_plugin* plugin, std::string_view name, std::string_view settings,
          dunlin_source** out) {
    *out = reinterpret_cast<dunlin_source*>(new WorkerSource(remote_of(plugin), name, settings));
}

void close(dunlin_source* source) {
    delete &source_of(source);
}

/// check and totals.
template <Op op>
void look(dunlin_source* source, dunlin_cancel* cancel, const dunlin_writer* json) {
    std::string text;
    source_of(source).ask(op, {}, cancel, 0, into(text));
    write_to(json, text);
}

void pull(dunlin_source* source, const dunlin_pull_request* request, dunlin_cancel* cancel,
          dunlin_pull** out) {
    Packer fields;
    fields.number(request->mode)
        .text(to_view(request->entity))
        .text(to_view(request->resume))
        .number(request->since_us)
        .text(to_view(request->ids_json));
    auto made = std::make_unique<WorkerPull>(WorkerPull{source_of(source)});
    made->cancel = cancel;
    made->source.ask(Op::pull, fields, cancel, 0,
                     [&](Unpacker& in, Frame&) { made->id = in.number(); });
    made->generation = made->source.generation();
    *out = reinterpret_cast<dunlin_pull*>(made.release());
}

dunlin_status next(dunlin_pull* pull, dunlin_page* page) {
    auto& self = pull_of(pull);
    Packer fields;
    fields.number(self.id);
    return self.source.ask(Op::next, fields, self.cancel, self.generation,
                           [&](Unpacker& in, Frame& frame) {
                               self.next_cursor = in.text();
                               self.errors_json = in.text();
                               page->done = in.number();
                               page->total = in.number();
                               page->changed_max_us = in.number();
                               page->server_us = in.number();
                               auto rows = unpack_rows(in, frame);
                               page->next_cursor = to_abi(self.next_cursor);
                               page->errors_json = to_abi(self.errors_json);
                               *page->schema = rows.take_schema();
                               *page->rows = rows.take_array();
                           });
}

void end(dunlin_pull* pull) {
    const std::unique_ptr<WorkerPull> self(&pull_of(pull));
    Packer fields;
    fields.number(self->id);
    self->source.end(fields, self->generation);
}

/// push and find.
template <Op op>
void write(dunlin_source* source, std::string_view write_json, dunlin_cancel* cancel,
           const dunlin_writer* receipt) {
    std::string text;
    Packer fields;
    fields.text(write_json);
    source_of(source).ask(op, fields, cancel, 0, into(text));
    write_to(receipt, text);
}

void hook(dunlin_source* source, const dunlin_hook* hook, const dunlin_writer* json) {
    std::string text;
    Packer fields;
    fields.text(to_view(hook->headers_json)).text(to_view(hook->body)).number(hook->now_us);
    source_of(source).ask(Op::hook, fields, nullptr, 0, into(text));
    write_to(json, text);
}

void document(dunlin_source* source, std::string_view entity, std::string_view external_id,
              dunlin_cancel* cancel, const dunlin_writer* bytes) {
    Packer fields;
    fields.text(entity).text(external_id);
    source_of(source).ask(Op::document, fields, cancel, 0, nullptr, bytes);
}

const dunlin_connector_v1 connector_table = {sizeof connector_table,
                                             0,
                                             entry<describe>,
                                             entry<open>,
                                             quiet<close>,
                                             entry<look<Op::check>>,
                                             entry<pull>,
                                             entry<next>,
                                             quiet<end>,
                                             entry<write<Op::push>>,
                                             entry<write<Op::find>>,
                                             entry<look<Op::totals>>,
                                             entry<hook>,
                                             entry<document>};

}  // namespace

bool runs_in_worker(const Config& config, const Manifest& m) {
    const auto& kept = config.worker_in_process;
    const bool is_only_that = m.extensions == std::set<std::string>{DUNLIN_EXT_CONNECTOR} &&
                              m.tables.empty() && m.commands.empty() && m.jobs.empty() &&
                              m.subscribes.empty() && m.migrations.empty();
    return config.worker_enabled && is_only_that && std::count(kept.begin(), kept.end(), m.id) == 0;
}

WorkerConnector::WorkerConnector(Host& host, Plugin& plugin)
    : remote_(std::make_unique<RemotePlugin>(host, plugin)) {
    instance_.struct_size = sizeof instance_;
    instance_.self = remote_.get();
    // Its sources hold the processes: there is nothing to stop and nothing to free.
    instance_.stop = [](dunlin_plugin*, int64_t, dunlin_err*) -> dunlin_status {
        return DUNLIN_OK;
    };
}

WorkerConnector::~WorkerConnector() = default;

const dunlin_connector_v1* WorkerConnector::table() {
    return &connector_table;
}

}  // namespace dunlin::host
