CREATE TABLE dunlin_sync_cursor (
    source text NOT NULL,
    entity text NOT NULL,
    cursor_text text NOT NULL,
    since_us bigint,
    seen_us bigint,
    server_us bigint,
    window_began_us bigint NOT NULL,
    swept_us bigint NOT NULL,
    shape text NOT NULL,
    at_us bigint NOT NULL,
    PRIMARY KEY (source, entity)
);
-- Sources whose other system asked to be left alone for a while.
CREATE TABLE dunlin_sync_parked (
    source text NOT NULL PRIMARY KEY,
    until_us bigint NOT NULL,
    reason text NOT NULL
);
CREATE TABLE dunlin_sync_run (
    id bigint NOT NULL PRIMARY KEY,
    source text NOT NULL,
    started_us bigint NOT NULL,
    ended_us bigint NOT NULL,
    state text NOT NULL,
    report_json text NOT NULL
);
-- What other systems said has changed and was not read yet. Without an id: the stream's changes.
CREATE TABLE dunlin_sync_hint (
    source text NOT NULL,
    entity text NOT NULL,
    external_id text NOT NULL,
    id bigint NOT NULL,
    PRIMARY KEY (source, entity, external_id)
);
-- Requests sent to other systems on a day (UTC), where the number is limited.
CREATE TABLE dunlin_http_budget (
    plugin text NOT NULL,
    origin text NOT NULL,
    day bigint NOT NULL,
    used bigint NOT NULL,
    PRIMARY KEY (plugin, origin)
);
-- Rows that could not be taken, with what they were and why.
CREATE TABLE dunlin_quarantine (
    source text NOT NULL,
    entity text NOT NULL,
    row_key text NOT NULL,
    position text NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    raw_json text NOT NULL,
    can_retry integer NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    first_seen_us bigint NOT NULL,
    last_seen_us bigint NOT NULL,
    PRIMARY KEY (source, entity, row_key)
);
