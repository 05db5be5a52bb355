CREATE TABLE flow_seen (
    n bigint NOT NULL PRIMARY KEY,
    event_id bigint NOT NULL,
    key text NOT NULL,
    seq bigint NOT NULL,
    attempt integer NOT NULL
);
CREATE TABLE flow_ran (
    n bigint NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    name text NOT NULL,
    attempt integer NOT NULL
);
CREATE TABLE flow_row (
    source text NOT NULL,
    entity text NOT NULL,
    external_id text NOT NULL,
    value bigint NOT NULL,
    ref text NOT NULL,
    PRIMARY KEY (source, entity, external_id)
);
