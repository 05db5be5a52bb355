-- Whose work a customer is, and when. A snooze hides it for a while.
CREATE TABLE receivables_snooze (
    customer_id bigint NOT NULL,
    snooze_id bigint NOT NULL,
    from_on integer NOT NULL,
    until_on integer NOT NULL,
    wakes integer NOT NULL,
    reason text NOT NULL,
    made_by text NOT NULL,
    ended_on integer NOT NULL,
    known_at bigint NOT NULL,
    PRIMARY KEY (customer_id, snooze_id)
);

CREATE VIEW receivables_v1_snooze AS
SELECT x.customer_id, x.snooze_id, x.from_on, x.until_on, x.wakes, x.reason, x.made_by, x.ended_on,
       x.known_at, c.salesperson, c.portfolio, CAST(NULL AS bigint) AS company_id
FROM receivables_snooze x
JOIN receivables_customer c ON c.customer_id = x.customer_id;

-- A deputy sees the customers of a collector who is away.
CREATE TABLE receivables_cover (
    cover_id bigint NOT NULL PRIMARY KEY,
    collector text NOT NULL,
    deputy text NOT NULL,
    from_on integer NOT NULL,
    until_on integer NOT NULL,
    made_by text NOT NULL,
    known_at bigint NOT NULL
);

-- When a source last brought rows, for whoever works with them.
CREATE TABLE receivables_source_seen (
    source text NOT NULL PRIMARY KEY,
    seen_at bigint NOT NULL
);
