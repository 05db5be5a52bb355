/* A plugin in plain C: two commands, a table, an event and its subscriber. */
#include <dunlin/abi/dunlin.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dunlin_manifest.h"

struct hello {
    dunlin_plugin table;
    const dunlin_host *host;
    const dunlin_log_v1 *log;
    const dunlin_db_v1 *db;
    const dunlin_events_v1 *events;
    const dunlin_ids_v1 *ids;
    const dunlin_clock_v1 *clock;
};

static dunlin_str str(const char *text) {
    dunlin_str out = {text, strlen(text)};
    return out;
}

static int equals(dunlin_str a, const char *b) {
    return a.len == strlen(b) && memcmp(a.data, b, (size_t)a.len) == 0;
}

static dunlin_status fail(struct hello *self, dunlin_err *err, dunlin_status status,
                          const char *message) {
    self->host->err_set(err, status, str(message), str(""));
    return status;
}

static dunlin_status write_all(const dunlin_writer *writer, const char *text) {
    return writer->write(writer->ctx, text, strlen(text));
}

/* Where the value of a member begins, or NULL. The schema of the requests and events of this
 * plugin allows no text that would need unescaping and no nested object. */
static const char *member(dunlin_str json, const char *name, const char **end) {
    char key[32];
    const size_t n = (size_t)snprintf(key, sizeof key, "\"%s\"", name);
    *end = json.data + json.len;
    for (const char *at = json.data; at + n < *end; ++at) {
        if (memcmp(at, key, n) != 0) continue;
        for (at += n; at < *end && (*at == ' ' || *at == ':'); ++at) {
        }
        return at;
    }
    return NULL;
}

static dunlin_str text_member(dunlin_str json, const char *name) {
    dunlin_str out = {NULL, 0};
    const char *end;
    const char *at = member(json, name, &end);
    if (at == NULL || at >= end || *at != '"') return out;
    out.data = ++at;
    while (at < end && *at != '"') ++at;
    out.len = (uint64_t)(at - out.data);
    return out;
}

static int flag_member(dunlin_str json, const char *name) {
    const char *end;
    const char *at = member(json, name, &end);
    return at != NULL && end - at >= 4 && memcmp(at, "true", 4) == 0;
}

/* Runs one INSERT of an id, an optional number and a text. */
static dunlin_status insert(struct hello *self, dunlin_tx *tx, const char *sql, int64_t id,
                            const int64_t *number, dunlin_str text, dunlin_err *err) {
    const dunlin_db_v1 *db = self->db;
    dunlin_stmt *stmt = NULL;
    uint32_t index = 0;
    dunlin_status status = db->prepare(tx, str(sql), &stmt, err);
    if (status != DUNLIN_OK) return status;
    status = db->bind_i64(stmt, index++, id, err);
    if (status == DUNLIN_OK && number != NULL) status = db->bind_i64(stmt, index++, *number, err);
    if (status == DUNLIN_OK) status = db->bind_text(stmt, index, text, err);
    if (status == DUNLIN_OK) status = db->step(stmt, err);
    db->finalize(stmt);
    return status == DUNLIN_DONE ? DUNLIN_OK : status;
}

static dunlin_status remember(struct hello *self, const dunlin_call *call,
                              const dunlin_writer *reply, dunlin_err *err) {
    const dunlin_str text = text_member(call->request_json, "text");
    const int64_t day = call->today;
    int64_t id = 0;
    char id_text[24];
    char json[320];
    dunlin_status status = self->ids->next(self->host->ctx, 1, &id, err);
    if (status != DUNLIN_OK) return status;
    if (text.len > 200) return fail(self, err, DUNLIN_E_LIMIT, "the text is too long");
    snprintf(id_text, sizeof id_text, "%" PRId64, id);

    status = insert(self, call->tx, "INSERT INTO hello_c_note(id, noted_on, body) VALUES(?, ?, ?)",
                    id, &day, text, err);
    if (status != DUNLIN_OK) return status;

    snprintf(json, sizeof json, "{\"id\":\"%s\",\"text\":\"%.*s\"}", id_text, (int)text.len,
             text.len ? text.data : "");
    status = self->events->emit(call->tx, str("hello_c.remembered"), str(id_text), str(json), err);
    if (status != DUNLIN_OK) return status;

    if (flag_member(call->request_json, "fail")) {
        return fail(self, err, DUNLIN_E_CONFLICT, "failed after the insert, as was asked for");
    }
    snprintf(json, sizeof json, "{\"id\":\"%s\"}", id_text);
    return write_all(reply, json);
}

static dunlin_status recall_notes(struct hello *self, dunlin_stmt *stmt, const dunlin_writer *reply,
                                  dunlin_err *err) {
    const dunlin_db_v1 *db = self->db;
    const char *separator = "";
    for (;;) {
        int64_t id = 0;
        dunlin_str body;
        char json[320];
        dunlin_status status = db->step(stmt, err);
        if (status == DUNLIN_DONE) return DUNLIN_OK;
        if (status == DUNLIN_OK) status = db->column_i64(stmt, 0, &id, NULL);
        if (status == DUNLIN_OK) status = db->column_text(stmt, 1, &body, NULL);
        if (status != DUNLIN_OK) return status;
        snprintf(json, sizeof json, "%s{\"id\":\"%" PRId64 "\",\"text\":\"%.*s\"}", separator, id,
                 (int)body.len, body.len ? body.data : "");
        status = write_all(reply, json);
        if (status != DUNLIN_OK) return status;
        separator = ",";
    }
}

static dunlin_status recall(struct hello *self, const dunlin_call *call, const dunlin_writer *reply,
                            dunlin_err *err) {
    const dunlin_db_v1 *db = self->db;
    dunlin_stmt *stmt = NULL;
    int64_t deliveries = 0;
    char json[64];
    dunlin_status status =
        db->prepare(call->tx, str("SELECT id, body FROM hello_c_note ORDER BY id"), &stmt, err);
    if (status != DUNLIN_OK) return status;
    status = write_all(reply, "{\"notes\":[");
    if (status == DUNLIN_OK) status = recall_notes(self, stmt, reply, err);
    db->finalize(stmt);
    if (status != DUNLIN_OK) return status;

    status = db->prepare(call->tx, str("SELECT count(*) FROM hello_c_delivery"), &stmt, err);
    if (status != DUNLIN_OK) return status;
    status = db->step(stmt, err);
    if (status == DUNLIN_OK) status = db->column_i64(stmt, 0, &deliveries, NULL);
    db->finalize(stmt);
    if (status != DUNLIN_OK) return status;
    snprintf(json, sizeof json, "],\"deliveries\":%" PRId64 "}", deliveries);
    return write_all(reply, json);
}

static dunlin_status DUNLIN_CALL on_command(dunlin_plugin *plugin, const dunlin_call *call,
                                            const dunlin_writer *reply, dunlin_err *err) {
    struct hello *self = plugin->self;
    if (equals(call->command, "hello_c.remember")) return remember(self, call, reply, err);
    if (equals(call->command, "hello_c.recall")) return recall(self, call, reply, err);
    return fail(self, err, DUNLIN_E_NOT_FOUND, "hello_c has no such command");
}

static dunlin_status DUNLIN_CALL on_event(dunlin_plugin *plugin, dunlin_tx *tx,
                                          const dunlin_event *event, dunlin_err *err) {
    struct hello *self = plugin->self;
    return insert(self, tx, "INSERT INTO hello_c_delivery(event_id, body) VALUES(?, ?)", event->id,
                  NULL, text_member(event->payload_json, "text"), err);
}

static dunlin_status DUNLIN_CALL init(dunlin_plugin *plugin, dunlin_err *err) {
    struct hello *self = plugin->self;
    const struct {
        const char *id;
        const void **table;
    } wanted[] = {{DUNLIN_SVC_LOG, (const void **)&self->log},
                  {DUNLIN_SVC_DB, (const void **)&self->db},
                  {DUNLIN_SVC_EVENTS, (const void **)&self->events},
                  {DUNLIN_SVC_IDS, (const void **)&self->ids},
                  {DUNLIN_SVC_CLOCK, (const void **)&self->clock}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; ++i) {
        const void *table = NULL;
        const dunlin_status status =
            self->host->get_service(self->host->ctx, wanted[i].id, &table, err);
        if (status != DUNLIN_OK) return status;
        *wanted[i].table = table;
    }
    return DUNLIN_OK;
}

static dunlin_status DUNLIN_CALL start(dunlin_plugin *plugin, dunlin_err *err) {
    struct hello *self = plugin->self;
    char fields[48];
    (void)err;
    snprintf(fields, sizeof fields, "{\"at_us\":%" PRId64 "}", self->clock->now_us(self->host->ctx));
    self->log->log(self->host->ctx, DUNLIN_LOG_INFO, str("hello_c started"), str(fields));
    return DUNLIN_OK;
}

static dunlin_status DUNLIN_CALL stop(dunlin_plugin *plugin, int64_t deadline_us, dunlin_err *err) {
    (void)plugin;
    (void)deadline_us;
    (void)err;
    return DUNLIN_OK;
}

static void DUNLIN_CALL destroy(dunlin_plugin *plugin) { free(plugin->self); }

static const void *DUNLIN_CALL get_extension(dunlin_plugin *plugin, const char *id) {
    static const dunlin_command_handler_v1 commands = {sizeof commands, 0, on_command};
    static const dunlin_event_handler_v1 events = {sizeof events, 0, on_event};
    (void)plugin;
    if (strcmp(id, DUNLIN_EXT_COMMAND_HANDLER) == 0) return &commands;
    if (strcmp(id, DUNLIN_EXT_EVENT_HANDLER) == 0) return &events;
    return NULL;
}

static dunlin_status DUNLIN_CALL create(const dunlin_host *host, dunlin_plugin **out,
                                        dunlin_err *err) {
    struct hello *self = calloc(1, sizeof *self);
    if (self == NULL) {
        host->err_set(err, DUNLIN_E_LIMIT, str("out of memory"), str(""));
        return DUNLIN_E_LIMIT;
    }
    self->host = host;
    self->table.struct_size = sizeof self->table;
    self->table.self = self;
    self->table.init = init;
    self->table.start = start;
    self->table.stop = stop;
    self->table.destroy = destroy;
    self->table.get_extension = get_extension;
    *out = &self->table;
    return DUNLIN_OK;
}

DUNLIN_EXPORT const dunlin_plugin_desc *DUNLIN_CALL dunlin_plugin_query_v1(void);
const dunlin_plugin_desc *DUNLIN_CALL dunlin_plugin_query_v1(void) {
    static const dunlin_plugin_desc desc = {.magic = DUNLIN_MAGIC,
                                            .struct_size = sizeof desc,
                                            .abi_major = DUNLIN_ABI_MAJOR,
                                            .abi_minor_built = DUNLIN_ABI_MINOR,
                                            .abi_minor_required = 0,
                                            .pointer_bits = sizeof(void *) * 8,
                                            .id = "hello_c",
                                            .version = "1.0.0",
                                            .sdk_version = DUNLIN_SDK_VERSION,
                                            .manifest_json = DUNLIN_PLUGIN_MANIFEST,
                                            .create = create};
    return &desc;
}
