-- Post that came in, as it came. Under the customer 0 until it is known whose it is.
CREATE TABLE correspondence_inbound (
    customer_id bigint NOT NULL,
    inbound_id bigint NOT NULL,
    source text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    how text NOT NULL,
    reason text NOT NULL,
    message_id bigint NOT NULL,
    candidates text NOT NULL,
    salesperson text NOT NULL,
    portfolio text NOT NULL,
    received_on integer NOT NULL,
    received_us bigint NOT NULL,
    known_us bigint NOT NULL,
    sender text NOT NULL,
    sender_name text NOT NULL,
    recipients text NOT NULL,
    subject text NOT NULL,
    mail_id text NOT NULL,
    refs text NOT NULL,
    automatic text NOT NULL,
    reported_id text NOT NULL,
    reports text NOT NULL,
    body text NOT NULL,
    attachments text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    problem text NOT NULL,
    suggestions text NOT NULL,
    raw_blob bigint NOT NULL,
    task_id bigint NOT NULL,
    filed_by text NOT NULL,
    PRIMARY KEY (customer_id, inbound_id)
);

-- What was taken, by what its source calls it; stays when the message goes, so that it does not come
-- back.
CREATE TABLE correspondence_received (
    source text NOT NULL,
    external_id text NOT NULL,
    inbound_id bigint NOT NULL,
    PRIMARY KEY (source, external_id)
);

-- What the marks of outgoing messages are made with. One row.
CREATE TABLE correspondence_key (
    key_id bigint NOT NULL PRIMARY KEY,
    secret text NOT NULL
);

CREATE VIEW correspondence_v1_inbound AS
SELECT customer_id, inbound_id, source, kind, state, how, reason, message_id, candidates,
       salesperson, portfolio, received_on, received_us, known_us, sender, sender_name, recipients,
       subject, mail_id, refs, automatic, reported_id, reports, body, attachments, media_type, size,
       problem, suggestions, raw_blob, task_id, filed_by, CAST(NULL AS bigint) AS company_id
FROM correspondence_inbound;
