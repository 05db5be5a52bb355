-- The outbox. Transactions are numbered in the order in which they commit, see Events::write().
CREATE TABLE dunlin_event (
    tx_number bigint NOT NULL,
    id bigint NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    payload_json text NOT NULL,
    cause_date integer NOT NULL,
    occurred_us bigint NOT NULL,
    origin text NOT NULL,
    PRIMARY KEY (tx_number, id)
);
-- How far each subscriber (a plugin) has read.
CREATE TABLE dunlin_subscriber (
    plugin text NOT NULL PRIMARY KEY,
    tx_number bigint NOT NULL,
    id bigint NOT NULL
);
-- Deliveries that wait: failed ones, and later events of the same key behind them.
CREATE TABLE dunlin_delivery (
    plugin text NOT NULL,
    key text NOT NULL,
    tx_number bigint NOT NULL,
    event_id bigint NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    next_at_us bigint NOT NULL,
    last_error text NOT NULL,
    PRIMARY KEY (plugin, key, tx_number, event_id)
);
CREATE INDEX dunlin_delivery_due ON dunlin_delivery (plugin, state, next_at_us);
