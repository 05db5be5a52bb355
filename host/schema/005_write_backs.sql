-- What was decided here and belongs into another system too, until that has it or refused it.
CREATE TABLE dunlin_write_back (
    id bigint NOT NULL PRIMARY KEY,
    source text NOT NULL,
    plugin text NOT NULL,
    kind text NOT NULL,
    lane text NOT NULL,
    entity text NOT NULL,
    external_id text NOT NULL,
    body_json text NOT NULL,
    base_json text NOT NULL,
    job text NOT NULL,
    generation integer NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    due_us bigint NOT NULL,
    remote_id text NOT NULL,
    reason text NOT NULL,
    created_by text NOT NULL,
    created_us bigint NOT NULL,
    changed_us bigint NOT NULL
);
CREATE INDEX dunlin_write_back_waiting ON dunlin_write_back (source, id)
    WHERE state IN ('queued', 'sending', 'unknown', 'parked');
