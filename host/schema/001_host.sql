-- Named leases with fencing: for connector runs, singletons, and the node number that every process
-- has so that ids never collide.
CREATE TABLE dunlin_lease (
    name text NOT NULL PRIMARY KEY,
    holder text NOT NULL,
    fence bigint NOT NULL,
    lease_until_us bigint NOT NULL
);
-- Bearer tokens by digest; the token itself is shown once and stored nowhere.
CREATE TABLE dunlin_token (
    digest text NOT NULL PRIMARY KEY,
    name text NOT NULL,
    roles_json text NOT NULL,
    scopes_json text NOT NULL,
    created_us bigint NOT NULL,
    expires_us bigint NOT NULL
);
CREATE TABLE dunlin_audit (
    id bigint NOT NULL PRIMARY KEY,
    at_us bigint NOT NULL,
    business_date integer NOT NULL,
    principal text NOT NULL,
    command text NOT NULL,
    request_json text NOT NULL,
    status text NOT NULL
);
-- The first reply to an Idempotency-Key.
CREATE TABLE dunlin_idempotency (
    principal text NOT NULL,
    key text NOT NULL,
    command text NOT NULL,
    request_digest text NOT NULL,
    reply_json text NOT NULL,
    at_us bigint NOT NULL,
    PRIMARY KEY (principal, key)
);
CREATE TABLE dunlin_policy (
    plugin text NOT NULL,
    kind text NOT NULL,
    scope text NOT NULL,
    version bigint NOT NULL,
    valid_from integer NOT NULL,
    author text NOT NULL,
    at_us bigint NOT NULL,
    body_json text NOT NULL,
    PRIMARY KEY (plugin, kind, scope, version)
);
