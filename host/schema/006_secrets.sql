-- What plugins kept in the place of secrets that change by being used, sealed together with a digest
-- of the operator's value that it descends from.
CREATE TABLE dunlin_secret (
    name text NOT NULL PRIMARY KEY,
    sealed text NOT NULL,
    kept_by text NOT NULL,
    kept_us bigint NOT NULL
);
