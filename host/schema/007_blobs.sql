-- What is too large for a row, in chunks beside the rows it belongs to. The same bytes of a plugin
-- under one key are kept once, for as many owners as wrote them.
CREATE TABLE dunlin_blob (
    key bigint NOT NULL,
    id bigint NOT NULL,
    plugin text NOT NULL,
    sha256 text NOT NULL,
    size bigint NOT NULL,
    owners bigint NOT NULL,
    created_us bigint NOT NULL,
    PRIMARY KEY (key, id)
);
CREATE UNIQUE INDEX dunlin_blob_same ON dunlin_blob (key, plugin, sha256);
CREATE TABLE dunlin_blob_chunk (
    key bigint NOT NULL,
    id bigint NOT NULL,
    chunk integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (key, id, chunk)
);
